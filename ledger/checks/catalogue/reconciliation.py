"""That statements and remittances are whole, and that what is matched is equal and matched once."""

from __future__ import annotations

from ledger.checks.model import Check

CHECKS = (
    Check(
        "statements-add-up",
        "L10",
        """
        SELECT s.id AS subject, s.file_name, s.opening_cents, l.moved_cents, s.closing_cents, s.line_count, l.lines
        FROM ledger.statement AS s
        LEFT JOIN (
            SELECT r.statement_id, count(*) AS lines, max(r.number) AS last, sum(r.amount_cents)::bigint AS moved_cents,
                bool_and(r.balance_cents = s.opening_cents + r.running_cents) AS running,
                bool_and(r.booked_on BETWEEN s.first_day AND s.last_day) AS in_period
            FROM (
                SELECT statement_id, number, booked_on, amount_cents, balance_cents,
                    sum(amount_cents) OVER (PARTITION BY statement_id ORDER BY number) AS running_cents
                FROM ledger.statement_line
            ) AS r
            INNER JOIN ledger.statement AS s ON s.id = r.statement_id
            GROUP BY r.statement_id
        ) AS l ON l.statement_id = s.id
        WHERE s.opening_cents + coalesce(l.moved_cents, 0) <> s.closing_cents
            OR coalesce(l.lines, 0) <> s.line_count OR l.last <> l.lines OR NOT l.running OR NOT l.in_period
        """,
    ),
    Check(
        "statements-follow",
        "L10",
        """
        SELECT s.id AS subject, s.file_name, s.opening_cents, s.before_cents
        FROM (
            SELECT s.id, s.file_name, s.opening_cents,
                lag(s.closing_cents) OVER (PARTITION BY s.account ORDER BY p.month, p.position) AS before_cents
            FROM ledger.statement AS s INNER JOIN ledger.statement_part AS p ON p.id = s.id
        ) AS s
        WHERE s.opening_cents <> s.before_cents
        """,
    ),
    Check(
        "files-are-whole",
        "L10",
        """
        SELECT f.id AS subject, f.file_name, f.line_count, coalesce(s.lines, 0) AS added, coalesce(k.lines, 0) AS known,
            coalesce(w.lines, 0) AS waiting
        FROM ledger.statement_file AS f
        LEFT JOIN ledger.file_taking AS t ON t.file_id = f.id
        LEFT JOIN (
            SELECT file_id, sum(line_count) AS lines FROM ledger.statement GROUP BY file_id
        ) AS s ON s.file_id = f.id
        LEFT JOIN (SELECT file_id, count(*) AS lines FROM ledger.known_line GROUP BY file_id) AS k ON k.file_id = f.id
        LEFT JOIN (
            SELECT file_id, count(*) AS lines, sum(amount_cents) AS moved_cents, max(number) AS last
            FROM ledger.pending_line GROUP BY file_id
        ) AS w ON w.file_id = f.id
        WHERE NOT EXISTS (SELECT FROM ledger.statement AS own WHERE own.id = f.id) AND (
            t.file_id IS NOT NULL
            AND (f.line_count, t.new_count) <> (coalesce(s.lines, 0) + coalesce(k.lines, 0), coalesce(s.lines, 0))
            OR t.file_id IS NULL AND (f.line_count <> coalesce(w.lines, 0) OR s.file_id IS NOT NULL)
            OR w.last <> w.lines OR w.lines <> f.line_count
            OR w.moved_cents <> f.closing_cents - f.opening_cents
        )
        """,
    ),
    Check(
        "matches-are-equal",
        "L10",
        """
        SELECT m.id AS subject, m.rule, l.lines_cents, u.units_cents, l.lines, u.units
        FROM ledger.match AS m
        LEFT JOIN (
            SELECT x.match_id, count(*) AS lines, sum(l.amount_cents)::bigint AS lines_cents, min(s.account) AS account,
                count(DISTINCT s.account) AS accounts
            FROM ledger.match_line AS x
            LEFT JOIN ledger.statement_line AS l ON l.statement_id = x.statement_id AND l.number = x.number
            LEFT JOIN ledger.statement AS s ON s.id = l.statement_id
            GROUP BY x.match_id
        ) AS l ON l.match_id = m.id
        LEFT JOIN (
            SELECT x.match_id, count(*) AS units, sum(u.amount_cents)::bigint AS units_cents,
                bool_and((u.amount_cents = x.amount_cents) IS TRUE) AS as_recorded
            FROM ledger.match_unit AS x
            INNER JOIN ledger.match AS m ON m.id = x.match_id
            LEFT JOIN ledger.matchable_unit AS u ON u.transaction_id = x.transaction_id AND u.account = m.account
            GROUP BY x.match_id
        ) AS u ON u.match_id = m.id
        WHERE (m.line_count::bigint, m.unit_count::bigint, m.account, 1::bigint, coalesce(l.lines_cents, 0), true)
            IS DISTINCT FROM (coalesce(l.lines, 0), coalesce(u.units, 0), coalesce(l.account, m.account),
                coalesce(l.accounts, 1), coalesce(u.units_cents, 0), coalesce(u.as_recorded, true))
        """,
    ),
    Check(
        "live-matches-replay",
        "L10",
        """
        SELECT coalesce(l.match_id, x.match_id) AS subject, 'line ' || coalesce(l.number, x.number) AS what
        FROM ledger.live_match_line AS l
        FULL JOIN (
            SELECT x.match_id, x.statement_id, x.number FROM ledger.match_line AS x
            WHERE NOT EXISTS (SELECT FROM ledger.unmatch AS u WHERE u.match_id = x.match_id)
        ) AS x ON x.statement_id = l.statement_id AND x.number = l.number AND x.match_id = l.match_id
        WHERE l.match_id IS NULL OR x.match_id IS NULL
        UNION ALL
        SELECT coalesce(l.match_id, x.match_id), 'transaction ' || coalesce(l.transaction_id, x.transaction_id)
        FROM ledger.live_match_unit AS l
        FULL JOIN (
            SELECT m.account, x.match_id, x.transaction_id
            FROM ledger.match_unit AS x INNER JOIN ledger.match AS m ON m.id = x.match_id
            WHERE NOT EXISTS (SELECT FROM ledger.unmatch AS u WHERE u.match_id = x.match_id)
        ) AS x ON x.account = l.account AND x.transaction_id = l.transaction_id AND x.match_id = l.match_id
        WHERE l.match_id IS NULL OR x.match_id IS NULL
        """,
    ),
    Check(
        "breaks-keep-their-history",
        "L2 L12",
        """
        SELECT e.break_id AS subject, 'events' AS what, count(*) AS events, max(e.nth)::bigint AS last
        FROM ledger.break_event AS e
        GROUP BY e.break_id HAVING max(e.nth) <> count(*)
        UNION ALL
        SELECT e.break_id, CASE WHEN w.event_id IS NULL THEN 'words missing' ELSE 'words kept' END, 1, e.nth::bigint
        FROM ledger.break_event AS e
        LEFT JOIN ledger.break_event AS gone ON gone.break_id = e.break_id AND gone.erases = e.nth
        LEFT JOIN identity.break_comment AS w ON w.event_id = e.id
        WHERE e.kind = 'comment' AND (gone.id IS NULL) = (w.event_id IS NULL)
        UNION ALL
        SELECT s.id, 'about nothing', 0, NULL
        FROM ledger.break_seen AS s
        INNER JOIN (
            SELECT break_id FROM ledger.break_event UNION SELECT break_id FROM ledger.break_claim
        ) AS used ON used.break_id = s.id
        WHERE NOT EXISTS (SELECT FROM ledger.break_item AS i WHERE i.break_id = s.id)
        """,
    ),
    Check(
        "remittances-add-up",
        "L10",
        """
        SELECT r.number::text AS subject, r.line_count, l.lines, r.item_count, l.items, r.control_cents, l.control_cents
            AS of_lines_cents
        FROM (SELECT *, row_number() OVER (ORDER BY number) AS nth FROM ledger.remittance) AS r
        LEFT JOIN (
            SELECT x.remittance_id, count(*) AS lines, max(x.number) AS last, sum(i.items)::bigint AS items,
                sum(CASE x.kind WHEN 'refund' THEN -x.amount_cents ELSE x.amount_cents END)::bigint AS control_cents,
                bool_and((i.items, i.cents) = (x.item_count::bigint, x.amount_cents) AND i.alike) AS as_sold
            FROM ledger.remittance_line AS x
            LEFT JOIN (
                SELECT i.remittance_id, i.number, count(*) AS items, sum(s.amount_cents)::bigint AS cents,
                    bool_and((s.merchant_id, s.booked_on, s.is_sale)
                        = (l.merchant_id, l.booked_on, l.kind <> 'refund')) AS alike
                FROM ledger.remittance_item AS i
                INNER JOIN ledger.remittance_line AS l USING (remittance_id, number)
                LEFT JOIN ledger.remittable AS s ON s.transaction_id = i.transaction_id
                GROUP BY i.remittance_id, i.number
            ) AS i USING (remittance_id, number)
            GROUP BY x.remittance_id
        ) AS l ON l.remittance_id = r.id
        WHERE r.number <> r.nth OR l.last <> l.lines OR l.as_sold IS NOT TRUE
            OR (r.line_count::bigint, r.item_count::bigint, r.control_cents)
            IS DISTINCT FROM (l.lines, l.items, l.control_cents)
        """,
    ),
)
