-- Wallets: a telephone that shows the code of a card, and what its holder does without anybody: block, change a PIN,
-- dispute.

-- A one-time code for the telephone of one card; it stands in the letter.
CREATE TABLE ledger.wallet_invitation (
    code_hmac bytea PRIMARY KEY CHECK (length(code_hmac) = 32),
    card_id uuid NOT NULL REFERENCES ledger.card,
    expires_at timestamptz NOT NULL,
    invited_by uuid NOT NULL REFERENCES ledger.operator,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- One telephone for each card, for good: the unique card decides between two that enrol at once. Blocking the card ends
-- the wallet, too. The token is derived from the code and a number that only that telephone knows.
CREATE TABLE ledger.wallet (
    id uuid PRIMARY KEY,
    card_id uuid NOT NULL UNIQUE REFERENCES ledger.card,
    code_hmac bytea NOT NULL UNIQUE REFERENCES ledger.wallet_invitation,
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    enrolled_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- The PINs of a paper card after its first one, which stands with the card; the last one counts.
CREATE TABLE ledger.card_pin (
    card_id uuid NOT NULL REFERENCES ledger.card,
    number integer NOT NULL CHECK (number >= 1),
    pin_hmac bytea NOT NULL CHECK (length(pin_hmac) = 32),
    wallet_id uuid NOT NULL REFERENCES ledger.wallet,
    changed_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (card_id, number)
);

CALL ledger.keep_facts('ledger.wallet_invitation');
CALL ledger.keep_facts('ledger.wallet');
CALL ledger.keep_facts('ledger.card_pin');
GRANT SELECT ON ledger.wallet_invitation, ledger.wallet, ledger.card_pin TO bonpois_app;
GRANT INSERT (code_hmac, card_id, expires_at, invited_by) ON ledger.wallet_invitation TO bonpois_app;
GRANT INSERT (id, card_id, code_hmac, token_sha256, enrolled_at) ON ledger.wallet TO bonpois_app;
GRANT INSERT (card_id, number, pin_hmac, wallet_id, changed_at) ON ledger.card_pin TO bonpois_app;

-- "I did not buy this": the subject is the sale. An agent looks into it and says so.
INSERT INTO ledger.subject (code, first_state) VALUES ('sale', 'undisputed');
INSERT INTO ledger.transition (subject, event, from_state, to_state) VALUES
    ('sale', 'dispute', 'undisputed', 'disputed'),
    ('sale', 'answer', 'disputed', 'answered');
