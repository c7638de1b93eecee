"""The treasurer's side: the list to be paid, what the bank carried out, what it sent back; coupons; who leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from ledger.approvals.model import Role
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.conversions import actions
from ledger.conversions.rules import LOT_COLUMNS, PROPOSED_COLUMNS, commission_cents, lot_file
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    BadValue,
    ConversionNotOpen,
    CouponsTooFew,
    FileAlreadyImported,
    FileFaulty,
    MerchantBalanceTooLow,
    MerchantNotActive,
    MerchantNotEmpty,
    NotPossibleNow,
    NotWholePois,
    Refusal,
    RoleMissing,
    UnknownConversion,
    UnknownMerchant,
    UnknownOperator,
    UnknownPayout,
)
from ledger.merchants.actions import approve_merchant, import_merchants, list_merchants, suspend_merchant
from ledger.merchants.model import Merchant
from tests import month
from tests.databases import DatabaseUrls
from tests.made import MadeWorld
from tests.owners import Owning
from tests.people import enrol
from tests.straight import account, balance

TREASURER, FINANCE, AGENT = "tess", "fina", "agnes"
DAY = date(2026, 10, 6)
Row = tuple[object, ...]


@pytest.fixture
async def database_urls(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    async with made.server.clone() as urls:
        yield urls


@pytest.fixture
async def shop(ledger: Ledger, clock: FixedClock, made: MadeWorld) -> Owning:
    """The first shop of the small world, which holds 14.50 Pois, and its owner."""
    clock.instant += timedelta(minutes=10)
    await enrol(ledger, TREASURER, Role.TREASURER)
    await enrol(ledger, FINANCE, Role.FINANCE)
    await enrol(ledger, AGENT, Role.AGENT)
    for waiting in await actions.list_conversions(ledger, only_open=True):
        await actions.withdraw_conversion(ledger, waiting.id, TREASURER)
    return await Owning.of(ledger, clock, made.world.tills[0].merchant.siret, AGENT)


def lot(folder: Path, *rows: Row, columns: Sequence[str] = LOT_COLUMNS) -> Path:
    """An executed list as a file of its own."""
    file = folder / f"{uuid4()}.csv"
    file.write_text("".join(";".join(map(str, row)) + "\n" for row in [columns, *rows]))
    return file


def line(shop: Owning, gross: int, commission: int, net: int, reference: str = "LOT-A", day: object = DAY) -> Row:
    return (reference, day, shop.device.merchant.siret, gross, commission, net)


async def euros(connection: asyncpg.Connection) -> dict[str, int]:
    names = ("issued", "guarantee-fund", "paid-out", "commission")
    return {name: await balance(connection, await account(connection, f"association:{name}")) for name in names}


async def moved(connection: asyncpg.Connection, before: dict[str, int]) -> dict[str, int]:
    """What changed of the shared accounts since."""
    now = await euros(connection)
    return {name: now[name] - cents for name, cents in before.items()}


async def converting(connection: asyncpg.Connection, merchant: Merchant) -> tuple[int, int]:
    return -await balance(connection, merchant.account_id), -await balance(connection, merchant.converting_account_id)


def _faults(refused: pytest.ExceptionInfo[FileFaulty]) -> list[dict[str, Any]]:
    found: Any = refused.value.facts["faults"]
    return list(found)


def faults(refused: pytest.ExceptionInfo[FileFaulty]) -> list[tuple[int, str, str]]:
    return [(fault["row"], fault["column"], fault["code"]) for fault in _faults(refused)]


@pytest.mark.parametrize(
    ("gross", "rate", "kept"),
    [(19_100, 200, 382), (1, 200, 0), (49, 200, 0), (50, 200, 1), (99, 200, 1), (100, 0, 0), (100, 10_000, 100)],
)
def test_commission_is_rounded_down_line_by_line(gross: int, rate: int, kept: int) -> None:
    assert commission_cents(gross, rate) == kept


async def test_a_lot_is_proposed_written_carried_out_and_booked(
    ledger: Ledger, shop: Owning, app: asyncpg.Connection, tmp_path: Path
) -> None:
    for cents in (300, 550):
        await shop.convert(cents)
    before = await euros(app)
    proposed = await actions.propose_payouts(ledger, TREASURER)
    assert (proposed.lot.reference, proposed.lot.paid_on) == ("LOT-2026-10", DAY)
    assert [(one.gross_cents, one.commission_cents, one.net_cents) for one in proposed.lot.lines] == [
        (300, 6, 294),
        (550, 11, 539),
    ]
    file = tmp_path / "lot.csv"
    file.write_text(lot_file(proposed))
    assert file.read_text().splitlines()[0] == ";".join(PROPOSED_COLUMNS)
    assert proposed.ibans[shop.device.merchant.siret] in file.read_text()
    assert proposed.ibans[shop.device.merchant.siret] not in repr(proposed)
    assert await moved(app, before) == dict.fromkeys(before, 0)
    await actions.import_payouts(ledger, file, TREASURER)
    assert await moved(app, before) == {"issued": -850, "guarantee-fund": -850, "paid-out": 833, "commission": 17}
    assert await converting(app, shop.device.merchant) == (14_50 - 850, 0)
    assert {one.state for one in await actions.list_conversions(ledger) if one.lot == "LOT-2026-10"} == {"paid"}
    assert (await actions.propose_payouts(ledger, TREASURER)).lot.reference == "LOT-2026-10-2"
    assert await run_checks(ledger) == []


async def test_each_payout_is_one_transaction_with_net_and_commission_apart(
    ledger: Ledger, shop: Owning, app: asyncpg.Connection, tmp_path: Path
) -> None:
    made = await shop.convert(300)
    await actions.import_payouts(ledger, lot(tmp_path, line(shop, 300, 6, 294)), TREASURER)
    sql = """SELECT j.account, j.amount_cents FROM ledger.journal AS j INNER JOIN ledger.payout AS p
        ON p.id = j.transaction_id WHERE p.conversion_id = $1 ORDER BY j.line"""
    assert [tuple(row) for row in await app.fetch(sql, made.id)] == [
        (f"merchant:{shop.device.merchant.siret}:converting", 300),
        ("association:issued", -300),
        ("association:paid-out", 294),
        ("association:guarantee-fund", -294),
        ("association:commission", 6),
        ("association:guarantee-fund", -6),
    ]


async def test_no_commission_is_no_leg(ledger: Ledger, shop: Owning, app: asyncpg.Connection, tmp_path: Path) -> None:
    await shop.convert(49)
    before = await euros(app)
    await actions.import_payouts(ledger, lot(tmp_path, line(shop, 49, 0, 49)), TREASURER)
    assert await moved(app, before) == {"issued": -49, "guarantee-fund": -49, "paid-out": 49, "commission": 0}


async def test_every_fault_of_a_list_is_told_and_nothing_is_booked(
    ledger: Ledger, shop: Owning, app: asyncpg.Connection, tmp_path: Path
) -> None:
    await shop.convert(300)
    await actions.import_payouts(ledger, lot(tmp_path, line(shop, 300, 6, 294, "LOT-0")), TREASURER)
    await shop.convert(400)
    before = await euros(app)
    with pytest.raises(FileFaulty) as refused:
        await actions.import_payouts(
            ledger,
            lot(
                tmp_path,
                line(shop, 400, 8, 392),
                line(shop, 400, 8, 392),
                line(shop, 401, 8, 393),
                line(shop, 400, 9, 391, "LOT-0"),
            ),
            TREASURER,
        )
    assert faults(refused) == [
        (3, "siret", "not-open"),
        (4, "siret", "not-open"),
        (5, "lot", "known-lot"),
        (5, "commission_centimes", "wrong-commission"),
        (5, "siret", "not-open"),
    ]
    assert await moved(app, before) == dict.fromkeys(before, 0)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (("LOT-A", "2026-10-06", "{siret}", 300, 6, 293), ("net_centimes", "does-not-add-up")),
        (("LOT-A", "2026-10-07", "{siret}", 300, 6, 294), ("date", "not-yet")),
        (("LOT-A", "06/10/2026", "{siret}", 300, 6, 294), ("date", "wrong-form")),
        (("LOT-A", "2026-02-30", "{siret}", 300, 6, 294), ("date", "not-a-day")),
        (("", "2026-10-06", "{siret}", 300, 6, 294), ("lot", "blank")),
        (("=LOT", "2026-10-06", "{siret}", 300, 6, 294), ("lot", "wrong-form")),
        (("LOT-A", "2026-10-06", "123", 300, 6, 294), ("siret", "wrong-form")),
        (("LOT-A", "2026-10-06", "{siret}", 0, 0, 0), ("brut_centimes", "not-a-whole-number")),
        (("LOT-A", "2026-10-06", "{siret}", "3,00", 6, 294), ("brut_centimes", "not-a-whole-number")),
    ],
)
async def test_a_row_that_cannot_be_read_names_its_column(
    ledger: Ledger, shop: Owning, tmp_path: Path, row: Row, fault: tuple[str, str]
) -> None:
    filled = tuple(str(cell).format(siret=shop.device.merchant.siret) for cell in row)
    with pytest.raises(FileFaulty) as refused:
        await actions.import_payouts(ledger, lot(tmp_path, filled), TREASURER)
    assert (2, *fault) in faults(refused)


async def test_a_lot_has_one_day(ledger: Ledger, shop: Owning, tmp_path: Path) -> None:
    rows = [line(shop, 300, 6, 294, day=day) for day in ("2026-10-05", "2026-10-06")]
    with pytest.raises(FileFaulty) as refused:
        await actions.import_payouts(ledger, lot(tmp_path, *rows), TREASURER)
    assert faults(refused) == [(3, "date", "other-day")]


async def test_the_same_file_is_taken_once_and_a_dry_run_books_nothing(
    ledger: Ledger, shop: Owning, app: asyncpg.Connection, tmp_path: Path
) -> None:
    await shop.convert(300)
    await shop.convert(300)
    file, before = lot(tmp_path, line(shop, 300, 6, 294)), await euros(app)
    [tried] = await actions.import_payouts(ledger, file, TREASURER, dry_run=True)
    assert (tried.net_cents, await moved(app, before)) == (294, dict.fromkeys(before, 0))
    await actions.import_payouts(ledger, file, TREASURER)
    with pytest.raises(FileAlreadyImported):
        await actions.import_payouts(ledger, file, TREASURER)
    assert (await moved(app, before))["issued"] == -300


async def test_a_payout_that_the_bank_sent_back_is_paid_again_or_cancelled(
    ledger: Ledger, shop: Owning, app: asyncpg.Connection, tmp_path: Path
) -> None:
    siret, before = shop.device.merchant.siret, await euros(app)
    made = await shop.convert(300)
    await actions.import_payouts(ledger, lot(tmp_path, line(shop, 300, 6, 294)), TREASURER)
    back = await actions.return_payout(ledger, siret, "LOT-A", TREASURER)
    assert (back.id, back.state, back.due_cents) == (made.id, "returned", 300)
    assert await moved(app, before) == dict.fromkeys(before, 0)
    assert await converting(app, shop.device.merchant) == (14_50 - 300, 300)
    with pytest.raises(UnknownPayout):
        await actions.return_payout(ledger, siret, "LOT-A", TREASURER)
    await actions.import_payouts(ledger, lot(tmp_path, line(shop, 300, 6, 294, "LOT-B")), TREASURER)
    assert (await moved(app, before))["commission"] == 6
    await actions.return_payout(ledger, siret, "LOT-B", TREASURER)
    done = await actions.withdraw_conversion(ledger, made.id, TREASURER)
    assert (done.state, await converting(app, shop.device.merchant)) == ("cancelled", (14_50, 0))
    with pytest.raises(ConversionNotOpen):
        await actions.withdraw_conversion(ledger, made.id, TREASURER)
    assert await run_checks(ledger) == []


async def test_where_the_commission_is_kept_the_net_comes_back(
    ledger: Ledger, shop: Owning, app: asyncpg.Connection, tmp_path: Path
) -> None:
    before = await euros(app)
    await shop.convert(300)
    await actions.import_payouts(ledger, lot(tmp_path, line(shop, 300, 6, 294)), TREASURER)
    siret = shop.device.merchant.siret
    back = await actions.return_payout(ledger, siret, "LOT-A", TREASURER, commission_kept=True)
    assert back.due_cents == 294
    assert await moved(app, before) == {"issued": -6, "guarantee-fund": -6, "paid-out": 0, "commission": 6}
    await actions.import_payouts(ledger, lot(tmp_path, line(shop, 294, 5, 289, "LOT-B")), TREASURER)
    assert (await moved(app, before))["issued"] == -300
    assert await run_checks(ledger) == []


async def test_where_a_lot_paid_several_the_amount_says_which(ledger: Ledger, shop: Owning, tmp_path: Path) -> None:
    siret = shop.device.merchant.siret
    for cents in (300, 400):
        await shop.convert(cents)
    rows = [line(shop, 300, 6, 294), line(shop, 400, 8, 392)]
    await actions.import_payouts(ledger, lot(tmp_path, *rows), TREASURER)
    with pytest.raises(UnknownPayout) as refused:
        await actions.return_payout(ledger, siret, "LOT-A", TREASURER)
    assert refused.value.facts["amounts_cents"] == [300, 400]
    with pytest.raises(UnknownPayout):
        await actions.return_payout(ledger, siret, "LOT-A", TREASURER, amount_cents=500)
    assert (await actions.return_payout(ledger, siret, "LOT-A", TREASURER, amount_cents=400)).amount_cents == 400


async def test_another_rate_applies_from_its_day_on(ledger: Ledger, shop: Owning, tmp_path: Path) -> None:
    await shop.convert(1_000)
    await actions.set_commission_rate(ledger, 350, TREASURER)
    with pytest.raises(FileFaulty) as refused:
        await actions.import_payouts(ledger, lot(tmp_path, line(shop, 1_000, 20, 980)), TREASURER)
    assert faults(refused) == [(2, "commission_centimes", "wrong-commission")]
    assert (await actions.propose_payouts(ledger, TREASURER)).lot.commission_cents == 35
    yesterday = line(shop, 1_000, 20, 980, day=DAY - timedelta(days=1))
    await actions.import_payouts(ledger, lot(tmp_path, yesterday), TREASURER)
    assert [rate.basis_points for rate in await actions.commission_rates(ledger)] == [200, 350]
    with pytest.raises(BadValue):
        await actions.set_commission_rate(ledger, 10_001, TREASURER)


async def test_a_proposal_takes_only_a_reference_that_is_free(ledger: Ledger, shop: Owning, tmp_path: Path) -> None:
    await shop.convert(300)
    await actions.import_payouts(ledger, lot(tmp_path, line(shop, 300, 6, 294)), TREASURER)
    assert (await actions.propose_payouts(ledger, TREASURER, reference="X1")).lot.reference == "X1"
    for reference in ("LOT-A", "a b", "x" * 36, ""):
        with pytest.raises(BadValue):
            await actions.propose_payouts(ledger, TREASURER, reference=reference)


async def test_coupons_go_out_come_back_and_become_euros(ledger: Ledger, shop: Owning, app: asyncpg.Connection) -> None:
    siret, merchant = shop.device.merchant.siret, shop.device.merchant
    circulating = await account(app, "coupons:circulating")
    held, before = (await converting(app, merchant))[0], await euros(app)
    out = await actions.hand_out_coupons(ledger, siret, 10_00, FINANCE)
    assert (out.kind, out.amount_cents, -await balance(app, circulating)) == ("coupons", 10_00, 11_00)
    back = await actions.take_back_coupons(ledger, siret, 4_00, TREASURER)
    assert (back.kind, (await converting(app, merchant))[0]) == ("coupons-returned", held - 6_00)
    done = await actions.convert_coupons(ledger, siret, 5_00, FINANCE)
    assert (done.kind, done.commission_cents) == ("coupons-converted", 10)
    assert await moved(app, before) == {"issued": -500, "guarantee-fund": -500, "paid-out": 490, "commission": 10}
    assert -await balance(app, circulating) == 2_00
    assert await run_checks(ledger) == []


async def test_coupons_are_refused_beyond_what_there_is(ledger: Ledger, shop: Owning) -> None:
    siret = shop.device.merchant.siret
    with pytest.raises(MerchantBalanceTooLow):
        await actions.hand_out_coupons(ledger, siret, 100_00, FINANCE)
    for movement in (actions.take_back_coupons, actions.convert_coupons):
        with pytest.raises(CouponsTooFew) as refused:
            await movement(ledger, siret, 2_00, FINANCE)
        assert refused.value.facts["available_cents"] == 1_00
    for each in (actions.hand_out_coupons, actions.take_back_coupons, actions.convert_coupons):
        with pytest.raises(NotWholePois):
            await each(ledger, siret, 1_50, FINANCE)
        with pytest.raises(UnknownMerchant):
            await each(ledger, "11111111111111", 1_00, FINANCE)


async def refusals(ledger: Ledger, siret: str, operator: str, file: Path) -> list[type[Refusal]]:
    """How each call of the treasurer's side is refused for somebody."""
    calls = [
        actions.propose_payouts(ledger, operator),
        actions.import_payouts(ledger, file, operator),
        actions.return_payout(ledger, siret, "LOT-1", operator),
        actions.withdraw_conversion(ledger, uuid4(), operator),
        actions.set_commission_rate(ledger, 100, operator),
        actions.hand_out_coupons(ledger, siret, 1_00, operator),
        actions.take_back_coupons(ledger, siret, 1_00, operator),
        actions.convert_coupons(ledger, siret, 1_00, operator),
    ]
    found = []
    for call in calls:
        try:
            await call
        except Refusal as refusal:
            found.append(type(refusal))
        else:
            found.append(Refusal)
    return found


async def test_each_call_is_for_its_people_only(ledger: Ledger, shop: Owning, tmp_path: Path) -> None:
    siret, file = shop.device.merchant.siret, lot(tmp_path, line(shop, 300, 6, 294))
    assert await refusals(ledger, siret, AGENT, file) == [RoleMissing] * 8
    assert await refusals(ledger, siret, "nobody", file) == [UnknownOperator] * 8
    assert (await refusals(ledger, siret, FINANCE, file))[:5] == [RoleMissing] * 5
    assert RoleMissing not in (await refusals(ledger, siret, FINANCE, file))[5:]
    assert RoleMissing not in await refusals(ledger, siret, TREASURER, file)


async def test_a_conversion_that_is_not_there_cannot_be_cancelled(ledger: Ledger, shop: Owning) -> None:
    with pytest.raises(UnknownConversion):
        await actions.withdraw_conversion(ledger, uuid4(), TREASURER)


async def test_a_merchant_leaves_with_nothing_or_is_told_what_is_open(
    ledger: Ledger, shop: Owning, app: asyncpg.Connection
) -> None:
    siret = shop.device.merchant.siret
    made = await shop.convert(300)
    held, aside = await converting(app, shop.device.merchant)
    with pytest.raises(MerchantNotEmpty) as refused:
        await actions.close_merchant(ledger, siret, AGENT)
    assert refused.value.facts == {
        "siret": siret,
        "balance_cents": held,
        "converting_cents": aside,
        "open_conversions": [str(made.id)],
    }


async def test_a_merchant_that_has_left_is_gone_for_good(ledger: Ledger, shop: Owning) -> None:
    siret = (await list_merchants(ledger))[-1].siret
    assert (await actions.close_merchant(ledger, siret, AGENT)).state == "closed"
    for again in (actions.close_merchant, approve_merchant, suspend_merchant):
        with pytest.raises(NotPossibleNow):
            await again(ledger, siret, AGENT)
    with pytest.raises(MerchantNotActive):
        await actions.take_back_coupons(ledger, siret, 1_00, FINANCE)
    assert (await actions.convert_coupons(ledger, siret, 1_00, FINANCE)).commission_cents == 2
    assert await run_checks(ledger) == []


async def test_an_import_of_merchants_that_left_before_is_no_way_back(ledger: Ledger, shop: Owning) -> None:
    with pytest.raises((FileFaulty, FileAlreadyImported)):
        await import_merchants(ledger, month.MERCHANTS_FILE, AGENT)
