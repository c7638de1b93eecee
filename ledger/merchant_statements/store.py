"""The SQL of a merchant's month."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from ledger.database.unit_of_work import UnitOfWork
from ledger.merchant_statements.model import AccountMonth, CategorySales, Moved, Neighbour, PaidConversion
from ledger.merchants.model import Merchant

_BALANCES = text("""
    SELECT coalesce(sum(-p.amount_cents) FILTER (WHERE t.booked_on < :first_day), 0)::bigint AS opening_cents,
        coalesce(sum(-p.amount_cents), 0)::bigint AS closing_cents
    FROM ledger.posting AS p INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    WHERE p.account_id = :account_id AND t.booked_on <= :last_day
""")
_MOVED = text("""
    SELECT k.code AS kind, count(*) AS count, sum(-p.amount_cents)::bigint AS amount_cents
    FROM ledger.posting AS p
    INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    INNER JOIN ledger.transaction_kind AS k ON k.id = t.kind
    WHERE p.account_id = :account_id AND t.booked_on BETWEEN :first_day AND :last_day
    GROUP BY k.id, k.code, p.amount_cents < 0 ORDER BY k.id, p.amount_cents < 0 DESC
""")
_CATEGORIES = text("""
    SELECT x.category, count(*) AS count, sum(x.cents)::bigint AS amount_cents
    FROM ledger.redemption AS r
    INNER JOIN ledger.ledger_transaction AS t ON t.id = r.id
    CROSS JOIN LATERAL unnest(r.categories, r.approved_by_line_cents) AS x (category, cents)
    WHERE r.merchant_id = :merchant_id AND t.booked_on BETWEEN :first_day AND :last_day AND x.cents > 0
    GROUP BY x.category ORDER BY amount_cents DESC, x.category
""")
_NEIGHBOURS = text("""
    SELECT o.siret, o.name,
        coalesce(sum(p.amount_cents) FILTER (WHERE p.payee_id = :merchant_id), 0)::bigint AS in_cents,
        coalesce(sum(p.amount_cents) FILTER (WHERE p.payer_id = :merchant_id), 0)::bigint AS out_cents
    FROM ledger.merchant_payment AS p
    INNER JOIN ledger.ledger_transaction AS t ON t.id = p.id
    INNER JOIN ledger.merchant AS o ON o.id IN (p.payer_id, p.payee_id) AND o.id <> :merchant_id
    WHERE :merchant_id IN (p.payer_id, p.payee_id) AND t.booked_on BETWEEN :first_day AND :last_day
    GROUP BY o.siret, o.name ORDER BY o.name, o.siret
""")
# A return gives back the net, and as much of the commission as is due again.
_CONVERSIONS = text("""
    SELECT coalesce(n.end_to_end, p.lot_reference) AS reference, e.day, e.net_cents, e.commission_cents
    FROM ledger.payout AS p
    INNER JOIN ledger.conversion AS c ON c.id = p.conversion_id
    INNER JOIN ledger.payout_lot AS l ON l.reference = p.lot_reference
    LEFT JOIN ledger.transfer_now AS n ON n.conversion_id = c.id AND n.reference = p.lot_reference
    LEFT JOIN ledger.payout_return AS r ON r.payout_id = p.id
    INNER JOIN ledger.ledger_transaction AS t ON t.id IN (p.id, r.id)
    CROSS JOIN LATERAL (
        SELECT l.paid_on AS day, p.net_cents, p.commission_cents WHERE t.id = p.id
        UNION ALL SELECT t.booked_on, -p.net_cents, p.net_cents - r.amount_cents WHERE t.id = r.id
    ) AS e
    WHERE c.merchant_id = :merchant_id AND t.booked_on BETWEEN :first_day AND :last_day
    ORDER BY t.posted_at, reference
""")


async def account_month(work: UnitOfWork, account_id: int, first_day: date, last_day: date) -> AccountMonth:
    """An account from its holder's side over some days, both included."""
    days = {"first_day": first_day, "last_day": last_day}
    found = (await work.run(_BALANCES, account_id=account_id, **days)).one()
    moved = tuple(Moved(**row._asdict()) for row in await work.run(_MOVED, account_id=account_id, **days))
    return AccountMonth(found.opening_cents, moved, found.closing_cents)


async def categories(work: UnitOfWork, merchant: Merchant, first_day: date, last_day: date) -> list[CategorySales]:
    """What was sold by category, the most first."""
    rows = await work.run(_CATEGORIES, merchant_id=merchant.id, first_day=first_day, last_day=last_day)
    return [CategorySales(**row._asdict()) for row in rows]


async def neighbours(work: UnitOfWork, merchant: Merchant, first_day: date, last_day: date) -> list[Neighbour]:
    """Who was paid, and who paid, among the merchants."""
    rows = await work.run(_NEIGHBOURS, merchant_id=merchant.id, first_day=first_day, last_day=last_day)
    return [Neighbour(**row._asdict()) for row in rows]


async def conversions(work: UnitOfWork, merchant: Merchant, first_day: date, last_day: date) -> list[PaidConversion]:
    """What was paid in euros or came back, in the order of the books."""
    rows = await work.run(_CONVERSIONS, merchant_id=merchant.id, first_day=first_day, last_day=last_day)
    return [PaidConversion(**row._asdict()) for row in rows]
