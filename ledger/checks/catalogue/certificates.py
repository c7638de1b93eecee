"""That certified months stayed closed: nothing came into them, and their certificates still tell the books."""

from __future__ import annotations

from ledger.certificates.actions import altered_certificates
from ledger.checks.model import Check

CHECKS = (
    Check(
        "certified-months-are-closed",
        "L11",
        # A month was open to a row if, in the order of transaction ids, it had been reopened as often as certified.
        # Tills book beside that order: what they booked in a certified month is below the checkpoint of the
        # certificate, or came after its reopening by the clock of the books. The oldest month stands for those before.
        """
        WITH version AS (
            SELECT c.*, ledger.month_end(c.period) AS last_day, s.epoch AS seal_epoch, s.xid_upto,
                r.epoch AS reopened_epoch, r.xid AS reopened_xid, r.recorded_at AS reopened_at,
                d.proposal_id AS drafted, a.proposal_id AS approved,
                lag(c.version) OVER (PARTITION BY c.period ORDER BY c.version) AS version_before,
                lag(r.recorded_at) OVER (PARTITION BY c.period ORDER BY c.version) AS open_from,
                lag(c.period) OVER (ORDER BY c.period, c.version) AS period_before,
                c.period = min(c.period) OVER () AS oldest
            FROM ledger.certificate AS c
            LEFT JOIN ledger.proposed_certificate AS d
                ON d.proposal_id = c.proposal_id AND d.period = c.period AND d.version = c.version
            LEFT JOIN ledger.seal AS s ON s.number = d.seal_number
            LEFT JOIN ledger.approval AS a ON a.proposal_id = c.proposal_id
            LEFT JOIN ledger.reopening AS r ON r.period = c.period AND r.version = c.version
        ), touched AS (
            SELECT 'match' AS fact, id, complete_on AS day, epoch, xid FROM ledger.match
            UNION ALL
            SELECT 'unmatch', m.id, m.complete_on, u.epoch, u.xid
            FROM ledger.unmatch AS u INNER JOIN ledger.match AS m ON m.id = u.match_id
            UNION ALL
            SELECT 'statement', id, first_day, epoch, xid FROM ledger.statement
        )
        SELECT t.id::text AS subject, 'booked later' AS fault, t.booked_on AS day
        FROM ledger.ledger_transaction AS t
        INNER JOIN version AS v ON v.period = greatest(
            date_trunc('month', t.booked_on::timestamp)::date, (SELECT min(period) FROM version)
        )
        WHERE ((t.epoch, t.xid) < (v.seal_epoch, v.xid_upto) OR t.posted_at > v.reopened_at) IS NOT TRUE
        UNION ALL
        SELECT t.id::text, 'moved to a later month', t.booked_on
        FROM ledger.ledger_transaction AS t
        WHERE t.booked_on > (t.occurred_at AT TIME ZONE 'Europe/Paris')::date
            AND extract(DAY FROM t.booked_on) = 1 AND NOT EXISTS ( -- else the check of the three times speaks
            SELECT FROM version AS v WHERE v.last_day + 1 = t.booked_on AND v.recorded_at < t.posted_at
        )
        UNION ALL
        SELECT t.id::text, t.fact || ' later', t.day
        FROM touched AS t
        INNER JOIN version AS v ON v.period = greatest(
            date_trunc('month', t.day::timestamp)::date, (SELECT min(period) FROM version)
        )
        WHERE (v.epoch, v.xid) < (t.epoch, t.xid)
            AND ((v.reopened_epoch, v.reopened_xid) < (t.epoch, t.xid)) IS NOT TRUE
        UNION ALL
        SELECT to_char(v.period, 'YYYY-MM'), 'not as approved', v.last_day
        FROM version AS v WHERE v.drafted IS NULL OR v.approved IS NULL
        UNION ALL
        SELECT to_char(v.period, 'YYYY-MM'), 'not the next version', v.last_day
        FROM version AS v
        WHERE v.version <> coalesce(v.version_before, 0) + 1
            OR v.version > 1 AND (v.open_from < v.recorded_at) IS NOT TRUE
        UNION ALL
        SELECT to_char(v.period, 'YYYY-MM'), 'not the next month', v.last_day
        FROM version AS v
        WHERE NOT v.oldest AND v.version_before IS NULL AND v.period <> (v.period_before + interval '1 month')::date
        UNION ALL
        SELECT p.number::text, p.kind || ' without effect', NULL
        FROM ledger.proposal AS p INNER JOIN ledger.approval AS a ON a.proposal_id = p.id
        WHERE p.kind = 'certificate' AND NOT EXISTS (SELECT FROM ledger.certificate AS c WHERE c.proposal_id = p.id)
            OR p.kind = 'reopening' AND NOT EXISTS (SELECT FROM ledger.reopening AS r WHERE r.proposal_id = p.id)
        UNION ALL
        SELECT to_char(r.period, 'YYYY-MM'), 'reopened without approval', NULL
        FROM ledger.reopening AS r
        WHERE NOT EXISTS (
            SELECT FROM ledger.approval AS a INNER JOIN ledger.proposed_reopening AS d USING (proposal_id)
            INNER JOIN ledger.certificate AS c ON c.period = d.period AND c.version = d.version
            WHERE a.proposal_id = r.proposal_id AND d.period = r.period AND d.version = r.version
        )
        """,
    ),
    Check("certificates-tell-the-books", "L11", look=altered_certificates),
)
