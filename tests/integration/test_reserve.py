"""The reserve of the sample month: the bank's statement, the lot, the fee that two people book, and the identities."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from ledger.adjustments.actions import approve_move, propose_reserve_loss
from ledger.clock import FixedClock
from ledger.conversions.actions import list_conversions, return_payout, withdraw_conversion
from ledger.database.unit_of_work import Ledger
from ledger.errors import FileAlreadyImported, OpeningDiffers, StatementOfOtherMoney, StatementOutOfTurn
from ledger.payouts.actions import approve_lot, export_lot, prepare_lot, read_back, set_payer
from ledger.reconciliation.actions import (
    import_statement,
    list_statements,
    match_statement,
    prove_identities,
    reconciliation_report,
)
from ledger.reconciliation.document import document, identities_document
from ledger.reconciliation.model import Account, Rule
from ledger.reconciliation.resolving import Correction, propose_correction, propose_write_off
from tests.month import CHECKER_SIGNER, MAKER, MAKER_SIGNER, OCTOBER
from tests.october_books import IMPORTED_AT
from tests.reconciled import told
from tests.reserve_books import fill_with_conversions, fill_with_payouts

FILE = OCTOBER / "releve-reserve-2026-10.camt053.xml"
RESERVE = Account.RESERVE


@pytest.fixture
async def october(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> Ledger:
    """The books of October with the lot paid, and the bank's statement imported on 2 November."""
    await fill_with_payouts(ledger, clock, owner)
    await import_statement(ledger, FILE, MAKER, RESERVE)
    return ledger


@pytest.fixture
async def matched(october: Ledger) -> Ledger:
    await match_statement(october, MAKER, RESERVE)
    return october


def november(folder: Path, *entries: str, opening: str = "9463.50", closing: str = "9463.50") -> Path:
    """The bank's next statement, in the older version."""
    path = folder / "novembre.xml"
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{cents}</Amt>"
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-01</Dt></Dt></Bal>"
        for code, cents in (("OPBD", opening), ("CLBD", closing))
    )
    path.write_text(
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><BkToCstmrStmt><Stmt><Id>11</Id>"
        "<FrToDt><FrDtTm>2026-11-01T00:00:00</FrDtTm><ToDtTm>2026-11-30T00:00:00</ToDtTm></FrToDt>"
        f"{balances}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>",
        encoding="utf-8",
    )
    return path


def booked(cents: str, direction: str, label: str, day: int) -> str:
    return (
        f"<Ntry><Amt Ccy='EUR'>{cents}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts>BOOK</Sts><BookgDt>"
        f"<Dt>2026-11-{day:02}</Dt></BookgDt><NtryDtls><TxDtls><RmtInf><Ustrd>{label}</Ustrd></RmtInf></TxDtls>"
        "</NtryDtls></Ntry>"
    )


async def test_the_reserve_differs_by_the_fee_and_by_nothing_else(matched: Ledger) -> None:
    shown = document(await reconciliation_report(matched, RESERVE))
    assert shown["account"] == "reserve"
    assert (shown["statement"]["opening_cents"], shown["statement"]["closing_cents"]) == (0, 9_463_50)
    assert shown["ledger"] == {"opening_cents": 0, "closing_cents": 9_466_00}
    assert shown["matched"] == {
        "lines": 3,
        "postings": 10,
        "cents": 12_500_00 + 3_034_00,
        "by_rule": {"payout-lot": 2, "reference": 1},
    }
    [found] = shown["breaks"]
    assert (found["category"], found["lines"], found["theirs_cents"], found["state"]) == ("fee", [4], 250, "open")
    assert shown["proof_cents"] == 0


@pytest.mark.parametrize("way", ["naming the break", "by its amount", "as it follows from the break"])
async def test_booked_as_a_loss_by_two_people_the_break_closes(matched: Ledger, clock: FixedClock, way: str) -> None:
    [fee] = (await reconciliation_report(matched, RESERVE)).breaks
    clock.instant += timedelta(days=9)
    if way == "as it follows from the break":
        move = await propose_correction(matched, fee.id.hex, Correction(), MAKER_SIGNER)
    else:
        move = await propose_reserve_loss(matched, 250, MAKER_SIGNER, fee.id if way == "naming the break" else None)
    assert (await match_statement(matched, MAKER, RESERVE)).matches == ()
    await approve_move(matched, move.proposal_id, CHECKER_SIGNER)
    [match] = (await match_statement(matched, MAKER, RESERVE)).matches
    assert (match.rule.value, match.score) == ("correction", 70 if way == "by its amount" else 100)
    report = await reconciliation_report(matched, RESERVE)
    assert (report.is_clean, report.proof.proof_cents) == (True, 0)
    assert [(told(found)[0], found.cleared) for found in report.breaks] == [("fee", True)]
    reserve = next(one for one in await prove_identities(matched) if one.number == 4)
    assert {term.name: term.cents for term in reserve.left} == {"guarantee-fund": 9_463_50, "owed-to-reserve": 250}
    assert reserve.difference_cents == 0


async def test_a_fee_that_is_given_up_stays_in_sight_in_suspense(matched: Ledger) -> None:
    [fee] = (await reconciliation_report(matched, RESERVE)).breaks
    move = await propose_write_off(matched, fee.id.hex, MAKER_SIGNER)
    await approve_move(matched, move.proposal_id, CHECKER_SIGNER)
    await match_statement(matched, MAKER, RESERVE)
    assert (await reconciliation_report(matched, RESERVE)).is_clean
    reserve = next(one for one in await prove_identities(matched) if one.number == 4)
    assert [term.cents for term in reserve.left] == [9_463_50, 0, 250]  # the fund, owed to it, in suspense


async def test_a_loss_is_no_difference_of_a_month_before_it(matched: Ledger, clock: FixedClock) -> None:
    move = await propose_reserve_loss(matched, 111, MAKER_SIGNER)
    await approve_move(matched, move.proposal_id, CHECKER_SIGNER)
    run = await match_statement(matched, MAKER, RESERVE)
    assert (run.matches, [told(found) for found in run.breaks]) == ((), [("fee", [4], [])])


async def test_the_next_statement_goes_on_with_what_was_left(
    matched: Ledger, clock: FixedClock, tmp_path: Path
) -> None:
    clock.instant += timedelta(days=3)
    await return_payout(matched, "62819482100078", "LOT-2026-10", MAKER, commission_kept=True)
    back = booked("187.18", "CRDT", "REJET VIREMENT LOT-2026-10", 5)
    with pytest.raises(OpeningDiffers):
        await import_statement(matched, november(tmp_path, back, opening="9466.00", closing="9653.18"), MAKER, RESERVE)
    path = november(tmp_path, back, booked("2.50", "DBIT", "FRAIS", 30), closing="9648.18")
    await import_statement(matched, path, MAKER, RESERVE)
    [match] = (await match_statement(matched, MAKER, RESERVE)).matches
    assert (match.rule.value, match.lines[0].amount_cents) == ("payout-lot", 18_718)
    report = await reconciliation_report(matched, RESERVE)
    assert [told(found)[0] for found in report.breaks] == ["fee", "fee"]
    assert (report.proof.proof_cents, report.statement.period) == (0, "2026-11")


async def test_an_account_takes_statements_in_its_own_money(october: Ledger, tmp_path: Path) -> None:
    with pytest.raises(StatementOfOtherMoney):
        await import_statement(october, FILE, MAKER, Account.POIS)
    with pytest.raises(FileAlreadyImported):
        await import_statement(october, FILE, MAKER, RESERVE)
    changed = tmp_path / "again.xml"
    changed.write_bytes(FILE.read_bytes().replace(b"FRAIS TENUE", b"FRAIS DE TENUE"))
    with pytest.raises(StatementOutOfTurn):
        await import_statement(october, changed, MAKER, RESERVE)
    assert len(await list_statements(october, RESERVE)) == 1


async def test_the_five_identities_hold_in_october(matched: Ledger, owner: asyncpg.Connection) -> None:
    await import_statement(matched, OCTOBER / "releve-pois-2026-10.csv", MAKER)
    await match_statement(matched, MAKER)
    shown = identities_document(await prove_identities(matched))
    found = {(one["number"], one["programme"]): one for one in shown["identities"]}
    assert found[1, None]["left"] == {"mandated": 12_500_00}
    assert found[1, "AA-2026"]["right"] == {"pois-credited": 12_500_00, "in-transit": 0}
    sales = found[3, None]
    assert (sales["period"], sales["holds"], sales["right"]) == ("2026-10", True, {"redemptions": 8_489_07})
    assert sales["left"] == {
        "merchant-credits": 8_236_22,
        "ours-only": 279_27,
        "theirs-only": -25_52,
        "amounts-differ": -90,
    }
    assert found[4, None]["left"] == {"guarantee-fund": 9_466_00, "owed-to-reserve": 0}
    assert found[4, None]["right"] == {"digital": 9_466_00, "paper": 0}
    assert found[5, None] == {
        "number": 5,
        "name": "conversions-are-paid",
        "programme": None,
        "period": None,
        "relation": "=",
        "left": {"gross": 3_034_00},
        "right": {"net": 2_973_32, "commission": 60_68},
        "left_cents": 3_034_00,
        "right_cents": 3_034_00,
        "difference_cents": 0,
        "holds": True,
    }


async def test_the_identities_say_what_does_not_hold(matched: Ledger, superuser: asyncpg.Connection) -> None:
    assert {one.number for one in await prove_identities(matched) if not one.holds} == {2}  # a voucher without document
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute("UPDATE ledger.mandate SET amount_cents = amount_cents + 1")
    failing = [(one.number, one.programme, one.difference_cents) for one in await prove_identities(matched)]
    assert (1, "AA-2026", 1) in failing
    assert (1, None, 0) in failing


async def test_our_own_lot_is_read_back_from_the_very_statement_that_is_reconciled(
    ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    """One sum for nine transfers, and the commission apart: booked by the statement, then matched with it 1-to-n."""
    await fill_with_conversions(ledger, clock, owner)
    left_open = next(one for one in await list_conversions(ledger) if one.siret == "61077335000075")
    await withdraw_conversion(ledger, left_open.id, MAKER)
    await set_payer(ledger, "Le Pois", "FR7676506608179062772286230", MAKER)
    order = (await prepare_lot(ledger, MAKER_SIGNER)).order
    assert (order.reference, order.net_cents, order.commission_cents) == ("LOT-2026-10", 2_973_32, 60_68)
    await approve_lot(ledger, order.proposal_id, CHECKER_SIGNER)
    await export_lot(ledger, order.reference, tmp_path / "lot.xml", MAKER)
    read = await read_back(ledger, FILE, MAKER)
    assert [step.event for step in read.done] == ["pay"] * 9
    clock.instant = IMPORTED_AT
    await import_statement(ledger, FILE, MAKER, RESERVE)
    run = await match_statement(ledger, MAKER, RESERVE)
    lots = [(len(match.lines), len(match.units)) for match in run.matches if match.rule is Rule.PAYOUT_LOT]
    assert lots == [(2, 9)]
    assert [told(found)[0] for found in (await reconciliation_report(ledger, RESERVE)).breaks] == ["fee"]
