"""What a card's holder can do without a till: see what is left and what was bought, and dispute it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.cards.model import NIL, Credential
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import CodeRefused, InternalError, NotFound, NotPossibleNow, Refusal, Unavailable
from ledger.redemptions import rules, store, store_holders
from ledger.redemptions.model import BalanceRequest, CardBalance, Dispute, HeldCard, Known, Purchase, RequestKey, Till

_TRIES = 5
_RETRY_AFTER_SECONDS = 2
_TOKEN = b""  # a guest has none; the place that it calls from stands where a till would
LAST = UUID(int=2**128 - 1)  # after every sale


async def card_as_held(ledger: Ledger, number: int) -> HeldCard:
    """What is left for a card whose holder is known already; caps of paper apart. Refuses `Unavailable`."""
    asked = BalanceRequest(RequestKey(_TOKEN, b"", b""), Credential(number))
    now = ledger.clock.now()
    try:
        pool = await ledger.database.pool()
        async with pool.acquire() as connection:
            state = await store.load(connection, [asked], now, Known(), ledger.keys)
    except Exception as error:
        if not store.is_disconnect(error):
            raise
        raise Unavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from None
    card = state.cards[number]
    return HeldCard(rules.balance_of(rules.Access(card, None), state, now), card.secrets.last_step)


async def open_as_guest(ledger: Ledger, credential: Credential, place: UUID) -> tuple[CardBalance, UUID]:
    """What is left on a paper card by its number and PIN, and whose it is. Wrong PINs count as at a till: those of the
    card over all tills and guests, and those from this place.

    Refuses `CodeRefused`, `CardBlocked`, `TooManyAttempts`, `Unavailable`.
    """
    if credential.for_training:
        raise CodeRefused
    for _ in range(_TRIES):
        try:
            answer = await _try_as_guest(ledger, credential, place)
        except Exception as error:
            if not store.is_disconnect(error):
                raise
            raise Unavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from None
        if isinstance(answer, Refusal):
            raise answer
        if answer is not None:
            return answer
    raise InternalError


async def purchases(
    work: UnitOfWork, household_id: UUID, cards: Sequence[UUID], before: UUID, rows_max: int
) -> list[Purchase]:
    """What was bought with some cards of a household, the newest first."""
    return await store_holders.purchases(work, household_id, cards, before, rows_max)


async def dispute(ledger: Ledger, redemption_id: UUID, cards: Sequence[UUID]) -> None:
    """Say of a sale that its holder did not buy it; said again, nothing changes. Nothing moves in the books: an agent
    looks into it. Refuses `NotFound` for a sale by another card.
    """
    async with ledger.unit_of_work() as work:
        if not await store_holders.is_paid_by(work, redemption_id, cards):
            raise NotFound
    try:
        async with ledger.unit_of_work() as work:
            await _say(work, redemption_id, "dispute", None)
    except NotPossibleNow:  # said before
        return


async def answer_dispute(ledger: Ledger, redemption_id: UUID, operator: str) -> None:
    """Say that a dispute was looked into. Refuses `UnknownOperator`, `NotPossibleNow`."""
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.AGENT)
        await _say(work, redemption_id, "answer", who.id)


async def list_disputes(ledger: Ledger, programme: str, *, answered: bool = False) -> list[Dispute]:
    """The disputed sales of a programme."""
    async with ledger.unit_of_work() as work:
        return await store_holders.disputes(work, programme, answered=answered)


async def _say(work: UnitOfWork, redemption_id: UUID, kind: str, operator_id: UUID | None) -> None:
    if not await store_holders.add_event(work, redemption_id, kind, operator_id):
        raise NotPossibleNow(event=kind)


async def _try_as_guest(
    ledger: Ledger, credential: Credential, place: UUID
) -> tuple[CardBalance, UUID] | Refusal | None:
    """`None` where another request moved a count of wrong codes meanwhile."""
    now, till = ledger.clock.now(), Till(place, "guest", True, NIL, 0, True)  # noqa: FBT003 - as its row would be
    asked = BalanceRequest(RequestKey(_TOKEN, b"", b""), credential)
    pool = await ledger.database.pool()
    async with pool.acquire() as connection:
        state = await store.load(connection, [asked], now, Known(tills={_TOKEN: till}), ledger.keys)
        access = rules.open_card(credential, state, till, now, ledger.keys)
        if isinstance(access, rules.Access):
            return rules.balance_of(access, state, now), access.card.household_id
        before = dict(state.failures)
        rules.count_wrong(access, state, now)
        changes = store.Changes((), (), before, state.failures, now)
        written = changes.empty or await store.try_write(connection, changes)
        return access.refusal if written else None
