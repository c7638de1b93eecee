-- The day's sales as the association is told of them, its answer, and what a reconciliation reads beside its units.

-- A file that was sent: written again from its lines it is the same to the byte. Numbers run without a gap.
CREATE TABLE ledger.remittance (
    id uuid PRIMARY KEY,
    number integer NOT NULL UNIQUE CHECK (number >= 1),
    first_day date NOT NULL,
    last_day date NOT NULL,
    line_count integer NOT NULL CHECK (line_count >= 1),
    item_count integer NOT NULL CHECK (item_count >= line_count),
    control_cents bigint NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    made_by uuid NOT NULL REFERENCES ledger.operator,
    made_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (first_day <= last_day)
);

-- One line of the file: a sale, a refund, or the total of a merchant's day. Of the household and its card: nothing.
CREATE TABLE ledger.remittance_line (
    remittance_id uuid NOT NULL REFERENCES ledger.remittance,
    number integer NOT NULL CHECK (number >= 1),
    kind text NOT NULL CHECK (kind IN ('sale', 'refund', 'total')),
    booked_on date NOT NULL,
    merchant_id uuid NOT NULL REFERENCES ledger.merchant,
    item_count integer NOT NULL CHECK (item_count >= 1),
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (remittance_id, number),
    CHECK (kind = 'total' OR item_count = 1)
);

-- The primary key lets each sale and refund be told once.
CREATE TABLE ledger.remittance_item (
    transaction_id uuid PRIMARY KEY REFERENCES ledger.ledger_transaction,
    remittance_id uuid NOT NULL,
    number integer NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    FOREIGN KEY (remittance_id, number) REFERENCES ledger.remittance_line
);
CREATE INDEX remittance_item_of_line ON ledger.remittance_item (remittance_id, number);

-- What the association said of a line. Refused, it may still be accepted; accepted, that is its last word.
CREATE TABLE ledger.remittance_answer (
    remittance_id uuid NOT NULL,
    number integer NOT NULL,
    nth integer NOT NULL CHECK (nth >= 1),
    accepted boolean NOT NULL,
    their_reference text CHECK (their_reference ~ '^[!-~]{1,64}$'),
    code text CHECK (code ~ '^[A-Za-z0-9._-]{1,20}$'),
    answered_at timestamptz NOT NULL,
    read_by uuid NOT NULL REFERENCES ledger.operator,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (remittance_id, number, nth),
    FOREIGN KEY (remittance_id, number) REFERENCES ledger.remittance_line,
    CHECK (accepted = (their_reference IS NOT NULL)),
    CHECK (accepted OR code IS NOT NULL)
);
CREATE UNIQUE INDEX remittance_answer_accepted_once ON ledger.remittance_answer (remittance_id, number)
WHERE accepted;

-- A remittance comes whole, once: lines in one go with it, items in one go after them, and all of it adds up.
CREATE FUNCTION ledger.take_remittance_items() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    whole boolean;
BEGIN
    WITH per_line AS (
        SELECT l.remittance_id, l.number, l.kind, l.amount_cents,
            count(t.transaction_id) = l.item_count
            AND bool_and(
                t.booked_on = l.booked_on AND t.merchant_id = l.merchant_id AND t.is_sale = (l.kind <> 'refund')
            ) AND sum(t.amount_cents) = l.amount_cents AS adds_up
        FROM remittance_line AS l
        LEFT JOIN (
            SELECT i.remittance_id, i.number, s.* FROM taken AS i
            INNER JOIN remittable AS s ON s.transaction_id = i.transaction_id
        ) AS t ON t.remittance_id = l.remittance_id AND t.number = l.number
        WHERE l.remittance_id IN (SELECT remittance_id FROM taken)
        GROUP BY l.remittance_id, l.number
    ), per_remittance AS (
        SELECT r.id, r.xid = pg_current_xact_id() AND bool_and(p.adds_up) AND count(*) = r.line_count
            AND min(p.number) = 1 AND max(p.number) = r.line_count
            AND (SELECT count(*) FROM taken AS i WHERE i.remittance_id = r.id) = r.item_count
            AND sum(CASE p.kind WHEN 'refund' THEN -p.amount_cents ELSE p.amount_cents END) = r.control_cents AS whole
        FROM remittance AS r INNER JOIN per_line AS p ON p.remittance_id = r.id
        GROUP BY r.id
    )
    SELECT bool_and(per_remittance.whole IS TRUE) INTO whole FROM per_remittance;
    IF NOT whole THEN
        RAISE EXCEPTION 'a remittance is incomplete or does not add up' USING ERRCODE = 'BPX03';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER take_remittance_items AFTER INSERT ON ledger.remittance_item
REFERENCING NEW TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION ledger.take_remittance_items();

CREATE FUNCTION ledger.require_remittance_items() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM remittance_item AS i WHERE i.remittance_id = new.remittance_id AND i.number = new.number
    ) THEN
        RAISE EXCEPTION 'line % of a remittance has no items', new.number USING ERRCODE = 'BPX03';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER has_items AFTER INSERT ON ledger.remittance_line
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.require_remittance_items();

-- The sales and refunds that the association has to know of. reference: the ticket, for a refund that of its sale.
CREATE VIEW ledger.remittable AS
SELECT t.id AS transaction_id, f.id IS NULL AS is_sale, t.booked_on, t.occurred_at,
    sale.merchant_id, sale.receipt_year, sale.receipt_number, sale.reference,
    coalesce(f.amount_cents, sale.approved_cents) AS amount_cents
FROM ledger.ledger_transaction AS t
LEFT JOIN ledger.refund AS f ON f.id = t.id
INNER JOIN ledger.redemption AS sale ON sale.id = coalesce(f.redemption_id, t.id)
WHERE t.kind IN (5, 6);

-- Each line as it stands: accepted, refused, or not answered yet.
CREATE VIEW ledger.remittance_line_now AS
SELECT l.remittance_id, l.number, answer.accepted, answer.their_reference, answer.code, answer.nth
FROM ledger.remittance_line AS l
LEFT JOIN LATERAL (
    SELECT a.* FROM ledger.remittance_answer AS a
    WHERE a.remittance_id = l.remittance_id AND a.number = l.number ORDER BY a.nth DESC LIMIT 1
) AS answer ON true;

-- What tells our units of a reconciliation beyond their amount: the reference that the association acknowledged
-- them with, the lot in which a bank paid them, the commission in it in the holder's view, the break they answer.
CREATE VIEW ledger.unit_mark AS
SELECT 'pois' AS account, i.transaction_id, a.their_reference AS remitted, NULL::text AS lot,
    0::bigint AS commission_cents, NULL::uuid AS answers
FROM ledger.remittance_item AS i
INNER JOIN ledger.remittance_answer AS a ON a.remittance_id = i.remittance_id AND a.number = i.number AND a.accepted
UNION ALL
SELECT 'reserve', p.id, NULL, p.lot_reference, -p.commission_cents, NULL FROM ledger.payout AS p
UNION ALL
SELECT 'reserve', r.id, NULL, p.lot_reference, r.amount_cents - p.net_cents, NULL
FROM ledger.payout_return AS r INNER JOIN ledger.payout AS p ON p.id = r.payout_id
UNION ALL
SELECT 'reserve', c.id, NULL, NULL, -c.commission_cents, NULL
FROM ledger.coupon_movement AS c WHERE c.commission_cents IS NOT NULL
UNION ALL
SELECT r.code, m.transaction_id, NULL, NULL, 0, m.break_id
FROM ledger.proposed_move AS m CROSS JOIN ledger.reconciled_account AS r WHERE m.break_id IS NOT NULL;

CALL ledger.keep_facts('ledger.remittance');
CALL ledger.keep_facts('ledger.remittance_line');
CALL ledger.keep_facts('ledger.remittance_item');
CALL ledger.keep_facts('ledger.remittance_answer');

REVOKE EXECUTE ON FUNCTION ledger.take_remittance_items(), ledger.require_remittance_items() FROM public;
GRANT SELECT ON ledger.remittance, ledger.remittance_line, ledger.remittance_item, ledger.remittance_answer,
ledger.remittable, ledger.remittance_line_now, ledger.unit_mark TO bonpois_app;
GRANT INSERT (
    id, number, first_day, last_day, line_count, item_count, control_cents, sha256, made_by, made_at
) ON ledger.remittance TO bonpois_app;
GRANT INSERT (remittance_id, number, kind, booked_on, merchant_id, item_count, amount_cents)
ON ledger.remittance_line TO bonpois_app;
GRANT INSERT (transaction_id, remittance_id, number) ON ledger.remittance_item TO bonpois_app;
GRANT INSERT (remittance_id, number, nth, accepted, their_reference, code, answered_at, read_by)
ON ledger.remittance_answer TO bonpois_app;
