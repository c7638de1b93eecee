-- The euros mandated to the association, and their confirmation.

CREATE TABLE ledger.mandate (
    id uuid PRIMARY KEY REFERENCES ledger.ledger_transaction,
    programme_id uuid NOT NULL REFERENCES ledger.programme,
    number text NOT NULL UNIQUE CHECK (number ~ '^[A-Za-z0-9/.-]{1,30}$'),
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    operator_id uuid NOT NULL REFERENCES ledger.operator,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- The primary key lets a mandate be funded once.
CREATE TABLE ledger.funding (
    mandate_id uuid PRIMARY KEY REFERENCES ledger.mandate,
    transaction_id uuid NOT NULL UNIQUE REFERENCES ledger.ledger_transaction,
    operator_id uuid NOT NULL REFERENCES ledger.operator,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CALL ledger.keep_facts('ledger.mandate');
CALL ledger.keep_facts('ledger.funding');
GRANT SELECT ON ledger.mandate, ledger.funding TO bonpois_app;
GRANT INSERT (id, programme_id, number, amount_cents, operator_id) ON ledger.mandate TO bonpois_app;
GRANT INSERT (mandate_id, transaction_id, operator_id) ON ledger.funding TO bonpois_app;
