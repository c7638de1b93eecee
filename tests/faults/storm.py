"""Many actions at once, until PostgreSQL is killed under them; then whoever has no answer asks again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from ledger.books.transaction import TransactionKind
from ledger.database.connect import connected
from ledger.database.unit_of_work import Ledger
from ledger.errors import DatabaseUnreachable, Unavailable
from ledger.home import Home
from ledger.sealing.actions import seal
from tests.faults.deeds import DEEDS, DONE, Ask, Town

# How often each is done in a storm. The owner's telephone has one code at a time, the counter has no keys, and what
# ends by its date ends all at once.
OFTEN: dict[TransactionKind, int] = {
    TransactionKind.LAPSE: 1,
    TransactionKind.MANDATE: 4,
    TransactionKind.MANDATE_CANCELLED: 2,
    TransactionKind.FUNDING: 3,
    TransactionKind.ISSUE: 2,
    TransactionKind.REVOCATION: 2,
    TransactionKind.CONVERSION_PAID: 1,
    TransactionKind.CONVERSION_RETURNED: 1,
    TransactionKind.RETURN_REQUESTED: 2,
    TransactionKind.RETURN_PAID: 2,
    TransactionKind.RESERVE_LOSS: 2,
    TransactionKind.RESERVE_MADE_GOOD: 2,
    TransactionKind.ADJUSTMENT: 2,
    TransactionKind.REVERSAL: 2,
    TransactionKind.REFUND: 4,
    TransactionKind.REDEMPTION: 12,
    TransactionKind.MERCHANT_PAYMENT: 1,
}


# Kinds whose answers name their transaction.
_NAMED = {TransactionKind.REDEMPTION, TransactionKind.REFUND, TransactionKind.MERCHANT_PAYMENT}


@dataclass
class Deed:
    """One thing to be done once, and what was said when it was."""

    kind: TransactionKind
    ask: Ask
    answer: Any = None
    answered: bool = False

    async def attempt(self, ledger: Ledger, answers: asyncio.Semaphore) -> None:
        """Ask; without an answer, nobody knows."""
        with suppress(DatabaseUnreachable, Unavailable):
            self.answer = await self.ask(ledger)
            self.answered = True
        answers.release()

    async def ask_again(self, ledger: Ledger) -> None:
        """It is done now, or was; whoever had an answer gets the same."""
        before = self.transaction
        with suppress(*DONE.get(self.kind, ())):
            self.answer = await self.ask(ledger)
        assert before in {None, self.transaction}

    @property
    def transaction(self) -> UUID | None:
        """The transaction that the answer names, if it does."""
        booked = getattr(self.answer, "transaction_id", None) or getattr(self.answer, "id", None)
        named = self.kind >= TransactionKind.RETURN_REQUESTED or self.kind in _NAMED
        return booked if named else None


@dataclass(frozen=True)
class Account:
    """What became of a storm: answers given before the kill, transactions that are missing, and too many."""

    acknowledged: int
    lost: int
    doubled: int


@dataclass
class Storm:
    """What is asked at once, and how many transactions of each kind there are to be in the end."""

    deeds: list[Deed]
    expected: Counter[int]

    @classmethod
    async def gathered(cls, town: Town, chance: random.Random, often: Mapping[TransactionKind, int] = OFTEN) -> Storm:
        """All is ready for each of them; the order is anybody's guess."""
        deeds = [Deed(kind, await DEEDS[kind](town)) for kind, times in often.items() for _ in range(times)]
        chance.shuffle(deeds)
        expected = await _counted(town.ledger)
        expected.update(int(deed.kind) for deed in deeds if deed.kind is not TransactionKind.REDEMPTION)
        return cls(deeds, expected)

    async def blow(self, ledger: Ledger, home: Home, chance: random.Random) -> None:
        """Everything at once, with sealing between; PostgreSQL dies when some of them are answered."""
        answers = asyncio.Semaphore(0)
        async with asyncio.TaskGroup() as tasks:
            for deed in self.deeds:
                tasks.create_task(deed.attempt(ledger, answers))
            tasks.create_task(_seal_on(ledger))
            for _ in range(chance.randint(1, len(self.deeds) // 2)):
                await answers.acquire()
            kill_postgres(home)

    async def settle(self, ledger: Ledger) -> Account:
        """Ask again: who has no answer gets one, who has one the same. Then everything is there once."""
        answered = [deed for deed in self.deeds if deed.answered]
        named = {deed.transaction for deed in answered} - {None}
        for deed in self.deeds:
            await deed.ask_again(ledger)
        await seal(ledger)
        booked = await _counted(ledger)
        lost = (self.expected - booked).total() + len(named - await _ids(ledger))
        return Account(len(answered), lost, (booked - self.expected).total())


async def _counted(ledger: Ledger) -> Counter[int]:
    """How many transactions of each kind there are; others may sell meanwhile."""
    sql = "SELECT kind FROM ledger.ledger_transaction WHERE kind <> $1"
    async with connected(ledger.database.url) as connection:
        return Counter([row["kind"] for row in await connection.fetch(sql, int(TransactionKind.REDEMPTION))])


async def _ids(ledger: Ledger) -> set[UUID]:
    async with connected(ledger.database.url) as connection:
        return {row["id"] for row in await connection.fetch("SELECT id FROM ledger.ledger_transaction")}


async def _seal_on(ledger: Ledger) -> None:
    """Seal again and again, until nobody answers."""
    with suppress(DatabaseUnreachable):
        while True:
            await seal(ledger)


def kill_postgres(home: Home) -> None:
    """As a power cut does: all of its processes, and no goodbye. They were started by this run."""
    lock = home.postgres / "data" / "postmaster.pid"
    postmaster = int(lock.read_text(encoding="ascii").split()[0])
    children = [int(entry.name) for entry in Path("/proc").iterdir() if _parent(entry) == postmaster]
    for process in (postmaster, *children):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _parent(entry: Path) -> int | None:
    """The parent of a process, by its entry in /proc (proc(5): the second field after the name)."""
    try:
        return int((entry / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None
