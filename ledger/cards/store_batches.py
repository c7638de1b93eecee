"""The SQL of many paper cards made at once. A batch is what was issued to a programme at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from ledger.cards.model import Card, CardBatch
from ledger.database.unit_of_work import UnitOfWork

_TAKEN = text("SELECT number FROM ledger.card WHERE number = ANY(:numbers)")
_PAPER = """
    FROM ledger.card AS c LEFT JOIN ledger.subject_state AS s ON s.subject_id = c.id
    WHERE c.household_id = ANY(:household_ids) AND c.kind = 'paper'
"""
_ACTIVE = " AND coalesce(s.state, 'active') = 'active'"
_HOLDERS = text("SELECT DISTINCT c.household_id" + _PAPER + _ACTIVE)
# With the cards for telephones that were made along with them: their codes stand on the same letters.
_ACTIVE_OF_BATCH = text("""
    SELECT c.id, c.number, c.household_id, c.kind, c.issued_at, 'active' AS state
    FROM ledger.card AS c LEFT JOIN ledger.subject_state AS s ON s.subject_id = c.id
    WHERE c.household_id = ANY(:household_ids) AND c.issued_at = :issued_at AND coalesce(s.state, 'active') = 'active'
    ORDER BY c.id
""")
_BATCHES = text(
    """
    SELECT c.issued_at, count(*) AS cards,
        count(*) FILTER (WHERE coalesce(s.state, 'active') = 'active') AS active_cards
    """
    + _PAPER
    + " GROUP BY c.issued_at ORDER BY c.issued_at DESC"
)
# Locked in one order, so that nobody waits in a circle: meanwhile nobody is erased, and no other card is made.
_KEEP = text("""
    SELECT household_id FROM identity.household WHERE household_id = ANY(:household_ids)
    ORDER BY household_id FOR NO KEY UPDATE
""")
_ADD = text("""
    INSERT INTO ledger.card (id, number, household_id, kind, secret, pin_hmac, issued_at)
    SELECT id, number, household_id, 'paper', secret, pin_hmac, :issued_at
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:numbers AS bigint[]), CAST(:household_ids AS uuid[]),
        CAST(:secrets AS bytea[]), CAST(:pin_hmacs AS bytea[])
    ) AS n (id, number, household_id, secret, pin_hmac)
    ON CONFLICT (number) DO NOTHING
""")
_BLOCK = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    SELECT 'card', id, 'block', :now, :operator_id FROM unnest(CAST(:ids AS uuid[])) AS c (id)
""")


async def taken_numbers(work: UnitOfWork, numbers: Sequence[int]) -> set[int]:
    """Which of these card numbers are on a card already."""
    return set((await work.run(_TAKEN, numbers=list(numbers))).scalars())


async def holders_of_paper(work: UnitOfWork, household_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these households hold an active paper card."""
    return set((await work.run(_HOLDERS, household_ids=list(household_ids))).scalars())


async def active_of_batch(work: UnitOfWork, household_ids: Sequence[UUID], issued_at: datetime) -> list[Card]:
    """The cards that these households were issued at an instant and can still pay with."""
    rows = await work.run(_ACTIVE_OF_BATCH, household_ids=list(household_ids), issued_at=issued_at)
    return [Card(**row._asdict()) for row in rows]


async def batches(work: UnitOfWork, household_ids: Sequence[UUID]) -> list[CardBatch]:
    """When paper cards were issued to these households, the latest first."""
    return [CardBatch(**row._asdict()) for row in await work.run(_BATCHES, household_ids=list(household_ids))]


async def keep_households(work: UnitOfWork, household_ids: Sequence[UUID]) -> int:
    """How many of these households are there; none of them is erased before the unit of work ends."""
    return len((await work.run(_KEEP, household_ids=list(household_ids))).all())


async def add_paper_cards(
    work: UnitOfWork,
    *,
    ids: Sequence[UUID],
    numbers: Sequence[int],
    household_ids: Sequence[UUID],
    secrets: Sequence[bytes],
    pin_hmacs: Sequence[bytes],
) -> int:
    """Record paper cards at one instant; how many of them had a number that was still free."""
    result = await work.run(
        _ADD,
        ids=list(ids),
        numbers=list(numbers),
        household_ids=list(household_ids),
        secrets=list(secrets),
        pin_hmacs=list(pin_hmacs),
        issued_at=work.now,
    )
    return int(result.rowcount)


async def block_all(work: UnitOfWork, card_ids: Sequence[UUID], operator_id: UUID) -> None:
    """Record that cards are blocked."""
    await work.run(_BLOCK, ids=list(card_ids), now=work.now, operator_id=operator_id)
