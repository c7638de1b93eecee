"""The SQL of cards."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError

from ledger.cards.model import Card, CardKind, CardSecrets
from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import NotPossibleNow

_STATE_MOVED = ("BPX01", "BPX02")

_ADD = text("""
    INSERT INTO ledger.card (id, number, household_id, kind, secret, pin_hmac, issued_at)
    VALUES (:id, :number, :household_id, :kind, :secret, :pin_hmac, :issued_at)
    ON CONFLICT (number) DO NOTHING
""")
_SELECT = """
    SELECT c.id, c.number, c.household_id, c.kind, c.issued_at, coalesce(s.state, 'active') AS state
    FROM ledger.card AS c LEFT JOIN ledger.subject_state AS s ON s.subject_id = c.id
"""
_BY_NUMBER = text(_SELECT + " WHERE c.number = :number")
_OF_HOUSEHOLD = text(_SELECT + " WHERE c.household_id = :household_id ORDER BY c.issued_at, c.number")
# Locked, so that nobody is erased while a card is made; who is erased has no identity any more.
_HOUSEHOLD = text("SELECT household_id FROM identity.household WHERE household_id = :id FOR SHARE")
_BLOCK = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    VALUES ('card', :card_id, 'block', :now, :operator_id)
""")
_BLOCK_ALL = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    SELECT 'card', c.id, 'block', :now, :operator_id
    FROM ledger.card AS c LEFT JOIN ledger.subject_state AS s ON s.subject_id = c.id
    WHERE c.household_id = :household_id AND coalesce(s.state, 'active') = 'active' ORDER BY c.id
""")
_SECRETS = text("""
    SELECT c.id AS card_id, c.kind, c.secret, c.pin_hmac, coalesce(k.last_step, 0) AS last_step
    FROM ledger.card AS c LEFT JOIN ledger.card_clock AS k ON k.card_id = c.id WHERE c.id = :card_id
""")
_BLOCK_TELEPHONES = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at)
    SELECT 'card', c.id, 'block', :now
    FROM ledger.card AS c LEFT JOIN ledger.subject_state AS s ON s.subject_id = c.id
    WHERE c.household_id = :household_id AND c.kind = 'phone' AND coalesce(s.state, 'active') = 'active' ORDER BY c.id
""")
_TAKE_PIN_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:card, 0))")
_ADD_PIN = text("""
    INSERT INTO ledger.card_pin (card_id, number, pin_hmac, wallet_id, changed_at)
    SELECT :card_id, coalesce(max(number), 0) + 1, :pin_hmac, :wallet_id, :now
    FROM ledger.card_pin WHERE card_id = :card_id
""")


async def add_card(
    work: UnitOfWork,
    *,
    card_id: UUID,
    number: int,
    household_id: UUID,
    kind: CardKind,
    secret: bytes,
    pin_hmac: bytes | None,
    issued_at: datetime,
) -> bool:
    """Record a card; `False` where its number is taken."""
    result = await work.run(
        _ADD,
        id=card_id,
        number=number,
        household_id=household_id,
        kind=kind,
        secret=secret,
        pin_hmac=pin_hmac,
        issued_at=issued_at,
    )
    return result.rowcount == 1


async def card_numbered(work: UnitOfWork, number: int) -> Card | None:
    """The card with a printed number."""
    row = (await work.run(_BY_NUMBER, number=number)).one_or_none()
    return None if row is None else Card(**row._asdict())


async def cards_of(work: UnitOfWork, household_id: UUID) -> list[Card]:
    """All cards of a household, the oldest first."""
    return [Card(**row._asdict()) for row in await work.run(_OF_HOUSEHOLD, household_id=household_id)]


async def household_exists(work: UnitOfWork, household_id: UUID) -> bool:
    """Whether there is such a household, and it was not erased; it stays so until the unit of work ends."""
    return (await work.run(_HOUSEHOLD, id=household_id)).one_or_none() is not None


async def block(work: UnitOfWork, card_id: UUID, operator_id: UUID | None) -> None:
    """Record that a card is blocked, by nobody but its holder where no operator is named. Refuses
    `NotPossibleNow` where somebody else was faster.
    """
    await _record(work, _BLOCK, card_id=card_id, operator_id=operator_id)


async def block_all(work: UnitOfWork, household_id: UUID, operator_id: UUID) -> int:
    """Record that the active cards of a household are blocked; how many they were."""
    result = await work.run(_BLOCK_ALL, household_id=household_id, now=work.now, operator_id=operator_id)
    return int(result.rowcount)


async def block_telephones(work: UnitOfWork, household_id: UUID) -> int:
    """Record that a household's telephones are blocked by their holder; how many they were. Refuses `NotPossibleNow` as
    `block` does.
    """
    return await _record(work, _BLOCK_TELEPHONES, household_id=household_id)


async def secrets_of(work: UnitOfWork, card_id: UUID) -> CardSecrets:
    """What verifies a telephone's code. A paper card's PIN may have changed since: a sale reads the last one."""
    return CardSecrets(**(await work.run(_SECRETS, card_id=card_id)).one()._asdict())


async def add_pin(work: UnitOfWork, card_id: UUID, pin_hmac: bytes, wallet_id: UUID) -> None:
    """Record a new PIN, which takes the place of the one before; one change of a card at a time."""
    await work.run(_TAKE_PIN_TURN, card=f"pin {card_id}")
    await work.run(_ADD_PIN, card_id=card_id, pin_hmac=pin_hmac, wallet_id=wallet_id, now=work.now)


async def _record(work: UnitOfWork, events: TextClause, **values: object) -> int:
    try:
        return int((await work.run(events, now=work.now, **values)).rowcount)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _STATE_MOVED:
            raise NotPossibleNow(event="block") from None
        raise
