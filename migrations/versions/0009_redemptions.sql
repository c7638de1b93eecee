-- Redemptions, refunds, and the one outcome of each key (L5). The id of a redemption or refund is its transaction's.

CREATE TABLE ledger.redemption (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL,
    till_id uuid NOT NULL,
    card_id uuid NOT NULL,
    receipt_year smallint NOT NULL,
    receipt_number integer NOT NULL CHECK (receipt_number >= 1),
    reference text CHECK (reference ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,34}$'),
    categories text[] NOT NULL,
    asked_cents bigint[] NOT NULL,
    approved_by_line_cents bigint[] NOT NULL,
    basket_cents bigint NOT NULL CHECK (basket_cents > 0),
    approved_cents bigint NOT NULL CHECK (approved_cents > 0),
    occurred_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (merchant_id, receipt_year, receipt_number),
    CHECK (approved_cents <= basket_cents),
    CHECK (array_to_string(categories, ' ', '?') ~ '^[a-z0-9-]{1,40}( [a-z0-9-]{1,40})*$'),
    CHECK (
        cardinality(asked_cents) = cardinality(categories)
        AND cardinality(approved_by_line_cents) = cardinality(categories)
    )
);

CREATE TABLE ledger.refund (
    id uuid PRIMARY KEY REFERENCES ledger.ledger_transaction,
    redemption_id uuid NOT NULL REFERENCES ledger.redemption,
    till_id uuid NOT NULL REFERENCES ledger.till,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    reason text NOT NULL CHECK (reason ~ '^[a-z-]{1,30}$'),
    occurred_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX refund_of_redemption ON ledger.refund (redemption_id);

-- Receipt numbers are continuous per merchant and year; moved under the lock of the merchant's balance.
CREATE TABLE ledger.receipt_counter (
    merchant_id uuid NOT NULL,
    year smallint NOT NULL,
    last_number integer NOT NULL,
    PRIMARY KEY (merchant_id, year)
) WITH (fillfactor = 70);

-- request_key: digest of the Idempotency-Key. fingerprint: HMAC of the canonical request, key outside the database.
-- facts: whole numbers only, so that a refusal can be repeated word for word without free text in the books.
CREATE TABLE ledger.request_outcome (
    merchant_id uuid NOT NULL,
    request_key bytea NOT NULL CHECK (length(request_key) = 32),
    fingerprint bytea CHECK (length(fingerprint) = 32),
    fate text NOT NULL CHECK (fate IN ('approved', 'refused', 'abandoned')),
    result_id uuid,
    refusal smallint,
    facts jsonb CHECK (facts::text ~ '^\{("[a-z_]{1,40}": -?[0-9]{1,18}(, )?)*\}$'),
    decided_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (request_key, merchant_id), -- the key first: it alone finds the row
    CHECK ((fate = 'approved') = (result_id IS NOT NULL)),
    CHECK ((fate = 'refused') = (refusal IS NOT NULL)),
    CHECK ((fate = 'abandoned') = (fingerprint IS NULL))
);

CALL ledger.keep_facts('ledger.redemption');
CALL ledger.keep_facts('ledger.refund');
CALL ledger.keep_facts('ledger.request_outcome');

-- The write of one batch of decided redemptions: all of it, or BPX01 / a broken invariant and nothing.
-- Arrays run side by side per redemption; *_of arrays name their redemption by position.
CREATE FUNCTION ledger.record_redemptions(
    ids uuid[], occurred timestamptz[], merchants uuid[], tills uuid[], cards uuid[], references_ text[],
    basket_of integer[], basket_categories text[], basket_asked bigint[], basket_approved bigint[],
    posting_of integer[], posting_accounts bigint[], posting_amounts bigint[], posting_versions bigint[],
    step_cards uuid[], steps bigint[], step_of integer[],
    spending_cards uuid[], spending_days date[], spending_before bigint[], spending_after bigint[]
) RETURNS integer[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    numbers integer[];
    changed integer;
BEGIN
    IF cardinality(ids) = 0 THEN
        RETURN '{}';
    END IF;
    -- What was read at the load and may have changed since.
    PERFORM require(NOT EXISTS (
        SELECT FROM subject_state
        WHERE subject_id = ANY (merchants || tills || cards) AND state NOT IN ('approved', 'paired', 'active')
    ), 'a merchant, till or card');

    PERFORM post(
        ids, array_fill(5::smallint, ARRAY[cardinality(ids)]), occurred,
        array_fill(NULL::uuid, ARRAY[cardinality(ids)]),
        posting_of, posting_accounts, posting_amounts, posting_versions
    );

    -- Numbered in the order of the batch, under the merchants' locks that post() took.
    WITH sale AS (
        SELECT position, merchant_id, extract(year FROM booking_day(occurred_at))::smallint AS year,
            row_number() OVER (
                PARTITION BY merchant_id, extract(year FROM booking_day(occurred_at)) ORDER BY position
            ) AS nth
        FROM unnest(merchants, occurred) WITH ORDINALITY AS s (merchant_id, occurred_at, position)
    ), counted AS (
        INSERT INTO receipt_counter AS c (merchant_id, year, last_number)
        SELECT merchant_id, year, max(nth) FROM sale GROUP BY merchant_id, year ORDER BY merchant_id, year
        ON CONFLICT (merchant_id, year) DO UPDATE SET last_number = c.last_number + excluded.last_number
        RETURNING merchant_id, year, last_number
    )
    SELECT array_agg((c.last_number - (SELECT max(o.nth) FROM sale AS o
        WHERE o.merchant_id = s.merchant_id AND o.year = s.year) + s.nth)::integer ORDER BY s.position)
    INTO numbers
    FROM sale AS s INNER JOIN counted AS c USING (merchant_id, year);

    INSERT INTO redemption (
        id, merchant_id, till_id, card_id, receipt_year, receipt_number, reference,
        categories, asked_cents, approved_by_line_cents, basket_cents, approved_cents, occurred_at
    )
    SELECT r.id, r.merchant_id, r.till_id, r.card_id, extract(year FROM booking_day(r.occurred_at)), r.number,
        r.reference, b.categories, b.asked, b.approved, b.basket_cents, b.approved_cents, r.occurred_at
    FROM unnest(ids, occurred, merchants, tills, cards, references_, numbers) WITH ORDINALITY
        AS r (id, occurred_at, merchant_id, till_id, card_id, reference, number, position)
    INNER JOIN (
        SELECT position, array_agg(category ORDER BY nth) AS categories, array_agg(asked ORDER BY nth) AS asked,
            array_agg(approved ORDER BY nth) AS approved,
            sum(asked) AS basket_cents, sum(approved) AS approved_cents
        FROM unnest(basket_of, basket_categories, basket_asked, basket_approved) WITH ORDINALITY
            AS l (position, category, asked, approved, nth)
        GROUP BY position
    ) AS b ON b.position = r.position;

    IF cardinality(steps) > 0 THEN
        INSERT INTO card_step (card_id, step, transaction_id)
        SELECT card_id, step, ids[position] FROM unnest(step_cards, steps, step_of) AS s (card_id, step, position)
        ORDER BY card_id, step;
    END IF;

    IF cardinality(spending_cards) > 0 THEN
        INSERT INTO card_spending AS c (card_id, day, spent_cents)
        SELECT card_id, day, after FROM unnest(spending_cards, spending_days, spending_after) AS s (card_id, day, after)
        ORDER BY card_id
        ON CONFLICT (card_id) DO UPDATE SET day = excluded.day, spent_cents = excluded.spent_cents
        WHERE CASE WHEN c.day = excluded.day THEN c.spent_cents ELSE 0 END
            = spending_before[array_position(spending_cards, c.card_id)];
        GET DIAGNOSTICS changed = ROW_COUNT;
        PERFORM require(changed = cardinality(spending_cards), 'the spending of a card');
    END IF;
    RETURN numbers;
END
$$;

-- Outcomes and failure counts of a batch, redemptions and refusals alike. A key that has an outcome aborts (L5).
CREATE FUNCTION ledger.record_outcomes(
    merchants uuid[], keys bytea[], fingerprints bytea[], fates text[], results uuid[], refusals smallint[],
    refusal_facts text[], decided timestamptz[],
    failure_scopes text[], failure_cards uuid[], failure_tills uuid[], failures_before integer[],
    failures_after integer[], failures_since timestamptz[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    changed integer;
BEGIN
    INSERT INTO request_outcome (merchant_id, request_key, fingerprint, fate, result_id, refusal, facts, decided_at)
    SELECT merchant_id, key, fingerprint, fate, result_id, refusal, fact::jsonb, decided_at
    FROM unnest(merchants, keys, fingerprints, fates, results, refusals, refusal_facts, decided)
        AS o (merchant_id, key, fingerprint, fate, result_id, refusal, fact, decided_at)
    ORDER BY merchant_id, key;

    IF cardinality(failure_scopes) > 0 THEN
        INSERT INTO failure_count AS f (scope, card_id, till_id, failures, since)
        SELECT scope, card_id, till_id, after, since
        FROM unnest(failure_scopes, failure_cards, failure_tills, failures_after, failures_since)
            AS n (scope, card_id, till_id, after, since)
        ORDER BY card_id, till_id, scope
        ON CONFLICT (card_id, till_id, scope) DO UPDATE SET failures = excluded.failures, since = excluded.since
        WHERE f.failures = (
            SELECT e.before FROM unnest(failure_scopes, failure_cards, failure_tills, failures_before)
                AS e (scope, card_id, till_id, before)
            WHERE (e.scope, e.card_id, e.till_id) = (f.scope, f.card_id, f.till_id)
        );
        GET DIAGNOSTICS changed = ROW_COUNT;
        PERFORM require(changed = cardinality(failure_scopes), 'a count of wrong codes');
    END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION
    ledger.record_redemptions(
        uuid[], timestamptz[], uuid[], uuid[], uuid[], text[], integer[], text[], bigint[], bigint[],
        integer[], bigint[], bigint[], bigint[], uuid[], bigint[], integer[], uuid[], date[], bigint[], bigint[]
    ),
    ledger.record_outcomes(
        uuid[], bytea[], bytea[], text[], uuid[], smallint[], text[], timestamptz[],
        text[], uuid[], uuid[], integer[], integer[], timestamptz[]
    )
FROM public;
GRANT EXECUTE ON FUNCTION
    ledger.record_redemptions(
        uuid[], timestamptz[], uuid[], uuid[], uuid[], text[], integer[], text[], bigint[], bigint[],
        integer[], bigint[], bigint[], bigint[], uuid[], bigint[], integer[], uuid[], date[], bigint[], bigint[]
    ),
    ledger.record_outcomes(
        uuid[], bytea[], bytea[], text[], uuid[], smallint[], text[], timestamptz[],
        text[], uuid[], uuid[], integer[], integer[], timestamptz[]
    )
TO bonpois_app;
GRANT SELECT ON ledger.redemption, ledger.refund, ledger.receipt_counter, ledger.request_outcome TO bonpois_app;
GRANT INSERT (id, redemption_id, till_id, amount_cents, reason, occurred_at) ON ledger.refund TO bonpois_app;
GRANT INSERT (merchant_id, request_key, fingerprint, fate, result_id, refusal, facts, decided_at)
ON ledger.request_outcome TO bonpois_app;
