-- People who answer for it: what each may do, the key each signs with, and what each signed (L9).

-- A key is one person's: nobody signs under two names.
CREATE TABLE ledger.operator_key (
    public_key bytea PRIMARY KEY CHECK (length(public_key) = 32),
    operator_id uuid NOT NULL REFERENCES ledger.operator,
    registered_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (operator_id, public_key)
);

-- One row per change: roles, key and limit as they stand from then on, signed by whoever appointed.
-- Nobody appoints himself, save the first one of all.
CREATE TABLE ledger.appointment (
    operator_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    roles text NOT NULL CHECK (roles ~ '^((agent|approver|finance|reviewer|treasurer|auditor)( |$))+$'),
    public_key bytea NOT NULL,
    limit_cents bigint CHECK (limit_cents >= 0),
    limit_days integer CHECK (limit_days BETWEEN 1 AND 366),
    appointed_by uuid NOT NULL,
    appointed_at timestamptz NOT NULL,
    signed_with bytea NOT NULL,
    signature bytea NOT NULL CHECK (length(signature) = 64),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (operator_id, number),
    FOREIGN KEY (operator_id, public_key) REFERENCES ledger.operator_key (operator_id, public_key),
    FOREIGN KEY (appointed_by, signed_with) REFERENCES ledger.operator_key (operator_id, public_key),
    CHECK ((limit_cents IS NULL) = (limit_days IS NULL)),
    CONSTRAINT nobody_appoints_himself_l9 CHECK (appointed_by <> operator_id OR number = 1)
);

INSERT INTO ledger.subject (code, first_state) VALUES ('operator', 'active');
INSERT INTO ledger.transition (subject, event, from_state, to_state) VALUES
('operator', 'suspend', 'active', 'suspended'),
('operator', 'resume', 'suspended', 'active');

-- What was prepared or approved before operators had keys. Nothing can be added: all that comes is signed.
CREATE TABLE ledger.unsigned_fact (
    id uuid PRIMARY KEY
);
INSERT INTO ledger.unsigned_fact (id)
SELECT id FROM ledger.proposal UNION ALL SELECT id FROM ledger.approval;

-- number: the short handle of people. amount_cents: what it would issue or move, for the limits.
-- Proposals are few: they are numbered and proven at once.
ALTER TABLE ledger.proposal
ADD COLUMN amount_cents bigint NOT NULL DEFAULT 0,
-- squawk-ignore adding-field-with-default, prefer-robust-stmts
ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY,
ADD COLUMN signed_with bytea,
ADD COLUMN signature bytea,
ADD COLUMN recorded_at timestamptz,
ADD CONSTRAINT amount_is_positive CHECK (amount_cents >= 0) NOT VALID,
ADD CONSTRAINT signer_has_the_key FOREIGN KEY (prepared_by, signed_with)
REFERENCES ledger.operator_key (operator_id, public_key) NOT VALID,
ADD CONSTRAINT is_signed_l9
CHECK (signed_with IS NOT NULL AND signature IS NOT NULL AND length(signature) = 64 AND recorded_at IS NOT NULL)
NOT VALID;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX proposal_number ON ledger.proposal (number);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX proposal_of_operator ON ledger.proposal (prepared_by, prepared_at);

ALTER TABLE ledger.approval
ADD COLUMN signed_with bytea,
ADD COLUMN signature bytea,
ADD COLUMN recorded_at timestamptz,
ADD CONSTRAINT signer_has_the_key FOREIGN KEY (approved_by, signed_with)
REFERENCES ledger.operator_key (operator_id, public_key) NOT VALID,
ADD CONSTRAINT is_signed_l9
CHECK (signed_with IS NOT NULL AND signature IS NOT NULL AND length(signature) = 64 AND recorded_at IS NOT NULL)
NOT VALID;

-- Whoever prepared it may take it back in the same way.
CREATE TABLE ledger.rejection (
    id uuid PRIMARY KEY,
    proposal_id uuid NOT NULL UNIQUE REFERENCES ledger.proposal,
    rejected_by uuid NOT NULL,
    reason text NOT NULL CHECK (reason ~ '^[a-z-]{1,30}$'),
    rejected_at timestamptz NOT NULL,
    signed_with bytea NOT NULL,
    signature bytea NOT NULL CHECK (length(signature) = 64),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    FOREIGN KEY (rejected_by, signed_with) REFERENCES ledger.operator_key (operator_id, public_key)
);

-- Who did what with which outcome; never with what in hand (L12: noun and verb, no argument).
CREATE TABLE ledger.audit_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    operator_id uuid REFERENCES ledger.operator,
    command text NOT NULL CHECK (command ~ '^[a-z]{1,20}( [a-z-]{1,30})?$'),
    outcome text NOT NULL CHECK (outcome ~ '^(ok|failed|E[0-9]{4})$'),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- Who signs and who is appointed or suspended take turns, so that recorded_at tells who might sign when.
CREATE FUNCTION ledger.take_people_turn(alone boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN alone THEN pg_advisory_xact_lock(hashtext('bonpois people'))
        ELSE pg_advisory_xact_lock_shared(hashtext('bonpois people'))
    END
$$;

-- The present key of an active operator; none for anybody else.
CREATE FUNCTION ledger.present_key(operator uuid) RETURNS bytea
LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
    SELECT a.public_key FROM appointment AS a
    WHERE a.operator_id = operator
        AND NOT EXISTS (SELECT FROM subject_state WHERE subject_id = operator AND state <> 'active')
    ORDER BY a.number DESC LIMIT 1
$$;

CREATE FUNCTION ledger.require_l9(holds boolean, what text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION 'L9: %', what USING ERRCODE = 'BPL09';
    END IF;
END
$$;

CREATE FUNCTION ledger.require_signer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    signer uuid := to_jsonb(new) ->> tg_argv[0];
BEGIN
    PERFORM take_people_turn(false);
    PERFORM require_l9(new.signed_with = present_key(signer), 'who signs is suspended, or has another key');
    new.recorded_at := clock_timestamp();
    RETURN new;
END
$$;
CREATE TRIGGER require_signer BEFORE INSERT ON ledger.proposal
FOR EACH ROW EXECUTE FUNCTION ledger.require_signer('prepared_by');
CREATE TRIGGER require_signer BEFORE INSERT ON ledger.approval
FOR EACH ROW EXECUTE FUNCTION ledger.require_signer('approved_by');
CREATE TRIGGER require_signer BEFORE INSERT ON ledger.rejection
FOR EACH ROW EXECUTE FUNCTION ledger.require_signer('rejected_by');

-- A proposal is approved or rejected, not both. Who decides about it reads it under this lock.
CREATE FUNCTION ledger.take_proposal(proposal uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    SELECT FROM proposal AS p WHERE p.id = take_proposal.proposal FOR NO KEY UPDATE
$$;

CREATE FUNCTION ledger.require_pending() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM take_proposal(new.proposal_id);
    IF tg_table_name = 'approval' THEN
        PERFORM require_l9(
            NOT EXISTS (SELECT FROM rejection AS r WHERE r.proposal_id = new.proposal_id), 'this was rejected'
        );
    ELSE
        PERFORM require_l9(
            NOT EXISTS (SELECT FROM approval AS a WHERE a.proposal_id = new.proposal_id), 'this was approved'
        );
    END IF;
    RETURN new;
END
$$;
CREATE TRIGGER require_pending BEFORE INSERT ON ledger.approval
FOR EACH ROW EXECUTE FUNCTION ledger.require_pending();
CREATE TRIGGER require_pending BEFORE INSERT ON ledger.rejection
FOR EACH ROW EXECUTE FUNCTION ledger.require_pending();

-- Appointed by somebody active with his present key who may appoint, or as the first one of all.
CREATE FUNCTION ledger.require_appointer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM take_people_turn(true);
    IF EXISTS (SELECT FROM appointment) THEN
        PERFORM require_l9(new.appointed_by <> new.operator_id, 'nobody appoints himself');
        PERFORM require_l9(
            new.signed_with = present_key(new.appointed_by), 'who appoints is suspended, or has another key'
        );
        PERFORM require_l9((
            SELECT a.roles ~ '(approver|finance)' FROM appointment AS a
            WHERE a.operator_id = new.appointed_by ORDER BY a.number DESC LIMIT 1
        ), 'who appoints has no role that may');
        PERFORM require_l9(
            new.number = 1 + (SELECT count(*) FROM appointment AS a WHERE a.operator_id = new.operator_id),
            'appointments follow each other'
        );
    ELSE
        PERFORM require_l9((new.appointed_by, new.number) = (new.operator_id, 1), 'the first one appoints himself');
    END IF;
    new.recorded_at := clock_timestamp();
    RETURN new;
END
$$;
CREATE TRIGGER require_appointer BEFORE INSERT ON ledger.appointment
FOR EACH ROW EXECUTE FUNCTION ledger.require_appointer();

CREATE FUNCTION ledger.take_people_turn_alone() RETURNS trigger
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM take_people_turn(true);
    RETURN new;
END
$$;
CREATE TRIGGER before_state_moves BEFORE INSERT ON ledger.event
FOR EACH ROW WHEN (new.subject = 'operator') EXECUTE FUNCTION ledger.take_people_turn_alone();

CALL ledger.keep_facts('ledger.operator_key');
CALL ledger.keep_facts('ledger.appointment');
CALL ledger.keep_facts('ledger.unsigned_fact');
CALL ledger.keep_facts('ledger.rejection');
CALL ledger.keep_facts('ledger.audit_entry');

REVOKE EXECUTE ON FUNCTION ledger.take_people_turn(boolean), ledger.require_l9(boolean, text), ledger.present_key(uuid),
ledger.require_signer(), ledger.take_proposal(uuid), ledger.require_pending(), ledger.require_appointer(),
ledger.take_people_turn_alone() FROM public;
GRANT EXECUTE ON FUNCTION ledger.take_people_turn(boolean), ledger.take_proposal(uuid) TO bonpois_app;
GRANT SELECT ON ledger.operator_key, ledger.appointment, ledger.unsigned_fact, ledger.rejection,
ledger.audit_entry TO bonpois_app;
GRANT INSERT (public_key, operator_id, registered_at) ON ledger.operator_key TO bonpois_app;
GRANT INSERT (
    operator_id, number, roles, public_key, limit_cents, limit_days, appointed_by, appointed_at, signed_with, signature
) ON ledger.appointment TO bonpois_app;
GRANT INSERT (amount_cents, signed_with, signature) ON ledger.proposal TO bonpois_app;
GRANT INSERT (signed_with, signature) ON ledger.approval TO bonpois_app;
GRANT INSERT (id, proposal_id, rejected_by, reason, rejected_at, signed_with, signature)
ON ledger.rejection TO bonpois_app;
GRANT INSERT (operator_id, command, outcome, occurred_at) ON ledger.audit_entry TO bonpois_app;
