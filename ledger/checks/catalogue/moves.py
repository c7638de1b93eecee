"""That what two people answer for was booked as they signed it, and that vouchers end and come back by events."""

from __future__ import annotations

from ledger.checks.model import Check

CHECKS = (
    Check(
        "moves-are-as-signed",
        "L9",
        # The text that was signed, written again from the tables.
        """
        SELECT m.proposal_id AS subject, p.kind, k.code AS move
        FROM ledger.proposed_move AS m
        LEFT JOIN ledger.transaction_kind AS k ON k.id = m.kind
        LEFT JOIN ledger.proposal AS p ON p.id = m.proposal_id
        LEFT JOIN (
            SELECT l.proposal_id, string_agg(concat_ws(' ', l.line, a.name, l.amount_cents), chr(10) ORDER BY l.line)
                AS legs
            FROM ledger.proposed_posting AS l LEFT JOIN ledger.account AS a ON a.id = l.account_id
            GROUP BY l.proposal_id
        ) AS l ON l.proposal_id = m.proposal_id
        WHERE p.kind IS DISTINCT FROM k.code OR p.content_sha256 IS DISTINCT FROM sha256(convert_to(concat_ws(
            chr(10), 'move ' || m.transaction_id, 'kind ' || k.code, 'reason ' || m.reason,
            'reverses ' || coalesce(m.reverses_id::text, '-'), 'break ' || coalesce(m.break_id::text, '-'), l.legs
        ), 'UTF8'))
        """,
    ),
    Check(
        "moves-are-booked-as-approved",
        "L9",
        """
        SELECT coalesce(t.id, m.transaction_id) AS subject, t.kind, m.kind AS approved_kind, m.proposal_id
        FROM (
            SELECT t.id, t.kind, a.proposal_id
            FROM ledger.ledger_transaction AS t LEFT JOIN ledger.approval AS a ON a.id = t.approval_id
            WHERE t.kind BETWEEN 17 AND 22
        ) AS t
        FULL JOIN (
            SELECT m.* FROM ledger.proposed_move AS m INNER JOIN ledger.approval AS a ON a.proposal_id = m.proposal_id
        ) AS m ON m.proposal_id = t.proposal_id AND m.transaction_id = t.id
        WHERE t.id IS NULL OR m.proposal_id IS NULL OR t.kind <> m.kind OR EXISTS (
            SELECT FROM (SELECT * FROM ledger.posting AS b WHERE b.transaction_id = t.id) AS b
            FULL JOIN (SELECT * FROM ledger.proposed_posting AS l WHERE l.proposal_id = m.proposal_id) AS l
                ON l.line = b.line
            WHERE (b.account_id, b.amount_cents) IS DISTINCT FROM (l.account_id, l.amount_cents)
        )
        """,
    ),
    Check(
        "reversals-are-mirrors",
        "L9",
        """
        SELECT coalesce(t.id, r.transaction_id) AS subject, r.reverses_id, t.reverses_id AS approved_id
        FROM (
            SELECT t.id, m.reverses_id
            FROM ledger.ledger_transaction AS t LEFT JOIN ledger.proposed_move AS m ON m.transaction_id = t.id
            WHERE t.kind = 22
        ) AS t
        FULL JOIN ledger.reversal AS r ON r.transaction_id = t.id
        WHERE r.reverses_id IS DISTINCT FROM t.reverses_id OR EXISTS (
            SELECT FROM (SELECT * FROM ledger.posting AS b WHERE b.transaction_id = t.id) AS b
            FULL JOIN (SELECT * FROM ledger.posting AS o WHERE o.transaction_id = r.reverses_id) AS o
                ON o.line = b.line
            WHERE (b.account_id, b.amount_cents) IS DISTINCT FROM (o.account_id, -o.amount_cents)
        )
        """,
    ),
    Check(
        "mandates-are-cancelled-whole",
        "L8",
        """
        SELECT coalesce(c.mandate_id, t.id) AS subject, m.number, f.transaction_id AS funded_by
        FROM ledger.mandate_cancellation AS c
        FULL JOIN (SELECT id FROM ledger.ledger_transaction WHERE kind = 2) AS t ON t.id = c.transaction_id
        LEFT JOIN ledger.mandate AS m ON m.id = c.mandate_id
        LEFT JOIN ledger.funding AS f ON f.mandate_id = c.mandate_id
            AND NOT EXISTS (SELECT FROM ledger.reversal AS r WHERE r.reverses_id = f.transaction_id)
        WHERE t.id IS NULL OR m.id IS NULL OR f.mandate_id IS NOT NULL OR EXISTS (
            SELECT FROM (SELECT * FROM ledger.posting AS b WHERE b.transaction_id = t.id) AS b
            FULL JOIN (SELECT * FROM ledger.posting AS o WHERE o.transaction_id = m.id) AS o
                ON o.account_id = b.account_id
            WHERE b.amount_cents IS DISTINCT FROM -o.amount_cents
        )
        """,
    ),
    Check(
        "vouchers-end-by-events",
        "L7",
        # One unit of work takes what is left and says so; a voucher lapses when its last day is over, not before.
        """
        SELECT v.serial AS subject, k.event, t.id AS transaction_id, NULL AS last_day
        FROM ledger.ledger_transaction AS t
        INNER JOIN (VALUES (7, 'lapse'), (8, 'revoke')) AS k (kind, event) ON k.kind = t.kind
        INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
        INNER JOIN ledger.voucher AS v ON v.account_id = p.account_id
        LEFT JOIN ledger.event AS e ON e.subject_id = v.id AND e.kind = k.event AND e.xid = t.xid
        WHERE e.id IS NULL
        UNION ALL
        SELECT v.serial, e.kind, NULL, greatest(v.valid_until, r.last_day)
        FROM ledger.event AS e
        INNER JOIN ledger.voucher AS v ON v.id = e.subject_id
        LEFT JOIN (
            SELECT voucher_id, event_id, last_day FROM ledger.voucher_reopening
        ) AS r ON r.voucher_id = v.id AND r.event_id = (
            SELECT max(o.event_id) FROM ledger.voucher_reopening AS o WHERE o.voucher_id = v.id AND o.event_id < e.id
        )
        WHERE e.kind = 'lapse'
            AND (e.occurred_at AT TIME ZONE 'Europe/Paris')::date <= greatest(v.valid_until, r.last_day)
        """,
    ),
    Check(
        "vouchers-come-back-by-refunds",
        "L7",
        """
        SELECT coalesce(e.subject_id, r.voucher_id)::text AS subject, e.id AS event_id, r.last_day
        FROM (SELECT * FROM ledger.event WHERE subject = 'voucher' AND kind = 'reopen') AS e
        FULL JOIN ledger.voucher_reopening AS r ON r.event_id = e.id
        LEFT JOIN ledger.voucher AS v ON v.id = r.voucher_id
        WHERE e.subject_id IS DISTINCT FROM r.voucher_id OR NOT EXISTS (
            SELECT FROM ledger.ledger_transaction AS t
            INNER JOIN ledger.posting AS p ON p.transaction_id = t.id AND p.account_id = v.account_id
            WHERE t.kind = 6 AND t.xid = e.xid
        )
        """,
    ),
)
