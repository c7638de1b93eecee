"""PostgreSQL hangs up in the middle of an action of every kind: what was asked again has one effect, no more."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import asyncpg
import pytest

from ledger.books.transaction import TransactionKind
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.errors import DatabaseUnreachable, Unavailable
from ledger.keyring import Keyring
from tests.databases import TestServer
from tests.faults.deeds import DEEDS, DONE, LOOKS_FIRST, Ask, Town
from tests.faults.line import Cut, Line, line_to
from tests.properties.machine.ground import START

CUTS: tuple[Cut, ...] = ("backend-killed", "answer-lost")
MESSAGES_MAX = 200
_COUNT = "SELECT count(*) FROM ledger.ledger_transaction WHERE kind = $1"


@dataclass(frozen=True)
class Books:
    """A town whose ledger is reached by a line that can be cut, and a look from outside."""

    town: Town
    line: Line
    ledger: Ledger
    connection: asyncpg.Connection

    async def booked(self, kind: TransactionKind) -> int:
        return int(await self.connection.fetchval(_COUNT, int(kind)))


@pytest.fixture(scope="module")
async def books(
    database_server: TestServer, keys: Keyring, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Books]:
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(database_server.clone())
        line = await stack.enter_async_context(line_to(urls))
        clock, databases = FixedClock(START), [Database.at(urls.app), Database.at(line.url)]
        for database in databases:
            stack.push_async_callback(database.aclose)
        straight, by_line = [Ledger(database, clock, keys) for database in databases]
        town = await Town.of(straight, clock, tmp_path_factory.mktemp("town"))
        connection = await stack.enter_async_context(connected(urls.owner))
        yield Books(town, line, by_line, connection)


@pytest.mark.parametrize("how", CUTS)
@pytest.mark.parametrize("kind", TransactionKind, ids=lambda kind: kind.code)
async def test_an_action_that_lost_its_database_is_done_once(books: Books, kind: TransactionKind, how: Cut) -> None:
    """Cut at its messages one after the other, some of them left out, until it comes through."""
    chance = random.Random(f"{kind} {how}")
    message = chance.randint(1, 4)
    while await _cut_at(books, kind, message, how):
        message += chance.randint(3, 7)
        assert message < MESSAGES_MAX
    assert message > 4


async def test_after_all_of_it_the_books_are_whole(books: Books) -> None:
    assert {kind for kind in TransactionKind if await books.booked(kind)} == set(TransactionKind)
    assert await run_checks(books.ledger) == []


async def _cut_at(books: Books, kind: TransactionKind, message: int, how: Cut) -> bool:
    """Whether the action came so far."""
    ask, before = await DEEDS[kind](books.town), await books.booked(kind)
    await books.ledger.database.ping()
    books.line.cut(message, how)
    answered = await _answered(books, ask)
    was_cut = books.line.was_cut
    assert answered or was_cut
    if not answered and not (kind in LOOKS_FIRST and await books.booked(kind) > before):
        await _again(books, kind, ask)
    assert await books.booked(kind) == before + 1, f"message {message}"
    return was_cut


async def _answered(books: Books, ask: Ask) -> bool:
    """Whether there was an answer; nothing worse may be said than that there was none."""
    try:
        await ask(books.ledger)
    except (DatabaseUnreachable, Unavailable):
        return False
    return True


async def _again(books: Books, kind: TransactionKind, ask: Ask) -> None:
    """Asked again, it is done, or was."""
    with suppress(*DONE.get(kind, ())):
        await ask(books.ledger)
