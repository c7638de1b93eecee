-- Programmes with their rules, households under random ids, decisions on record, aid runs (L12).
-- What identifies a household stands in schema identity, encrypted under a key of its own.

CREATE TABLE ledger.programme (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[A-Z][A-Z0-9-]{1,19}$'),
    -- Letters by their code points: [[:alnum:]] means ASCII only where the database's locale is C.
    label text NOT NULL CHECK (label ~ '^[A-Za-zÀ-ÖØ-öø-ž0-9 ''’.,()&/-]{1,80}$'),
    pool_account bigint NOT NULL UNIQUE REFERENCES ledger.account,
    returning_account bigint NOT NULL UNIQUE REFERENCES ledger.account,
    added_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ledger.programme_version (
    id uuid PRIMARY KEY,
    programme_id uuid NOT NULL REFERENCES ledger.programme,
    number integer NOT NULL CHECK (number >= 1),
    rules jsonb NOT NULL CHECK (rules::text ~ '^[]A-Za-z0-9 "{}:,._[-]+$'),
    rules_sha256 bytea NOT NULL CHECK (length(rules_sha256) = 32),
    added_by uuid NOT NULL REFERENCES ledger.operator,
    added_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (programme_id, number)
);

CREATE TABLE ledger.household (
    id uuid PRIMARY KEY,
    programme_id uuid NOT NULL REFERENCES ledger.programme,
    registered_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ledger.decision (
    id uuid PRIMARY KEY,
    household_id uuid NOT NULL REFERENCES ledger.household,
    programme_version_id uuid NOT NULL REFERENCES ledger.programme_version,
    inputs_hmac bytea NOT NULL CHECK (length(inputs_hmac) = 32),
    granted boolean NOT NULL,
    reason text NOT NULL CHECK (reason ~ '^[a-z-]{1,40}$'),
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    decided_by uuid NOT NULL REFERENCES ledger.operator,
    decided_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (granted OR amount_cents = 0)
);
CREATE INDEX decision_of_household ON ledger.decision (household_id);

CREATE TABLE ledger.aid_run (
    id uuid PRIMARY KEY,
    programme_version_id uuid NOT NULL REFERENCES ledger.programme_version,
    proposal_id uuid NOT NULL UNIQUE REFERENCES ledger.proposal,
    number integer NOT NULL CHECK (number >= 1),
    valid_from date NOT NULL,
    valid_until date NOT NULL,
    voucher_count integer NOT NULL CHECK (voucher_count >= 1),
    total_cents bigint NOT NULL CHECK (total_cents > 0),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (programme_version_id, number),
    CHECK (valid_from <= valid_until)
);

CREATE TABLE ledger.aid_run_line (
    aid_run_id uuid NOT NULL REFERENCES ledger.aid_run,
    decision_id uuid NOT NULL REFERENCES ledger.decision,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (aid_run_id, decision_id)
);
CREATE INDEX aid_run_line_of_decision ON ledger.aid_run_line (decision_id);

-- Which input files were taken, so that the same one is refused with a pointer to its first import.
-- content_hmac: under a key outside the database; a short file about people could be guessed from its hash.
CREATE TABLE ledger.imported_file (
    content_hmac bytea NOT NULL CHECK (length(content_hmac) = 32),
    kind text NOT NULL CHECK (kind ~ '^[a-z-]{1,30}$'),
    row_count integer NOT NULL CHECK (row_count >= 0),
    imported_by uuid NOT NULL REFERENCES ledger.operator,
    imported_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (content_hmac, kind)
);

-- Erasable: deleting the wrapped key makes the profile unreadable for good. Not append-only, on purpose.
CREATE TABLE identity.subject_key (
    subject_id uuid PRIMARY KEY,
    wrapped_key bytea NOT NULL
);

-- case_index: HMAC of programme and case number under a key outside the database, for look-ups.
-- profile: case number, composition, resources, charges, language; AES-GCM under the key of the subject.
CREATE TABLE identity.household (
    household_id uuid PRIMARY KEY REFERENCES ledger.household,
    case_index bytea NOT NULL UNIQUE CHECK (length(case_index) = 32),
    profile bytea NOT NULL
);

CALL ledger.keep_facts('ledger.programme');
CALL ledger.keep_facts('ledger.programme_version');
CALL ledger.keep_facts('ledger.household');
CALL ledger.keep_facts('ledger.decision');
CALL ledger.keep_facts('ledger.aid_run');
CALL ledger.keep_facts('ledger.aid_run_line');
CALL ledger.keep_facts('ledger.imported_file');

GRANT SELECT ON ledger.programme, ledger.programme_version, ledger.household, ledger.decision, ledger.aid_run,
ledger.aid_run_line, ledger.imported_file TO bonpois_app;
GRANT INSERT (id, code, label, pool_account, returning_account, added_at) ON ledger.programme TO bonpois_app;
GRANT INSERT (id, programme_id, number, rules, rules_sha256, added_by, added_at)
ON ledger.programme_version TO bonpois_app;
GRANT INSERT (id, programme_id, registered_at) ON ledger.household TO bonpois_app;
GRANT INSERT (
    id, household_id, programme_version_id, inputs_hmac, granted, reason, amount_cents, decided_by, decided_at
) ON ledger.decision TO bonpois_app;
GRANT INSERT (
    id, programme_version_id, proposal_id, number, valid_from, valid_until, voucher_count, total_cents
) ON ledger.aid_run TO bonpois_app;
GRANT INSERT (aid_run_id, decision_id, amount_cents) ON ledger.aid_run_line TO bonpois_app;
GRANT INSERT (content_hmac, kind, row_count, imported_by, imported_at) ON ledger.imported_file TO bonpois_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.subject_key, identity.household TO bonpois_app;
