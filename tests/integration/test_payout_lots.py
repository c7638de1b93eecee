"""Lots for the bank: two people, one file for ever, and what the bank answers, told twice or in any order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import xmlschema

from ledger.approvals.actions import reject_proposal
from ledger.approvals.model import Reason, Role
from ledger.bank_accounts.actions import approve_iban, propose_iban, withdraw_iban
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.conversions.actions import (
    cancel_conversion,
    close_merchant,
    import_payouts,
    list_conversions,
    merchant_balance,
    own_conversions,
    paid_lots,
    pay_merchant,
    return_payout,
    set_commission_rate,
    withdraw_conversion,
)
from ledger.conversions.rules import LOT_COLUMNS
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    AccountChanged,
    AccountCoolingDown,
    BadValue,
    ConversionNotOpen,
    FileFaulty,
    FileThere,
    FileUnreadable,
    LotAtTheBank,
    LotNotApproved,
    NothingToPay,
    PayerMissing,
    PayoutFileDiffers,
    RoleMissing,
    SamePerson,
    StatementFormatUnknown,
    UnknownLot,
)
from ledger.merchant_statements.actions import month_statement
from ledger.merchants.actions import list_merchants
from ledger.payouts import actions
from ledger.payouts.model import PayoutOrder
from merchant_api.v1.money_documents import conversion_document
from tests import month
from tests.bank_answers import entry, notice, statement, status
from tests.conftest import NOW
from tests.databases import DatabaseUrls
from tests.full_world import IBAN
from tests.made import MadeWorld
from tests.owners import Owning
from tests.people import enrol
from tests.straight import refused_as

MAKER, CHECKER = month.MAKER_SIGNER, month.CHECKER_SIGNER
XSD = str(files("sepaxml") / "schemas" / "pain.001.001.09.xsd")
PAYER_IBAN = "FR76 7650 6608 1790 6277 2286 230"


@pytest.fixture
async def database_urls(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    async with made.server.clone() as urls:
        yield urls


@pytest.fixture
async def shop(ledger: Ledger, clock: FixedClock, made: MadeWorld) -> Owning:
    """The first shop of the small world with three conversions asked for; nothing else is open."""
    clock.instant += timedelta(minutes=10)
    for waiting in await list_conversions(ledger, only_open=True):
        await withdraw_conversion(ledger, waiting.id, month.MAKER)
    shop = await Owning.of(ledger, clock, made.world.tills[0].merchant.siret, month.MAKER)
    for cents in (149, 249, 301):
        await shop.convert(cents)
    return shop


@pytest.fixture
async def lot(ledger: Ledger, shop: Owning) -> PayoutOrder:
    """Approved, not yet written."""
    await actions.set_payer(ledger, "Le Pois réel & Cie", PAYER_IBAN, month.MAKER)
    made = await actions.prepare_lot(ledger, MAKER)
    return await actions.approve_lot(ledger, made.order.proposal_id, CHECKER)


@pytest.fixture
async def exported(ledger: Ledger, lot: PayoutOrder, tmp_path: Path) -> PayoutOrder:
    return (await actions.export_lot(ledger, lot.reference, tmp_path / "first.xml", month.MAKER)).order


async def states(ledger: Ledger) -> list[str]:
    [order] = await actions.list_lots(ledger)
    return [one.state for one in order.transfers]


def faults(refused: pytest.ExceptionInfo[FileFaulty]) -> list[tuple[str, str]]:
    found: Any = refused.value.facts["faults"]
    return [(fault["value"], fault["code"]) for fault in found]


async def test_a_lot_is_prepared_approved_written_and_adds_up(ledger: Ledger, shop: Owning, tmp_path: Path) -> None:
    with pytest.raises(PayerMissing):
        await actions.prepare_lot(ledger, MAKER)
    payer = await actions.set_payer(ledger, "Le Pois réel", PAYER_IBAN, month.MAKER, bic="AGRI FR PP")
    assert (payer, payer.bic) == (await actions.present_payer(ledger), "AGRIFRPP")
    made = await actions.prepare_lot(ledger, MAKER)
    order = made.order
    assert [one.end_to_end for one in order.transfers] == [f"LOT-2026-10.00{nth}" for nth in (1, 2, 3)]
    assert [one.commission_cents for one in order.transfers] == [3, 4, 6]  # 2,98 and 4,98 and 6,02: 13,98 in all
    assert (order.gross_cents, order.commission_cents, order.net_cents) == (699, 13, 686)
    with pytest.raises(SamePerson):
        await actions.approve_lot(ledger, order.proposal_id, MAKER)
    with pytest.raises(LotNotApproved):
        await actions.export_lot(ledger, order.reference, tmp_path / "lot.xml", month.MAKER)
    await actions.approve_lot(ledger, order.proposal_id, CHECKER)
    done = await actions.export_lot(ledger, order.reference, tmp_path / "lot.xml", month.MAKER)
    assert (done.again, {one.state for one in done.order.transfers}) == (False, {"exported"})
    assert (tmp_path / "lot.xml").stat().st_mode & 0o777 == 0o600
    message: Any = xmlschema.XMLSchema(XSD).to_dict(tmp_path / "lot.xml")
    header, [batch] = (message["CstmrCdtTrfInitn"][name] for name in ("GrpHdr", "PmtInf"))
    assert (header["MsgId"], header["NbOfTxs"], header["CtrlSum"]) == (order.reference, "3", batch["CtrlSum"])
    sums = [one["Amt"]["InstdAmt"]["$"] for one in batch["CdtTrfTxInf"]]
    assert (sum(sums), batch["DbtrAgt"]["FinInstnId"]["BICFI"]) == (batch["CtrlSum"], "AGRIFRPP")
    assert await run_checks(ledger) == []


async def test_the_same_lot_gives_the_same_bytes_by_whoever_and_whenever(
    ledger: Ledger, exported: PayoutOrder, clock: FixedClock, tmp_path: Path
) -> None:
    clock.instant += timedelta(days=2)
    await actions.set_payer(ledger, "Another", PAYER_IBAN, month.MAKER)
    done = await actions.export_lot(ledger, exported.reference, tmp_path / "again.xml", month.CHECKER)
    assert done.again
    assert (tmp_path / "again.xml").read_bytes() == (tmp_path / "first.xml").read_bytes()
    with pytest.raises(FileThere):
        await actions.export_lot(ledger, exported.reference, tmp_path / "again.xml", month.MAKER)
    tomorrow = clock.instant.date() + timedelta(days=1)
    with pytest.raises(BadValue):
        await actions.export_lot(ledger, exported.reference, tmp_path / "x.xml", month.MAKER, execute_on=tomorrow)


async def test_two_who_write_at_once_write_one_message(ledger: Ledger, lot: PayoutOrder, tmp_path: Path) -> None:
    written = [tmp_path / f"{nth}.xml" for nth in range(3)]
    calls = (actions.export_lot(ledger, lot.reference, file, month.MAKER) for file in written)
    done = await asyncio.gather(*calls)
    assert sorted(one.again for one in done) == [False, True, True]
    assert len({file.read_bytes() for file in written}) == 1


async def test_who_is_cut_off_before_the_file_is_there_writes_it_again(
    ledger: Ledger, lot: PayoutOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the record and the last byte: nothing stands under the name, and the second time is the first."""
    with monkeypatch.context() as cut:
        cut.setattr("ledger.new_files.os.fsync", lambda _descriptor: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(FileUnreadable):
            await actions.export_lot(ledger, lot.reference, tmp_path / "lot.xml", month.MAKER)
    assert list(tmp_path.iterdir()) == []
    assert await states(ledger) == ["exported"] * 3
    assert (await actions.export_lot(ledger, lot.reference, tmp_path / "lot.xml", month.MAKER)).again


async def test_what_is_in_a_lot_is_neither_cancelled_nor_paid_otherwise(
    ledger: Ledger, shop: Owning, lot: PayoutOrder, app: asyncpg.Connection, tmp_path: Path
) -> None:
    with pytest.raises(ConversionNotOpen) as refused:
        await withdraw_conversion(ledger, lot.transfers[0].conversion_id, month.MAKER)
    assert refused.value.facts["lot"] == lot.reference
    ordered = lot.transfers[0].conversion_id
    assert isinstance((await cancel_conversion(ledger, shop.device, shop.asked(), ordered)).result, ConversionNotOpen)
    assert {conversion_document(one).state for one in await own_conversions(ledger, shop.device.merchant, 3)} == {
        "ordered"
    }
    file = tmp_path / "lot.csv"
    row = ("X", "2026-10-06", shop.device.merchant.siret, 149, 2, 147)
    file.write_text("".join(";".join(map(str, each)) + "\n" for each in (LOT_COLUMNS, row)))
    with pytest.raises(FileFaulty):
        await import_payouts(ledger, file, month.MAKER)
    with pytest.raises(NothingToPay):
        await actions.prepare_lot(ledger, MAKER)
    for kind in ("cancel", "pay"):
        with refused_as("BPX01"):
            await app.execute(
                """INSERT INTO ledger.event (subject, subject_id, kind, occurred_at)
                VALUES ('conversion', $1, $2, now())""",
                lot.transfers[0].conversion_id,
                kind,
            )
    with refused_as("BPX01"):
        await app.execute(
            """INSERT INTO ledger.event (subject, subject_id, kind, occurred_at)
            VALUES ('transfer', $1, 'export', now())""",
            lot.transfers[0].id,
        )
    with refused_as("BPX01"):
        await app.execute(
            """INSERT INTO ledger.transfer
                (id, proposal_id, number, conversion_id, end_to_end, net_cents, commission_cents, iban_hmac)
            VALUES ($1, $2, 4, $3, 'X.004', 1, 0, sha256(''))""",
            uuid4(),
            lot.proposal_id,
            lot.transfers[0].conversion_id,
        )


async def test_what_is_rejected_or_withdrawn_is_open_again_under_a_new_reference(
    ledger: Ledger, exported: PayoutOrder, tmp_path: Path
) -> None:
    with pytest.raises(LotAtTheBank):
        await actions.withdraw_lot(ledger, exported.reference, month.MAKER)
    await actions.withdraw_lot(ledger, exported.reference, month.MAKER, never_sent=True)
    with pytest.raises(LotNotApproved):
        await actions.export_lot(ledger, exported.reference, tmp_path / "x.xml", month.MAKER)
    second = (await actions.prepare_lot(ledger, MAKER)).order
    assert (second.reference, len(second.transfers)) == ("LOT-2026-10-2", 3)
    await reject_proposal(ledger, second.proposal_id, CHECKER, Reason.MISTAKE)
    with pytest.raises(LotNotApproved):
        await actions.withdraw_lot(ledger, second.reference, month.MAKER)
    with pytest.raises(BadValue):
        await actions.prepare_lot(ledger, MAKER, reference=exported.reference)
    third = (await actions.prepare_lot(ledger, MAKER)).order
    await actions.approve_lot(ledger, third.proposal_id, CHECKER)
    await actions.withdraw_lot(ledger, third.reference, month.MAKER)
    assert all(one.is_free for one in await list_conversions(ledger, only_open=True))
    with pytest.raises(UnknownLot):
        await actions.withdraw_lot(ledger, "NOWHERE", month.MAKER)
    assert await run_checks(ledger) == []


async def test_an_account_that_changes_stops_the_lot(
    ledger: Ledger, shop: Owning, lot: PayoutOrder, clock: FixedClock, tmp_path: Path
) -> None:
    siret, file = shop.device.merchant.siret, tmp_path / "lot.xml"
    change = await propose_iban(ledger, siret, IBAN, CHECKER)
    await approve_iban(ledger, change.change.proposal_id, MAKER)
    with pytest.raises(AccountCoolingDown) as cooling:
        await actions.export_lot(ledger, lot.reference, file, month.MAKER)
    assert cooling.value.facts == {"lot": lot.reference, "siret": siret, "until": "2026-10-09"}
    await actions.withdraw_lot(ledger, lot.reference, month.MAKER)
    with pytest.raises(NothingToPay) as left:
        await actions.prepare_lot(ledger, MAKER)
    assert left.value.facts["left_out"] == [f"{siret} account-cooling-down"] * 3
    await withdraw_iban(ledger, siret, month.MAKER)
    again = (await actions.prepare_lot(ledger, MAKER)).order
    await actions.approve_lot(ledger, again.proposal_id, CHECKER)
    change = await propose_iban(ledger, siret, IBAN, CHECKER)
    await approve_iban(ledger, change.change.proposal_id, MAKER)
    clock.instant += timedelta(days=4)
    with pytest.raises(AccountChanged):
        await actions.export_lot(ledger, again.reference, file, month.MAKER)
    assert not file.exists()


async def test_a_file_that_would_not_be_the_first_one_is_not_written(
    ledger: Ledger, exported: PayoutOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.payouts.rules.pain001.CURRENCY", "XTS")
    with pytest.raises(PayoutFileDiffers):
        await actions.export_lot(ledger, exported.reference, tmp_path / "other.xml", month.MAKER)


async def test_one_is_rejected_the_others_are_paid_and_one_comes_back(
    ledger: Ledger, exported: PayoutOrder, app: asyncpg.Connection, tmp_path: Path
) -> None:
    first, second, third = exported.transfers
    lot = exported.reference
    got = await actions.read_back(ledger, status(tmp_path, lot, group="RCVD"), month.MAKER)
    assert ([step.event for step in got.done], await states(ledger)) == (["send"] * 3, ["sent"] * 3)
    file = status(tmp_path, lot, [(first.end_to_end, "RJCT", "AC04")], batch="ACCP", name="part.xml")
    tried = await actions.read_back(ledger, file, month.MAKER, dry_run=True)
    assert (len(tried.done), await states(ledger)) == (3, ["sent"] * 3)
    await actions.read_back(ledger, file, month.MAKER)
    assert await states(ledger) == ["rejected", "accepted", "accepted"]
    assert (await actions.list_lots(ledger, lot))[0].transfers[0].reason == "AC04"
    both = second.net_cents + third.net_cents
    paid = statement(tmp_path, entry(250), entry(both, batch=lot), entry(both, batch=lot, state="PDNG"))
    await actions.read_back(ledger, paid, month.MAKER)
    [_, booked] = await paid_lots(ledger)
    assert (booked.reference, booked.paid_on.isoformat(), booked.net_cents) == (lot, "2026-10-06", both)
    back = notice(tmp_path, entry(third.net_cents, [(third.end_to_end, None)], back="AC01"))
    await actions.read_back(ledger, back, month.MAKER)
    assert await states(ledger) == ["rejected", "paid", "returned"]
    for every in (file, paid, back):
        again = await actions.read_back(ledger, every, month.MAKER)
        assert (again.done, again.known > 0) == ((), True)
    waiting = await list_conversions(ledger, only_open=True)
    assert {(one.id, one.due_cents) for one in waiting} == {
        (first.conversion_id, first.gross_cents),
        (third.conversion_id, third.gross_cents),
    }
    assert len((await actions.prepare_lot(ledger, MAKER)).order.transfers) == 2
    assert await run_checks(ledger) == []


async def test_a_file_that_does_not_fit_changes_nothing(ledger: Ledger, exported: PayoutOrder, tmp_path: Path) -> None:
    first, second, _ = exported.transfers
    lot = exported.reference
    good = entry(first.net_cents, [(first.end_to_end, first.net_cents)])
    for bad, expected in (
        (entry(1, [(second.end_to_end, 1)]), (second.end_to_end, "other-amount")),
        (entry(1, [(f"{lot}.009", 1)]), (f"{lot}.009", "unknown-reference")),
        (entry(1, batch=lot), (lot, "other-amount")),
        (entry(second.net_cents, [(second.end_to_end, None)], back="AC01"), (second.end_to_end, "not-paid-yet")),
    ):
        with pytest.raises(FileFaulty) as refused:
            await actions.read_back(ledger, statement(tmp_path, good, bad), month.MAKER)
        assert expected in faults(refused)
        assert await states(ledger) == ["exported"] * 3
    with pytest.raises(FileFaulty) as refused:
        await actions.read_back(ledger, status(tmp_path, "ELSE", group="ACCP"), month.MAKER)
    assert faults(refused) == [("ELSE", "unknown-reference")]
    with pytest.raises(FileFaulty) as refused:
        await actions.read_back(ledger, status(tmp_path, lot, group="WHAT"), month.MAKER)
    assert faults(refused) == [("WHAT", "unknown-status")]
    other = tmp_path / "other.xml"
    other.write_text('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"/>')
    with pytest.raises(StatementFormatUnknown):
        await actions.read_back(ledger, other, month.MAKER)


async def test_what_was_rejected_and_left_the_account_nevertheless_is_named(
    ledger: Ledger, exported: PayoutOrder, tmp_path: Path
) -> None:
    await actions.read_back(ledger, status(tmp_path, exported.reference, group="RJCT"), month.MAKER)
    paid = entry(exported.transfers[0].net_cents, [(exported.transfers[0].end_to_end, None)])
    with pytest.raises(FileFaulty) as refused:
        await actions.read_back(ledger, statement(tmp_path, paid), month.MAKER)
    assert faults(refused) == [(exported.transfers[0].end_to_end, "contradicts")]


async def test_an_answer_to_a_lot_that_was_never_written_is_a_fault(
    ledger: Ledger, lot: PayoutOrder, tmp_path: Path
) -> None:
    with pytest.raises(FileFaulty) as refused:
        await actions.read_back(ledger, status(tmp_path, lot.reference, group="ACCP"), month.MAKER)
    assert {code for _, code in faults(refused)} == {"not-at-the-bank"}


async def test_a_return_typed_by_hand_and_read_later_is_one(
    ledger: Ledger, shop: Owning, exported: PayoutOrder, tmp_path: Path
) -> None:
    paid = [entry(one.net_cents, [(one.end_to_end, one.net_cents)]) for one in exported.transfers]
    strange = entry(5_00, [("LOYER-OCT", None)])
    read = await actions.read_back(ledger, statement(tmp_path, *paid, strange), month.MAKER)
    assert [(one.reference, one.amount_cents) for one in read.not_ours] == [("LOYER-OCT", 500)]
    one = exported.transfers[1]
    siret = shop.device.merchant.siret
    await return_payout(ledger, siret, exported.reference, month.MAKER, amount_cents=one.gross_cents)
    assert await states(ledger) == ["paid", "returned", "paid"]
    back = statement(tmp_path, entry(one.net_cents, [(one.end_to_end, None)], back="AC04"))
    assert (await actions.read_back(ledger, back, month.MAKER)).known == 1
    assert await run_checks(ledger) == []
    told = await month_statement(ledger, siret, date(2026, 10, 1))
    assert [(each.reference, each.gross_cents) for each in told.conversions] == [
        *((each.end_to_end, each.gross_cents) for each in exported.transfers),
        (one.end_to_end, -one.gross_cents),
    ]
    assert (told.proof_cents, told.is_over) == (0, False)


async def test_each_merchants_month_adds_up_and_ends_with_what_it_holds(
    ledger: Ledger, shop: Owning, exported: PayoutOrder
) -> None:
    for merchant in await list_merchants(ledger):
        told, held = await month_statement(ledger, merchant.siret, NOW.date()), await merchant_balance(ledger, merchant)
        assert (told.held.closing_cents, told.converting.closing_cents, told.proof_cents) == (
            held.balance_cents,
            held.converting_cents,
            0,
        )


async def test_where_the_commission_takes_all_a_conversion_waits(ledger: Ledger, shop: Owning) -> None:
    await actions.set_payer(ledger, "Le Pois", PAYER_IBAN, month.MAKER)
    await set_commission_rate(ledger, 10_000, month.MAKER)
    with pytest.raises(NothingToPay):
        await actions.prepare_lot(ledger, MAKER)


async def test_what_comes_back_to_a_merchant_that_has_left_is_set_aside(
    ledger: Ledger, clock: FixedClock, exported: PayoutOrder, shop: Owning, tmp_path: Path
) -> None:
    paid = entry(exported.net_cents, [(one.end_to_end, None) for one in exported.transfers])
    await actions.read_back(ledger, statement(tmp_path, paid), month.MAKER)
    await _give_away(ledger, shop)
    await close_merchant(ledger, shop.device.merchant.siret, month.MAKER)
    one = exported.transfers[0]
    back = statement(tmp_path, entry(one.net_cents, [(one.end_to_end, None)], back="AC04"))
    read = await actions.read_back(ledger, back, month.MAKER)
    assert ([step.transfer.end_to_end for step in read.aside], read.done) == ([one.end_to_end], ())
    assert await run_checks(ledger) == []


async def _give_away(ledger: Ledger, shop: Owning) -> None:
    held = await merchant_balance(ledger, shop.device.merchant)
    other = next(one.siret for one in await list_merchants(ledger) if one.siret != shop.device.merchant.siret)
    await pay_merchant(ledger, shop.device, shop.asked(), other, held.balance_cents)


async def test_each_step_is_for_its_people_only(ledger: Ledger, lot: PayoutOrder, tmp_path: Path) -> None:
    agent = await enrol(ledger, "agnes", Role.AGENT)
    calls = [
        actions.set_payer(ledger, "Le Pois", PAYER_IBAN, agent.name),
        actions.prepare_lot(ledger, agent),
        actions.withdraw_lot(ledger, lot.reference, agent.name),
        actions.export_lot(ledger, lot.reference, tmp_path / "lot.xml", agent.name),
        actions.read_back(ledger, status(tmp_path, lot.reference), agent.name),
    ]
    for call in calls:
        with pytest.raises(RoleMissing):
            await call
