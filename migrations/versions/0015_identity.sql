-- People who leave, and bank accounts that change (L12).

-- That somebody was erased, by whom and when: what is left once identity has forgotten who it was.
CREATE TABLE ledger.erasure (
    household_id uuid PRIMARY KEY REFERENCES ledger.household,
    erased_by uuid NOT NULL REFERENCES ledger.operator,
    erased_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- A change of IBAN waits for a second person, then for its cooling period, in which anybody may withdraw it.
-- iban_hmac: under the key of the merchant; the number itself stands in identity only.
CREATE TABLE ledger.iban_change (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.proposal,
    merchant_id uuid NOT NULL REFERENCES ledger.merchant,
    iban_hmac bytea NOT NULL CHECK (length(iban_hmac) = 32),
    cooling_days smallint NOT NULL CHECK (cooling_days BETWEEN 3 AND 30),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX iban_change_of_merchant ON ledger.iban_change (merchant_id);

CREATE TABLE ledger.iban_withdrawal (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.iban_change,
    withdrawn_by uuid NOT NULL REFERENCES ledger.operator,
    withdrawn_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- From when a change counts, once it is approved and unless it was withdrawn.
CREATE VIEW ledger.iban_approved AS
SELECT c.proposal_id, c.merchant_id, a.approved_at + c.cooling_days * interval '24 hours' AS effective_at
FROM ledger.iban_change AS c
INNER JOIN ledger.approval AS a ON a.proposal_id = c.proposal_id
WHERE NOT EXISTS (SELECT FROM ledger.iban_withdrawal AS w WHERE w.proposal_id = c.proposal_id);

-- The IBAN of a change until it has replaced the one in merchant_bank, or never will.
CREATE TABLE identity.merchant_iban (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.iban_change,
    iban bytea NOT NULL
);

CALL ledger.keep_facts('ledger.erasure');
CALL ledger.keep_facts('ledger.iban_change');
CALL ledger.keep_facts('ledger.iban_withdrawal');

GRANT SELECT ON ledger.erasure, ledger.iban_change, ledger.iban_withdrawal, ledger.iban_approved,
identity.merchant_iban TO bonpois_app;
GRANT INSERT (household_id, erased_by, erased_at) ON ledger.erasure TO bonpois_app;
GRANT INSERT (proposal_id, merchant_id, iban_hmac, cooling_days) ON ledger.iban_change TO bonpois_app;
GRANT INSERT (proposal_id, withdrawn_by, withdrawn_at) ON ledger.iban_withdrawal TO bonpois_app;
GRANT INSERT, DELETE ON identity.merchant_iban TO bonpois_app;
