"""That the postings are what they claim: balanced, complete, continuous, backed and of an allowed shape."""

from __future__ import annotations

from ledger.checks.model import Check

CHECKS = (
    Check(
        "transactions-balance",
        "L1",
        """
        SELECT p.transaction_id AS subject, k.asset, sum(p.amount_cents)::bigint AS cents
        FROM ledger.posting AS p
        INNER JOIN ledger.account AS a ON a.id = p.account_id INNER JOIN ledger.account_kind AS k ON k.id = a.kind
        GROUP BY p.transaction_id, k.asset HAVING sum(p.amount_cents) <> 0
        """,
    ),
    Check(
        "transactions-are-complete",
        "L1",
        """
        SELECT coalesce(t.id, p.transaction_id) AS subject, t.posting_count, p.postings
        FROM ledger.ledger_transaction AS t
        FULL JOIN (
            SELECT transaction_id, count(*) AS postings, min(line) AS first_line, max(line) AS last_line
            FROM ledger.posting GROUP BY transaction_id
        ) AS p ON p.transaction_id = t.id
        WHERE (t.posting_count, 1, t.posting_count) IS DISTINCT FROM (p.postings, p.first_line, p.last_line)
        """,
    ),
    Check(
        "accounts-continue",
        "L3",
        """
        SELECT p.account_id AS subject, p.version, p.amount_cents, p.before_cents, p.balance_after_cents
        FROM (
            SELECT account_id, version, amount_cents, balance_after_cents, posted_at,
                lag(version, 1, 0) OVER run AS version_before,
                lag(balance_after_cents, 1, 0) OVER run AS before_cents,
                lag(posted_at, 1, '-infinity') OVER run AS posted_before
            FROM ledger.posting WINDOW run AS (PARTITION BY account_id ORDER BY version)
        ) AS p
        WHERE p.version <> p.version_before + 1 OR p.balance_after_cents <> p.before_cents + p.amount_cents
            OR p.posted_at < p.posted_before
        """,
    ),
    Check(
        "balances-are-sums",
        "L3",
        """
        SELECT coalesce(a.name, b.account_id::text, p.account_id::text) AS subject,
            b.balance_cents, p.sum_cents, b.version, p.postings
        FROM ledger.account AS a
        FULL JOIN ledger.balance AS b ON b.account_id = a.id
        FULL JOIN (
            SELECT account_id, sum(amount_cents)::bigint AS sum_cents, count(*) AS postings,
                max(posted_at) AS posted_at
            FROM ledger.posting GROUP BY account_id
        ) AS p ON p.account_id = coalesce(b.account_id, a.id)
        LEFT JOIN ledger.account_kind AS k ON k.id = a.kind
        WHERE a.id IS NULL OR b.account_id IS NULL
            OR (b.balance_cents, b.version, b.last_posted_at) IS DISTINCT FROM
            (coalesce(p.sum_cents, 0), coalesce(p.postings, 0), coalesce(p.posted_at, '-infinity'))
            OR (b.kind, b.asset, b.side, b.backing) IS DISTINCT FROM (k.id, k.asset, k.side, k.backing)
        """,
    ),
    Check(
        "accounts-keep-their-side",
        "L4",
        """
        SELECT a.name AS subject, p.version, p.balance_after_cents
        FROM ledger.posting AS p
        INNER JOIN ledger.account AS a ON a.id = p.account_id INNER JOIN ledger.account_kind AS k ON k.id = a.kind
        WHERE k.side * p.balance_after_cents < 0
        """,
    ),
    Check(
        "euros-back-pois",
        "L8",
        """
        SELECT p.transaction_id::text AS subject, sum(k.backing * p.amount_cents)::bigint AS unbacked_cents
        FROM ledger.posting AS p
        INNER JOIN ledger.account AS a ON a.id = p.account_id INNER JOIN ledger.account_kind AS k ON k.id = a.kind
        WHERE k.backing <> 0
        GROUP BY p.transaction_id HAVING sum(k.backing * p.amount_cents) <> 0
        UNION ALL
        SELECT 'all accounts', sum(backing * balance_cents)::bigint
        FROM ledger.balance HAVING sum(backing * balance_cents) <> 0
        """,
    ),
    Check(
        "approved-by-another",
        "L9",
        """
        SELECT t.id AS subject, k.code AS kind, t.approval_id
        FROM ledger.ledger_transaction AS t
        LEFT JOIN ledger.transaction_kind AS k ON k.id = t.kind
        LEFT JOIN ledger.approval AS a ON a.id = t.approval_id
        WHERE k.approved IS DISTINCT FROM (a.id IS NOT NULL) OR k.approved <> (t.approval_id IS NOT NULL)
        UNION ALL
        SELECT a.id, p.kind, a.proposal_id
        FROM ledger.approval AS a LEFT JOIN ledger.proposal AS p ON p.id = a.proposal_id
        WHERE a.prepared_by = a.approved_by OR a.prepared_by IS DISTINCT FROM p.prepared_by
        """,
    ),
    Check(
        "shapes-are-allowed",
        "L14",
        """
        WITH moved AS (
            SELECT t.id, t.kind, k.asset,
                coalesce(bit_or(1 << a.kind) FILTER (WHERE p.amount_cents > 0), 0) AS debits,
                coalesce(bit_or(1 << a.kind) FILTER (WHERE p.amount_cents < 0), 0) AS credits
            FROM ledger.ledger_transaction AS t
            INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
            INNER JOIN ledger.account AS a ON a.id = p.account_id
            INNER JOIN ledger.account_kind AS k ON k.id = a.kind
            GROUP BY t.id, k.asset
        )
        SELECT m.id AS subject, m.kind, s.debit_kind, s.credit_kind
        FROM (
            SELECT w.*, d.id AS debit_kind, c.id AS credit_kind
            FROM (SELECT DISTINCT kind, debits, credits FROM moved) AS w
            INNER JOIN ledger.account_kind AS d ON w.debits >> d.id & 1 = 1
            INNER JOIN ledger.account_kind AS c ON w.credits >> c.id & 1 = 1
            EXCEPT
            SELECT w.*, s.debit_kind, s.credit_kind
            FROM (SELECT DISTINCT kind, debits, credits FROM moved) AS w
            INNER JOIN ledger.transaction_shape AS s ON s.kind = w.kind
        ) AS s
        INNER JOIN moved AS m ON (m.kind, m.debits, m.credits) = (s.kind, s.debits, s.credits)
        """,
    ),
    Check(
        "times-agree",
        "three times",
        """
        SELECT t.id AS subject, t.occurred_at, t.booked_on, t.posted_at, min(p.posted_at) AS postings_at
        FROM ledger.ledger_transaction AS t
        INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
        GROUP BY t.id
        HAVING (min(p.posted_at) = t.posted_at AND max(p.posted_at) = t.posted_at AND count(p.posted_at) = count(*))
            IS NOT TRUE
            OR t.booked_on < (t.occurred_at AT TIME ZONE 'Europe/Paris')::date
            OR t.booked_on > (t.occurred_at AT TIME ZONE 'Europe/Paris')::date AND extract(day FROM t.booked_on) <> 1
        """,
    ),
)
