-- Sealing (L13): every fact row is a leaf of one growing tree (RFC 6962), in an order that no late commit can change.

-- The clusters in which these books have lived. Transaction ids start again in a new one, so that each row says in
-- which it was written: a literal default, which begin_epoch() moves after a restore into another cluster.
CREATE TABLE ledger.cluster (
    number smallint PRIMARY KEY CHECK (number >= 1),
    system_identifier bigint NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- Who signs checkpoints: Ed25519 (RFC 8032). Each key but the first is endorsed by the one before it.
CREATE TABLE ledger.sealing_key (
    number smallint PRIMARY KEY CHECK (number >= 1),
    public_key bytea NOT NULL UNIQUE CHECK (length(public_key) = 32),
    endorsement bytea CHECK (length(endorsement) = 64),
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((number = 1) = (endorsement IS NULL))
);

-- Facts that had no mark of their unit of work; those that are there get this one's.
DO $$
DECLARE
    fact regclass;
BEGIN
    FOREACH fact IN ARRAY ARRAY[
        'ledger.account_kind', 'ledger.transaction_kind', 'ledger.transaction_shape', 'ledger.subject',
        'ledger.transition', 'ledger.reconciled_account', 'ledger.reconciled_account_kind', 'ledger.unsigned_fact'
    ]::regclass[] LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id()', fact);
    END LOOP;
END
$$;

-- What the last epoch is, as the default of a column.
CREATE FUNCTION ledger.present_epoch() RETURNS smallint
LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
    SELECT coalesce(max(number), 1::smallint) FROM cluster
$$;

-- A table of facts: nothing is changed or deleted (L2), and whatever has an xid is sealed, by the order of it (L13).
-- Postings have none: they are sealed with their transaction. Seals have none either.
CREATE OR REPLACE PROCEDURE ledger.keep_facts(fact regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', fact);
    CALL ledger.let_seal(fact);
    CALL ledger.make_leaves();
END
$$;

CREATE PROCEDURE ledger.let_seal(fact regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = fact AND attname = 'xid' AND attnum > 0) THEN
        EXECUTE format('ALTER TABLE %s ADD COLUMN epoch smallint NOT NULL DEFAULT %s', fact, ledger.present_epoch());
        EXECUTE format('CREATE INDEX %I ON %s (xid)', (SELECT relname FROM pg_class WHERE oid = fact) || '_xid', fact);
    END IF;
END
$$;

-- The leaves, all of them, as readable text: the name of the table and the row as JSON without its nulls, so that a
-- column that is added later changes no leaf. After a transaction stand its postings, each as line, account, version,
-- amount and balance after it (they have its posted_at). A sale hides its card behind a digest of both: the receipt
-- that a shop hands on lets nobody tell which sales were paid with one card. What somebody tampered with may have no
-- postings or no card: it is a leaf nevertheless, another one.
CREATE PROCEDURE ledger.make_leaves()
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE (
        SELECT 'CREATE OR REPLACE VIEW ledger.leaf AS ' || string_agg(format(
            'SELECT f.epoch, f.xid, %L::text COLLATE "C" AS fact, %L || coalesce(%s, '''') AS content FROM %s AS f',
            c.relname, c.relname || ' ',
            CASE c.relname
                WHEN 'ledger_transaction' THEN
                    'jsonb_strip_nulls(to_jsonb(f))::text || '' '' || (SELECT array_to_json(array_agg(ARRAY['
                    'p.line, p.account_id, p.version, p.amount_cents, p.balance_after_cents] ORDER BY p.line))::text '
                    'FROM ledger.posting AS p WHERE p.transaction_id = f.id)'
                WHEN 'redemption' THEN
                    'jsonb_strip_nulls(to_jsonb(f) - ''card_id'')::text || '
                    ''' "'' || encode(sha256(uuid_send(f.id) || uuid_send(f.card_id)), ''hex'') || ''"'''
                ELSE 'jsonb_strip_nulls(to_jsonb(f))::text'
            END,
            c.oid::regclass
        ), ' UNION ALL ' ORDER BY c.relname COLLATE "C")
        FROM pg_class AS c
        WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'r'
            AND (SELECT count(*) FROM pg_attribute
                WHERE attrelid = c.oid AND attname IN ('xid', 'epoch') AND NOT attisdropped) = 2
    );
END
$$;

CALL ledger.keep_facts('ledger.cluster');
CALL ledger.keep_facts('ledger.sealing_key');
DO $$
DECLARE
    fact regclass;
BEGIN
    FOR fact IN
        SELECT tgrelid FROM pg_trigger
        WHERE tgname = 'append_only' AND tgrelid NOT IN ('ledger.cluster'::regclass, 'ledger.sealing_key'::regclass)
    LOOP
        CALL ledger.let_seal(fact);
    END LOOP;
END
$$;
CALL ledger.make_leaves();
INSERT INTO ledger.cluster (number, system_identifier) SELECT 1, system_identifier FROM pg_control_system();

-- Leaf hashes of a span of units of work (RFC 6962 §2.1: SHA-256 of a zero byte and the leaf), in the order of the
-- tree: by transaction id, then table, then hash. Instants are written in UTC whatever the session says.
CREATE FUNCTION ledger.leaf_hashes(of_epoch smallint, from_xid xid8, upto_xid xid8)
RETURNS TABLE (xid xid8, fact text, hash bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp
SET timezone = 'UTC' SET bytea_output = 'hex' SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT l.xid, l.fact, sha256('\x00'::bytea || convert_to(l.content, 'UTF8')) AS hash
    FROM leaf AS l WHERE l.epoch = of_epoch AND l.xid >= from_xid AND l.xid < upto_xid
    ORDER BY xid, fact, hash;
END
$$;

-- The leaves of one unit of work themselves.
CREATE FUNCTION ledger.leaf_contents(of_epoch smallint, of_xid xid8) RETURNS TABLE (fact text, content text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp
SET timezone = 'UTC' SET bytea_output = 'hex' SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY SELECT l.fact, l.content FROM leaf AS l WHERE l.epoch = of_epoch AND l.xid = of_xid;
END
$$;

-- A seal: the leaves of all units of work from xid_from up to, without, xid_upto; the root of the whole tree with
-- them; and the checkpoint, signed outside the database, which names every other column. begun_below: no transaction
-- id from here on had been given out once the seal before this one was committed.
CREATE TABLE ledger.seal (
    number bigint PRIMARY KEY CHECK (number >= 1),
    epoch smallint NOT NULL,
    xid_from xid8 NOT NULL,
    xid_upto xid8 NOT NULL,
    begun_below xid8 NOT NULL,
    first_leaf bigint NOT NULL CHECK (first_leaf >= 0),
    leaf_count integer NOT NULL CHECK (leaf_count >= 0),
    leaves bytea NOT NULL,
    root bytea NOT NULL CHECK (length(root) = 32),
    observed_at timestamptz NOT NULL,
    final_until timestamptz,
    key_number smallint NOT NULL REFERENCES ledger.sealing_key,
    note text NOT NULL CHECK (note ~ '^[ -~—\n]+$' AND length(note) <= 2000),
    CHECK (length(leaves) = 32 * leaf_count)
);
ALTER TABLE ledger.seal ALTER COLUMN leaves SET STORAGE EXTERNAL;
CREATE INDEX seal_first_leaf ON ledger.seal (first_leaf);
CALL ledger.keep_facts('ledger.seal');

-- Roots of complete subtrees of 2^level leaves, from 256 leaves on: what makes proofs short to find.
CREATE TABLE ledger.tree_node (
    level smallint NOT NULL CHECK (level BETWEEN 8 AND 62),
    position bigint NOT NULL CHECK (position >= 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
);
CALL ledger.keep_facts('ledger.tree_node');

-- What was posted up to this instant can no longer gain company, if every unit of work below `upto` is finished: any
-- other began after the seal that observed it was committed, and posts later than it observed (see post()).
CREATE FUNCTION ledger.final_until(of_epoch smallint, upto xid8) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
    SELECT s.observed_at FROM seal AS s INNER JOIN seal AS next ON next.number = s.number + 1
    WHERE next.epoch < of_epoch OR next.epoch = of_epoch AND next.begun_below <= upto
    ORDER BY s.number DESC LIMIT 1
$$;

-- A seal continues the one before it and stays below whatever is still being written. One at a time.
CREATE FUNCTION ledger.continue_seals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    before seal%ROWTYPE;
    present smallint := present_epoch();
    the_end CONSTANT xid8 := '18446744073709551615';
BEGIN
    PERFORM pg_advisory_xact_lock(4713813331);
    SELECT * INTO before FROM seal ORDER BY number DESC LIMIT 1;
    IF before.number IS NULL THEN
        before.number := 0; before.epoch := 1; before.xid_upto := '0'; before.first_leaf := 0; before.leaf_count := 0;
        before.observed_at := '-infinity';
    END IF;
    PERFORM require(
        new.number = before.number + 1 AND new.first_leaf = before.first_leaf + before.leaf_count
        AND new.xid_upto >= new.xid_from AND new.begun_below <= pg_snapshot_xmax(pg_current_snapshot())
        AND CASE WHEN new.epoch = before.epoch THEN new.xid_from = before.xid_upto
            ELSE new.epoch = before.epoch + 1 AND before.xid_upto = the_end AND new.xid_from = '0' END
        AND CASE WHEN new.epoch = present
            THEN new.xid_upto <= pg_snapshot_xmin(pg_current_snapshot()) AND new.xid_upto <= new.begun_below
            ELSE new.epoch < present AND new.xid_upto = the_end END
        AND new.observed_at > before.observed_at
        AND new.observed_at <= greatest(clock_timestamp(), before.observed_at + interval '1 microsecond')
        AND new.final_until IS NOT DISTINCT FROM final_until(new.epoch, new.xid_upto),
        'the seals'
    );
    RETURN new;
END
$$;
CREATE TRIGGER continue_seals BEFORE INSERT ON ledger.seal FOR EACH ROW EXECUTE FUNCTION ledger.continue_seals();

-- Books that were restored into another cluster begin an epoch there. As the owner, before anybody writes.
CREATE PROCEDURE ledger.begin_epoch()
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
DECLARE
    here bigint := (SELECT system_identifier FROM pg_control_system());
    begun smallint := present_epoch() + 1::smallint;
    fact regclass;
BEGIN
    IF here = (SELECT system_identifier FROM cluster ORDER BY number DESC LIMIT 1) THEN
        RETURN;
    END IF;
    FOR fact IN
        SELECT a.attrelid FROM pg_attribute AS a INNER JOIN pg_trigger AS g ON g.tgrelid = a.attrelid
        WHERE g.tgname = 'append_only' AND a.attname = 'epoch' AND a.attrelid <> 'seal'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN epoch SET DEFAULT %s', fact, begun);
    END LOOP;
    INSERT INTO cluster (number, system_identifier) VALUES (begun, here);
END
$$;

-- As before, and: later than what the last seal observed, which is read once this unit of work has its number.
CREATE OR REPLACE FUNCTION ledger.post(
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
    PERFORM require(current_setting('transaction_isolation') = 'read committed', 'the isolation of the transaction');
    SELECT greatest(clock_timestamp(), max(locked.last_posted_at) + interval '1 microsecond') INTO instant
    FROM (
        SELECT last_posted_at FROM balance WHERE account_id = ANY (accounts) ORDER BY account_id FOR NO KEY UPDATE
    ) AS locked;
    SELECT greatest(instant, s.observed_at + interval '1 microsecond') INTO instant
    FROM (VALUES (true)) AS always
    LEFT JOIN LATERAL (SELECT observed_at FROM seal ORDER BY number DESC LIMIT 1) AS s ON true;

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

REVOKE EXECUTE ON FUNCTION
    ledger.present_epoch(), ledger.leaf_hashes(smallint, xid8, xid8), ledger.leaf_contents(smallint, xid8),
    ledger.final_until(smallint, xid8), ledger.continue_seals()
FROM public;
REVOKE EXECUTE ON PROCEDURE ledger.let_seal(regclass), ledger.make_leaves(), ledger.begin_epoch() FROM public;
GRANT EXECUTE ON FUNCTION
    ledger.present_epoch(), ledger.leaf_hashes(smallint, xid8, xid8), ledger.leaf_contents(smallint, xid8),
    ledger.final_until(smallint, xid8)
TO bonpois_app;
GRANT SELECT ON ledger.cluster, ledger.sealing_key, ledger.seal, ledger.tree_node, ledger.leaf TO bonpois_app;
GRANT INSERT (number, public_key, endorsement) ON ledger.sealing_key TO bonpois_app;
GRANT INSERT (
    number, epoch, xid_from, xid_upto, begun_below, first_leaf, leaf_count, leaves, root, observed_at, final_until,
    key_number, note
) ON ledger.seal TO bonpois_app;
GRANT INSERT (level, position, hash) ON ledger.tree_node TO bonpois_app;
