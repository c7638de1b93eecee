"""That projections are what the facts behind them say: states, clocks of cards, spending of the day."""

from __future__ import annotations

from ledger.checks.model import Check

CHECKS = (
    Check(
        "states-replay",
        "state events",
        # Where an event leads does not depend on where it started, so one look back replays a history.
        """
        WITH step AS (
            SELECT id, subject, subject_id, kind, lag(kind) OVER history AS previous,
                lead(id) OVER history IS NULL AS last
            FROM ledger.event WINDOW history AS (PARTITION BY subject_id ORDER BY id)
        ), replay AS (
            SELECT s.subject, s.subject_id, s.kind, s.last, n.to_state
            FROM step AS s
            LEFT JOIN ledger.subject AS u ON u.code = s.subject
            LEFT JOIN (SELECT DISTINCT subject, event, to_state FROM ledger.transition) AS b
                ON b.subject = s.subject AND b.event = s.previous
            LEFT JOIN ledger.transition AS n ON n.subject = s.subject AND n.event = s.kind
                AND n.from_state = CASE WHEN s.previous IS NULL THEN u.first_state ELSE b.to_state END
        )
        SELECT coalesce(s.subject_id, r.subject_id) AS subject, r.kind AS event, s.state, r.to_state AS replayed
        FROM ledger.subject_state AS s
        FULL JOIN (SELECT * FROM replay WHERE last) AS r ON r.subject_id = s.subject_id
        WHERE (s.subject, s.state) IS DISTINCT FROM (r.subject, r.to_state)
        UNION ALL
        SELECT subject_id, kind, NULL, to_state FROM replay WHERE to_state IS NULL AND NOT last
        """,
    ),
    Check(
        "events-have-subjects",
        "state events",
        """
        SELECT e.subject_id AS subject, e.subject AS said_to_be, e.kind AS event
        FROM ledger.event AS e
        LEFT JOIN (
            SELECT 'voucher' AS subject, id FROM ledger.voucher
            UNION ALL SELECT 'operator', id FROM ledger.operator
            UNION ALL SELECT 'card', id FROM ledger.card
            UNION ALL SELECT 'till', id FROM ledger.till
            UNION ALL SELECT 'merchant', id FROM ledger.merchant
            UNION ALL SELECT 'household', id FROM ledger.household
            UNION ALL SELECT 'conversion', id FROM ledger.conversion
            UNION ALL SELECT 'sale', id FROM ledger.redemption
            UNION ALL SELECT 'transfer', id FROM ledger.transfer
        ) AS s ON s.id = e.subject_id AND s.subject = e.subject
        WHERE s.id IS NULL
        """,
    ),
    Check(
        "ended-vouchers-are-empty",
        "L7",
        """
        SELECT v.serial AS subject, s.state, -b.balance_cents AS left_cents
        FROM ledger.subject_state AS s
        INNER JOIN ledger.voucher AS v ON v.id = s.subject_id
        INNER JOIN ledger.balance AS b ON b.account_id = v.account_id
        WHERE s.state <> 'active' AND b.balance_cents <> 0
        """,
    ),
    Check(
        "card-clocks-agree",
        "L6",
        """
        SELECT coalesce(c.id, k.card_id) AS subject, k.last_step, s.last_step AS last_used
        FROM (SELECT id FROM ledger.card WHERE kind = 'phone') AS c
        FULL JOIN ledger.card_clock AS k ON k.card_id = c.id
        LEFT JOIN (
            SELECT card_id, max(step) AS last_step FROM ledger.card_step GROUP BY card_id
        ) AS s ON s.card_id = coalesce(c.id, k.card_id)
        WHERE c.id IS NULL OR k.last_step IS DISTINCT FROM coalesce(s.last_step, 0)
        """,
    ),
    Check(
        "card-spending-agrees",
        "L7",
        """
        SELECT coalesce(s.card_id, r.card_id) AS subject, s.day, s.spent_cents, r.day AS last_day, r.sold_cents
        FROM ledger.card_spending AS s
        FULL JOIN (
            SELECT DISTINCT ON (r.card_id) r.card_id, (r.occurred_at AT TIME ZONE 'Europe/Paris')::date AS day,
                sum(r.approved_cents)::bigint AS sold_cents
            FROM ledger.redemption AS r INNER JOIN ledger.card AS c ON c.id = r.card_id AND c.kind = 'paper'
            GROUP BY 1, 2 ORDER BY 1, 2 DESC
        ) AS r ON r.card_id = s.card_id
        WHERE (s.day, s.spent_cents) IS DISTINCT FROM (r.day, r.sold_cents)
        """,
    ),
)
