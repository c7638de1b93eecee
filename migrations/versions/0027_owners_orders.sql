-- What an owner orders about the shop's own devices with a code of the telephone: to invite a till, to revoke one.
-- The step stands with those of the movements, so that one code allows one thing, of whatever kind (L6). Nothing that
-- is there changes: two columns that were always filled may now be empty, where an order stands in their place.

-- squawk-ignore ban-drop-not-null
ALTER TABLE ledger.owner_step ALTER COLUMN transaction_id DROP NOT NULL;
-- squawk-ignore ban-drop-not-null
ALTER TABLE ledger.pairing ALTER COLUMN invited_by DROP NOT NULL;

-- device_id: by which device it was asked; then what was invited, or which till was revoked.
CREATE TABLE ledger.owner_order (
    merchant_id uuid NOT NULL,
    step bigint NOT NULL,
    device_id uuid NOT NULL REFERENCES ledger.till,
    pairing_hmac bytea UNIQUE REFERENCES ledger.pairing,
    till_id uuid UNIQUE REFERENCES ledger.till,
    ordered_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (merchant_id, step),
    FOREIGN KEY (merchant_id, step) REFERENCES ledger.owner_step,
    CHECK (num_nonnulls(pairing_hmac, till_id) = 1)
);

CALL ledger.keep_facts('ledger.owner_order');
GRANT SELECT ON ledger.owner_order TO bonpois_app;
GRANT INSERT (merchant_id, step, device_id, pairing_hmac, till_id, ordered_at) ON ledger.owner_order TO bonpois_app;
