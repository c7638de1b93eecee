-- Statements of the association and the bank, and what was matched with them (L10).

-- What a statement is held against: our accounts of some kinds. sign turns a debit of ours into the holder's
-- view of the statement, where money coming in is positive.
CREATE TABLE ledger.reconciled_account (
    code text PRIMARY KEY CHECK (code ~ '^[a-z]{1,20}$'),
    sign smallint NOT NULL CHECK (sign IN (-1, 1))
);
INSERT INTO ledger.reconciled_account (code, sign) VALUES ('pois', -1), ('reserve', 1);

CREATE TABLE ledger.reconciled_account_kind (
    account text NOT NULL REFERENCES ledger.reconciled_account CHECK (account ~ '^[a-z]{1,20}$'),
    kind smallint NOT NULL REFERENCES ledger.account_kind,
    PRIMARY KEY (account, kind)
);
INSERT INTO ledger.reconciled_account_kind (account, kind)
SELECT c.account, k.id
FROM (VALUES ('pois', 'programme:pool'), ('pois', 'voucher'), ('reserve', 'association:guarantee-fund'))
    AS c (account, kind)
INNER JOIN ledger.account_kind AS k ON k.code = c.kind;

CREATE TABLE ledger.statement (
    id uuid PRIMARY KEY,
    account text NOT NULL REFERENCES ledger.reconciled_account CHECK (account ~ '^[a-z]{1,20}$'),
    first_day date NOT NULL,
    last_day date NOT NULL,
    format text NOT NULL CHECK (format ~ '^[a-z0-9-]{1,30}$'),
    file_name text NOT NULL CHECK (file_name ~ '^[^\u0001-\u001f\u007f-\u009f/]{1,200}$'),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    line_count integer NOT NULL CHECK (line_count >= 0),
    opening_cents bigint NOT NULL,
    closing_cents bigint NOT NULL,
    imported_by uuid NOT NULL REFERENCES ledger.operator,
    imported_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (account, sha256),
    UNIQUE (account, first_day),
    CHECK (first_day <= last_day),
    CONSTRAINT nothing_moved_without_lines_l10 CHECK (line_count > 0 OR opening_cents = closing_cents)
);

-- A label is the association's own wording, with its line breaks folded.
CREATE TABLE ledger.statement_line (
    statement_id uuid NOT NULL REFERENCES ledger.statement,
    number integer NOT NULL CHECK (number >= 1),
    booked_on date NOT NULL,
    label text NOT NULL CHECK (label ~ '^[^\u0001-\u001f\u007f-\u009f]{0,200}$'),
    amount_cents bigint NOT NULL,
    balance_cents bigint NOT NULL,
    their_reference text CHECK (their_reference ~ '^[!-~]{1,64}$'),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (statement_id, number)
);

-- L10. A statement comes whole, once: all its lines in one go with it, from its opening to its closing.
-- (As in settle(): only index look-ups are let into the plan, which a session keeps whatever the next batch's size.)
CREATE FUNCTION ledger.take_statement() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    whole boolean;
BEGIN
    WITH run AS (
        SELECT l.statement_id, l.number, l.balance_cents, l.booked_on,
            sum(l.amount_cents) OVER (PARTITION BY l.statement_id ORDER BY l.number) AS moved_cents
        FROM taken AS l
    ), per_statement AS (
        SELECT s.id, s.line_count = count(*) AND min(r.number) = 1 AND max(r.number) = s.line_count
            AND bool_and(r.balance_cents = s.opening_cents + r.moved_cents)
            AND bool_and(r.booked_on BETWEEN s.first_day AND s.last_day)
            AND sum(CASE WHEN r.number = s.line_count THEN r.balance_cents END) = s.closing_cents AS adds_up
        FROM run AS r
        LEFT JOIN statement AS s ON s.id = r.statement_id AND s.xid = pg_current_xact_id()
        GROUP BY r.statement_id, s.id
    )
    SELECT bool_and(adds_up IS TRUE) INTO whole FROM per_statement;
    IF NOT whole THEN
        RAISE EXCEPTION 'L10: a statement is incomplete or does not add up' USING ERRCODE = 'BPL10';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER take_statement AFTER INSERT ON ledger.statement_line
REFERENCING NEW TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION ledger.take_statement();

CREATE FUNCTION ledger.require_lines() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    IF new.line_count > 0 AND NOT EXISTS (SELECT FROM statement_line WHERE statement_id = new.id) THEN
        RAISE EXCEPTION 'L10: statement % has no lines', new.id USING ERRCODE = 'BPL10';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER has_lines AFTER INSERT ON ledger.statement
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.require_lines();

-- Our side: the net of a transaction over the accounts of a set, in the holder's view, and its marks.
-- The kind is looked up posting by posting: a join would tempt the planner to read all accounts each time.
CREATE VIEW ledger.matchable_unit AS
SELECT net.account, t.id AS transaction_id, t.kind, t.booked_on, t.occurred_at, net.amount_cents,
    coalesce(sale.reference, d.number) AS reference, m.name AS merchant
FROM ledger.ledger_transaction AS t
CROSS JOIN LATERAL (
    SELECT k.account, sum(r.sign * p.amount_cents)::bigint AS amount_cents
    FROM ledger.posting AS p
    INNER JOIN ledger.reconciled_account_kind AS k
        ON k.kind = (SELECT a.kind FROM ledger.account AS a WHERE a.id = p.account_id)
    INNER JOIN ledger.reconciled_account AS r ON r.code = k.account
    WHERE p.transaction_id = t.id
    GROUP BY k.account
    HAVING sum(p.amount_cents) <> 0
) AS net
LEFT JOIN ledger.refund AS f ON f.id = t.id
LEFT JOIN ledger.redemption AS sale ON sale.id = coalesce(f.redemption_id, t.id)
LEFT JOIN ledger.merchant AS m ON m.id = sale.merchant_id
LEFT JOIN ledger.funding AS g ON g.transaction_id = t.id
LEFT JOIN ledger.mandate AS d ON d.id = g.mandate_id;

-- The names by which a label tells a merchant. The statement cannot tell two of the same name apart.
CREATE VIEW ledger.statement_party AS
SELECT name, bool_or(remittance = 'daily') AS daily FROM ledger.merchant GROUP BY name;

-- complete_on: the day from which all of a match is known on both sides; for a report of an earlier day, what
-- it ties was still open. rule, score and reasons explain it.
CREATE TABLE ledger.match (
    id uuid PRIMARY KEY,
    account text NOT NULL REFERENCES ledger.reconciled_account CHECK (account ~ '^[a-z]{1,20}$'),
    rule text NOT NULL CHECK (rule ~ '^[a-z-]{1,30}$'),
    score smallint NOT NULL CHECK (score BETWEEN 0 AND 100),
    reasons text[] NOT NULL,
    line_count integer NOT NULL CHECK (line_count >= 1),
    unit_count integer NOT NULL CHECK (unit_count >= 1),
    complete_on date NOT NULL,
    matched_by uuid NOT NULL REFERENCES ledger.operator,
    matched_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (cardinality(reasons) = 0 OR array_to_string(reasons, ' ', '?') ~ '^[a-z-]{1,40}( [a-z-]{1,40})*$')
);

-- Lines are inserted before units. No row-wise foreign keys: the triggers check references set-wise, which is
-- sound because statements, transactions and matches can be neither deleted nor renumbered.
CREATE TABLE ledger.match_line (
    match_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    number integer NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (match_id, statement_id, number)
);

CREATE TABLE ledger.match_unit (
    match_id uuid NOT NULL,
    transaction_id uuid NOT NULL,
    amount_cents bigint NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (match_id, transaction_id)
);

CREATE TABLE ledger.unmatch (
    match_id uuid PRIMARY KEY REFERENCES ledger.match,
    unmatched_by uuid NOT NULL REFERENCES ledger.operator,
    unmatched_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- The projection of matches and unmatches, moved by their triggers only: the primary keys make a second live
-- match of a line or of a unit impossible.
CREATE TABLE ledger.live_match_line (
    statement_id uuid NOT NULL,
    number integer NOT NULL,
    match_id uuid NOT NULL,
    PRIMARY KEY (statement_id, number)
);
CREATE INDEX live_match_line_of_match ON ledger.live_match_line (match_id);

CREATE TABLE ledger.live_match_unit (
    account text NOT NULL CHECK (account ~ '^[a-z]{1,20}$'),
    transaction_id uuid NOT NULL,
    match_id uuid NOT NULL,
    PRIMARY KEY (account, transaction_id)
);
CREATE INDEX live_match_unit_of_match ON ledger.live_match_unit (match_id);

CREATE FUNCTION ledger.take_match_lines() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    expected integer;
    moved integer;
BEGIN
    SELECT count(*) INTO expected FROM taken;
    IF expected = 0 THEN
        RETURN NULL;
    END IF;
    INSERT INTO live_match_line (statement_id, number, match_id)
    SELECT l.statement_id, l.number, m.id
    FROM taken
    INNER JOIN match AS m ON m.id = taken.match_id AND m.xid = pg_current_xact_id()
    INNER JOIN statement AS s ON s.id = taken.statement_id AND s.account = m.account
    INNER JOIN statement_line AS l ON l.statement_id = s.id AND l.number = taken.number
    WHERE NOT EXISTS (SELECT FROM match_unit AS u WHERE u.match_id = m.id)
    ORDER BY l.statement_id, l.number
    ON CONFLICT (statement_id, number) DO NOTHING;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved <> expected THEN
        RAISE EXCEPTION 'L10: a line is unknown, matched already, or comes late' USING ERRCODE = 'BPL10';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER take_match_lines AFTER INSERT ON ledger.match_line
REFERENCING NEW TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION ledger.take_match_lines();

-- The view has more joins than the planner reorders of itself; unlimited, it starts from the unit.
CREATE FUNCTION ledger.take_match_units() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp SET join_collapse_limit = 16
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    expected integer;
    moved integer;
    equal boolean;
BEGIN
    SELECT count(*) INTO expected FROM taken;
    IF expected = 0 THEN
        RETURN NULL;
    END IF;
    INSERT INTO live_match_unit (account, transaction_id, match_id)
    SELECT m.account, u.transaction_id, m.id
    FROM taken
    INNER JOIN match AS m ON m.id = taken.match_id AND m.xid = pg_current_xact_id()
    INNER JOIN matchable_unit AS u
        ON u.transaction_id = taken.transaction_id AND u.account = m.account
        AND u.amount_cents = taken.amount_cents
    ORDER BY u.transaction_id
    ON CONFLICT (account, transaction_id) DO NOTHING;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved <> expected THEN
        RAISE EXCEPTION 'L10: a unit is unknown, matched already, or comes late' USING ERRCODE = 'BPL10';
    END IF;

    SELECT bool_and((
        theirs.sum_cents = ours.sum_cents AND theirs.lines = m.line_count AND ours.units = m.unit_count
        AND greatest(theirs.last_day, ours.last_day) = m.complete_on
    ) IS TRUE) INTO equal
    FROM (SELECT DISTINCT match_id FROM taken) AS touched
    INNER JOIN match AS m ON m.id = touched.match_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS lines, sum(l.amount_cents) AS sum_cents, max(s.last_day) AS last_day
        FROM match_line AS x
        INNER JOIN statement_line AS l ON l.statement_id = x.statement_id AND l.number = x.number
        INNER JOIN statement AS s ON s.id = x.statement_id
        WHERE x.match_id = m.id
    ) AS theirs
    CROSS JOIN LATERAL (
        SELECT count(*) AS units, sum(u.amount_cents) AS sum_cents, max(t.booked_on) AS last_day
        FROM match_unit AS u
        INNER JOIN ledger_transaction AS t ON t.id = u.transaction_id
        WHERE u.match_id = m.id
    ) AS ours;
    IF NOT equal THEN
        RAISE EXCEPTION 'L10: the two sides of a match differ' USING ERRCODE = 'BPL10';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER take_match_units AFTER INSERT ON ledger.match_unit
REFERENCING NEW TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION ledger.take_match_units();

-- The other half: a match row whose units never came. Deferred, once per match.
CREATE FUNCTION ledger.require_units() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM match_unit WHERE match_id = new.id) THEN
        RAISE EXCEPTION 'L10: match % has no units', new.id USING ERRCODE = 'BPL10';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER has_units AFTER INSERT ON ledger.match
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.require_units();

CREATE FUNCTION ledger.release_match() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    DELETE FROM live_match_line WHERE match_id IN (SELECT match_id FROM released);
    DELETE FROM live_match_unit WHERE match_id IN (SELECT match_id FROM released);
    RETURN NULL;
END
$$;
CREATE TRIGGER release_match AFTER INSERT ON ledger.unmatch
REFERENCING NEW TABLE AS released FOR EACH STATEMENT EXECUTE FUNCTION ledger.release_match();

-- When a difference was seen first: its id is computed from what it is about, so that its age survives.
CREATE TABLE ledger.break_seen (
    id uuid PRIMARY KEY,
    account text NOT NULL REFERENCES ledger.reconciled_account CHECK (account ~ '^[a-z]{1,20}$'),
    category text NOT NULL CHECK (category ~ '^[a-z-]{1,40}$'),
    first_seen_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CALL ledger.keep_facts('ledger.reconciled_account');
CALL ledger.keep_facts('ledger.reconciled_account_kind');
CALL ledger.keep_facts('ledger.statement');
CALL ledger.keep_facts('ledger.statement_line');
CALL ledger.keep_facts('ledger.match');
CALL ledger.keep_facts('ledger.match_line');
CALL ledger.keep_facts('ledger.match_unit');
CALL ledger.keep_facts('ledger.unmatch');
CALL ledger.keep_facts('ledger.break_seen');

REVOKE EXECUTE ON FUNCTION ledger.take_statement(), ledger.require_lines(), ledger.take_match_lines(),
ledger.take_match_units(), ledger.require_units(), ledger.release_match() FROM public;
GRANT SELECT ON ledger.reconciled_account, ledger.reconciled_account_kind, ledger.statement,
ledger.statement_line, ledger.matchable_unit, ledger.statement_party, ledger.match, ledger.match_line,
ledger.match_unit, ledger.unmatch, ledger.live_match_line, ledger.live_match_unit, ledger.break_seen
TO bonpois_app;
GRANT INSERT (
    id, account, first_day, last_day, format, file_name, sha256, line_count, opening_cents, closing_cents,
    imported_by, imported_at
) ON ledger.statement TO bonpois_app;
GRANT INSERT (statement_id, number, booked_on, label, amount_cents, balance_cents, their_reference)
ON ledger.statement_line TO bonpois_app;
GRANT INSERT (
    id, account, rule, score, reasons, line_count, unit_count, complete_on, matched_by, matched_at
) ON ledger.match TO bonpois_app;
GRANT INSERT (match_id, statement_id, number) ON ledger.match_line TO bonpois_app;
GRANT INSERT (match_id, transaction_id, amount_cents) ON ledger.match_unit TO bonpois_app;
GRANT INSERT (match_id, unmatched_by, unmatched_at) ON ledger.unmatch TO bonpois_app;
GRANT INSERT (id, account, category, first_seen_at) ON ledger.break_seen TO bonpois_app;
