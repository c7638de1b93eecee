-- The hot path at full speed: fewer statements, each row touched once. What holds is what held before.

-- L1, L3, L4, L8, L14 in one look at the postings of one statement. Balances move here and nowhere else.
-- The one UPDATE also brings each account's kind, and carries the account's postings along to be added up per
-- transaction: no balance is read twice. A session keeps the first plan, be it made for two postings or for ten
-- thousand. Only index look-ups are let in, so that it serves both: a scan or hash of all balances is 20 times slower
-- for two, a loop over the statement's own rows quadratic for ten thousand.
CREATE OR REPLACE FUNCTION ledger.settle() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    fault record;
BEGIN
    WITH leg AS (
        SELECT p.*,
            first_value(p.version) OVER run AS first_version,
            first_value(p.balance_after_cents - p.amount_cents) OVER run AS opening_cents,
            p.version = lag(p.version + 1, 1, p.version) OVER run
            AND p.balance_after_cents - p.amount_cents
                = lag(p.balance_after_cents, 1, p.balance_after_cents - p.amount_cents) OVER run AS continues
        FROM posted AS p
        WINDOW run AS (PARTITION BY p.account_id ORDER BY p.version)
    ), account_run AS (
        SELECT account_id, first_version, opening_cents,
            max(version) AS last_version, sum(amount_cents)::bigint AS moved_cents, max(posted_at) AS posted_at,
            min(balance_after_cents) AS lowest_cents, max(balance_after_cents) AS highest_cents,
            bool_and(continues) AND min(posted_at) = max(posted_at) AS contiguous,
            array_agg(transaction_id) AS transactions, array_agg(line) AS lines, array_agg(amount_cents) AS amounts
        FROM leg GROUP BY account_id, first_version, opening_cents
    ), moved AS (
        UPDATE balance AS b
        SET balance_cents = b.balance_cents + r.moved_cents, version = r.last_version, last_posted_at = r.posted_at
        FROM account_run AS r
        WHERE b.account_id = r.account_id AND r.contiguous AND r.posted_at > b.last_posted_at
            AND b.version = r.first_version - 1 AND b.balance_cents = r.opening_cents
        RETURNING b.asset, b.backing, 1 << b.kind AS kind_bit, r.posted_at, r.transactions, r.lines, r.amounts,
            b.side * r.lowest_cents >= 0 AND b.side * r.highest_cents >= 0 AS on_its_side
    ), per_asset AS (
        SELECT l.transaction_id, m.asset, count(*) AS legs, min(l.line) AS first_line, max(l.line) AS last_line,
            min(m.posted_at) AS first_posted_at, max(m.posted_at) AS last_posted_at,
            sum(l.amount_cents) AS sum_cents, sum(m.backing * l.amount_cents) AS backing_cents,
            coalesce(bit_or(m.kind_bit) FILTER (WHERE l.amount_cents > 0), 0) AS debits,
            coalesce(bit_or(m.kind_bit) FILTER (WHERE l.amount_cents < 0), 0) AS credits
        FROM moved AS m
        CROSS JOIN unnest(m.transactions, m.lines, m.amounts) AS l (transaction_id, line, amount_cents)
        GROUP BY l.transaction_id, m.asset
    ), per_transaction AS (
        SELECT a.transaction_id, t.kind,
            coalesce(
                sum(a.legs) = t.posting_count AND min(a.first_line) = 1 AND max(a.last_line) = t.posting_count
                AND min(a.first_posted_at) = t.posted_at AND max(a.last_posted_at) = t.posted_at
                AND bool_and(a.sum_cents = 0), false
            ) AS whole,
            sum(a.backing_cents) = 0 AS backed,
            array_agg(a.debits) AS debits, array_agg(a.credits) AS credits
        FROM per_asset AS a
        LEFT JOIN ledger_transaction AS t ON t.id = a.transaction_id AND t.xid = pg_current_xact_id()
        GROUP BY a.transaction_id, t.kind, t.posting_count, t.posted_at
    ), shape AS (
        SELECT DISTINCT p.kind, d.debits, d.credits
        FROM per_transaction AS p CROSS JOIN unnest(p.debits, p.credits) AS d (debits, credits)
    )
    SELECT
        (SELECT count(*) FROM account_run) <> (SELECT count(*) FROM moved) AS l3,
        EXISTS (SELECT FROM moved WHERE NOT on_its_side) AS l4,
        NOT bool_and(p.whole) AS l1,
        EXISTS (
            SELECT FROM shape AS d WHERE bit_count(d.debits::bit(32)) * bit_count(d.credits::bit(32)) <> (
                SELECT count(*) FROM transaction_shape AS s
                WHERE s.kind = d.kind AND d.debits >> s.debit_kind & 1 = 1 AND d.credits >> s.credit_kind & 1 = 1
            )
        ) AS l14,
        NOT bool_and(p.backed) AS l8
    INTO fault
    FROM per_transaction AS p;

    IF fault.l3 THEN
        RAISE EXCEPTION 'L3: version, balance_after or posted_at does not continue the account' USING ERRCODE = 'BPL03';
    ELSIF fault.l4 THEN
        RAISE EXCEPTION 'L4: a posting leaves an account across zero' USING ERRCODE = 'BPL04';
    ELSIF fault.l1 THEN
        RAISE EXCEPTION 'L1: a transaction is unbalanced or incomplete' USING ERRCODE = 'BPL01';
    ELSIF fault.l14 THEN
        RAISE EXCEPTION 'L14: no transaction of this kind has this shape' USING ERRCODE = 'BPL14';
    ELSIF fault.l8 THEN
        RAISE EXCEPTION 'L8: euros held or owed would differ from Pois backed' USING ERRCODE = 'BPL08';
    END IF;
    RETURN NULL;
END
$$;

-- The one writer, as before, in two statements: the locks, then both inserts. The second begins when this unit of work
-- has its number, so that what it reads of the last seal is later than that number.
CREATE OR REPLACE FUNCTION ledger.post(
    ids uuid[], kinds smallint[], occurred timestamptz[], approvals uuid[],
    positions integer[], accounts bigint[], amounts bigint[], expected_versions bigint[]
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    last_posted_at timestamptz;
    leg_counts integer[];
    written record;
BEGIN
    PERFORM require(current_setting('transaction_isolation') = 'read committed', 'the isolation of the transaction');
    SELECT max(l.last_posted_at), (
        SELECT array_agg(c.legs ORDER BY c.position)
        FROM (SELECT n.position, count(*) AS legs FROM unnest(positions) AS n (position) GROUP BY n.position) AS c
    )
    INTO last_posted_at, leg_counts
    FROM (
        SELECT b.last_posted_at FROM balance AS b
        WHERE b.account_id = ANY (accounts) ORDER BY b.account_id FOR NO KEY UPDATE
    ) AS l;

    WITH instant AS MATERIALIZED (
        SELECT greatest(
            clock_timestamp(), last_posted_at + interval '1 microsecond',
            (SELECT observed_at FROM seal ORDER BY number DESC LIMIT 1) + interval '1 microsecond'
        ) AS posted_at
    ), head AS (
        INSERT INTO ledger_transaction (id, kind, occurred_at, booked_on, posting_count, approval_id, posted_at)
        SELECT t.id, t.kind, t.occurred_at, booking_day(t.occurred_at), coalesce(t.legs, 0), t.approval_id, i.posted_at
        FROM unnest(ids, kinds, occurred, approvals, leg_counts) AS t (id, kind, occurred_at, approval_id, legs)
        CROSS JOIN instant AS i
    ), leg AS MATERIALIZED (
        SELECT p.account_id, p.position, p.amount_cents,
            row_number() OVER (PARTITION BY p.position ORDER BY p.nth) AS line,
            b.version + row_number() OVER in_account AS version,
            b.balance_cents + sum(p.amount_cents) OVER in_account AS balance_after_cents,
            b.version <> p.expected_version AS overtaken
        FROM unnest(positions, accounts, amounts, expected_versions) WITH ORDINALITY
            AS p (position, account_id, amount_cents, expected_version, nth)
        INNER JOIN balance AS b ON b.account_id = p.account_id
        WINDOW in_account AS (PARTITION BY p.account_id ORDER BY p.nth)
    ), body AS (
        INSERT INTO posting (account_id, version, transaction_id, line, amount_cents, balance_after_cents, posted_at)
        SELECT l.account_id, l.version, ids[l.position], l.line, l.amount_cents, l.balance_after_cents, i.posted_at
        FROM leg AS l CROSS JOIN instant AS i
    )
    SELECT i.posted_at, EXISTS (SELECT FROM leg AS l WHERE l.overtaken) AS overtaken
    INTO written
    FROM instant AS i;
    PERFORM require(NOT written.overtaken, 'an account moved');
    RETURN written.posted_at;
END
$$;

-- L6, in one look.
CREATE OR REPLACE FUNCTION ledger.advance_card_clock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    all_later boolean;
BEGIN
    WITH per_card AS (
        SELECT card_id, min(step) AS first_step, max(step) AS last_step FROM accepted GROUP BY card_id ORDER BY card_id
    ), advanced AS (
        UPDATE card_clock AS c SET last_step = p.last_step
        FROM per_card AS p WHERE c.card_id = p.card_id AND c.last_step < p.first_step
        RETURNING true
    )
    SELECT (SELECT count(*) FROM per_card) = (SELECT count(*) FROM advanced) INTO all_later;
    IF NOT all_later THEN
        RAISE EXCEPTION 'L6: a step is not greater than the last one accepted' USING ERRCODE = 'BPL06';
    END IF;
    RETURN NULL;
END
$$;

-- The write of one batch of decided requests: all of it, or BPX01 / a broken invariant and nothing. Arrays run side by
-- side: per sale, per basket line (each sale says its first and last), per posting, per code and per spending of a card
-- (*_of arrays name their sale by position), per outcome, per count of wrong codes.
CREATE FUNCTION ledger.record_batch(
    decided_at timestamptz,
    ids uuid[], merchants uuid[], tills uuid[], cards uuid[], references_ text[],
    first_lines integer[], last_lines integer[], baskets bigint[], approvals bigint[],
    line_categories text[], line_asked bigint[], line_approved bigint[],
    posting_of integer[], posting_accounts bigint[], posting_amounts bigint[], posting_versions bigint[],
    step_of integer[], steps bigint[],
    spending_cards uuid[], spending_before bigint[], spending_after bigint[],
    outcome_merchants uuid[], keys bytea[], fingerprints bytea[],
    results uuid[], refusals smallint[], refusal_facts text[],
    failure_scopes text[], failure_cards uuid[], failure_tills uuid[],
    failures_before integer[], failures_after integer[], failures_since timestamptz[]
) RETURNS integer[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    sales integer := cardinality(ids);
    today date := booking_day(decided_at);
    this_year smallint := extract(year FROM today);
    numbers integer[] := '{}';
    as_read boolean;
    counted integer;
BEGIN
    IF sales > 0 THEN
        PERFORM post(
            ids, array_fill(5::smallint, ARRAY[sales]), array_fill(decided_at, ARRAY[sales]),
            array_fill(NULL::uuid, ARRAY[sales]), posting_of, posting_accounts, posting_amounts, posting_versions
        );
        -- Under the locks of the merchants' accounts, which post() took: receipts are numbered in the order of the
        -- batch, and what was read at the load and may have changed since is looked at again.
        WITH sale AS MATERIALIZED (
            SELECT s.*, row_number() OVER in_shop AS nth, count(*) OVER (PARTITION BY s.merchant_id) AS of_shop
            FROM unnest(ids, merchants, tills, cards, references_, first_lines, last_lines, baskets, approvals)
                WITH ORDINALITY AS s (
                    id, merchant_id, till_id, card_id, reference, first_line, last_line, basket, approved, position
                )
            WINDOW in_shop AS (PARTITION BY s.merchant_id ORDER BY s.position)
        ), counter AS (
            INSERT INTO receipt_counter AS c (merchant_id, year, last_number)
            SELECT merchant_id, this_year, of_shop FROM sale WHERE nth = 1 ORDER BY merchant_id
            ON CONFLICT (merchant_id, year) DO UPDATE SET last_number = c.last_number + excluded.last_number
            RETURNING merchant_id, last_number
        ), numbered AS MATERIALIZED (
            SELECT s.*, (c.last_number - s.of_shop + s.nth)::integer AS receipt_number
            FROM sale AS s INNER JOIN counter AS c USING (merchant_id)
        ), kept AS (
            INSERT INTO redemption (
                id, merchant_id, till_id, card_id, receipt_year, receipt_number, reference,
                categories, asked_cents, approved_by_line_cents, basket_cents, approved_cents, occurred_at
            )
            SELECT id, merchant_id, till_id, card_id, this_year, receipt_number, reference,
                line_categories[first_line:last_line], line_asked[first_line:last_line],
                line_approved[first_line:last_line], basket, approved, decided_at
            FROM numbered
        ), used AS (
            INSERT INTO card_step (card_id, step, transaction_id)
            SELECT cards[position], step, ids[position] FROM unnest(step_of, steps) AS s (position, step)
        ), spent AS (
            INSERT INTO card_spending AS c (card_id, day, spent_cents)
            SELECT card_id, today, after FROM unnest(spending_cards, spending_after) AS s (card_id, after)
            ORDER BY card_id
            ON CONFLICT (card_id) DO UPDATE SET day = excluded.day, spent_cents = excluded.spent_cents
            WHERE c.day <= excluded.day -- else a clock that fell back over midnight would lift the cap of the later day
                AND CASE WHEN c.day = excluded.day THEN c.spent_cents ELSE 0 END
                = spending_before[array_position(spending_cards, c.card_id)]
            RETURNING true
        )
        SELECT array_agg(n.receipt_number ORDER BY n.position),
            (SELECT count(*) FROM spent) = cardinality(spending_cards) AND NOT EXISTS (
                SELECT FROM subject_state
                WHERE subject_id = ANY (merchants || tills || cards) AND state NOT IN ('approved', 'paired', 'active')
            )
        INTO numbers, as_read
        FROM numbered AS n;
        PERFORM require(as_read, 'a merchant, a till, a card or its spending');
    END IF;

    -- A key that has an outcome aborts (L5).
    INSERT INTO request_outcome (merchant_id, request_key, fingerprint, fate, result_id, refusal, facts, decided_at)
    SELECT merchant_id, key, fingerprint, CASE WHEN result_id IS NULL THEN 'refused' ELSE 'approved' END,
        result_id, refusal, fact::jsonb, decided_at
    FROM unnest(outcome_merchants, keys, fingerprints, results, refusals, refusal_facts)
        AS o (merchant_id, key, fingerprint, result_id, refusal, fact)
    ORDER BY key, merchant_id;

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
        GET DIAGNOSTICS counted = ROW_COUNT;
        PERFORM require(counted = cardinality(failure_scopes), 'a count of wrong codes');
    END IF;
    RETURN numbers;
END
$$;

-- It does what these three did.
DROP TRIGGER refuse_closed ON ledger.redemption;
-- squawk-ignore ban-drop-function
DROP FUNCTION
    ledger.refuse_closed(),
    ledger.record_redemptions(
        uuid[], timestamptz[], uuid[], uuid[], uuid[], text[], integer[], text[], bigint[], bigint[],
        integer[], bigint[], bigint[], bigint[], uuid[], bigint[], integer[], uuid[], date[], bigint[], bigint[]
    ),
    ledger.record_outcomes(
        uuid[], bytea[], bytea[], text[], uuid[], smallint[], text[], timestamptz[],
        text[], uuid[], uuid[], integer[], integer[], timestamptz[]
    );

REVOKE EXECUTE ON FUNCTION ledger.record_batch FROM public;
GRANT EXECUTE ON FUNCTION ledger.record_batch TO bonpois_app;

-- What is empty in every row needs no place in an index.
-- squawk-ignore ban-drop-constraint
ALTER TABLE ledger.ledger_transaction DROP CONSTRAINT ledger_transaction_reverses_id_key;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX ledger_transaction_reverses_id ON ledger.ledger_transaction (reverses_id)
WHERE reverses_id IS NOT NULL;
