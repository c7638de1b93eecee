"""The SQL of mandates, their confirmation and their cancellation."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from ledger.database.unit_of_work import UnitOfWork
from ledger.programmes.model import Mandate

_SELECT = """
    SELECT m.id, m.number, p.code AS programme_code, m.amount_cents,
        t.occurred_at AS recorded_at, c.occurred_at AS confirmed_at, b.occurred_at AS taken_back_at,
        x.occurred_at AS cancelled_at
    FROM ledger.mandate AS m
    INNER JOIN ledger.programme AS p ON p.id = m.programme_id
    INNER JOIN ledger.ledger_transaction AS t ON t.id = m.id
    LEFT JOIN ledger.funding AS f ON f.mandate_id = m.id
    LEFT JOIN ledger.ledger_transaction AS c ON c.id = f.transaction_id
    LEFT JOIN ledger.reversal AS r ON r.reverses_id = f.transaction_id
    LEFT JOIN ledger.ledger_transaction AS b ON b.id = r.transaction_id
    LEFT JOIN ledger.mandate_cancellation AS mc ON mc.mandate_id = m.id
    LEFT JOIN ledger.ledger_transaction AS x ON x.id = mc.transaction_id
"""
_BY_NUMBER = text(_SELECT + " WHERE m.number = :number")
_OF_PROGRAMME = text(_SELECT + " WHERE p.code = :code ORDER BY t.occurred_at, m.number")
_ADD = text("""
    INSERT INTO ledger.mandate (id, programme_id, number, amount_cents, operator_id)
    VALUES (:id, :programme_id, :number, :amount_cents, :operator_id)
""")
_CONFIRM = text("""
    INSERT INTO ledger.funding (mandate_id, transaction_id, operator_id)
    VALUES (:mandate_id, :transaction_id, :operator_id)
""")
_CANCEL = text("""
    INSERT INTO ledger.mandate_cancellation (mandate_id, transaction_id, operator_id)
    VALUES (:mandate_id, :transaction_id, :operator_id)
""")


async def mandate_numbered(work: UnitOfWork, number: str) -> Mandate | None:
    """The mandate with a number."""
    row = (await work.run(_BY_NUMBER, number=number)).one_or_none()
    return None if row is None else Mandate(**row._asdict())


async def mandates(work: UnitOfWork, programme_code: str) -> list[Mandate]:
    """The mandates of a programme, the oldest first."""
    return [Mandate(**row._asdict()) for row in await work.run(_OF_PROGRAMME, code=programme_code)]


async def add_mandate(
    work: UnitOfWork,
    transaction_id: UUID,
    programme_id: UUID,
    *,
    number: str,
    amount_cents: int,
    operator_id: UUID,
) -> None:
    """Record a mandate that the books have under this transaction."""
    await work.run(
        _ADD,
        id=transaction_id,
        programme_id=programme_id,
        number=number,
        amount_cents=amount_cents,
        operator_id=operator_id,
    )


async def add_funding(work: UnitOfWork, mandate_id: UUID, transaction_id: UUID, operator_id: UUID) -> None:
    """Record that the association has the euros of a mandate."""
    await work.run(_CONFIRM, mandate_id=mandate_id, transaction_id=transaction_id, operator_id=operator_id)


async def add_cancellation(work: UnitOfWork, mandate_id: UUID, transaction_id: UUID, operator_id: UUID) -> None:
    """Record that a mandate was cancelled before the association had its euros."""
    await work.run(_CANCEL, mandate_id=mandate_id, transaction_id=transaction_id, operator_id=operator_id)
