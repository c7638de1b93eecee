"""Many paper cards at once: steps of the use case that prints them (`ledger.papers`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from ledger.cards import rules
from ledger.cards import store_batches as store
from ledger.cards.model import Card, CardBatch, IssuedCard
from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import CardsChanged


async def draw_paper_cards(work: UnitOfWork, count: int, ending: Callable[[int], str]) -> list[IssuedCard]:
    """New cards with free numbers, on paper only: the books do not know them yet. No two have the same `ending`."""
    drawn: dict[str, IssuedCard] = {}
    while len(drawn) < count:
        wanted = [rules.new_paper_card() for _ in range(count - len(drawn))]
        taken = await store.taken_numbers(work, [card.number for card in wanted])
        drawn |= {ending(card.number): card for card in wanted if card.number not in taken}
    return list(drawn.values())


async def record_paper_cards(work: UnitOfWork, issued: Sequence[tuple[UUID, IssuedCard]]) -> None:
    """Make drawn cards real, one for each of these households, which hold no other active one.

    Refuses `CardsChanged` where one of them was erased meanwhile or got a card; then none is made.
    """
    household_ids = [household_id for household_id, _card in issued]
    there = await store.keep_households(work, household_ids)
    if there < len(issued) or await store.holders_of_paper(work, household_ids):
        raise CardsChanged
    cards = [card for _household_id, card in issued]
    made = await store.add_paper_cards(
        work,
        ids=[card.id for card in cards],
        numbers=[card.number for card in cards],
        household_ids=household_ids,
        secrets=[rules.paper_secret_hmac(work.keys, card.id, card.secret) for card in cards],
        pin_hmacs=[rules.pin_hmac(work.keys, card.id, card.pin or "") for card in cards],
    )
    if made < len(issued):
        raise CardsChanged


async def block_cards(work: UnitOfWork, cards: Sequence[Card], operator_id: UUID) -> None:
    """Block cards that are active."""
    await store.block_all(work, [card.id for card in cards], operator_id)


async def holders_of_paper(work: UnitOfWork, household_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these households hold an active paper card."""
    return await store.holders_of_paper(work, household_ids)


async def cards_of_batch(work: UnitOfWork, household_ids: Sequence[UUID], issued_at: datetime) -> list[Card]:
    """The cards of these households, issued at an instant, that are still active."""
    return await store.active_of_batch(work, household_ids, issued_at)


async def batches_of(work: UnitOfWork, household_ids: Sequence[UUID]) -> list[CardBatch]:
    """When paper cards were issued to these households, the latest first."""
    return await store.batches(work, household_ids)
