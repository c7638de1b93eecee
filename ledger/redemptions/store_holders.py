"""The SQL of what a holder sees of its own purchases, and of those that it disputes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger.database.unit_of_work import UnitOfWork
from ledger.redemptions.model import Dispute, Purchase

# By the accounts of the household's own vouchers: no index over all sales of the town is needed.
_PURCHASES = text("""
    WITH sale AS (
        SELECT DISTINCT p.transaction_id AS id
        FROM ledger.voucher AS v INNER JOIN ledger.posting AS p ON p.account_id = v.account_id
        WHERE v.household_id = :household_id AND p.amount_cents > 0
    )
    SELECT r.id, r.occurred_at, m.name AS shop, m.town, r.approved_cents, (
        SELECT coalesce(sum(f.amount_cents), 0)::bigint FROM ledger.refund AS f WHERE f.redemption_id = r.id
    ) AS refunded_cents, c.number AS card_number, coalesce(s.state, 'undisputed') AS state
    FROM sale
    INNER JOIN ledger.redemption AS r ON r.id = sale.id
    INNER JOIN ledger.card AS c ON c.id = r.card_id
    INNER JOIN ledger.merchant AS m ON m.id = r.merchant_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = r.id
    WHERE r.card_id = ANY(:cards) AND r.id < :before
    ORDER BY r.id DESC LIMIT :rows_max
""")
_IS_PAID_BY = text("SELECT id FROM ledger.redemption WHERE id = :id AND card_id = ANY(:cards)")
_EVENT = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    VALUES ('sale', :id, :kind, :now, :operator_id)
""")
_DISPUTES = text("""
    SELECT r.id AS redemption_id, c.household_id, r.occurred_at, m.name AS shop, m.siret,
        r.receipt_year || '-' || lpad(r.receipt_number::text, 6, '0') AS receipt, r.approved_cents,
        c.number AS card_number, e.occurred_at AS disputed_at, s.state
    FROM ledger.subject_state AS s
    INNER JOIN ledger.redemption AS r ON r.id = s.subject_id
    INNER JOIN ledger.card AS c ON c.id = r.card_id
    INNER JOIN ledger.household AS h ON h.id = c.household_id
    INNER JOIN ledger.programme AS p ON p.id = h.programme_id
    INNER JOIN ledger.merchant AS m ON m.id = r.merchant_id
    INNER JOIN ledger.event AS e ON e.subject_id = r.id AND e.kind = 'dispute'
    WHERE s.subject = 'sale' AND p.code = :programme AND (s.state = 'disputed' OR :answered)
    ORDER BY e.occurred_at, r.id
""")
_STATE_MOVED = ("BPX01", "BPX02")


async def purchases(
    work: UnitOfWork, household_id: UUID, cards: Sequence[UUID], before: UUID, rows_max: int
) -> list[Purchase]:
    """What was paid with these cards of a household, the newest first, before a sale."""
    rows = await work.run(_PURCHASES, household_id=household_id, cards=list(cards), before=before, rows_max=rows_max)
    return [Purchase(**row._asdict()) for row in rows]


async def is_paid_by(work: UnitOfWork, redemption_id: UUID, cards: Sequence[UUID]) -> bool:
    """Whether a sale was paid with one of these cards."""
    return (await work.run(_IS_PAID_BY, id=redemption_id, cards=list(cards))).one_or_none() is not None


async def add_event(work: UnitOfWork, redemption_id: UUID, kind: str, operator_id: UUID | None) -> bool:
    """Record what is said of a sale; `False`, and a broken unit of work, where it was said before."""
    try:
        await work.run(_EVENT, id=redemption_id, kind=kind, now=work.now, operator_id=operator_id)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _STATE_MOVED:
            return False
        raise
    return True


async def disputes(work: UnitOfWork, programme: str, *, answered: bool) -> list[Dispute]:
    """The disputed sales of a programme, the oldest dispute first; those that were answered on request."""
    rows = await work.run(_DISPUTES, programme=programme, answered=answered)
    return [Dispute(**row._asdict()) for row in rows]
