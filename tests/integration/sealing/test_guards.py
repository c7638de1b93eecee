"""The database takes no seal that does not continue the one before it, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.sealing import store
from ledger.sealing.actions import seal
from ledger.sealing.model import Seal
from tests.sealed import ADD_ENTRY, culprits, sealed_leaves
from tests.straight import PRIVILEGE, refused_as

FAULTS: dict[str, Callable[[Seal], Seal]] = {
    "a number left out": lambda made: replace(made, number=made.number + 1),
    "a number taken": lambda made: replace(made, number=made.number - 1),
    "units of work left out": lambda made: replace(made, xid_from=made.xid_from + 1),
    "units of work sealed again": lambda made: replace(made, xid_from=made.xid_from - 1),
    "units of work that may still be going on": lambda made: replace(made, xid_upto=made.xid_upto + 1_000),
    "an end before the beginning": lambda made: replace(made, xid_upto=made.xid_from - 1),
    "units of work that have not begun": lambda made: replace(made, begun_below=made.begun_below + 1_000),
    "leaves left out": lambda made: replace(made, first_leaf=made.first_leaf + 1),
    "leaves sealed again": lambda made: replace(made, first_leaf=made.first_leaf - 1),
    "more leaves than it has": lambda made: replace(made, leaf_count=made.leaf_count + 1),
    "a later epoch": lambda made: replace(made, epoch=made.epoch + 1),
    "an earlier epoch": lambda made: replace(made, epoch=made.epoch - 1),
    "an instant that was": lambda made: replace(made, observed_at=made.observed_at - timedelta(days=1)),
    "an instant to come": lambda made: replace(made, observed_at=made.observed_at + timedelta(hours=1)),
    "more of the past called final": lambda made: replace(made, final_until=made.observed_at),
    "less of the past called final": lambda made: replace(made, final_until=None),
    "a key that nobody knows": lambda made: replace(made, key_number=7),
    "a root that is none": lambda made: replace(made, root=b"root"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_seal_is_taken_that_does_not_follow(
    ledger: Ledger, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    await seal(ledger)
    await app.execute(ADD_ENTRY)
    before = await sealed_leaves(app)
    add = store.add_seal

    async def add_faulty(work: UnitOfWork, made: Seal, leaves: Sequence[bytes]) -> None:
        assert FAULTS[fault](made) != made
        await add(work, FAULTS[fault](made), leaves)

    monkeypatch.setattr(store, "add_seal", add_faulty)
    with pytest.raises(DBAPIError):
        await seal(ledger)
    monkeypatch.undo()
    assert await sealed_leaves(app) == before
    await seal(ledger)
    assert await culprits(ledger) == []


async def test_the_application_says_neither_when_nor_in_which_unit_of_work(app: asyncpg.Connection) -> None:
    for column, value in (("xid", "'1'"), ("epoch", "1"), ("added_at", "now()")):
        with refused_as(PRIVILEGE):
            await app.execute(
                f"INSERT INTO ledger.sealing_key (number, public_key, {column}) VALUES (1, sha256('a'), {value})"
            )
    with refused_as(PRIVILEGE):
        await app.execute("INSERT INTO ledger.cluster (number, system_identifier) VALUES (2, 1)")
    with refused_as(PRIVILEGE):
        await app.execute("CALL ledger.begin_epoch()")
