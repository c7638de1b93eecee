"""That every sale and refund stands in the books as the tills were told, and kept the programme's rules."""

from __future__ import annotations

from ledger.checks.model import Check

CHECKS = (
    Check(
        "sales-are-booked",
        "L7",
        """
        SELECT coalesce(r.id, p.id) AS subject, r.approved_cents, p.taken_cents, p.payees
        FROM ledger.redemption AS r
        FULL JOIN (
            SELECT t.id, t.occurred_at, sum(p.amount_cents) FILTER (WHERE p.amount_cents > 0)::bigint AS taken_cents,
                count(*) FILTER (WHERE p.amount_cents < 0) AS payees,
                min(p.account_id) FILTER (WHERE p.amount_cents < 0) AS payee
            FROM ledger.ledger_transaction AS t INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
            WHERE t.kind = 5 GROUP BY t.id
        ) AS p ON p.id = r.id
        LEFT JOIN ledger.merchant AS m ON m.id = r.merchant_id
        LEFT JOIN ledger.till AS t ON t.id = r.till_id
        WHERE (r.approved_cents, r.occurred_at, m.account_id, r.merchant_id, 1::bigint)
            IS DISTINCT FROM (p.taken_cents, p.occurred_at, p.payee, t.merchant_id, p.payees)
        """,
    ),
    Check(
        "lines-add-up",
        "L7",
        """
        SELECT r.id AS subject, r.basket_cents, l.asked_cents, r.approved_cents, l.approved_cents AS of_lines_cents
        FROM ledger.redemption AS r
        CROSS JOIN LATERAL (
            SELECT sum(asked)::bigint AS asked_cents, sum(approved)::bigint AS approved_cents,
                bool_and(approved BETWEEN 0 AND asked AND asked > 0 AND category IS NOT NULL) AS each_right
            FROM unnest(r.categories, r.asked_cents, r.approved_by_line_cents) AS l (category, asked, approved)
        ) AS l
        WHERE (r.basket_cents, r.approved_cents, true)
            IS DISTINCT FROM (l.asked_cents, l.approved_cents, l.each_right)
        """,
    ),
    Check(
        "only-eligible-categories",
        "L7",
        """
        WITH version AS MATERIALIZED (
            SELECT id, CASE WHEN jsonb_typeof(rules -> 'basket' -> 'eligible') = 'array'
                THEN ARRAY(SELECT jsonb_array_elements_text(rules -> 'basket' -> 'eligible')) END AS eligible
            FROM ledger.programme_version
        ), sale AS (
            SELECT p.transaction_id, array_agg(DISTINCT v.programme_version_id) AS versions
            FROM ledger.posting AS p INNER JOIN ledger.voucher AS v ON v.account_id = p.account_id
            WHERE p.amount_cents > 0 GROUP BY p.transaction_id
        )
        SELECT r.id AS subject, l.category, l.approved_cents
        FROM ledger.redemption AS r
        LEFT JOIN sale AS s ON s.transaction_id = r.id
        CROSS JOIN LATERAL unnest(r.categories, r.approved_by_line_cents) AS l (category, approved_cents)
        WHERE l.approved_cents > 0 AND NOT EXISTS (
            SELECT FROM version AS w WHERE w.id = ANY (s.versions) AND l.category = ANY (w.eligible)
        )
        """,
    ),
    Check(
        "holders-spend-their-own",
        "L7",
        """
        SELECT r.id AS subject, v.serial AS voucher, r.card_id
        FROM ledger.redemption AS r
        INNER JOIN ledger.posting AS p ON p.transaction_id = r.id AND p.amount_cents > 0
        LEFT JOIN ledger.voucher AS v ON v.account_id = p.account_id
        LEFT JOIN ledger.card AS c ON c.id = r.card_id
        WHERE v.household_id = c.household_id IS NOT TRUE
        """,
    ),
    Check(
        "vouchers-spent-in-time",
        "L7",
        """
        SELECT t.id AS subject, v.serial AS voucher, t.occurred_at, v.valid_from, v.valid_until
        FROM ledger.ledger_transaction AS t
        INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
        INNER JOIN ledger.voucher AS v ON v.account_id = p.account_id
        WHERE t.kind = 5
            AND (t.occurred_at AT TIME ZONE 'Europe/Paris')::date NOT BETWEEN v.valid_from AND v.valid_until
            AND NOT EXISTS (
                SELECT FROM ledger.voucher_reopening AS r INNER JOIN ledger.event AS e ON e.id = r.event_id
                WHERE r.voucher_id = v.id AND e.occurred_at <= t.occurred_at
                    AND (t.occurred_at AT TIME ZONE 'Europe/Paris')::date <= r.last_day
            )
        """,
    ),
    Check(
        "nobody-barred-took-part",
        "L7",
        # A minute's grace: what was decided before the event may be booked after it.
        """
        SELECT r.id AS subject, s.subject AS barred, e.kind AS event, e.recorded_at, t.posted_at
        FROM ledger.redemption AS r
        CROSS JOIN LATERAL (
            VALUES ('merchant', r.merchant_id), ('till', r.till_id), ('card', r.card_id)
        ) AS s (subject, id)
        INNER JOIN (
            SELECT DISTINCT e.subject, e.subject_id
            FROM ledger.event AS e
            INNER JOIN ledger.transition AS n ON n.subject = e.subject AND n.event = e.kind
            INNER JOIN ledger.subject AS u ON u.code = e.subject
            WHERE n.to_state <> u.first_state
        ) AS ever ON ever.subject = s.subject AND ever.subject_id = s.id
        INNER JOIN ledger.ledger_transaction AS t ON t.id = r.id
        CROSS JOIN LATERAL (
            SELECT e.kind, e.recorded_at FROM ledger.event AS e
            WHERE e.subject_id = s.id AND e.recorded_at < t.posted_at - interval '1 minute'
            ORDER BY e.id DESC LIMIT 1
        ) AS e
        INNER JOIN ledger.transition AS n ON n.subject = s.subject AND n.event = e.kind
        INNER JOIN ledger.subject AS u ON u.code = s.subject
        WHERE n.to_state <> u.first_state
        """,
    ),
    Check(
        "paper-cards-keep-their-caps",
        "L7",
        """
        WITH version AS MATERIALIZED (
            SELECT id, (rules -> 'caps' ->> 'paper_sale_cents')::bigint AS sale_cents,
                (rules -> 'caps' ->> 'paper_day_cents')::bigint AS day_cents
            FROM ledger.programme_version
        ), sale AS (
            SELECT r.id, r.card_id, r.approved_cents, (r.occurred_at AT TIME ZONE 'Europe/Paris')::date AS day,
                min(w.sale_cents) AS sale_cap_cents, min(w.day_cents) AS day_cap_cents
            FROM ledger.redemption AS r
            INNER JOIN ledger.card AS c ON c.id = r.card_id AND c.kind = 'paper'
            INNER JOIN ledger.posting AS p ON p.transaction_id = r.id
            INNER JOIN ledger.voucher AS v ON v.account_id = p.account_id
            INNER JOIN version AS w ON w.id = v.programme_version_id
            GROUP BY r.id
        )
        SELECT id AS subject, day, approved_cents, sale_cap_cents AS cap_cents
        FROM sale WHERE approved_cents > sale_cap_cents
        UNION ALL
        SELECT card_id, day, sum(approved_cents)::bigint, max(day_cap_cents)
        FROM sale GROUP BY card_id, day HAVING sum(approved_cents) > max(day_cap_cents)
        """,
    ),
    Check(
        "codes-are-used-once",
        "L6",
        """
        SELECT coalesce(r.id, s.transaction_id) AS subject, s.card_id, s.step
        FROM (
            SELECT r.id, r.card_id FROM ledger.redemption AS r
            INNER JOIN ledger.card AS c ON c.id = r.card_id AND c.kind = 'phone'
        ) AS r
        FULL JOIN (
            SELECT transaction_id, card_id, step, count(*) OVER (PARTITION BY transaction_id) AS steps
            FROM ledger.card_step
        ) AS s ON s.transaction_id = r.id
        WHERE (r.card_id, 1::bigint) IS DISTINCT FROM (s.card_id, s.steps)
        """,
    ),
    Check(
        "keys-have-one-outcome",
        "L5",
        """
        SELECT coalesce(r.id, o.result_id) AS subject, r.merchant_id, o.merchant_id AS key_of_merchant_id, o.keys
        FROM (
            SELECT id, merchant_id FROM ledger.redemption
            UNION ALL
            SELECT f.id, r.merchant_id
            FROM ledger.refund AS f INNER JOIN ledger.redemption AS r ON r.id = f.redemption_id
            UNION ALL
            SELECT id, merchant_id FROM ledger.conversion
            UNION ALL
            SELECT x.id, c.merchant_id
            FROM ledger.conversion_cancellation AS x INNER JOIN ledger.conversion AS c ON c.id = x.conversion_id
            WHERE x.till_id IS NOT NULL
            UNION ALL
            SELECT id, payer_id FROM ledger.merchant_payment
            UNION ALL
            SELECT id, merchant_id FROM ledger.coupon_movement WHERE till_id IS NOT NULL
        ) AS r
        FULL JOIN (
            SELECT result_id, merchant_id, fingerprint, count(*) OVER (PARTITION BY result_id) AS keys
            FROM ledger.request_outcome WHERE fate = 'approved'
        ) AS o ON o.result_id = r.id
        WHERE (r.merchant_id, 1::bigint) IS DISTINCT FROM (o.merchant_id, o.keys) OR o.fingerprint IS NULL
        """,
    ),
    Check(
        "refunds-are-booked",
        "L7",
        """
        SELECT coalesce(f.id, p.id) AS subject, f.amount_cents, p.given_cents
        FROM ledger.refund AS f
        FULL JOIN (
            SELECT t.id, t.occurred_at, sum(p.amount_cents) FILTER (WHERE p.amount_cents > 0)::bigint AS given_cents,
                count(*) FILTER (WHERE p.amount_cents > 0) AS payers,
                min(p.account_id) FILTER (WHERE p.amount_cents > 0) AS payer
            FROM ledger.ledger_transaction AS t INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
            WHERE t.kind = 6 GROUP BY t.id
        ) AS p ON p.id = f.id
        LEFT JOIN ledger.redemption AS r ON r.id = f.redemption_id
        LEFT JOIN ledger.merchant AS m ON m.id = r.merchant_id
        LEFT JOIN ledger.till AS t ON t.id = f.till_id
        WHERE (f.amount_cents, f.occurred_at, m.account_id, r.merchant_id, 1::bigint)
            IS DISTINCT FROM (p.given_cents, p.occurred_at, p.payer, t.merchant_id, p.payers)
        """,
    ),
    Check(
        "refunds-stay-within-sales",
        "L7",
        """
        SELECT r.id::text AS subject, r.approved_cents AS taken_cents, sum(f.amount_cents)::bigint AS refunded_cents
        FROM ledger.redemption AS r INNER JOIN ledger.refund AS f ON f.redemption_id = r.id
        GROUP BY r.id HAVING sum(f.amount_cents) > r.approved_cents
        UNION ALL
        SELECT a.name, sum(p.amount_cents) FILTER (WHERE p.amount_cents > 0)::bigint,
            -sum(p.amount_cents) FILTER (WHERE p.amount_cents < 0)::bigint
        FROM (
            SELECT redemption_id AS sale, id FROM ledger.refund
            UNION SELECT redemption_id, redemption_id FROM ledger.refund
        ) AS t
        INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
        INNER JOIN ledger.account AS a ON a.id = p.account_id AND a.kind = 12
        GROUP BY t.sale, a.name HAVING sum(p.amount_cents) < 0
        """,
    ),
    Check(
        "receipts-are-continuous",
        "receipt numbers",
        """
        SELECT coalesce(c.merchant_id, r.merchant_id) AS subject, coalesce(c.year, r.receipt_year) AS year,
            c.last_number, r.receipts, r.first, r.last
        FROM ledger.receipt_counter AS c
        FULL JOIN (
            SELECT merchant_id, receipt_year, count(*) AS receipts,
                min(receipt_number) AS first, max(receipt_number) AS last,
                bool_and(receipt_year = extract(year FROM occurred_at AT TIME ZONE 'Europe/Paris')) AS right_year
            FROM ledger.redemption GROUP BY merchant_id, receipt_year
        ) AS r ON r.merchant_id = c.merchant_id AND r.receipt_year = c.year
        WHERE coalesce(c.last_number, 0) <> coalesce(r.last, 0) OR r.last <> r.receipts OR r.first <> 1
            OR NOT r.right_year
        """,
    ),
)
