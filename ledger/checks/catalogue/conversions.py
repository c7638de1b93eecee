"""That merchants' money moved as it was asked for, with the owner's consent, and is where it should be."""

from __future__ import annotations

from ledger.checks.model import Check

CHECKS = (
    Check(
        "merchants-money-is-booked",
        "L14",
        # What each fact says of its transaction: kind, Pois account, signed amount; against what is booked there.
        """
        WITH said (id, kind, account_id, amount_cents) AS (
            SELECT c.id, 10, m.converting_account_id, -c.amount_cents
            FROM ledger.conversion AS c INNER JOIN ledger.merchant AS m ON m.id = c.merchant_id
            UNION ALL
            SELECT p.id, 12, m.converting_account_id, p.net_cents + p.commission_cents
            FROM ledger.payout AS p INNER JOIN ledger.conversion AS c ON c.id = p.conversion_id
            INNER JOIN ledger.merchant AS m ON m.id = c.merchant_id
            UNION ALL
            SELECT p.id, 12, e.id, CASE e.kind WHEN 6 THEN p.net_cents ELSE p.commission_cents END
            FROM ledger.payout AS p
            INNER JOIN ledger.account AS e ON e.kind = 6 AND p.net_cents > 0 OR e.kind = 7 AND p.commission_cents > 0
            UNION ALL
            SELECT r.id, 13, m.converting_account_id, -r.amount_cents
            FROM ledger.payout_return AS r INNER JOIN ledger.payout AS p ON p.id = r.payout_id
            INNER JOIN ledger.conversion AS c ON c.id = p.conversion_id
            INNER JOIN ledger.merchant AS m ON m.id = c.merchant_id
            UNION ALL
            SELECT p.id, 9, m.account_id, CASE m.id WHEN p.payer_id THEN 1 ELSE -1 END * p.amount_cents
            FROM ledger.merchant_payment AS p INNER JOIN ledger.merchant AS m ON m.id IN (p.payer_id, p.payee_id)
            UNION ALL
            SELECT c.id, t.kind, a.id, CASE t.kind WHEN 14 THEN -1 ELSE 1 END * c.amount_cents
            FROM ledger.coupon_movement AS c
            INNER JOIN ledger.ledger_transaction AS t ON t.id = c.id AND t.kind IN (14, 15, 16)
            INNER JOIN ledger.account AS a ON a.kind = 15
            UNION ALL
            SELECT c.id, t.kind, m.account_id, CASE t.kind WHEN 14 THEN 1 ELSE -1 END * c.amount_cents
            FROM ledger.coupon_movement AS c
            INNER JOIN ledger.ledger_transaction AS t ON t.id = c.id AND t.kind IN (14, 15)
            INNER JOIN ledger.merchant AS m ON m.id = c.merchant_id
            UNION ALL
            SELECT c.id, 16, e.id, c.commission_cents
            FROM ledger.coupon_movement AS c
            INNER JOIN ledger.ledger_transaction AS t ON t.id = c.id AND t.kind = 16
            INNER JOIN ledger.account AS e ON e.kind = 7 AND c.commission_cents > 0
        ), booked (id, kind, account_id, amount_cents) AS (
            SELECT t.id, t.kind, p.account_id, p.amount_cents
            FROM ledger.ledger_transaction AS t
            INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
            INNER JOIN ledger.account AS a ON a.id = p.account_id
            WHERE (t.kind, a.kind) IN (
                (9, 13), (10, 14), (12, 14), (12, 6), (12, 7), (13, 14), (14, 13), (14, 15), (15, 13), (15, 15),
                (16, 15), (16, 7)
            )
        )
        SELECT coalesce(s.id, b.id) AS subject, s.kind, s.amount_cents, b.kind AS booked_kind,
            b.amount_cents AS booked_cents
        FROM said AS s
        FULL JOIN booked AS b USING (id, kind, account_id, amount_cents)
        WHERE s.amount_cents IS NULL OR b.amount_cents IS NULL
        """,
    ),
    Check(
        "conversions-are-covered",
        "conversion states",
        # What a merchant has on its way to euros is what its open conversions are still due.
        """
        SELECT m.siret AS subject, -b.balance_cents AS converting_cents, coalesce(o.due_cents, 0) AS due_cents
        FROM ledger.merchant AS m
        INNER JOIN ledger.balance AS b ON b.account_id = m.converting_account_id
        LEFT JOIN (
            SELECT c.merchant_id, sum(coalesce(r.amount_cents, c.amount_cents))::bigint AS due_cents
            FROM ledger.conversion AS c
            LEFT JOIN ledger.subject_state AS s ON s.subject_id = c.id
            LEFT JOIN LATERAL (
                SELECT r.amount_cents FROM ledger.payout AS p
                INNER JOIN ledger.ledger_transaction AS t ON t.id = p.id
                INNER JOIN ledger.payout_return AS r ON r.payout_id = p.id
                WHERE p.conversion_id = c.id ORDER BY t.posted_at DESC LIMIT 1
            ) AS r ON true
            WHERE coalesce(s.state, 'requested') IN ('requested', 'returned')
            GROUP BY c.merchant_id
        ) AS o ON o.merchant_id = m.id
        WHERE -b.balance_cents <> coalesce(o.due_cents, 0)
        """,
    ),
    Check(
        "owners-consented",
        "L6",
        """
        SELECT coalesce(d.id, s.transaction_id) AS subject, d.merchant_id, s.merchant_id AS owner_of, s.step
        FROM (
            SELECT id, merchant_id, till_id FROM ledger.conversion
            UNION ALL
            SELECT x.id, c.merchant_id, x.till_id
            FROM ledger.conversion_cancellation AS x INNER JOIN ledger.conversion AS c ON c.id = x.conversion_id
            WHERE x.till_id IS NOT NULL
            UNION ALL
            SELECT id, payer_id, till_id FROM ledger.merchant_payment
            UNION ALL
            SELECT id, merchant_id, till_id FROM ledger.coupon_movement WHERE till_id IS NOT NULL
        ) AS d
        FULL JOIN (
            SELECT s.merchant_id, s.step, s.transaction_id
            FROM ledger.owner_step AS s LEFT JOIN ledger.owner_order AS o USING (merchant_id, step)
            WHERE s.transaction_id IS NOT NULL OR o.step IS NULL
        ) AS s ON s.transaction_id = d.id
        LEFT JOIN ledger.till AS t ON t.id = d.till_id
        WHERE (d.merchant_id, d.merchant_id) IS DISTINCT FROM (s.merchant_id, t.merchant_id)
        """,
    ),
    Check(
        "payouts-are-as-ordered",
        "conversion states",
        # A transfer that was carried out has its payout, to the centime, and one that was not has none; a lot has as
        # many as it says, and what the bank said of one is an event of it.
        """
        SELECT t.end_to_end AS subject, t.state, t.net_cents AS ordered_cents, p.net_cents AS paid_cents
        FROM ledger.transfer_now AS t
        LEFT JOIN ledger.payout AS p ON p.conversion_id = t.conversion_id AND p.lot_reference = t.reference
        LEFT JOIN ledger.payout_return AS r ON r.payout_id = p.id
        WHERE (t.state IN ('paid', 'returned')) <> (p.id IS NOT NULL)
            OR (t.state = 'returned') <> (r.id IS NOT NULL)
            OR (p.net_cents, p.commission_cents) IS DISTINCT FROM (t.net_cents, t.commission_cents) AND p.id IS NOT NULL
        UNION ALL
        SELECT o.reference, 'transfers', o.transfer_count, count(t.id)
        FROM ledger.payout_order AS o LEFT JOIN ledger.transfer AS t ON t.proposal_id = o.proposal_id
        GROUP BY o.proposal_id HAVING o.transfer_count <> count(t.id)
        UNION ALL
        SELECT b.transfer_id::text, 'answer', NULL, NULL
        FROM ledger.bank_answer AS b LEFT JOIN ledger.event AS e ON e.id = b.event_id
        WHERE (e.subject, e.subject_id) IS DISTINCT FROM ('transfer', b.transfer_id)
        """,
    ),
    Check(
        "owners-ordered",
        "L6",
        """
        SELECT encode(p.code_hmac, 'hex') AS subject, p.merchant_id, o.merchant_id AS owner_of, p.scope, d.scope AS by
        FROM ledger.owner_order AS o
        FULL JOIN ledger.pairing AS p ON p.code_hmac = o.pairing_hmac
        LEFT JOIN ledger.till AS d ON d.id = o.device_id
        WHERE p.invited_by IS NULL AND o.till_id IS NULL
            AND (p.merchant_id, p.scope, p.merchant_id, d.scope)
            IS DISTINCT FROM (o.merchant_id, 'till', d.merchant_id, 'merchant')
            OR p.invited_by IS NOT NULL AND o.step IS NOT NULL
        UNION ALL
        SELECT coalesce(o.till_id, e.subject_id)::text, t.merchant_id, o.merchant_id, t.scope, d.scope
        FROM (SELECT * FROM ledger.owner_order WHERE till_id IS NOT NULL) AS o
        FULL JOIN (
            SELECT subject_id, xid FROM ledger.event
            WHERE subject = 'till' AND kind = 'revoke' AND operator_id IS NULL
        ) AS e ON e.subject_id = o.till_id AND e.xid = o.xid
        LEFT JOIN ledger.till AS t ON t.id = coalesce(o.till_id, e.subject_id)
        LEFT JOIN ledger.till AS d ON d.id = o.device_id
        WHERE e.subject_id IS NULL
            OR (t.merchant_id, t.merchant_id, d.scope) IS DISTINCT FROM (o.merchant_id, d.merchant_id, 'merchant')
        UNION ALL
        SELECT o.step::text, o.merchant_id, s.merchant_id, NULL, NULL
        FROM ledger.owner_order AS o INNER JOIN ledger.owner_step AS s USING (merchant_id, step)
        WHERE s.transaction_id IS NOT NULL
        """,
    ),
    Check(
        "merchants-leave-empty",
        "L4",
        """
        SELECT m.siret AS subject, -b.balance_cents AS left_cents
        FROM ledger.subject_state AS s
        INNER JOIN ledger.merchant AS m ON m.id = s.subject_id
        INNER JOIN ledger.balance AS b ON b.account_id IN (m.account_id, m.converting_account_id)
        WHERE s.state = 'closed' AND b.balance_cents <> 0
        """,
    ),
)
