-- Lots that one person prepares and another approves, the file for the bank, and what the bank answers.

-- What happens to one transfer of a lot, by events. Approved or rejected is what the proposal of its lot is.
INSERT INTO ledger.subject (code, first_state) VALUES ('transfer', 'prepared');
INSERT INTO ledger.transition (subject, event, from_state, to_state) VALUES
    ('transfer', 'withdraw', 'prepared', 'withdrawn'),
    ('transfer', 'withdraw', 'exported', 'withdrawn'),
    ('transfer', 'export', 'prepared', 'exported'),
    ('transfer', 'send', 'exported', 'sent'),
    ('transfer', 'accept', 'exported', 'accepted'),
    ('transfer', 'accept', 'sent', 'accepted'),
    ('transfer', 'reject', 'exported', 'rejected'),
    ('transfer', 'reject', 'sent', 'rejected'),
    ('transfer', 'reject', 'accepted', 'rejected'),
    ('transfer', 'pay', 'exported', 'paid'),
    ('transfer', 'pay', 'sent', 'paid'),
    ('transfer', 'pay', 'accepted', 'paid'),
    ('transfer', 'return', 'paid', 'returned');

-- Who pays: the holder of the reserve. Name, IBAN and BIC stand in identity; the last one counts for new lots.
CREATE TABLE ledger.payer (
    number integer PRIMARY KEY CHECK (number >= 1),
    set_by uuid NOT NULL REFERENCES ledger.operator,
    set_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE TABLE identity.payer_account (
    number integer PRIMARY KEY REFERENCES ledger.payer,
    content bytea NOT NULL
);

-- reference: the message and the batch at the bank. A number is given once, whatever becomes of the lot; the point is
-- left to the transfers in it, so that neither is ever taken for the other.
CREATE TABLE ledger.payout_order (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.proposal,
    reference text NOT NULL CONSTRAINT a_message_is_sent_once UNIQUE
    CHECK (reference ~ '^[A-Za-z0-9]+([/-][A-Za-z0-9]+)*$' AND length(reference) <= 29),
    payer integer NOT NULL REFERENCES ledger.payer,
    transfer_count integer NOT NULL CHECK (transfer_count BETWEEN 1 AND 99999),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- iban_hmac: under the key of the merchant, of the account that was approved.
CREATE TABLE ledger.transfer (
    id uuid PRIMARY KEY,
    proposal_id uuid NOT NULL REFERENCES ledger.payout_order,
    number integer NOT NULL CHECK (number >= 1),
    conversion_id uuid NOT NULL REFERENCES ledger.conversion,
    end_to_end text NOT NULL UNIQUE CHECK (end_to_end ~ '^[A-Za-z0-9/-]{1,29}[.][0-9]{3,5}$'),
    net_cents bigint NOT NULL CHECK (net_cents > 0),
    commission_cents bigint NOT NULL CHECK (commission_cents >= 0),
    iban_hmac bytea NOT NULL CHECK (length(iban_hmac) = 32),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (proposal_id, number)
);
CREATE INDEX transfer_of_conversion ON ledger.transfer (conversion_id);

-- That the file was written, and what has to be in it whenever it is written again. Only what is approved.
-- content_hmac: of the whole file.
CREATE TABLE ledger.payout_export (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.approval (proposal_id),
    execute_on date NOT NULL,
    content_hmac bytea NOT NULL CHECK (length(content_hmac) = 32),
    exported_by uuid NOT NULL REFERENCES ledger.operator,
    exported_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- What the bank said of a transfer. reason: its code (ISO 20022), where it gave one.
CREATE TABLE ledger.bank_answer (
    event_id bigint PRIMARY KEY REFERENCES ledger.event,
    transfer_id uuid NOT NULL REFERENCES ledger.transfer,
    reason text CHECK (reason ~ '^[A-Z0-9]{1,4}$'),
    told_on date,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX bank_answer_of_transfer ON ledger.bank_answer (transfer_id);

-- Each transfer as it stands; is_live: the bank may still carry it out.
CREATE VIEW ledger.transfer_now AS
SELECT t.*, o.reference, n.state, n.state IN ('prepared', 'approved', 'exported', 'sent', 'accepted') AS is_live
FROM ledger.transfer AS t
INNER JOIN ledger.payout_order AS o ON o.proposal_id = t.proposal_id
LEFT JOIN ledger.subject_state AS s ON s.subject_id = t.id
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN s.state IS NOT NULL THEN s.state
        WHEN EXISTS (SELECT FROM ledger.rejection AS r WHERE r.proposal_id = t.proposal_id) THEN 'refused'
        WHEN EXISTS (SELECT FROM ledger.approval AS a WHERE a.proposal_id = t.proposal_id) THEN 'approved'
        ELSE 'prepared'
    END AS state
) AS n;

-- A conversion is in one lot at a time, all transfers come with their lot, and what is in a lot is neither cancelled
-- nor paid otherwise.
CREATE FUNCTION ledger.take_transfers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('bonpois transfers'));
    PERFORM require(NOT EXISTS (
        SELECT FROM taken AS t INNER JOIN transfer_now AS o ON o.conversion_id = t.conversion_id
        WHERE o.id <> t.id AND o.is_live
    ), 'a conversion is in another lot');
    PERFORM require(NOT EXISTS (
        SELECT FROM taken AS t LEFT JOIN subject_state AS s ON s.subject_id = t.conversion_id
        WHERE coalesce(s.state, 'requested') NOT IN ('requested', 'returned')
    ), 'a conversion is not open');
    PERFORM require(NOT EXISTS (
        SELECT FROM payout_order AS o WHERE o.proposal_id IN (SELECT proposal_id FROM taken) AND (
            o.xid <> pg_current_xact_id()
            OR o.transfer_count <> (SELECT count(*) FROM transfer AS t WHERE t.proposal_id = o.proposal_id)
        )
    ), 'a lot has other transfers');
    RETURN NULL;
END
$$;
CREATE TRIGGER take_transfers AFTER INSERT ON ledger.transfer
REFERENCING NEW TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION ledger.take_transfers();

CREATE FUNCTION ledger.require_in_no_lot() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('bonpois transfers'));
    PERFORM require(NOT EXISTS (
        SELECT FROM transfer_now WHERE conversion_id = new.subject_id AND is_live
    ), 'the conversion is in a lot');
    RETURN new;
END
$$;
CREATE TRIGGER in_no_lot BEFORE INSERT ON ledger.event
FOR EACH ROW WHEN (new.subject = 'conversion' AND new.kind IN ('cancel', 'pay'))
EXECUTE FUNCTION ledger.require_in_no_lot();

-- Nothing happens to a transfer whose lot was rejected, and nothing leaves for the bank without approval.
CREATE FUNCTION ledger.require_approved_lot() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM require(EXISTS (
        SELECT FROM transfer AS t WHERE t.id = new.subject_id
            AND NOT EXISTS (SELECT FROM rejection AS r WHERE r.proposal_id = t.proposal_id)
            AND (new.kind <> 'export' OR EXISTS (SELECT FROM payout_export AS e WHERE e.proposal_id = t.proposal_id))
    ), 'a lot is not approved');
    RETURN new;
END
$$;
CREATE TRIGGER approved_lot BEFORE INSERT ON ledger.event
FOR EACH ROW WHEN (new.subject = 'transfer') EXECUTE FUNCTION ledger.require_approved_lot();

CALL ledger.keep_facts('ledger.payer');
CALL ledger.keep_facts('ledger.payout_order');
CALL ledger.keep_facts('ledger.transfer');
CALL ledger.keep_facts('ledger.payout_export');
CALL ledger.keep_facts('ledger.bank_answer');

REVOKE EXECUTE ON FUNCTION ledger.take_transfers(), ledger.require_in_no_lot(), ledger.require_approved_lot()
FROM public;
GRANT SELECT ON ledger.payer, identity.payer_account, ledger.payout_order, ledger.transfer, ledger.payout_export,
ledger.bank_answer, ledger.transfer_now TO bonpois_app;
GRANT INSERT (number, set_by, set_at) ON ledger.payer TO bonpois_app;
GRANT INSERT ON identity.payer_account TO bonpois_app;
GRANT INSERT (proposal_id, reference, payer, transfer_count) ON ledger.payout_order TO bonpois_app;
GRANT INSERT (id, proposal_id, number, conversion_id, end_to_end, net_cents, commission_cents, iban_hmac)
ON ledger.transfer TO bonpois_app;
GRANT INSERT (proposal_id, execute_on, content_hmac, exported_by, exported_at) ON ledger.payout_export TO bonpois_app;
GRANT INSERT (event_id, transfer_id, reason, told_on) ON ledger.bank_answer TO bonpois_app;
