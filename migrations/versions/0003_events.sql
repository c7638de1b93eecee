-- Whatever changes state (voucher, card, till, merchant, household) does so by an append-only event.
-- The transitions are data; the current state is a projection, kept only where it is no longer the first one.

CREATE TABLE ledger.subject (
    code text PRIMARY KEY CHECK (code ~ '^[a-z]+$'),
    first_state text NOT NULL CHECK (first_state ~ '^[a-z]+$')
);
INSERT INTO ledger.subject (code, first_state) VALUES
    ('voucher', 'active'), ('card', 'active'), ('till', 'paired'), ('merchant', 'approved'), ('household', 'active');

CREATE TABLE ledger.transition (
    subject text NOT NULL REFERENCES ledger.subject CHECK (subject ~ '^[a-z]+$'),
    event text NOT NULL CHECK (event ~ '^[a-z]+$'),
    from_state text NOT NULL CHECK (from_state ~ '^[a-z]+$'),
    to_state text NOT NULL CHECK (to_state ~ '^[a-z]+$'),
    PRIMARY KEY (subject, event, from_state)
);
INSERT INTO ledger.transition (subject, event, from_state, to_state) VALUES
    ('voucher', 'lapse', 'active', 'lapsed'),
    ('voucher', 'reopen', 'lapsed', 'active'),
    ('voucher', 'revoke', 'active', 'revoked'),
    ('card', 'block', 'active', 'blocked'),
    ('card', 'unblock', 'blocked', 'active'),
    ('till', 'revoke', 'paired', 'revoked'),
    ('merchant', 'suspend', 'approved', 'suspended'),
    ('merchant', 'approve', 'suspended', 'approved'),
    ('household', 'close', 'active', 'closed');
CALL ledger.keep_facts('ledger.subject');
CALL ledger.keep_facts('ledger.transition');

CREATE TABLE ledger.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL REFERENCES ledger.subject CHECK (subject ~ '^[a-z]+$'),
    subject_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z]+$'),
    occurred_at timestamptz NOT NULL,
    operator_id uuid,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX event_of_subject ON ledger.event (subject_id, id);
CALL ledger.keep_facts('ledger.event');

CREATE TABLE ledger.subject_state (
    subject_id uuid PRIMARY KEY,
    subject text NOT NULL CHECK (subject ~ '^[a-z]+$'),
    state text NOT NULL CHECK (state ~ '^[a-z]+$')
) WITH (fillfactor = 70);

-- Numbered under the lock of the subject, so that a subject's events replay in the order of their ids.
CREATE FUNCTION ledger.move_state() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    before text;
    after text;
    moved integer;
BEGIN
    SELECT state INTO before FROM subject_state WHERE subject_id = new.subject_id FOR UPDATE;
    before := coalesce(before, (SELECT first_state FROM subject WHERE code = new.subject));
    SELECT to_state INTO after FROM transition
    WHERE subject = new.subject AND event = new.kind AND from_state = before;
    IF after IS NULL THEN
        RAISE EXCEPTION 'no % leads from %', new.kind, before USING ERRCODE = 'BPX02';
    END IF;
    INSERT INTO subject_state AS s (subject_id, subject, state) VALUES (new.subject_id, new.subject, after)
    ON CONFLICT (subject_id) DO UPDATE SET state = excluded.state
    WHERE s.state = before AND s.subject = new.subject;
    GET DIAGNOSTICS moved = ROW_COUNT;
    PERFORM require(moved = 1, 'the state moved');
    new.id := nextval(pg_get_serial_sequence('ledger.event', 'id'));
    new.recorded_at := clock_timestamp();
    RETURN new;
END
$$;
CREATE TRIGGER move_state BEFORE INSERT ON ledger.event FOR EACH ROW EXECUTE FUNCTION ledger.move_state();

REVOKE EXECUTE ON FUNCTION ledger.move_state() FROM public;
GRANT SELECT ON ledger.subject, ledger.transition, ledger.event, ledger.subject_state TO bonpois_app;
GRANT INSERT (subject, subject_id, kind, occurred_at, operator_id) ON ledger.event TO bonpois_app;
