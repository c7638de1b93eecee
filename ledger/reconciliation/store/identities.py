"""What the identities are proven from: sums of documents, postings and balances, at one instant of the books."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from ledger.books.transaction import TransactionKind
from ledger.database.unit_of_work import UnitOfWork
from ledger.reconciliation.model import SALES, Account, ProgrammeSums, Sums

_OF_MANDATES = (
    TransactionKind.MANDATE,
    TransactionKind.MANDATE_CANCELLED,
    TransactionKind.FUNDING,
    TransactionKind.REVERSAL,
)
_MOVED = text("""
    SELECT k.code AS kind, ak.code AS account, sum(p.amount_cents)::bigint AS cents
    FROM ledger.posting AS p
    INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    LEFT JOIN ledger.reversal AS r ON r.transaction_id = t.id
    LEFT JOIN ledger.ledger_transaction AS reversed ON reversed.id = r.reverses_id
    INNER JOIN ledger.transaction_kind AS k ON k.id = coalesce(reversed.kind, t.kind)
    INNER JOIN ledger.account AS a ON a.id = p.account_id
    INNER JOIN ledger.account_kind AS ak ON ak.id = a.kind
    WHERE t.booked_on <= :last_day
    GROUP BY k.code, ak.code
""")
# What is there now, less what came after the day: so balances and documents are not read from the same postings.
_BALANCES = text("""
    SELECT k.code AS account, (sum(b.balance_cents) - coalesce(sum(later.cents), 0))::bigint AS cents
    FROM ledger.balance AS b
    INNER JOIN ledger.account_kind AS k ON k.id = b.kind
    LEFT JOIN (
        SELECT p.account_id, sum(p.amount_cents) AS cents
        FROM ledger.posting AS p INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
        WHERE t.booked_on > :last_day GROUP BY p.account_id
    ) AS later ON later.account_id = b.account_id
    GROUP BY k.code
""")
_DOCUMENTS = text("""
    WITH later AS MATERIALIZED (SELECT id, kind FROM ledger.ledger_transaction WHERE booked_on > :last_day)
    SELECT ((SELECT coalesce(sum(face_cents), 0) FROM ledger.voucher) - (
            SELECT coalesce(sum(v.face_cents), 0)
            FROM later AS l INNER JOIN ledger.posting AS p ON p.transaction_id = l.id AND p.version = 1
            INNER JOIN ledger.voucher AS v ON v.account_id = p.account_id
        ))::bigint AS face_cents,
        ((SELECT coalesce(sum(approved_cents), 0) FROM ledger.redemption) - (
            SELECT coalesce(sum(r.approved_cents), 0) FROM later AS l INNER JOIN ledger.redemption AS r ON r.id = l.id
        ))::bigint AS sold_cents,
        ((SELECT coalesce(sum(amount_cents), 0) FROM ledger.refund) - (
            SELECT coalesce(sum(r.amount_cents), 0) FROM later AS l INNER JOIN ledger.refund AS r ON r.id = l.id
        ))::bigint AS refunded_cents
""")

# A mandate that was cancelled or reversed counts no more; one whose funding was reversed is under way again.
_PROGRAMMES = text("""
    WITH later AS MATERIALIZED (
        SELECT id FROM ledger.ledger_transaction
        WHERE booked_on > :last_day AND kind = ANY(:of_mandates)
    ), alive AS (
        SELECT m.programme_id, m.amount_cents, EXISTS (
            SELECT FROM ledger.funding AS f
            WHERE f.mandate_id = m.id AND NOT EXISTS (SELECT FROM later AS l WHERE l.id = f.transaction_id)
                AND NOT EXISTS (
                    SELECT FROM ledger.reversal AS r WHERE r.reverses_id = f.transaction_id
                    AND NOT EXISTS (SELECT FROM later AS l WHERE l.id = r.transaction_id)
                )
        ) AS funded
        FROM ledger.mandate AS m
        WHERE NOT EXISTS (SELECT FROM later AS l WHERE l.id = m.id)
            AND NOT EXISTS (
                SELECT FROM ledger.mandate_cancellation AS c WHERE c.mandate_id = m.id
                AND NOT EXISTS (SELECT FROM later AS l WHERE l.id = c.transaction_id)
            )
            AND NOT EXISTS (
                SELECT FROM ledger.reversal AS r WHERE r.reverses_id = m.id
                AND NOT EXISTS (SELECT FROM later AS l WHERE l.id = r.transaction_id)
            )
    ), credited AS (
        SELECT p.account_id, -sum(p.amount_cents)::bigint AS cents
        FROM ledger.posting AS p
        INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
        LEFT JOIN ledger.reversal AS r ON r.transaction_id = t.id
        LEFT JOIN ledger.ledger_transaction AS reversed ON reversed.id = r.reverses_id
        INNER JOIN ledger.transaction_kind AS k ON k.id = coalesce(reversed.kind, t.kind)
        WHERE k.code = 'funding' AND t.booked_on <= :last_day
        GROUP BY p.account_id
    )
    SELECT p.code, coalesce(m.mandated_cents, 0)::bigint AS mandated_cents,
        coalesce(c.cents, 0)::bigint AS credited_cents, coalesce(m.in_transit_cents, 0)::bigint AS in_transit_cents
    FROM ledger.programme AS p
    LEFT JOIN credited AS c ON c.account_id = p.pool_account
    LEFT JOIN (
        SELECT programme_id, sum(amount_cents) AS mandated_cents,
            sum(amount_cents) FILTER (WHERE NOT funded) AS in_transit_cents
        FROM alive GROUP BY programme_id
    ) AS m ON m.programme_id = p.id
    ORDER BY p.code
""")

_OUR_SALES = text("""
    SELECT coalesce(-sum(u.amount_cents), 0)::bigint FROM ledger.matchable_unit AS u
    WHERE u.account = :account AND u.kind = ANY(:sales) AND u.booked_on BETWEEN :base_day AND :last_day
""")

# The matches with a sale in them, as they stood: their lines, and what is no sale in them.
_MATCHED_SALES = text("""
    WITH of_sales AS (
        SELECT m.id, sum(x.amount_cents) FILTER (WHERE t.kind <> ALL(:sales)) AS other_cents
        FROM ledger.match AS m
        INNER JOIN ledger.live_match_unit AS live ON live.match_id = m.id
        INNER JOIN ledger.match_unit AS x ON x.match_id = m.id AND x.transaction_id = live.transaction_id
        INNER JOIN ledger.ledger_transaction AS t ON t.id = live.transaction_id
        WHERE m.account = :account AND m.complete_on <= :last_day
        GROUP BY m.id HAVING bool_or(t.kind = ANY(:sales))
    )
    SELECT (
        SELECT coalesce(-sum(l.amount_cents), 0)::bigint
        FROM of_sales AS m
        INNER JOIN ledger.live_match_line AS live ON live.match_id = m.id
        INNER JOIN ledger.statement_line AS l USING (statement_id, number)
    ) AS matched_cents, (
        SELECT coalesce(-sum(m.other_cents), 0)::bigint FROM of_sales AS m
    ) AS corrected_cents
""")


async def sums(work: UnitOfWork, last_day: date) -> Sums:
    """The books at the end of a day of booking."""
    moved = {(row.kind, row.account): row.cents for row in await work.run(_MOVED, last_day=last_day)}
    balances = {row.account: row.cents for row in await work.run(_BALANCES, last_day=last_day)}
    documents = (await work.run(_DOCUMENTS, last_day=last_day)).one()
    return Sums(moved, balances, documents.face_cents, documents.sold_cents, documents.refunded_cents)


async def programmes(work: UnitOfWork, last_day: date) -> list[ProgrammeSums]:
    """Each programme at the end of a day of booking."""
    of_mandates = [int(kind) for kind in _OF_MANDATES]
    rows = await work.run(_PROGRAMMES, last_day=last_day, of_mandates=of_mandates)
    return [ProgrammeSums(**row._asdict()) for row in rows]


async def sales_cents(work: UnitOfWork, base_day: date, last_day: date) -> tuple[int, int, int]:
    """Sales less refunds of ours, the lines matched with them, and what else these matches hold."""
    values = {"account": Account.POIS.value, "sales": [int(kind) for kind in SALES], "last_day": last_day}
    ours = (await work.run(_OUR_SALES, base_day=base_day, **values)).scalar_one()
    matched = (await work.run(_MATCHED_SALES, **values)).one()
    return ours, matched.matched_cents, matched.corrected_cents
