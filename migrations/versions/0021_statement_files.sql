-- Files of statements: a month may come in several, they may overlap, and one may come before another that it follows.

-- A file as it was given. What it says is a fact even while it waits for the one before it. attempt: how often this
-- very content was given, each time but the last withdrawn; so that it is never taken twice.
CREATE TABLE ledger.statement_file (
    id uuid PRIMARY KEY,
    account text NOT NULL REFERENCES ledger.reconciled_account CHECK (account ~ '^[a-z]{1,20}$'),
    format text NOT NULL CHECK (format ~ '^[a-z0-9-]{1,30}$'),
    file_name text NOT NULL CHECK (file_name ~ '^[^\u0001-\u001f\u007f-\u009f/]{1,200}$'),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    first_day date NOT NULL,
    last_day date NOT NULL,
    line_count integer NOT NULL CHECK (line_count >= 0),
    opening_cents bigint NOT NULL,
    closing_cents bigint NOT NULL,
    left_out integer NOT NULL CHECK (left_out >= 0),
    attempt smallint NOT NULL CHECK (attempt >= 1),
    imported_by uuid NOT NULL REFERENCES ledger.operator,
    imported_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (account, sha256, attempt),
    CHECK (first_day <= last_day)
);

-- The lines of a file that had to wait, as they were read from it.
CREATE TABLE ledger.pending_line (
    file_id uuid NOT NULL REFERENCES ledger.statement_file,
    number integer NOT NULL CHECK (number >= 1),
    file_row integer CHECK (file_row >= 1),
    booked_on date NOT NULL,
    label text NOT NULL CHECK (label ~ '^[^\u0001-\u001f\u007f-\u009f]{0,200}$'),
    amount_cents bigint NOT NULL,
    their_reference text CHECK (their_reference ~ '^[!-~]{1,64}$'),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (file_id, number)
);

-- That a file has found its place; without it, it waits. new_count: its lines that nobody knew.
CREATE TABLE ledger.file_taking (
    file_id uuid PRIMARY KEY REFERENCES ledger.statement_file,
    new_count integer NOT NULL CHECK (new_count >= 0),
    taken_by uuid NOT NULL REFERENCES ledger.operator,
    taken_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- A file that waited and is no longer wanted: another account's, or typed wrongly.
CREATE TABLE ledger.file_withdrawal (
    file_id uuid PRIMARY KEY REFERENCES ledger.statement_file,
    withdrawn_by uuid NOT NULL REFERENCES ledger.operator,
    withdrawn_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- A line of a file that repeats one imported before: skipped, and which one it repeats.
CREATE TABLE ledger.known_line (
    file_id uuid NOT NULL REFERENCES ledger.statement_file,
    number integer NOT NULL CHECK (number >= 1),
    statement_id uuid NOT NULL,
    known_number integer NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (file_id, number),
    UNIQUE (file_id, statement_id, known_number),
    FOREIGN KEY (statement_id, known_number) REFERENCES ledger.statement_line
);

-- A statement is what one file added to one month; position tells its place among those of the month, null that of the
-- only one. Two of the same place cannot be, whoever imports at the same time.
-- squawk-ignore ban-drop-constraint
ALTER TABLE ledger.statement DROP CONSTRAINT statement_account_sha256_key;
-- squawk-ignore ban-drop-constraint
ALTER TABLE ledger.statement DROP CONSTRAINT statement_account_first_day_key;
-- squawk-ignore adding-foreign-key-constraint
ALTER TABLE ledger.statement ADD COLUMN file_id uuid REFERENCES ledger.statement_file;
ALTER TABLE ledger.statement ADD COLUMN position bigint;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX statement_in_turn ON ledger.statement (
    account, (extract(YEAR FROM last_day) * 12 + extract(MONTH FROM last_day)), coalesce(position, 0)
);
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE ledger.statement ADD CONSTRAINT within_one_month_l10 CHECK (
    extract(YEAR FROM first_day) = extract(YEAR FROM last_day)
    AND extract(MONTH FROM first_day) = extract(MONTH FROM last_day)
);

-- Each statement with the number of lines that those before it in its month have: records are counted by the month.
CREATE VIEW ledger.statement_part AS
SELECT id, account, date_trunc('month', last_day::timestamp)::date AS month, coalesce(position, 0) AS position,
    (sum(line_count) OVER (
        PARTITION BY account, date_trunc('month', last_day::timestamp) ORDER BY coalesce(position, 0)
    ) - line_count)::integer AS lines_before
FROM ledger.statement;

CALL ledger.keep_facts('ledger.statement_file');
CALL ledger.keep_facts('ledger.pending_line');
CALL ledger.keep_facts('ledger.file_taking');
CALL ledger.keep_facts('ledger.file_withdrawal');
CALL ledger.keep_facts('ledger.known_line');

-- What was imported until now came as one file each.
INSERT INTO ledger.statement_file (
    id, account, format, file_name, sha256, first_day, last_day, line_count, opening_cents, closing_cents, left_out,
    attempt, imported_by, imported_at
)
SELECT id, account, format, file_name, sha256, first_day, last_day, line_count, opening_cents, closing_cents, 0,
    1, imported_by, imported_at
FROM ledger.statement;
INSERT INTO ledger.file_taking (file_id, new_count, taken_by, taken_at)
SELECT id, line_count, imported_by, imported_at FROM ledger.statement;

GRANT SELECT ON ledger.statement_file, ledger.pending_line, ledger.file_taking, ledger.file_withdrawal,
ledger.known_line, ledger.statement_part TO bonpois_app;
GRANT INSERT (
    id, account, format, file_name, sha256, first_day, last_day, line_count, opening_cents, closing_cents, left_out,
    attempt, imported_by, imported_at
) ON ledger.statement_file TO bonpois_app;
GRANT INSERT (file_id, number, file_row, booked_on, label, amount_cents, their_reference)
ON ledger.pending_line TO bonpois_app;
GRANT INSERT (file_id, new_count, taken_by, taken_at) ON ledger.file_taking TO bonpois_app;
GRANT INSERT (file_id, withdrawn_by, withdrawn_at) ON ledger.file_withdrawal TO bonpois_app;
GRANT INSERT (file_id, number, statement_id, known_number) ON ledger.known_line TO bonpois_app;
GRANT INSERT (file_id, position) ON ledger.statement TO bonpois_app;
