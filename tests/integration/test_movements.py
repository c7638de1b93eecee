"""The shops' movements of the sample month, played over the service on October's books, and the treasurer's lot."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from admin_cli.rehearsal.movements import (
    LOT_FILE,
    MOVEMENTS_FILE,
    Movement,
    MovesPlayed,
    Payouts,
    enrol_movers,
    movers,
    play_movements,
    read_movements,
)
from admin_cli.rehearsal.player import Player
from admin_cli.rehearsal.service import RunningService
from admin_cli.rehearsal.wallets import Wallets
from ledger.calendar import PARIS
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock, RehearsalClock
from ledger.conversions.actions import list_conversions, paid_lots
from ledger.database.unit_of_work import Ledger
from ledger.errors import FileFaulty
from tests.month import CHECKER, MAKER, OCTOBER
from tests.october_books import fill_with_october
from tests.straight import account, balance
from tests.tills import answering

EVENTS = read_movements(OCTOBER)


@pytest.fixture
async def player(
    ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection, tmp_path: Path
) -> AsyncIterator[tuple[Ledger, Player]]:
    """October's sales are in the books; owners have their devices. Time is the rehearsal's from here on."""
    await fill_with_october(ledger, clock, owner)
    there = RehearsalClock(tmp_path / "clock")
    there.set(datetime(2026, 10, 30, 9, tzinfo=PARIS))
    books = Ledger(ledger.database, there, ledger.keys)
    async with answering(books) as client:
        service = RunningService(str(client.base_url), 0, tmp_path / "log")
        at_work = Player(client, service, there, Wallets(tmp_path / "handed-out.json"))
        await enrol_movers(books, at_work, movers(EVENTS), MAKER)
        yield books, at_work


async def play(player: tuple[Ledger, Player]) -> MovesPlayed:
    return await play_movements(*player, EVENTS, CHECKER)


async def test_october_is_played_as_the_folder_says(player: tuple[Ledger, Player], app: asyncpg.Connection) -> None:
    played = await play(player)
    assert played.differences == []
    assert played.counts == {"payment": 3, "coupons": 4, "conversion": 10}
    assert played.cents == {"payment": 1084 + 1278 + 617, "coupons": 4000, "conversion": 335_800}
    assert (played.paid, played.paid_gross_cents, played.paid_commission_cents) == (9, 303_400, 6_068)
    fund = await balance(app, await account(app, "association:guarantee-fund"))
    assert fund == 9_466_00
    ledger = player[0]
    [waiting] = await list_conversions(ledger, only_open=True)
    assert (waiting.siret, waiting.due_cents) == ("61077335000075", 324_00)
    [lot] = await paid_lots(ledger)
    assert (lot.reference, lot.net_cents, lot.commission_cents) == ("LOT-2026-10", 2_973_32, 60_68)
    assert [found for found in await run_checks(ledger) if found.check.startswith(("merchants", "conversions"))] == []


async def test_what_was_cut_is_played_again_with_the_same_answers(player: tuple[Ledger, Player]) -> None:
    ledger, at_work = player
    await play_movements(ledger, at_work, EVENTS[:9], CHECKER)
    before = dict(at_work.wallets.owner_secrets)
    await enrol_movers(ledger, at_work, movers(EVENTS), MAKER)
    assert at_work.wallets.owner_secrets == before
    for _ in range(2):
        played = await play(player)
        assert (played.differences, played.counts["conversion"], played.paid) == ([], 10, 9)
    assert len(await list_conversions(ledger)) == 10


def test_movements_are_read_in_the_order_of_time() -> None:
    assert len(EVENTS) == 18
    assert list(EVENTS) == sorted(EVENTS, key=lambda event: event.at)
    assert isinstance(EVENTS[-1], Payouts)
    assert EVENTS[-1].at == datetime(2026, 10, 31, 23, tzinfo=PARIS)


def test_a_folder_may_have_neither_file(tmp_path: Path) -> None:
    assert read_movements(tmp_path) == ()
    shutil.copy(OCTOBER / LOT_FILE, tmp_path)
    assert [type(event) for event in read_movements(tmp_path)] == [Payouts]


def test_movements_of_one_owner_are_half_a_minute_apart(tmp_path: Path) -> None:
    """A code is good for one movement."""
    rows = [f"2026-10-30T17:00:0{second};coupons;29729975200065;;1000" for second in (0, 1, 1, 2)]
    header = "horodatage;type;siret;vers_siret;montant_centimes"
    (tmp_path / MOVEMENTS_FILE).write_text("\n".join([header, *rows]))
    seconds = [
        (event.at - datetime(2026, 10, 30, 17, tzinfo=PARIS)).total_seconds()
        for event in read_movements(tmp_path)
        if isinstance(event, Movement)
    ]
    assert seconds == [0, 30, 60, 90]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("yesterday;coupons;29729975200065;;1000", "horodatage"),
        ("2026-10-30T17:00:00;gift;29729975200065;;1000", "type"),
        ("2026-10-30T17:00:00;coupons;297299752;;1000", "siret"),
        ("2026-10-30T17:00:00;paiement;29729975200065;;1000", "vers_siret"),
        ("2026-10-30T17:00:00;coupons;29729975200065;;ten", "montant_centimes"),
    ],
)
def test_a_fault_of_the_folder_is_told_with_row_and_column(tmp_path: Path, row: str, column: str) -> None:
    (tmp_path / MOVEMENTS_FILE).write_text(f"horodatage;type;siret;vers_siret;montant_centimes\n{row}\n")
    with pytest.raises(FileFaulty) as refused:
        read_movements(tmp_path)
    faults: Any = refused.value.facts["faults"]
    assert (2, column) in [(fault["row"], fault["column"]) for fault in faults]
