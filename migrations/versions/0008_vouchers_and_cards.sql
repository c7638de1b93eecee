-- Vouchers, the cards that open them, the steps of one-time codes (L6), and the counters of wrong codes.

CREATE TABLE ledger.voucher (
    id uuid PRIMARY KEY,
    serial text NOT NULL UNIQUE CHECK (serial ~ '^[A-Z][A-Z0-9-]{1,19}-[0-9]{4}-[0-9]{6}$'),
    account_id bigint NOT NULL UNIQUE REFERENCES ledger.account,
    household_id uuid NOT NULL REFERENCES ledger.household,
    programme_version_id uuid NOT NULL REFERENCES ledger.programme_version,
    decision_id uuid NOT NULL UNIQUE REFERENCES ledger.decision,
    aid_run_id uuid NOT NULL REFERENCES ledger.aid_run,
    face_cents bigint NOT NULL CHECK (face_cents > 0),
    valid_from date NOT NULL,
    valid_until date NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (valid_from <= valid_until)
);
-- What a redemption reads of a household's vouchers, without touching the table.
CREATE INDEX voucher_of_household ON ledger.voucher (household_id, valid_until)
INCLUDE (id, account_id, programme_version_id, valid_from);

-- Serials are continuous per programme and year: the last one used, moved in the unit of work that uses it.
CREATE TABLE ledger.voucher_serial (
    programme_id uuid NOT NULL REFERENCES ledger.programme,
    year smallint NOT NULL,
    last_number integer NOT NULL CHECK (last_number BETWEEN 0 AND 999999),
    PRIMARY KEY (programme_id, year)
);

-- secret: for a phone, the TOTP secret encrypted; for paper, the HMAC of the printed secret.
CREATE TABLE ledger.card (
    id uuid PRIMARY KEY,
    number bigint NOT NULL UNIQUE CHECK (number BETWEEN 1000000000 AND 9999999999),
    household_id uuid NOT NULL REFERENCES ledger.household,
    kind text NOT NULL CHECK (kind IN ('paper', 'phone')),
    secret bytea NOT NULL,
    pin_hmac bytea CHECK (length(pin_hmac) = 32),
    issued_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((kind = 'paper') = (pin_hmac IS NOT NULL))
);
CREATE INDEX card_of_household ON ledger.card (household_id);

-- L6: each step of a card once; the primary key decides between two tills.
CREATE TABLE ledger.card_step (
    card_id uuid NOT NULL,
    step bigint NOT NULL CHECK (step > 0),
    transaction_id uuid NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (card_id, step)
);

-- The last step accepted: online codes must be strictly greater. Moved by trigger only.
CREATE TABLE ledger.card_clock (
    card_id uuid PRIMARY KEY REFERENCES ledger.card,
    last_step bigint NOT NULL
) WITH (fillfactor = 70);

CREATE FUNCTION ledger.advance_card_clock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    expected integer;
    advanced integer;
BEGIN
    SELECT count(DISTINCT card_id) INTO expected FROM accepted;
    WITH per_card AS (
        SELECT card_id, min(step) AS first_step, max(step) AS last_step FROM accepted GROUP BY card_id ORDER BY card_id
    )
    UPDATE card_clock AS c SET last_step = p.last_step
    FROM per_card AS p WHERE c.card_id = p.card_id AND c.last_step < p.first_step;
    GET DIAGNOSTICS advanced = ROW_COUNT;
    IF advanced <> expected THEN
        RAISE EXCEPTION 'L6: a step is not greater than the last one accepted' USING ERRCODE = 'BPL06';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER advance_card_clock AFTER INSERT ON ledger.card_step
REFERENCING NEW TABLE AS accepted FOR EACH STATEMENT EXECUTE FUNCTION ledger.advance_card_clock();

CREATE FUNCTION ledger.start_card_clock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    INSERT INTO card_clock (card_id, last_step) SELECT id, 0 FROM issued WHERE kind = 'phone';
    RETURN NULL;
END
$$;
CREATE TRIGGER start_card_clock AFTER INSERT ON ledger.card
REFERENCING NEW TABLE AS issued FOR EACH STATEMENT EXECUTE FUNCTION ledger.start_card_clock();

-- What a paper card spent on its last day of use: for the cap per day.
CREATE TABLE ledger.card_spending (
    card_id uuid PRIMARY KEY,
    day date NOT NULL,
    spent_cents bigint NOT NULL CHECK (spent_cents >= 0)
) WITH (fillfactor = 70);

-- Wrong codes, counted per scope since the start of a window. The nil id stands where a scope has no card or till.
CREATE TABLE ledger.failure_count (
    scope text NOT NULL CHECK (scope ~ '^[a-z-]{1,30}$'),
    card_id uuid NOT NULL,
    till_id uuid NOT NULL,
    failures integer NOT NULL CHECK (failures >= 0),
    since timestamptz NOT NULL,
    PRIMARY KEY (card_id, till_id, scope)
) WITH (fillfactor = 70);

CALL ledger.keep_facts('ledger.voucher');
CALL ledger.keep_facts('ledger.card');
CALL ledger.keep_facts('ledger.card_step');
REVOKE EXECUTE ON FUNCTION ledger.advance_card_clock(), ledger.start_card_clock() FROM public;
GRANT SELECT ON ledger.voucher, ledger.voucher_serial, ledger.card, ledger.card_step, ledger.card_clock,
ledger.card_spending, ledger.failure_count TO bonpois_app;
GRANT INSERT (
    id, serial, account_id, household_id, programme_version_id, decision_id, aid_run_id, face_cents,
    valid_from, valid_until
) ON ledger.voucher TO bonpois_app;
GRANT INSERT, UPDATE ON ledger.voucher_serial TO bonpois_app;
GRANT INSERT (id, number, household_id, kind, secret, pin_hmac, issued_at) ON ledger.card TO bonpois_app;
GRANT INSERT, UPDATE ON ledger.failure_count TO bonpois_app;
