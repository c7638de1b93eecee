"""Seals on real books: what is sealed, what is final, what can be proven."""

from __future__ import annotations

import asyncpg

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.sealing.actions import audit, prove_checkpoint, prove_sale, seal, seal_lag
from ledger.sealing.rules import proofs
from tests.world import small_world


async def culprits(ledger: Ledger) -> list[object]:
    async with ledger.unit_of_work() as work:
        return [each async for each in audit(work)]


async def test_everything_is_sealed_once(ledger: Ledger, clock: FixedClock, app: asyncpg.Connection) -> None:
    first = await seal(ledger)
    assert first is not None
    await small_world(ledger, clock)
    made = await seal(ledger)
    assert made is not None
    assert made.size == await app.fetchval("SELECT count(*) FROM ledger.leaf")
    assert await seal(ledger) is None
    assert await culprits(ledger) == []
    print(made, await seal_lag(ledger))
    sale = await app.fetchval("SELECT id FROM ledger.redemption LIMIT 1")
    proof = await prove_sale(ledger, sale)
    print(proofs.written(proof))
    assert all(f.holds for f in proofs.verify(proof)), proofs.verify(proof)
    grown = await prove_checkpoint(ledger, first.size)
    assert all(f.holds for f in proofs.verify(grown, first.note)), proofs.verify(grown, first.note)
