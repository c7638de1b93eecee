"""That euros became Pois as mandated, and Pois became vouchers as approved; and that people's data are whole."""

from __future__ import annotations

from ledger.checks.model import Check

CHECKS = (
    Check(
        "funded-as-mandated",
        "L8",
        """
        SELECT t.id AS subject, k.code AS kind, m.amount_cents AS mandated_cents, -p.amount_cents AS booked_cents
        FROM ledger.ledger_transaction AS t
        INNER JOIN ledger.transaction_kind AS k ON k.id = t.kind AND k.code IN ('mandate', 'funding')
        LEFT JOIN ledger.funding AS f ON f.transaction_id = t.id
        LEFT JOIN ledger.mandate AS m ON m.id = CASE k.code WHEN 'mandate' THEN t.id ELSE f.mandate_id END
        LEFT JOIN ledger.programme AS g ON g.id = m.programme_id
        LEFT JOIN (
            SELECT p.transaction_id, p.account_id, p.amount_cents, a.kind
            FROM ledger.posting AS p INNER JOIN ledger.account AS a ON a.id = p.account_id AND a.kind IN (1, 10)
        ) AS p ON p.transaction_id = t.id AND (p.kind = 1 OR p.account_id = g.pool_account)
        WHERE (p.amount_cents = -m.amount_cents) IS NOT TRUE
        """,
    ),
    Check(
        "issued-as-approved",
        "L9",
        """
        SELECT v.serial AS subject, v.face_cents, l.amount_cents AS approved_cents, -p.amount_cents AS issued_cents
        FROM ledger.voucher AS v
        LEFT JOIN ledger.decision AS d ON d.id = v.decision_id
        LEFT JOIN ledger.aid_run AS r ON r.id = v.aid_run_id
        LEFT JOIN ledger.aid_run_line AS l ON l.aid_run_id = v.aid_run_id AND l.decision_id = v.decision_id
        LEFT JOIN ledger.posting AS p ON p.account_id = v.account_id AND p.version = 1
        LEFT JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
        LEFT JOIN ledger.approval AS a ON a.id = t.approval_id
        WHERE (
            t.kind = 4 AND a.proposal_id = r.proposal_id AND d.granted AND d.household_id = v.household_id
            AND v.programme_version_id = r.programme_version_id
            AND (v.valid_from, v.valid_until) = (r.valid_from, r.valid_until)
            AND v.face_cents = ALL (ARRAY[-p.amount_cents, l.amount_cents, d.amount_cents])
        ) IS NOT TRUE
        UNION ALL
        SELECT a.name, NULL, NULL, -sum(p.amount_cents)::bigint
        FROM ledger.account AS a
        LEFT JOIN ledger.voucher AS v ON v.account_id = a.id
        LEFT JOIN (
            SELECT p.account_id, p.amount_cents
            FROM ledger.posting AS p INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id AND t.kind = 4
        ) AS p ON p.account_id = a.id
        WHERE a.kind = 12
        GROUP BY a.id, a.name HAVING count(v.id) = 0 OR count(p.account_id) <> 1
        """,
    ),
    Check(
        "runs-add-up",
        "L9",
        """
        SELECT r.id AS subject, r.total_cents, l.total_cents AS of_lines_cents, r.voucher_count, l.lines
        FROM ledger.aid_run AS r
        LEFT JOIN ledger.proposal AS p ON p.id = r.proposal_id
        LEFT JOIN (
            SELECT aid_run_id, count(*) AS lines, sum(amount_cents)::bigint AS total_cents
            FROM ledger.aid_run_line GROUP BY aid_run_id
        ) AS l ON l.aid_run_id = r.id
        WHERE (r.total_cents, r.voucher_count::bigint) IS DISTINCT FROM (l.total_cents, l.lines)
            OR p.kind IS DISTINCT FROM 'aid-run'
            OR (p.signature IS NOT NULL AND p.amount_cents <> r.total_cents)
        """,
    ),
    Check(
        "serials-are-continuous",
        "voucher serials",
        r"""
        SELECT g.code || '-' || coalesce(v.year, s.year) AS subject, s.last_number, v.first, v.last, v.vouchers
        FROM ledger.voucher_serial AS s
        FULL JOIN (
            SELECT pv.programme_id, substring(v.serial FROM '-([0-9]{4})-[0-9]{6}$')::smallint AS year,
                count(*) AS vouchers, min(right(v.serial, 6))::integer AS first,
                max(right(v.serial, 6))::integer AS last,
                bool_and(v.serial = g.code || right(v.serial, 12)) AS right_code
            FROM ledger.voucher AS v
            INNER JOIN ledger.programme_version AS pv ON pv.id = v.programme_version_id
            INNER JOIN ledger.programme AS g ON g.id = pv.programme_id
            GROUP BY 1, 2
        ) AS v ON v.programme_id = s.programme_id AND v.year = s.year
        LEFT JOIN ledger.programme AS g ON g.id = coalesce(v.programme_id, s.programme_id)
        WHERE coalesce(s.last_number, 0) <> coalesce(v.last, 0) OR v.last <> v.vouchers OR v.first <> 1
            OR NOT v.right_code
        """,
    ),
    Check(
        "households-are-identified",
        "L12",
        # Whoever is in the programme has one key and one profile; whoever was erased has none, and no card.
        """
        SELECT coalesce(h.id, p.household_id) AS subject, k.subject_id IS NOT NULL AS has_key,
            p.household_id IS NOT NULL AS has_profile, e.household_id IS NOT NULL AS erased,
            coalesce(s.state, 'active') AS state
        FROM ledger.household AS h
        FULL JOIN identity.household AS p ON p.household_id = h.id
        LEFT JOIN identity.subject_key AS k ON k.subject_id = coalesce(h.id, p.household_id)
        LEFT JOIN ledger.erasure AS e ON e.household_id = h.id
        LEFT JOIN ledger.subject_state AS s ON s.subject_id = h.id
        WHERE h.id IS NULL OR (e.household_id IS NOT NULL) <> ANY (ARRAY[
            k.subject_id IS NULL, p.household_id IS NULL, coalesce(s.state, 'active') = 'closed'
        ])
        UNION ALL
        SELECT c.id, false, false, true, 'card ' || coalesce(s.state, 'active')
        FROM ledger.erasure AS e
        INNER JOIN ledger.card AS c ON c.household_id = e.household_id
        LEFT JOIN ledger.subject_state AS s ON s.subject_id = c.id
        WHERE coalesce(s.state, 'active') = 'active'
        UNION ALL
        SELECT k.subject_id, true, false, false, 'unknown'
        FROM identity.subject_key AS k
        WHERE NOT EXISTS (SELECT FROM ledger.household AS h WHERE h.id = k.subject_id)
            AND NOT EXISTS (SELECT FROM ledger.merchant AS m WHERE m.id = k.subject_id)
        """,
    ),
    Check(
        "ibans-change-as-approved",
        "L9 L12",
        """
        SELECT c.proposal_id AS subject, p.kind, i.proposal_id IS NOT NULL AS has_number,
            a.approved_at, w.withdrawn_at
        FROM ledger.iban_change AS c
        LEFT JOIN ledger.proposal AS p ON p.id = c.proposal_id
        LEFT JOIN ledger.approval AS a ON a.proposal_id = c.proposal_id
        LEFT JOIN ledger.rejection AS r ON r.proposal_id = c.proposal_id
        LEFT JOIN ledger.iban_withdrawal AS w ON w.proposal_id = c.proposal_id
        LEFT JOIN identity.merchant_iban AS i ON i.proposal_id = c.proposal_id
        WHERE p.kind IS DISTINCT FROM 'iban-change'
            OR i.proposal_id IS NULL AND a.id IS NULL AND r.id IS NULL
            OR w.proposal_id IS NOT NULL
            AND (w.withdrawn_at < a.approved_at + c.cooling_days * interval '24 hours') IS NOT TRUE
        UNION ALL
        SELECT m.id, 'no account', false, NULL, NULL
        FROM ledger.merchant AS m LEFT JOIN identity.merchant_bank AS b ON b.merchant_id = m.id
        WHERE b.merchant_id IS NULL
        """,
    ),
    Check(
        "tills-came-by-invitation",
        "L7",
        """
        SELECT t.id AS subject, t.scope, i.scope AS invited_scope, t.paired_at, i.expires_at
        FROM ledger.till AS t LEFT JOIN ledger.pairing AS i ON i.code_hmac = t.pairing_hmac
        WHERE (t.merchant_id, t.scope) IS DISTINCT FROM (i.merchant_id, i.scope) OR t.paired_at > i.expires_at
        """,
    ),
)
