-- Merchants' money: conversions into euros, paper coupons, payments from merchant to merchant; the owner's
-- one-time codes; merchants who leave. The id of each fact is its transaction's.

INSERT INTO ledger.subject (code, first_state) VALUES ('conversion', 'requested');
INSERT INTO ledger.transition (subject, event, from_state, to_state) VALUES
    ('conversion', 'cancel', 'requested', 'cancelled'),
    ('conversion', 'cancel', 'returned', 'cancelled'),
    ('conversion', 'pay', 'requested', 'paid'),
    ('conversion', 'pay', 'returned', 'paid'),
    ('conversion', 'return', 'paid', 'returned'),
    ('merchant', 'close', 'approved', 'closed'),
    ('merchant', 'close', 'suspended', 'closed');

-- What the association keeps of a conversion, in hundredths of a percent; the last one from a day on applies.
CREATE TABLE ledger.commission_rate (
    number integer PRIMARY KEY CHECK (number >= 1),
    basis_points integer NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    from_day date NOT NULL,
    set_by uuid REFERENCES ledger.operator,
    set_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (number = 1 OR set_by IS NOT NULL)
);
INSERT INTO ledger.commission_rate (number, basis_points, from_day, set_at)
VALUES (1, 200, '1970-01-01', '1970-01-01 00:00+00');

CREATE TABLE ledger.conversion (
    id uuid PRIMARY KEY REFERENCES ledger.ledger_transaction,
    merchant_id uuid NOT NULL REFERENCES ledger.merchant,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    till_id uuid NOT NULL REFERENCES ledger.till,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX conversion_of_merchant ON ledger.conversion (merchant_id);

-- By the owner's device, or by an operator. A conversion is cancelled once.
CREATE TABLE ledger.conversion_cancellation (
    id uuid PRIMARY KEY REFERENCES ledger.ledger_transaction,
    conversion_id uuid NOT NULL UNIQUE REFERENCES ledger.conversion,
    till_id uuid REFERENCES ledger.till,
    operator_id uuid REFERENCES ledger.operator,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (num_nonnulls(till_id, operator_id) = 1)
);

-- What the treasurer's bank carried out in one go. The primary key takes a lot once; its day is the bank's.
CREATE TABLE ledger.payout_lot (
    reference text PRIMARY KEY CHECK (reference ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,34}$'),
    paid_on date NOT NULL,
    imported_by uuid NOT NULL REFERENCES ledger.operator,
    imported_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- A conversion that the bank sent back may be paid again, in another lot.
CREATE TABLE ledger.payout (
    id uuid PRIMARY KEY REFERENCES ledger.ledger_transaction,
    conversion_id uuid NOT NULL REFERENCES ledger.conversion,
    lot_reference text NOT NULL REFERENCES ledger.payout_lot
    CHECK (lot_reference ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,34}$'),
    net_cents bigint NOT NULL CHECK (net_cents >= 0),
    commission_cents bigint NOT NULL CHECK (commission_cents >= 0),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (conversion_id, lot_reference),
    CHECK (net_cents + commission_cents > 0)
);
CREATE INDEX payout_of_lot ON ledger.payout (lot_reference);

-- amount_cents: what is to be converted again; the net alone where the association keeps its commission.
CREATE TABLE ledger.payout_return (
    id uuid PRIMARY KEY REFERENCES ledger.ledger_transaction,
    payout_id uuid NOT NULL UNIQUE REFERENCES ledger.payout,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    operator_id uuid NOT NULL REFERENCES ledger.operator,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ledger.merchant_payment (
    id uuid PRIMARY KEY REFERENCES ledger.ledger_transaction,
    payer_id uuid NOT NULL REFERENCES ledger.merchant,
    payee_id uuid NOT NULL REFERENCES ledger.merchant,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    till_id uuid NOT NULL REFERENCES ledger.till,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (payer_id <> payee_id)
);

-- Out, back, or converted: the transaction's kind says which. Whole Pois only: there are no coupons of centimes.
CREATE TABLE ledger.coupon_movement (
    id uuid PRIMARY KEY REFERENCES ledger.ledger_transaction,
    merchant_id uuid NOT NULL REFERENCES ledger.merchant,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0 AND amount_cents % 100 = 0),
    commission_cents bigint CHECK (commission_cents BETWEEN 0 AND amount_cents),
    till_id uuid REFERENCES ledger.till,
    operator_id uuid REFERENCES ledger.operator,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (num_nonnulls(till_id, operator_id) = 1)
);

-- The owner's TOTP secret, encrypted and bound to the merchant; the last one enrolled is the one that counts.
CREATE TABLE ledger.owner_secret (
    merchant_id uuid NOT NULL REFERENCES ledger.merchant,
    number integer NOT NULL CHECK (number >= 1),
    secret bytea NOT NULL,
    enrolled_by uuid NOT NULL REFERENCES ledger.operator,
    enrolled_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (merchant_id, number)
);

-- L6 for owners: each step once, in the unit of work of what it allows.
CREATE TABLE ledger.owner_step (
    merchant_id uuid NOT NULL REFERENCES ledger.merchant,
    step bigint NOT NULL CHECK (step > 0),
    transaction_id uuid NOT NULL UNIQUE REFERENCES ledger.ledger_transaction,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (merchant_id, step)
);

-- A sale that was decided before its merchant left waits for the balance that the closing has locked; it must
-- not be booked then. The desk decides it again.
CREATE FUNCTION ledger.refuse_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM require(NOT EXISTS (
        SELECT FROM sold INNER JOIN subject_state AS s ON s.subject_id = sold.merchant_id WHERE s.state = 'closed'
    ), 'a merchant');
    RETURN NULL;
END
$$;
CREATE TRIGGER refuse_closed AFTER INSERT ON ledger.redemption
REFERENCING NEW TABLE AS sold FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_closed();

-- What a merchant sees of its own account, line by line: an amount that comes in is positive.
CREATE VIEW ledger.merchant_line AS
SELECT p.account_id, p.version, t.id AS transaction_id, k.code AS kind, t.booked_on, t.occurred_at,
    -p.amount_cents AS amount_cents,
    r.receipt_year, r.receipt_number, r.reference, o.siret AS other_siret
FROM ledger.posting AS p
INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
INNER JOIN ledger.transaction_kind AS k ON k.id = t.kind
LEFT JOIN ledger.refund AS f ON f.id = t.id
LEFT JOIN ledger.redemption AS r ON r.id = coalesce(f.redemption_id, t.id)
LEFT JOIN ledger.merchant_payment AS mp ON mp.id = t.id
LEFT JOIN ledger.merchant AS o ON o.id IN (mp.payer_id, mp.payee_id) AND o.account_id <> p.account_id;

CALL ledger.keep_facts('ledger.commission_rate');
CALL ledger.keep_facts('ledger.conversion');
CALL ledger.keep_facts('ledger.conversion_cancellation');
CALL ledger.keep_facts('ledger.payout_lot');
CALL ledger.keep_facts('ledger.payout');
CALL ledger.keep_facts('ledger.payout_return');
CALL ledger.keep_facts('ledger.merchant_payment');
CALL ledger.keep_facts('ledger.coupon_movement');
CALL ledger.keep_facts('ledger.owner_secret');
CALL ledger.keep_facts('ledger.owner_step');
REVOKE EXECUTE ON FUNCTION ledger.refuse_closed() FROM public;
GRANT SELECT ON ledger.commission_rate, ledger.conversion, ledger.conversion_cancellation, ledger.payout_lot,
ledger.payout, ledger.payout_return, ledger.merchant_payment, ledger.coupon_movement, ledger.owner_secret,
ledger.owner_step, ledger.merchant_line TO bonpois_app;
GRANT INSERT (number, basis_points, from_day, set_by, set_at) ON ledger.commission_rate TO bonpois_app;
GRANT INSERT (id, merchant_id, amount_cents, till_id) ON ledger.conversion TO bonpois_app;
GRANT INSERT (id, conversion_id, till_id, operator_id) ON ledger.conversion_cancellation TO bonpois_app;
GRANT INSERT (reference, paid_on, imported_by, imported_at) ON ledger.payout_lot TO bonpois_app;
GRANT INSERT (id, conversion_id, lot_reference, net_cents, commission_cents) ON ledger.payout TO bonpois_app;
GRANT INSERT (id, payout_id, amount_cents, operator_id) ON ledger.payout_return TO bonpois_app;
GRANT INSERT (id, payer_id, payee_id, amount_cents, till_id) ON ledger.merchant_payment TO bonpois_app;
GRANT INSERT (id, merchant_id, amount_cents, commission_cents, till_id, operator_id)
ON ledger.coupon_movement TO bonpois_app;
GRANT INSERT (merchant_id, number, secret, enrolled_by, enrolled_at) ON ledger.owner_secret TO bonpois_app;
GRANT INSERT (merchant_id, step, transaction_id) ON ledger.owner_step TO bonpois_app;
