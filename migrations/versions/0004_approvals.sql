-- People who answer for it (L9): what is proposed, by whom, and who else approved it.

CREATE TABLE ledger.operator (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9.-]{1,30}$'),
    added_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ledger.proposal (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind ~ '^[a-z-]+$'),
    content_sha256 bytea NOT NULL CHECK (length(content_sha256) = 32),
    prepared_by uuid NOT NULL REFERENCES ledger.operator,
    prepared_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (id, prepared_by)
);

-- The composite key makes the preparer named here the one who prepared; the check makes the approver another.
CREATE TABLE ledger.approval (
    id uuid PRIMARY KEY,
    proposal_id uuid NOT NULL UNIQUE,
    prepared_by uuid NOT NULL,
    approved_by uuid NOT NULL REFERENCES ledger.operator,
    approved_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    FOREIGN KEY (proposal_id, prepared_by) REFERENCES ledger.proposal (id, prepared_by),
    CONSTRAINT who_prepares_does_not_approve_l9 CHECK (prepared_by <> approved_by)
);

-- Both tables are new and empty: there is nothing to scan, and nobody to block.
ALTER TABLE ledger.ledger_transaction
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ADD CONSTRAINT approval_exists FOREIGN KEY (approval_id) REFERENCES ledger.approval;
ALTER TABLE ledger.event
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ADD CONSTRAINT operator_exists FOREIGN KEY (operator_id) REFERENCES ledger.operator;

CALL ledger.keep_facts('ledger.operator');
CALL ledger.keep_facts('ledger.proposal');
CALL ledger.keep_facts('ledger.approval');
GRANT SELECT ON ledger.operator, ledger.proposal, ledger.approval TO bonpois_app;
GRANT INSERT (id, name, added_at) ON ledger.operator TO bonpois_app;
GRANT INSERT (id, kind, content_sha256, prepared_by, prepared_at) ON ledger.proposal TO bonpois_app;
GRANT INSERT (id, proposal_id, prepared_by, approved_by, approved_at) ON ledger.approval TO bonpois_app;
