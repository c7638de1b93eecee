-- The books: accounts, transactions, postings, balances (L1, L2, L3, L4, L8, L14).

-- side: +1 debit-normal, -1 credit-normal, 0 either. backing (L8): +1 euros held or owed, -1 Pois they back.
CREATE TABLE ledger.account_kind (
    id smallint PRIMARY KEY CHECK (id BETWEEN 1 AND 30),
    code text NOT NULL UNIQUE CHECK (code ~ '^[a-z]+(:[a-zA-Z-]+)?$'),
    asset text NOT NULL CHECK (asset IN ('EUR', 'POIS')),
    side smallint NOT NULL CHECK (side IN (-1, 0, 1)),
    backing smallint NOT NULL DEFAULT 0 CHECK (backing IN (-1, 0, 1)),
    shared boolean NOT NULL
);

INSERT INTO ledger.account_kind (id, code, asset, side, backing, shared) VALUES
    (1, 'ccas:mandated', 'EUR', -1, 0, true),
    (2, 'ccas:returned', 'EUR', 1, 0, true),
    (3, 'association:in-transit', 'EUR', 1, 0, true),
    (4, 'association:guarantee-fund', 'EUR', 1, 1, true),
    (5, 'association:owes-reserve', 'EUR', 1, 1, true),
    (6, 'association:paid-out', 'EUR', 1, 0, true),
    (7, 'association:commission', 'EUR', 1, 0, true),
    (8, 'suspense:EUR', 'EUR', 0, 1, true),
    (9, 'association:issued', 'POIS', 1, -1, true),
    (10, 'programme:pool', 'POIS', -1, 0, true),
    (11, 'programme:returning', 'POIS', -1, 0, true),
    (12, 'voucher', 'POIS', -1, 0, false),
    (13, 'merchant', 'POIS', -1, 0, false),
    (14, 'merchant:converting', 'POIS', -1, 0, false),
    (15, 'coupons:circulating', 'POIS', -1, 0, true),
    (16, 'suspense:POIS', 'POIS', 0, -1, true);

CREATE TABLE ledger.transaction_kind (
    id smallint PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[a-z-]+$'),
    approved boolean NOT NULL
);

INSERT INTO ledger.transaction_kind (id, code, approved) VALUES
    (1, 'mandate', false), (2, 'mandate-cancelled', false), (3, 'funding', false), (4, 'issue', true),
    (5, 'redemption', false), (6, 'refund', false), (7, 'lapse', false), (8, 'revocation', false),
    (9, 'merchant-payment', false), (10, 'conversion-request', false), (11, 'conversion-cancelled', false),
    (12, 'conversion-paid', false), (13, 'conversion-returned', false), (14, 'coupons', false),
    (15, 'coupons-returned', false), (16, 'coupons-converted', false), (17, 'return-requested', true),
    (18, 'return-paid', true), (19, 'reserve-loss', true), (20, 'reserve-made-good', true),
    (21, 'adjustment', true), (22, 'reversal', true);

-- L14: which kind of account may be debited against which, per kind of transaction. Nothing else is possible.
CREATE TABLE ledger.transaction_shape (
    kind smallint NOT NULL REFERENCES ledger.transaction_kind,
    debit_kind smallint NOT NULL REFERENCES ledger.account_kind,
    credit_kind smallint NOT NULL REFERENCES ledger.account_kind,
    PRIMARY KEY (kind, debit_kind, credit_kind)
);

INSERT INTO ledger.transaction_shape (kind, debit_kind, credit_kind)
SELECT t.id, d.id, c.id
FROM (VALUES
    ('mandate', 'association:in-transit', 'ccas:mandated'),
    ('mandate-cancelled', 'ccas:mandated', 'association:in-transit'),
    ('funding', 'association:guarantee-fund', 'association:in-transit'),
    ('funding', 'association:issued', 'programme:pool'),
    ('issue', 'programme:pool', 'voucher'),
    ('redemption', 'voucher', 'merchant'),
    ('refund', 'merchant', 'voucher'),
    ('refund', 'merchant', 'programme:pool'),
    ('lapse', 'voucher', 'programme:pool'),
    ('revocation', 'voucher', 'programme:pool'),
    ('merchant-payment', 'merchant', 'merchant'),
    ('conversion-request', 'merchant', 'merchant:converting'),
    ('conversion-cancelled', 'merchant:converting', 'merchant'),
    ('conversion-paid', 'merchant:converting', 'association:issued'),
    ('conversion-paid', 'association:paid-out', 'association:guarantee-fund'),
    ('conversion-paid', 'association:commission', 'association:guarantee-fund'),
    ('conversion-returned', 'association:issued', 'merchant:converting'),
    ('conversion-returned', 'association:guarantee-fund', 'association:paid-out'),
    ('conversion-returned', 'association:guarantee-fund', 'association:commission'),
    ('coupons', 'merchant', 'coupons:circulating'),
    ('coupons-returned', 'coupons:circulating', 'merchant'),
    ('coupons-converted', 'coupons:circulating', 'association:issued'),
    ('coupons-converted', 'association:paid-out', 'association:guarantee-fund'),
    ('coupons-converted', 'association:commission', 'association:guarantee-fund'),
    ('return-requested', 'programme:pool', 'programme:returning'),
    ('return-paid', 'programme:returning', 'association:issued'),
    ('return-paid', 'ccas:returned', 'association:guarantee-fund'),
    ('reserve-loss', 'association:owes-reserve', 'association:guarantee-fund'),
    ('reserve-made-good', 'association:guarantee-fund', 'association:owes-reserve')
) AS shape (kind, debit, credit)
INNER JOIN ledger.transaction_kind AS t ON t.code = shape.kind
INNER JOIN ledger.account_kind AS d ON d.code = shape.debit
INNER JOIN ledger.account_kind AS c ON c.code = shape.credit;

-- A reversal mirrors any shape; an adjustment moves between suspense and anything of the same asset.
INSERT INTO ledger.transaction_shape (kind, debit_kind, credit_kind)
SELECT DISTINCT 22, credit_kind, debit_kind FROM ledger.transaction_shape
UNION
SELECT 21, d.id, c.id FROM ledger.account_kind AS d
INNER JOIN ledger.account_kind AS c ON c.asset = d.asset AND c.id <> d.id
WHERE d.side = 0 OR c.side = 0
UNION
SELECT 22, c.id, d.id FROM ledger.account_kind AS d
INNER JOIN ledger.account_kind AS c ON c.asset = d.asset AND c.id <> d.id
WHERE d.side = 0 OR c.side = 0;

CALL ledger.keep_facts('ledger.account_kind');
CALL ledger.keep_facts('ledger.transaction_kind');
CALL ledger.keep_facts('ledger.transaction_shape');

-- Locks are taken by ascending account id. Shared (system) accounts are numbered from 9 000 000 000 000 001 on,
-- so that they come last and are held shortest.
CREATE SEQUENCE ledger.own_account_id;
CREATE SEQUENCE ledger.shared_account_id MINVALUE 9000000000000001;

CREATE TABLE ledger.account (
    id bigint PRIMARY KEY,
    kind smallint NOT NULL REFERENCES ledger.account_kind,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z]+(:[A-Za-z0-9-]{1,40}){0,2}$'),
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CALL ledger.keep_facts('ledger.account');

-- The projection of the postings. Nobody but settle() below writes it (L3). No secondary index: HOT updates.
CREATE TABLE ledger.balance (
    account_id bigint PRIMARY KEY REFERENCES ledger.account,
    kind smallint NOT NULL,
    asset text NOT NULL CHECK (asset IN ('EUR', 'POIS')),
    side smallint NOT NULL,
    backing smallint NOT NULL,
    balance_cents bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0,
    last_posted_at timestamptz NOT NULL DEFAULT '-infinity',
    CONSTRAINT balance_keeps_its_side_l4 CHECK (side * balance_cents >= 0)
) WITH (fillfactor = 70);

CREATE TABLE ledger.ledger_transaction (
    id uuid PRIMARY KEY,
    kind smallint NOT NULL,
    occurred_at timestamptz NOT NULL,
    booked_on date NOT NULL,
    posting_count integer NOT NULL CONSTRAINT at_least_two_postings_l1 CHECK (posting_count >= 2),
    approval_id uuid,
    reverses_id uuid UNIQUE,
    posted_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT approved_kinds_point_to_an_approval_l9
    CHECK ((kind IN (4, 17, 18, 19, 20, 21, 22)) = (approval_id IS NOT NULL))
);
CREATE INDEX ledger_transaction_booked_on ON ledger.ledger_transaction USING brin (booked_on);
CALL ledger.keep_facts('ledger.ledger_transaction');

-- One leg: debit positive, credit negative, in centimes. No row-wise foreign keys: settle() checks references
-- set-wise, which is sound because accounts and transactions can be neither deleted nor renumbered.
CREATE TABLE ledger.posting (
    account_id bigint NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    transaction_id uuid NOT NULL,
    line integer NOT NULL CHECK (line >= 1),
    amount_cents bigint NOT NULL CHECK (amount_cents <> 0),
    balance_after_cents bigint NOT NULL,
    posted_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, version),
    UNIQUE (transaction_id, line)
);
CALL ledger.keep_facts('ledger.posting');

-- Opening an account makes its balance row, at zero.
CREATE FUNCTION ledger.open_balances() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    INSERT INTO balance (account_id, kind, asset, side, backing)
    SELECT a.id, a.kind, k.asset, k.side, k.backing
    FROM opened AS a INNER JOIN account_kind AS k ON k.id = a.kind;
    RETURN NULL;
END
$$;
CREATE TRIGGER open_balances AFTER INSERT ON ledger.account
REFERENCING NEW TABLE AS opened FOR EACH STATEMENT EXECUTE FUNCTION ledger.open_balances();

CREATE FUNCTION ledger.open_accounts(kind_code text, names text[]) RETURNS SETOF bigint
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    INSERT INTO account (id, kind, name)
    SELECT CASE WHEN k.shared THEN nextval('shared_account_id') ELSE nextval('own_account_id') END, k.id, n.name
    FROM unnest(names) WITH ORDINALITY AS n (name, nth)
    INNER JOIN account_kind AS k ON k.code = kind_code
    ORDER BY n.nth
    RETURNING id
$$;

-- L1, L3, L4, L8, L14 in one look at the postings of one statement. Balances move here and nowhere else.
-- A session keeps the first plan, be it made for two postings or for ten thousand. Only index look-ups are let in,
-- so that it serves both: a scan or hash of all balances is 20 times slower for two, a loop over the statement's
-- own rows quadratic for ten thousand.
CREATE FUNCTION ledger.settle() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    found_faults record;
BEGIN
    IF NOT EXISTS (SELECT FROM posted) THEN
        RETURN NULL;
    END IF;
    WITH leg AS (
        SELECT p.*,
            first_value(p.version) OVER run AS first_version,
            first_value(p.balance_after_cents - p.amount_cents) OVER run AS opening_cents,
            row_number() OVER run AS nth,
            sum(p.amount_cents) OVER run AS moved_cents
        FROM posted AS p
        WINDOW run AS (PARTITION BY p.account_id ORDER BY p.version)
    ), account_run AS (
        SELECT account_id, first_version, opening_cents,
            max(version) AS last_version, sum(amount_cents) AS moved_cents, max(posted_at) AS posted_at,
            min(balance_after_cents) AS lowest_cents, max(balance_after_cents) AS highest_cents,
            bool_and(version = first_version + nth - 1 AND balance_after_cents = opening_cents + moved_cents)
            AND min(posted_at) = max(posted_at) AS contiguous
        FROM leg GROUP BY account_id, first_version, opening_cents
    ), moved AS (
        UPDATE balance AS b
        SET balance_cents = b.balance_cents + r.moved_cents, version = r.last_version, last_posted_at = r.posted_at
        FROM account_run AS r
        WHERE b.account_id = r.account_id AND r.contiguous AND r.posted_at > b.last_posted_at
            AND b.version = r.first_version - 1 AND b.balance_cents = r.opening_cents
        RETURNING b.side * r.lowest_cents >= 0 AND b.side * r.highest_cents >= 0 AS on_its_side
    ), per_asset AS (
        SELECT p.transaction_id, t.kind, t.posting_count, b.asset,
            count(*) AS legs, min(p.line) AS first_line, max(p.line) AS last_line,
            bool_and(p.posted_at = t.posted_at) AS dated,
            sum(p.amount_cents) AS sum_cents, sum(b.backing * p.amount_cents) AS backing_cents,
            coalesce(bit_or(1 << b.kind) FILTER (WHERE p.amount_cents > 0), 0) AS debits,
            coalesce(bit_or(1 << b.kind) FILTER (WHERE p.amount_cents < 0), 0) AS credits
        FROM posted AS p
        INNER JOIN balance AS b ON b.account_id = p.account_id
        LEFT JOIN ledger_transaction AS t ON t.id = p.transaction_id AND t.xid = pg_current_xact_id()
        GROUP BY p.transaction_id, t.kind, t.posting_count, b.asset
    ), per_transaction AS (
        SELECT transaction_id,
            coalesce(
                sum(legs) = posting_count AND min(first_line) = 1 AND max(last_line) = posting_count
                AND bool_and(dated), false
            ) AS complete,
            bool_and(sum_cents = 0) AS balanced,
            sum(backing_cents) = 0 AS backed,
            bool_and((
                SELECT count(*) FROM transaction_shape AS s
                WHERE s.kind = per_asset.kind
                    AND debits >> s.debit_kind & 1 = 1 AND credits >> s.credit_kind & 1 = 1
            ) = bit_count(debits::bit(32)) * bit_count(credits::bit(32))) AS shaped
        FROM per_asset GROUP BY transaction_id, posting_count
    )
    SELECT
        (SELECT count(*) FROM account_run) <> (SELECT count(*) FROM moved) AS l3,
        EXISTS (SELECT FROM moved WHERE NOT on_its_side) AS l4,
        NOT bool_and(complete AND balanced) AS l1,
        NOT bool_and(shaped) AS l14,
        NOT bool_and(backed) AS l8
    INTO found_faults
    FROM per_transaction;

    IF found_faults.l3 THEN
        RAISE EXCEPTION 'L3: version, balance_after or posted_at does not continue the account' USING ERRCODE = 'BPL03';
    ELSIF found_faults.l4 THEN
        RAISE EXCEPTION 'L4: a posting leaves an account across zero' USING ERRCODE = 'BPL04';
    ELSIF found_faults.l1 THEN
        RAISE EXCEPTION 'L1: a transaction is unbalanced or incomplete' USING ERRCODE = 'BPL01';
    ELSIF found_faults.l14 THEN
        RAISE EXCEPTION 'L14: no transaction of this kind has this shape' USING ERRCODE = 'BPL14';
    ELSIF found_faults.l8 THEN
        RAISE EXCEPTION 'L8: euros held or owed would differ from Pois backed' USING ERRCODE = 'BPL08';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER settle AFTER INSERT ON ledger.posting
REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION ledger.settle();

-- L1, the other half: a transaction row without postings. Deferred, once per transaction.
CREATE FUNCTION ledger.require_postings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM posting WHERE transaction_id = new.id AND line = new.posting_count) THEN
        RAISE EXCEPTION 'L1: transaction % has no postings', new.id USING ERRCODE = 'BPL01';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER has_postings AFTER INSERT ON ledger.ledger_transaction
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.require_postings();

-- The day a transaction is booked on: the Paris day on which it occurred.
CREATE FUNCTION ledger.booking_day(occurred_at timestamptz) RETURNS date
LANGUAGE sql STABLE AS $$ -- no SET: it is inlined where it is called
    SELECT (occurred_at AT TIME ZONE 'Europe/Paris')::date
$$;

-- The one writer. It takes a batch of any size: transactions side by side, then their postings in order, each
-- naming its transaction by position. Locks by ascending account id; versions, balance_after and posted_at are
-- computed under the locks. An expected version, where given, must still be the account's.
CREATE FUNCTION ledger.post(
    ids uuid[], kinds smallint[], occurred timestamptz[], approvals uuid[],
    positions integer[], accounts bigint[], amounts bigint[], expected_versions bigint[]
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    instant timestamptz;
    legs integer[];
BEGIN
    SELECT greatest(clock_timestamp(), max(locked.last_posted_at) + interval '1 microsecond') INTO instant
    FROM (
        SELECT last_posted_at FROM balance WHERE account_id = ANY (accounts) ORDER BY account_id FOR NO KEY UPDATE
    ) AS locked;

    PERFORM require(NOT EXISTS (
        SELECT FROM unnest(accounts, expected_versions) AS e (account_id, version)
        INNER JOIN balance AS b ON b.account_id = e.account_id AND b.version <> e.version
    ), 'an account moved');

    SELECT array_agg(p.legs ORDER BY p.position) INTO legs
    FROM (SELECT n.position, count(*) AS legs FROM unnest(positions) AS n (position) GROUP BY n.position) AS p;

    INSERT INTO ledger_transaction (id, kind, occurred_at, booked_on, posting_count, approval_id, posted_at)
    SELECT t.id, t.kind, t.occurred_at, booking_day(t.occurred_at), coalesce(t.legs, 0), t.approval_id, instant
    FROM unnest(ids, kinds, occurred, approvals, legs) AS t (id, kind, occurred_at, approval_id, legs);

    INSERT INTO posting (account_id, version, transaction_id, line, amount_cents, balance_after_cents, posted_at)
    SELECT p.account_id,
        b.version + row_number() OVER in_account,
        ids[p.position],
        row_number() OVER (PARTITION BY p.position ORDER BY p.nth),
        p.amount_cents,
        b.balance_cents + sum(p.amount_cents) OVER in_account,
        instant
    FROM unnest(positions, accounts, amounts) WITH ORDINALITY AS p (position, account_id, amount_cents, nth)
    INNER JOIN balance AS b ON b.account_id = p.account_id
    WINDOW in_account AS (PARTITION BY p.account_id ORDER BY p.nth);
    RETURN instant;
END
$$;

-- For a decision that must not be overtaken: the same locks in the same order as post(), taken beforehand.
CREATE FUNCTION ledger.lock_balances(accounts bigint[])
RETURNS TABLE (account_id bigint, balance_cents bigint, version bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    SELECT b.account_id, b.balance_cents, b.version
    FROM balance AS b WHERE b.account_id = ANY (accounts) ORDER BY b.account_id FOR NO KEY UPDATE
$$;

-- The journal as people read it: one row per posting, with the words of the chart of accounts.
CREATE VIEW ledger.journal AS
SELECT t.id AS transaction_id, k.code AS kind, t.occurred_at, t.booked_on, t.posted_at, p.line,
    a.name AS account, ak.code AS account_kind, ak.asset, p.amount_cents, p.balance_after_cents, p.version
FROM ledger.posting AS p
INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
INNER JOIN ledger.transaction_kind AS k ON k.id = t.kind
INNER JOIN ledger.account AS a ON a.id = p.account_id
INNER JOIN ledger.account_kind AS ak ON ak.id = a.kind;

-- The accounts that exist once; a programme, a voucher, a merchant open their own.
SELECT ledger.open_accounts(k.code, ARRAY[k.code])
FROM ledger.account_kind AS k
WHERE k.shared AND k.code NOT LIKE 'programme:%' ORDER BY k.id;

-- Books that have begun can no longer become a rehearsal.
CREATE FUNCTION ledger.require_empty_books() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM require(NOT EXISTS (SELECT FROM ledger_transaction), 'the books have begun');
    RETURN NULL;
END
$$;
CREATE TRIGGER require_empty_books AFTER INSERT ON ledger.rehearsal
FOR EACH STATEMENT EXECUTE FUNCTION ledger.require_empty_books();

-- Functions are closed to PUBLIC, then opened one by one.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger FROM public;
REVOKE EXECUTE ON ALL PROCEDURES IN SCHEMA ledger FROM public;
GRANT EXECUTE ON FUNCTION ledger.require(boolean, text), ledger.booking_day(timestamptz) TO bonpois_app;
GRANT EXECUTE ON FUNCTION ledger.open_accounts(text, text[]), ledger.lock_balances(bigint[]) TO bonpois_app;
GRANT EXECUTE ON FUNCTION ledger.post(
    uuid[], smallint[], timestamptz[], uuid[], integer[], bigint[], bigint[], bigint[]
) TO bonpois_app;
GRANT SELECT ON ledger.account_kind, ledger.transaction_kind, ledger.transaction_shape, ledger.account,
ledger.balance, ledger.ledger_transaction, ledger.posting, ledger.journal TO bonpois_app;
