"""Seals as tests look at them, and several writers whose units of work overlap as a schedule says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import asyncpg
from hypothesis import strategies as st

from ledger.books.accounts import AccountKind
from ledger.books.transaction import TransactionKind
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from ledger.sealing.actions import Older, audit, seal
from ledger.sealing.model import Seal
from tests.conftest import NOW
from tests.databases import DatabaseUrls
from tests.straight import open_account, post

ADD_ENTRY = "INSERT INTO ledger.audit_entry (command, outcome, occurred_at) VALUES ('test', 'ok', now()) RETURNING id"

Do = Literal["prompt", "write", "post", "commit", "abort", "seal", "two-seal"]
Step = tuple[Do, int]
WRITERS = 4
_OFTEN: tuple[Do, ...] = ("prompt", "post", "seal")
_ALL: tuple[Do, ...] = (*_OFTEN, *_OFTEN, "write", "commit", "abort", "two-seal")
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.sampled_from(_ALL), st.integers(0, WRITERS - 1)), min_size=8, max_size=24
)


async def culprits(ledger: Ledger, older: Older | None = None) -> list[tuple[object, dict[str, object]]]:
    """Everything that the audit finds."""
    async with ledger.unit_of_work() as work:
        return [each async for each in audit(work, older)]


async def sealed_leaves(connection: asyncpg.Connection) -> dict[int, list[bytes]]:
    """The leaf hashes that each seal holds, by its number."""
    rows = await connection.fetch("SELECT number, leaves FROM ledger.seal ORDER BY number")
    return {number: [leaves[place : place + 32] for place in range(0, len(leaves), 32)] for number, leaves in rows}


async def leaves_of_rows(connection: asyncpg.Connection) -> Counter[bytes]:
    """The leaf hashes of all rows that there are."""
    sql = "SELECT hash FROM ledger.leaf_hashes(1::smallint, '0', '18446744073709551615')"
    return Counter(row["hash"] for row in await connection.fetch(sql))


@dataclass
class Writer:
    """A connection with a unit of work that may be open, and two accounts that nobody else posts to."""

    connection: asyncpg.Connection
    accounts: tuple[int, int]
    unit: asyncpg.transaction.Transaction | None = None

    async def begin(self) -> None:
        if self.unit is None:
            self.unit = self.connection.transaction()
            await self.unit.start()

    async def write(self) -> int:
        await self.begin()
        return int(await self.connection.fetchval(ADD_ENTRY))

    async def post(self) -> datetime:
        """Post something; the instant that the database gave it."""
        await self.begin()
        legs = [(self.accounts[0], 5), (self.accounts[1], -5)]
        [posted] = await post(self.connection, (TransactionKind.MANDATE, legs))
        sql = "SELECT posted_at FROM ledger.ledger_transaction WHERE id = $1"
        at: datetime = await self.connection.fetchval(sql, posted)
        return at

    async def end(self, *, commit: bool) -> None:
        if self.unit is not None:
            await (self.unit.commit() if commit else self.unit.rollback())
        self.unit = None


@dataclass(frozen=True)
class Answer:
    """What was posted up to an instant that a seal called final, as it was then."""

    until: datetime
    posted: frozenset[str]


@dataclass
class Schedule:
    """Writers and sealers on connections of their own, who do what they are told, one step after the other."""

    ledger: Ledger
    other: Ledger
    eye: asyncpg.Connection
    writers: Sequence[Writer]
    answers: list[Answer] = field(default_factory=list)
    held: dict[int, list[bytes]] = field(default_factory=dict)

    async def play(self, steps: Sequence[Step]) -> None:
        """All steps; then everybody commits, and what is left is sealed."""
        for do, number in steps:
            await self._step(do, self.writers[number])
        for writer in self.writers:
            await writer.end(commit=True)
        await self.seal()

    async def seal(self) -> Seal | None:
        """Seal what is finished, and keep what is sealed and final now."""
        made = await seal(self.ledger)
        self.held |= await sealed_leaves(self.eye)
        if made is not None and made.final_until is not None:
            self.answers.append(Answer(made.final_until, await self.posted_until(made.final_until)))
        return made

    async def posted_until(self, instant: datetime) -> frozenset[str]:
        sql = "SELECT id::text FROM ledger.ledger_transaction WHERE posted_at <= $1"
        return frozenset(row["id"] for row in await self.eye.fetch(sql, instant))

    async def last_observed(self) -> datetime | None:
        at: datetime | None = await self.eye.fetchval("SELECT max(observed_at) FROM ledger.seal")
        return at

    async def _step(self, do: Do, writer: Writer) -> None:
        match do:
            case "prompt":
                await writer.write()
                await writer.end(commit=True)
            case "write":
                await writer.write()
            case "post":
                observed = await self.last_observed()
                at = await writer.post()
                assert observed is None or at > observed
            case "commit" | "abort":
                await writer.end(commit=do == "commit")
            case "seal":
                await self.seal()
            case "two-seal":
                await asyncio.gather(seal(self.ledger), seal(self.other))
                await self.seal()


@asynccontextmanager
async def schedule(urls: DatabaseUrls, keys: Keyring) -> AsyncIterator[Schedule]:
    """Four writers and two sealers on a database of its own."""
    async with AsyncExitStack() as stack:
        ledgers = [Ledger(Database.at(urls.app), FixedClock(NOW), keys) for _ in range(2)]
        for ledger in ledgers:
            stack.push_async_callback(ledger.database.aclose)
        eye = await stack.enter_async_context(connected(urls.owner))
        writers = []
        for number in range(WRITERS):
            connection = await stack.enter_async_context(connected(urls.app))
            debit = await open_account(connection, AccountKind.ASSOCIATION_IN_TRANSIT, f"transit:{number}")
            credit = await open_account(connection, AccountKind.CCAS_MANDATED, f"mandated:{number}")
            writers.append(Writer(connection, (debit, credit)))
        yield Schedule(ledgers[0], ledgers[1], eye, writers)
