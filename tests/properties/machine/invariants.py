"""What must hold after every step, asked of the database in one statement, apart from the product's own checks."""

from __future__ import annotations

import asyncpg

_BALANCES = """
    SELECT a.name, b.balance_cents FROM ledger.balance AS b INNER JOIN ledger.account AS a ON a.id = b.account_id
    WHERE b.balance_cents <> 0
"""
_KINDS = """
    SELECT k.code, count(*) FROM ledger.ledger_transaction AS t
    INNER JOIN ledger.transaction_kind AS k ON k.id = t.kind GROUP BY k.code
"""
_FAULTS = """
    WITH leg AS (
        SELECT p.*, k.asset, k.side, k.backing, t.posted_at AS transaction_posted_at, t.posting_count, t.kind,
            a.kind AS account_kind,
            lag(p.version, 1, 0) OVER run AS version_before,
            lag(p.balance_after_cents, 1, 0) OVER run AS before_cents,
            lag(p.posted_at, 1, '-infinity') OVER run AS posted_before,
            lead(p.version) OVER run IS NULL AS is_last
        FROM ledger.posting AS p
        INNER JOIN ledger.account AS a ON a.id = p.account_id
        INNER JOIN ledger.account_kind AS k ON k.id = a.kind
        INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
        WINDOW run AS (PARTITION BY p.account_id ORDER BY p.version)
    )
    SELECT 'L1 unbalanced' AS fault, transaction_id::text AS subject FROM leg
    GROUP BY transaction_id, asset HAVING sum(amount_cents) <> 0
    UNION ALL
    SELECT 'L1 incomplete', transaction_id::text FROM leg
    GROUP BY transaction_id, posting_count HAVING count(*) <> posting_count
    UNION ALL
    SELECT 'L1 empty', t.id::text FROM ledger.ledger_transaction AS t
    WHERE NOT EXISTS (SELECT FROM ledger.posting AS p WHERE p.transaction_id = t.id)
    UNION ALL
    SELECT 'L3 broken run', account_id::text FROM leg
    WHERE version <> version_before + 1 OR balance_after_cents <> before_cents + amount_cents
        OR posted_at < posted_before OR posted_at <> transaction_posted_at
    UNION ALL
    SELECT 'L3 balance', coalesce(b.account_id, l.account_id)::text
    FROM ledger.balance AS b
    FULL JOIN (SELECT * FROM leg WHERE is_last) AS l ON l.account_id = b.account_id
    WHERE (b.balance_cents, b.version) IS DISTINCT FROM
        (coalesce(l.balance_after_cents, 0), coalesce(l.version, 0))
    UNION ALL
    SELECT 'L4 across zero', account_id::text FROM leg WHERE side * balance_after_cents < 0
    UNION ALL
    SELECT 'L8 backing', transaction_id::text FROM leg
    GROUP BY transaction_id HAVING sum(backing * amount_cents) <> 0
    UNION ALL
    SELECT 'L14 shape', d.transaction_id::text
    FROM leg AS d
    INNER JOIN leg AS c ON c.transaction_id = d.transaction_id AND c.asset = d.asset AND c.amount_cents < 0
    WHERE d.amount_cents > 0 AND NOT EXISTS (
        SELECT FROM ledger.transaction_shape AS s
        WHERE (s.kind, s.debit_kind, s.credit_kind) = (d.kind, d.account_kind, c.account_kind)
    )
"""
# What is below the last seal is in one seal each, and in as many leaves as the seals say (L13).
_UNSEALED = """
    WITH upto AS (SELECT xid_upto FROM ledger.seal ORDER BY number DESC LIMIT 1),
    fact AS (SELECT l.xid FROM ledger.leaf AS l CROSS JOIN upto WHERE l.xid < upto.xid_upto)
    SELECT 'L13 leaves' AS fault, f.facts || ' facts, ' || s.leaves || ' leaves' AS subject
    FROM (SELECT count(*) AS facts FROM fact) AS f
    CROSS JOIN (SELECT coalesce(sum(leaf_count), 0) AS leaves FROM ledger.seal) AS s WHERE f.facts <> s.leaves
    UNION ALL
    SELECT 'L13 sealed ' || count(s.number) || ' times', f.xid::text
    FROM fact AS f LEFT JOIN ledger.seal AS s ON f.xid >= s.xid_from AND f.xid < s.xid_upto
    GROUP BY f.xid HAVING count(DISTINCT s.number) <> 1
    UNION ALL
    SELECT 'L13 not sealed', t.id::text FROM ledger.ledger_transaction AS t
    WHERE t.xid < pg_snapshot_xmin(pg_current_snapshot())
        AND NOT EXISTS (SELECT FROM ledger.seal AS s WHERE t.xid >= s.xid_from AND t.xid < s.xid_upto)
"""


async def balances(connection: asyncpg.Connection) -> dict[str, int]:
    """Every account that is not at zero."""
    return {row["name"]: row["balance_cents"] for row in await connection.fetch(_BALANCES)}


async def kinds(connection: asyncpg.Connection) -> dict[str, int]:
    """How many transactions of each kind there are."""
    return {row["code"]: row["count"] for row in await connection.fetch(_KINDS)}


async def faults(connection: asyncpg.Connection) -> list[str]:
    """What is broken."""
    return [f"{row['fault']}: {row['subject']}" for row in await connection.fetch(_FAULTS)]


async def sealing_faults(connection: asyncpg.Connection) -> list[str]:
    """What is sealed wrongly, or not at all although a sealing has just ended and nobody writes."""
    return [f"{row['fault']}: {row['subject']}" for row in await connection.fetch(_UNSEALED)]
