-- Merchants, their tills, and the one-time codes by which a till is paired.

CREATE TABLE ledger.merchant (
    id uuid PRIMARY KEY,
    siret text NOT NULL UNIQUE CHECK (siret ~ '^[0-9]{14}$'),
    name text NOT NULL CHECK (name ~ '^[A-Za-zÀ-ÖØ-öø-ž0-9 ''’"«».,()&/+!°:-]{1,80}$'),
    town text NOT NULL CHECK (town ~ '^[A-Za-zÀ-ÖØ-öø-ž ''’-]{1,60}$'),
    categories text[] NOT NULL,
    remittance text NOT NULL CHECK (remittance IN ('detail', 'daily')),
    account_id bigint NOT NULL UNIQUE REFERENCES ledger.account,
    converting_account_id bigint NOT NULL UNIQUE REFERENCES ledger.account,
    registered_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (array_to_string(categories, ' ') ~ '^([a-z-]{1,40}( |$))*$')
);

-- The bank account is personal data of a sole trader: encrypted, apart.
CREATE TABLE identity.merchant_bank (
    merchant_id uuid PRIMARY KEY REFERENCES ledger.merchant,
    iban bytea NOT NULL
);

CREATE TABLE ledger.pairing (
    code_hmac bytea PRIMARY KEY CHECK (length(code_hmac) = 32),
    merchant_id uuid NOT NULL REFERENCES ledger.merchant,
    scope text NOT NULL CHECK (scope IN ('till', 'merchant')),
    expires_at timestamptz NOT NULL,
    invited_by uuid NOT NULL REFERENCES ledger.operator,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- The unique pairing makes the code work once.
CREATE TABLE ledger.till (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES ledger.merchant,
    scope text NOT NULL CHECK (scope IN ('till', 'merchant')),
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    pairing_hmac bytea NOT NULL UNIQUE REFERENCES ledger.pairing,
    paired_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX till_of_merchant ON ledger.till (merchant_id);

CALL ledger.keep_facts('ledger.merchant');
CALL ledger.keep_facts('ledger.pairing');
CALL ledger.keep_facts('ledger.till');
GRANT SELECT ON ledger.merchant, ledger.pairing, ledger.till TO bonpois_app;
GRANT INSERT (
    id, siret, name, town, categories, remittance, account_id, converting_account_id, registered_at
) ON ledger.merchant TO bonpois_app;
GRANT INSERT (code_hmac, merchant_id, scope, expires_at, invited_by) ON ledger.pairing TO bonpois_app;
GRANT INSERT (id, merchant_id, scope, token_sha256, pairing_hmac, paired_at) ON ledger.till TO bonpois_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.merchant_bank TO bonpois_app;
