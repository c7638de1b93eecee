-- Moves that two people answer for (L9): what is proposed, posting by posting; reversals; the end of a mandate;
-- vouchers that were reopened for a grace.

-- What one person proposes and another approves. transaction_id: the one under which it will be booked, so that it
-- can be booked once only. break_id: the difference of a reconciliation that it answers.
CREATE TABLE ledger.proposed_move (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.proposal,
    transaction_id uuid NOT NULL UNIQUE,
    kind smallint NOT NULL REFERENCES ledger.transaction_kind CHECK (kind BETWEEN 17 AND 22),
    reason text NOT NULL CHECK (reason ~ '^[a-z-]{1,30}$'),
    reverses_id uuid REFERENCES ledger.ledger_transaction,
    break_id uuid REFERENCES ledger.break_seen,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT only_a_reversal_reverses CHECK ((kind = 22) = (reverses_id IS NOT NULL))
);

CREATE TABLE ledger.proposed_posting (
    proposal_id uuid NOT NULL REFERENCES ledger.proposed_move,
    line integer NOT NULL CHECK (line >= 1),
    account_id bigint NOT NULL REFERENCES ledger.account,
    amount_cents bigint NOT NULL CHECK (amount_cents <> 0),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (proposal_id, line)
);

-- Which transaction takes back which: each at most once.
CREATE TABLE ledger.reversal (
    transaction_id uuid PRIMARY KEY REFERENCES ledger.ledger_transaction,
    reverses_id uuid NOT NULL UNIQUE REFERENCES ledger.ledger_transaction,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (transaction_id <> reverses_id)
);

CREATE TABLE ledger.mandate_cancellation (
    mandate_id uuid PRIMARY KEY REFERENCES ledger.mandate,
    transaction_id uuid NOT NULL UNIQUE REFERENCES ledger.ledger_transaction,
    operator_id uuid NOT NULL REFERENCES ledger.operator,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- last_day: until when a voucher may be spent again after the event that reopened it.
CREATE TABLE ledger.voucher_reopening (
    event_id bigint PRIMARY KEY REFERENCES ledger.event,
    voucher_id uuid NOT NULL REFERENCES ledger.voucher,
    last_day date NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX voucher_reopening_of_voucher ON ledger.voucher_reopening (voucher_id, last_day);

-- A proposal is written whole, in one unit of work: nothing is slipped in after it was signed.
CREATE FUNCTION ledger.take_proposed_postings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM proposed AS p
        LEFT JOIN proposed_move AS m ON m.proposal_id = p.proposal_id AND m.xid = pg_current_xact_id()
        WHERE m.proposal_id IS NULL
    ) THEN
        RAISE EXCEPTION 'L9: a posting comes after its proposal' USING ERRCODE = 'BPL09';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER take_proposed_postings AFTER INSERT ON ledger.proposed_posting
REFERENCING NEW TABLE AS proposed FOR EACH STATEMENT EXECUTE FUNCTION ledger.take_proposed_postings();

-- L9. What is booked of these kinds is what was proposed and approved, posting by posting; and a reversal is the
-- exact mirror of what it takes back. Deferred, because postings follow their transaction.
CREATE FUNCTION ledger.require_proposed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    move proposed_move%ROWTYPE;
BEGIN
    SELECT m.* INTO move
    FROM approval AS a INNER JOIN proposed_move AS m ON m.proposal_id = a.proposal_id
    WHERE a.id = new.approval_id;
    IF (move.transaction_id, move.kind) IS DISTINCT FROM (new.id, new.kind) OR EXISTS (
        SELECT FROM (SELECT * FROM posting WHERE transaction_id = new.id) AS booked
        FULL JOIN (SELECT * FROM proposed_posting WHERE proposal_id = move.proposal_id) AS proposed
            ON proposed.line = booked.line
        WHERE (booked.account_id, booked.amount_cents)
            IS DISTINCT FROM (proposed.account_id, proposed.amount_cents)
    ) THEN
        RAISE EXCEPTION 'L9: transaction % is not what was approved', new.id USING ERRCODE = 'BPL09';
    END IF;
    IF move.reverses_id IS NOT NULL AND (
        NOT EXISTS (SELECT FROM reversal WHERE transaction_id = new.id AND reverses_id = move.reverses_id)
        OR EXISTS (
            SELECT FROM (SELECT * FROM posting WHERE transaction_id = new.id) AS mirror
            FULL JOIN (SELECT * FROM posting WHERE transaction_id = move.reverses_id) AS original
                ON original.line = mirror.line
            WHERE (mirror.account_id, -mirror.amount_cents)
                IS DISTINCT FROM (original.account_id, original.amount_cents)
        )
    ) THEN
        RAISE EXCEPTION 'L9: transaction % does not mirror what it reverses', new.id USING ERRCODE = 'BPL09';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER is_what_was_approved AFTER INSERT ON ledger.ledger_transaction
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.kind BETWEEN 17 AND 22)
EXECUTE FUNCTION ledger.require_proposed();

CALL ledger.keep_facts('ledger.proposed_move');
CALL ledger.keep_facts('ledger.proposed_posting');
CALL ledger.keep_facts('ledger.reversal');
CALL ledger.keep_facts('ledger.mandate_cancellation');
CALL ledger.keep_facts('ledger.voucher_reopening');

REVOKE EXECUTE ON FUNCTION ledger.take_proposed_postings(), ledger.require_proposed() FROM public;
GRANT SELECT ON ledger.proposed_move, ledger.proposed_posting, ledger.reversal, ledger.mandate_cancellation,
ledger.voucher_reopening TO bonpois_app;
GRANT INSERT (proposal_id, transaction_id, kind, reason, reverses_id, break_id) ON ledger.proposed_move TO bonpois_app;
GRANT INSERT (proposal_id, line, account_id, amount_cents) ON ledger.proposed_posting TO bonpois_app;
GRANT INSERT (transaction_id, reverses_id) ON ledger.reversal TO bonpois_app;
GRANT INSERT (mandate_id, transaction_id, operator_id) ON ledger.mandate_cancellation TO bonpois_app;
GRANT INSERT (event_id, voucher_id, last_day) ON ledger.voucher_reopening TO bonpois_app;
