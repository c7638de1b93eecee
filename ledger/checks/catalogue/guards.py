"""That the database still guards itself: triggers, grants and patterns stand as the migrations put them."""

from __future__ import annotations

from ledger.checks.model import Check

# Tables that may be changed, and why. Every other table is facts.
PROJECTIONS = {
    "ledger.balance": "sum of the postings, moved by settle() only",
    "ledger.card_clock": "last step of a card, moved by the steps only",
    "ledger.card_spending": "spending of a card on its last day, moved by record_batch() only",
    "ledger.failure_count": "throttle: forgotten when its window is over",
    "ledger.live_match_line": "lines that are matched now, moved by matches and unmatches only",
    "ledger.live_match_unit": "units that are matched now, moved by matches and unmatches only",
    "ledger.receipt_counter": "last receipt of a merchant, moved by record_batch() only",
    "ledger.subject_state": "replay of the events, moved by them only",
    "ledger.voucher_serial": "last serial of a programme and year",
    "identity.break_comment": "words of people: erasable",
    "identity.household": "personal data: erasable",
    "identity.merchant_bank": "personal data: erasable",
    "identity.merchant_iban": "personal data: erasable",
    "identity.payer_account": "the account that pays: secret, not the books",
    "identity.subject_key": "personal data: erasable",
}

# What no login writes itself: only functions that keep the invariants do.
WRITTEN_BY_FUNCTIONS = (
    "ledger.account",
    "ledger.balance",
    "ledger.card_clock",
    "ledger.card_spending",
    "ledger.card_step",
    "ledger.ledger_transaction",
    "ledger.live_match_line",
    "ledger.live_match_unit",
    "ledger.posting",
    "ledger.receipt_counter",
    "ledger.redemption",
    "ledger.subject_state",
)

# Triggers without which an invariant would be a mere habit.
TRIGGERS = (
    "ledger.account open_balances",
    "ledger.appointment require_appointer",
    "ledger.approval require_pending",
    "ledger.approval require_signer",
    "ledger.card start_card_clock",
    "ledger.card_step advance_card_clock",
    "ledger.certificate close_month",
    "ledger.event approved_lot",
    "ledger.event before_state_moves",
    "ledger.event in_no_lot",
    "ledger.event move_state",
    "ledger.ledger_transaction has_postings",
    "ledger.ledger_transaction is_what_was_approved",
    "ledger.ledger_transaction refuse_certified_days",
    "ledger.match has_units",
    "ledger.match refuse_certified_matches",
    "ledger.match_line take_match_lines",
    "ledger.match_unit take_match_units",
    "ledger.posting settle",
    "ledger.proposal require_signer",
    "ledger.proposed_certificate take_proposed_certificate",
    "ledger.proposed_posting take_proposed_postings",
    "ledger.proposed_reopening take_proposed_reopening",
    "ledger.rejection require_pending",
    "ledger.rejection require_signer",
    "ledger.remittance_item take_remittance_items",
    "ledger.remittance_line has_items",
    "ledger.reopening reopen_month",
    "ledger.seal continue_seals",
    "ledger.statement has_lines",
    "ledger.statement refuse_certified_statements",
    "ledger.statement_line take_statement",
    "ledger.transfer take_transfers",
    "ledger.unmatch refuse_certified_unmatches",
    "ledger.unmatch release_match",
)

CHECKS = (
    Check(
        "facts-are-append-only",
        "L2",
        """
        SELECT format('%I.%I', n.nspname, c.relname) AS subject, 'no guard' AS fault
        FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('ledger', 'identity') AND c.relkind IN ('r', 'p')
            AND format('%I.%I', n.nspname, c.relname) <> ALL (CAST(:projections AS text[]))
            AND NOT EXISTS (
                SELECT FROM pg_trigger AS t INNER JOIN pg_proc AS f ON f.oid = t.tgfoid
                WHERE t.tgrelid = c.oid AND f.proname = 'refuse_change' AND t.tgenabled IN ('O', 'A')
                    AND t.tgtype = 2 | 8 | 16 | 32 -- before each statement that deletes, updates or truncates
                    AND t.tgqual IS NULL AND cardinality(t.tgattr::int2[]) = 0
            )
        UNION ALL
        SELECT format('%I.%I', n.nspname, c.relname), 'granted: ' || g.privilege_type
        FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL (
            SELECT * FROM aclexplode(c.relacl)
            UNION ALL SELECT x.* FROM pg_attribute AS a, aclexplode(a.attacl) AS x WHERE a.attrelid = c.oid
        ) AS g
        WHERE n.nspname IN ('ledger', 'identity') AND c.relkind IN ('r', 'p') AND g.grantee <> c.relowner
            AND g.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')
            AND format('%I.%I', n.nspname, c.relname) <> ALL (CAST(:projections AS text[]))
        """,
        {"projections": list(PROJECTIONS)},
    ),
    Check(
        "only-functions-write-the-books",
        "L3",
        """
        SELECT format('%I.%I', n.nspname, c.relname) AS subject, g.privilege_type AS granted
        FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL (
            SELECT * FROM aclexplode(c.relacl)
            UNION ALL SELECT x.* FROM pg_attribute AS a, aclexplode(a.attacl) AS x WHERE a.attrelid = c.oid
        ) AS g
        WHERE format('%I.%I', n.nspname, c.relname) = ANY (CAST(:tables AS text[]))
            AND g.grantee <> c.relowner AND g.privilege_type <> 'SELECT'
        """,
        {"tables": list(WRITTEN_BY_FUNCTIONS)},
    ),
    Check(
        "triggers-are-enabled",
        "L1 L3 L4 L6 L8 L10 L11 L14",
        """
        SELECT e.name AS subject, coalesce(t.tgenabled::text, 'missing') AS state
        FROM unnest(CAST(:triggers AS text[])) AS e (name)
        FULL JOIN (
            SELECT format('%I.%I %I', n.nspname, c.relname, t.tgname) AS name, t.tgenabled
            FROM pg_trigger AS t
            INNER JOIN pg_class AS c ON c.oid = t.tgrelid INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('ledger', 'identity') AND t.tgname <> 'append_only'
        ) AS t ON t.name = e.name
        WHERE t.name IS NULL OR t.tgenabled NOT IN ('O', 'A')
        """,
        {"triggers": list(TRIGGERS)},
    ),
    Check(
        "text-has-a-pattern",
        "L12",
        r"""
        SELECT format('%I.%I.%I', n.nspname, c.relname, a.attname) AS subject, format_type(t.oid, NULL) AS type
        FROM pg_attribute AS a
        INNER JOIN pg_class AS c ON c.oid = a.attrelid INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        INNER JOIN pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_type AS element ON element.oid = t.typelem
        WHERE n.nspname IN ('ledger', 'identity') AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
            AND (
                'S' IN (t.typcategory, CASE WHEN t.typcategory = 'A' THEN element.typcategory END)
                OR t.typname IN ('json', 'jsonb', 'xml')
            )
            AND NOT EXISTS (
                SELECT FROM pg_constraint AS k
                WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated AND a.attnum = ANY (k.conkey)
                    AND pg_get_constraintdef(k.oid) ~ '~ ''\^.*\$''|= ANY \(ARRAY\['
            )
        """,
    ),
)
