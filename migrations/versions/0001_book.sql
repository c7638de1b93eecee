-- The two schemas, the guard that makes a table append-only (L2), and the mark of a rehearsal.

CREATE SCHEMA ledger;
CREATE SCHEMA identity;

GRANT USAGE ON SCHEMA ledger, identity TO bonpois_app;

-- L2. A statement-level guard also refuses a change that would touch no row.
CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'facts are append-only: % of %.% is refused', tg_op, tg_table_schema, tg_table_name
        USING ERRCODE = 'BPL02';
END
$$;

CREATE PROCEDURE ledger.keep_facts(fact regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', fact);
END
$$;

-- Only a home made by the rehearsal command may run with a foreign clock: one row here, for good.
CREATE TABLE ledger.rehearsal (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    marked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CALL ledger.keep_facts('ledger.rehearsal');
GRANT SELECT ON ledger.rehearsal TO bonpois_app;
GRANT INSERT (single) ON ledger.rehearsal TO bonpois_app;

-- The optimistic writer's last word: what it counted on no longer holds; it loads again and decides again.
CREATE FUNCTION ledger.require(holds boolean, what text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION 'changed meanwhile: %', what USING ERRCODE = 'BPX01';
    END IF;
END
$$;
