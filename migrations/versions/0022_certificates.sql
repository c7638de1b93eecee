-- Certified months (L11): what two people signed does not change; whatever is known later goes to the open month.

-- What is proposed: the month, and word for word what both sign. seal_number: the checkpoint that the text names, which
-- has sealed every transaction of the month.
CREATE TABLE ledger.proposed_certificate (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.proposal,
    period date NOT NULL CHECK (extract(DAY FROM period) = 1),
    version smallint NOT NULL CHECK (version >= 1),
    seal_number bigint NOT NULL REFERENCES ledger.seal,
    content text NOT NULL CHECK (content ~ '^\{[^\u0001-\u001f\u007f-\u009f]*\}$' AND length(content) <= 2000000),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (proposal_id, period, version)
);

-- A month that was certified: its proposal was approved. A later version follows a reopening.
CREATE TABLE ledger.certificate (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.approval (proposal_id),
    period date NOT NULL,
    version smallint NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (period, version),
    FOREIGN KEY (proposal_id, period, version) REFERENCES ledger.proposed_certificate (proposal_id, period, version)
);

CREATE TABLE ledger.proposed_reopening (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.proposal,
    period date NOT NULL,
    version smallint NOT NULL,
    reason text NOT NULL CHECK (reason ~ '^[a-z-]{1,30}$'),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (proposal_id, period, version),
    FOREIGN KEY (period, version) REFERENCES ledger.certificate (period, version)
);

-- That a certificate holds no longer. It stays what it was; the next version of its month supersedes it.
CREATE TABLE ledger.reopening (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.approval (proposal_id),
    period date NOT NULL,
    version smallint NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (period, version),
    FOREIGN KEY (proposal_id, period, version) REFERENCES ledger.proposed_reopening (proposal_id, period, version)
);

-- The last day of a month.
CREATE FUNCTION ledger.month_end(period date) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (month_end.period + interval '1 month' - interval '1 day')::date
$$;

-- The last day of the last month that is certified; none, where no month is. Months are certified one after the other
-- and reopened from the last one backwards, so that this one day says it all.
CREATE FUNCTION ledger.certified_until() RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    SELECT month_end(c.period) FROM certificate AS c
    WHERE NOT EXISTS (SELECT FROM reopening AS r WHERE r.period = c.period AND r.version = c.version)
    ORDER BY c.period DESC LIMIT 1
$$;

-- Whoever books shares this turn, whoever certifies or reopens has it alone: so a sale is in the certificate or in the
-- open month, never in between. Asked for before anything is locked; what is read after it is later than it.
CREATE FUNCTION ledger.take_closing_turn(alone boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN alone THEN pg_advisory_xact_lock(hashtext('bonpois closing'))
        ELSE pg_advisory_xact_lock_shared(hashtext('bonpois closing'))
    END
$$;

-- The same among those who import and match, who take longer; tills do not wait for it.
CREATE FUNCTION ledger.take_reconciling_turn(alone boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN alone THEN pg_advisory_xact_lock(hashtext('bonpois reconciling'))
        ELSE pg_advisory_xact_lock_shared(hashtext('bonpois reconciling'))
    END
$$;

CREATE FUNCTION ledger.require_l11(holds boolean, what text) RETURNS void
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION 'L11: %', what USING ERRCODE = 'BPL11';
    END IF;
END
$$;

-- What is proposed comes with its proposal, in one unit of work, and is what was signed.
CREATE FUNCTION ledger.take_proposed_certificate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM require_l11(EXISTS (
        SELECT FROM proposal AS p
        WHERE p.id = new.proposal_id AND p.xid = pg_current_xact_id() AND p.kind = 'certificate'
            AND p.content_sha256 = sha256(convert_to(new.content, 'UTF8'))
    ), 'a certificate is not what was proposed');
    RETURN new;
END
$$;
CREATE TRIGGER take_proposed_certificate BEFORE INSERT ON ledger.proposed_certificate
FOR EACH ROW EXECUTE FUNCTION ledger.take_proposed_certificate();

CREATE FUNCTION ledger.take_proposed_reopening() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM require_l11(EXISTS (
        SELECT FROM proposal AS p
        WHERE p.id = new.proposal_id AND p.xid = pg_current_xact_id() AND p.kind = 'reopening'
            AND p.content_sha256 = sha256(convert_to(concat_ws(
                chr(10), 'reopening ' || to_char(new.period, 'YYYY-MM'), 'version ' || new.version,
                'reason ' || new.reason
            ), 'UTF8'))
    ), 'a reopening is not what was proposed');
    RETURN new;
END
$$;
CREATE TRIGGER take_proposed_reopening BEFORE INSERT ON ledger.proposed_reopening
FOR EACH ROW EXECUTE FUNCTION ledger.take_proposed_reopening();

-- Is every transaction that is booked up to a day sealed by this seal?
CREATE FUNCTION ledger.is_sealed_until(last_day date, seal_number bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
    SELECT NOT EXISTS (
        SELECT FROM ledger_transaction AS t
        WHERE t.epoch = s.epoch AND t.xid >= s.xid_upto AND t.booked_on <= last_day
    ) AND NOT EXISTS (
        SELECT FROM ledger_transaction AS t
        WHERE t.epoch > s.epoch AND t.epoch <= present_epoch() AND t.booked_on <= last_day AND t.xid >= '0'
    )
    FROM seal AS s WHERE s.number = is_sealed_until.seal_number
$$;

-- While nobody books: the next month in turn, the next version of it, and nothing in it that the checkpoint in what
-- was signed does not cover.
CREATE FUNCTION ledger.close_month() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    until date;
BEGIN
    PERFORM take_reconciling_turn(true);
    PERFORM take_closing_turn(true);
    until := certified_until();
    PERFORM require_l11(coalesce(new.period = until + 1, true), 'months are certified one after the other');
    PERFORM require_l11(new.version = 1 + (
        SELECT coalesce(max(c.version), 0) FROM certificate AS c WHERE c.period = new.period
    ), 'versions follow each other');
    PERFORM require_l11((
        SELECT is_sealed_until(month_end(p.period), p.seal_number)
        FROM proposed_certificate AS p WHERE p.proposal_id = new.proposal_id
    ), 'something in this month came after what was signed');
    new.recorded_at := clock_timestamp(); -- by now, nobody books any more
    RETURN new;
END
$$;
CREATE TRIGGER close_month BEFORE INSERT ON ledger.certificate
FOR EACH ROW EXECUTE FUNCTION ledger.close_month();

CREATE FUNCTION ledger.reopen_month() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM take_reconciling_turn(true);
    PERFORM take_closing_turn(true);
    PERFORM require_l11(month_end(new.period) = certified_until(), 'only the last certified month is reopened');
    PERFORM require_l11(new.version = (
        SELECT max(c.version) FROM certificate AS c WHERE c.period = new.period
    ), 'this version holds no longer');
    new.recorded_at := clock_timestamp(); -- nobody books yet
    RETURN new;
END
$$;
CREATE TRIGGER reopen_month BEFORE INSERT ON ledger.reopening
FOR EACH ROW EXECUTE FUNCTION ledger.reopen_month();

-- L11. Nothing is booked into a certified month, by whomever.
CREATE FUNCTION ledger.refuse_certified_days() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    earliest date;
BEGIN
    PERFORM take_closing_turn(false);
    SELECT min(b.booked_on) INTO earliest FROM booked AS b;
    IF earliest <= certified_until() THEN
        RAISE EXCEPTION 'L11: % is in a certified month', earliest USING ERRCODE = 'BPL11';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER refuse_certified_days AFTER INSERT ON ledger.ledger_transaction
REFERENCING NEW TABLE AS booked FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_certified_days();

-- L11. No statement comes into a certified month, and no match is made or taken back that was complete in it: its
-- report stays what it was. What was open at its end may be matched with what came later.
CREATE FUNCTION ledger.refuse_certified_statements() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM take_reconciling_turn(false);
    IF EXISTS (SELECT FROM told AS s WHERE s.first_day <= certified_until()) THEN
        RAISE EXCEPTION 'L11: a statement is about a certified month' USING ERRCODE = 'BPL11';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER refuse_certified_statements AFTER INSERT ON ledger.statement
REFERENCING NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_certified_statements();

CREATE FUNCTION ledger.refuse_certified_matches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM take_reconciling_turn(false);
    IF EXISTS (SELECT FROM made AS m WHERE m.complete_on <= certified_until()) THEN
        RAISE EXCEPTION 'L11: a match is of a certified month' USING ERRCODE = 'BPL11';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER refuse_certified_matches AFTER INSERT ON ledger.match
REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_certified_matches();

CREATE FUNCTION ledger.refuse_certified_unmatches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM take_reconciling_turn(false);
    IF EXISTS (
        SELECT FROM taken_back AS u INNER JOIN match AS m ON m.id = u.match_id WHERE m.complete_on <= certified_until()
    ) THEN
        RAISE EXCEPTION 'L11: a match is of a certified month' USING ERRCODE = 'BPL11';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER refuse_certified_unmatches AFTER INSERT ON ledger.unmatch
REFERENCING NEW TABLE AS taken_back FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_certified_unmatches();

-- The one writer, as before; and what occurred in a certified month is booked on the first day of the open one.
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
    open_day date;
    written record;
BEGIN
    PERFORM require(current_setting('transaction_isolation') = 'read committed', 'the isolation of the transaction');
    PERFORM take_closing_turn(false);
    open_day := certified_until() + 1;
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
        SELECT t.id, t.kind, t.occurred_at, greatest(booking_day(t.occurred_at), open_day), coalesce(t.legs, 0),
            t.approval_id, i.posted_at
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

-- As before, and the turn comes first here, too: whoever waits for it holds no balance.
CREATE OR REPLACE FUNCTION ledger.lock_balances(accounts bigint[])
RETURNS TABLE (account_id bigint, balance_cents bigint, version bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    SELECT take_closing_turn(false);
    SELECT b.account_id, b.balance_cents, b.version
    FROM balance AS b WHERE b.account_id = ANY (accounts) ORDER BY b.account_id FOR NO KEY UPDATE
$$;

CALL ledger.keep_facts('ledger.proposed_certificate');
CALL ledger.keep_facts('ledger.certificate');
CALL ledger.keep_facts('ledger.proposed_reopening');
CALL ledger.keep_facts('ledger.reopening');

REVOKE EXECUTE ON FUNCTION
    ledger.month_end(date), ledger.certified_until(), ledger.take_closing_turn(boolean),
    ledger.take_reconciling_turn(boolean), ledger.require_l11(boolean, text), ledger.take_proposed_certificate(),
    ledger.take_proposed_reopening(), ledger.is_sealed_until(date, bigint), ledger.close_month(),
    ledger.reopen_month(), ledger.refuse_certified_days(), ledger.refuse_certified_statements(),
    ledger.refuse_certified_matches(), ledger.refuse_certified_unmatches()
FROM public;
GRANT EXECUTE ON FUNCTION
    ledger.month_end(date), ledger.certified_until(), ledger.take_reconciling_turn(boolean),
    ledger.is_sealed_until(date, bigint)
TO bonpois_app;
GRANT SELECT ON ledger.proposed_certificate, ledger.certificate, ledger.proposed_reopening, ledger.reopening
TO bonpois_app;
GRANT INSERT (proposal_id, period, version, seal_number, content) ON ledger.proposed_certificate TO bonpois_app;
GRANT INSERT (proposal_id, period, version) ON ledger.certificate TO bonpois_app;
GRANT INSERT (proposal_id, period, version, reason) ON ledger.proposed_reopening TO bonpois_app;
GRANT INSERT (proposal_id, period, version) ON ledger.reopening TO bonpois_app;
