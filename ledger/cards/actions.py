"""What can be done with cards: issue, block, replace, list. Secrets leave here once, in the answer."""

from __future__ import annotations

from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.cards import rules, store
from ledger.cards.model import Card, CardKind, CardSecrets, IssuedCard
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import NotPossibleNow, PinTooSimple, UnknownCard, UnknownHousehold
from ledger.identifiers import new_subject_id


async def issue_card(ledger: Ledger, household_id: UUID, kind: CardKind, operator: str) -> IssuedCard:
    """Issue one more card to a household; its balance is the household's, so nothing moves in the books."""
    async with ledger.unit_of_work() as work:
        await operator_named(work, operator, Role.AGENT)
        return await _issue(work, household_id, kind)


async def block_card(ledger: Ledger, number: int, operator: str) -> Card:
    """Block a lost card at once. The balance stays with the household."""
    async with ledger.unit_of_work() as work:
        return await _block(work, number, operator)


async def replace_card(ledger: Ledger, number: int, operator: str) -> IssuedCard:
    """Block a card, if it is not blocked already, and issue another of its kind to the same household."""
    async with ledger.unit_of_work() as work:
        await operator_named(work, operator, Role.AGENT)
        card = await store.card_numbered(work, number)
        if card is None or card.state == "active":
            card = await _block(work, number, operator)
        return await _issue(work, card.household_id, card.kind)


async def list_cards(ledger: Ledger, household_id: UUID) -> list[Card]:
    """The cards of a household, without secrets."""
    async with ledger.unit_of_work() as work:
        return await store.cards_of(work, household_id)


async def block_cards_of(work: UnitOfWork, household_id: UUID, operator_id: UUID) -> int:
    """Block every active card of a household that leaves, and say how many; a step of other use cases."""
    return await store.block_all(work, household_id, operator_id)


async def issue_telephone(work: UnitOfWork, household_id: UUID) -> IssuedCard:
    """One more card for a telephone; a step of other use cases. Refuses `UnknownHousehold`."""
    return await _issue(work, household_id, "phone")


async def card_numbered(work: UnitOfWork, number: int) -> Card:
    """The card with a printed number. Refuses `UnknownCard`; a step of other use cases, as those below."""
    card = await store.card_numbered(work, number)
    if card is None:
        raise UnknownCard(number=number)
    return card


async def cards_of(work: UnitOfWork, household_id: UUID) -> list[Card]:
    """The cards of a household, the oldest first."""
    return await store.cards_of(work, household_id)


async def telephone_secrets(work: UnitOfWork, card_id: UUID) -> CardSecrets:
    """What verifies a telephone's code."""
    return await store.secrets_of(work, card_id)


async def block_as_holder(work: UnitOfWork, card: Card) -> None:
    """Block a card on the word of its holder; one that is blocked stays so."""
    if card.state == "active":
        await store.block(work, card.id, None)


async def block_telephones(work: UnitOfWork, household_id: UUID) -> int:
    """Block a household's telephones on the word of the holder of its paper card; how many they were."""
    return await store.block_telephones(work, household_id)


async def change_pin(work: UnitOfWork, card_id: UUID, pin: str, wallet_id: UUID) -> None:
    """Give a paper card another PIN, from now on. Refuses `PinTooSimple`."""
    if rules.is_simple(pin):
        raise PinTooSimple
    await store.add_pin(work, card_id, rules.pin_hmac(work.keys, card_id, pin), wallet_id)


async def _block(work: UnitOfWork, number: int, operator: str) -> Card:
    who = await operator_named(work, operator)
    card = await card_numbered(work, number)
    if card.state != "active":
        raise NotPossibleNow(number=number, state=card.state)
    await store.block(work, card.id, who.id)
    return card


async def _issue(work: UnitOfWork, household_id: UUID, kind: CardKind) -> IssuedCard:
    if not await store.household_exists(work, household_id):
        raise UnknownHousehold(household_id=str(household_id))
    card_id = new_subject_id()
    secret = rules.new_paper_secret() if kind == "paper" else rules.new_phone_secret()
    pin = rules.new_pin() if kind == "paper" else None
    stored = (
        rules.encrypt_phone_secret(work.keys, card_id, secret)
        if pin is None
        else rules.paper_secret_hmac(work.keys, card_id, secret)
    )
    pin_hmac = None if pin is None else rules.pin_hmac(work.keys, card_id, pin)
    while True:  # a taken number, one in a billion, is drawn again
        number = rules.new_number()
        if await store.add_card(
            work,
            card_id=card_id,
            number=number,
            household_id=household_id,
            kind=kind,
            secret=stored,
            pin_hmac=pin_hmac,
            issued_at=work.now,
        ):
            return IssuedCard(card_id, number, kind, secret, pin)
