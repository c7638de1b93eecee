-- The life of a difference: what it is about, what people do about it, what they ask the other side to correct.

-- What a difference was about when it was seen: a line of a statement (item: its statement, number from 1) or a
-- transaction of ours (number 0). Age and history follow these, however lines and transactions are put together later.
CREATE TABLE ledger.break_item (
    break_id uuid NOT NULL REFERENCES ledger.break_seen,
    item uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 0),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (break_id, item, number)
);
CREATE INDEX break_item_of_item ON ledger.break_item (item, number);

-- What one person does about a difference. nth counts by difference, so that of two at once one comes second.
-- comment_hmac: of the words in identity, under a key of their own; erases: the nth of the comment that is forgotten.
CREATE TABLE ledger.break_event (
    id uuid PRIMARY KEY,
    break_id uuid NOT NULL REFERENCES ledger.break_seen,
    nth integer NOT NULL CHECK (nth >= 1),
    kind text NOT NULL CHECK (kind ~ '^(assign|release|comment|erase|wait|reopen)$'),
    owner_id uuid REFERENCES ledger.operator,
    due_on date,
    reason text CHECK (reason ~ '^[a-z-]{1,30}$'),
    comment_hmac bytea CHECK (length(comment_hmac) = 32),
    erases integer,
    made_by uuid NOT NULL REFERENCES ledger.operator,
    made_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (break_id, nth),
    FOREIGN KEY (break_id, erases) REFERENCES ledger.break_event (break_id, nth),
    CONSTRAINT says_what_its_kind_says CHECK (
        (kind = 'assign') = (owner_id IS NOT NULL) AND (kind = 'wait') = (due_on IS NOT NULL)
        AND (kind = 'reopen') = (reason IS NOT NULL) AND (kind = 'comment') = (comment_hmac IS NOT NULL)
        AND (kind = 'erase') = (erases IS NOT NULL) AND erases < nth
    )
);

-- That the other side is to correct something, until when: proposed by one person, approved by another.
CREATE TABLE ledger.break_claim (
    proposal_id uuid PRIMARY KEY REFERENCES ledger.proposal,
    break_id uuid NOT NULL REFERENCES ledger.break_seen,
    value_cents bigint NOT NULL CHECK (value_cents >= 0),
    due_on date NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX break_claim_of_break ON ledger.break_claim (break_id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX proposed_move_of_break ON ledger.proposed_move (break_id) WHERE break_id IS NOT NULL;

-- The words of a comment, which may name somebody: each under a key of its own, so that one can be forgotten.
CREATE TABLE identity.break_comment (
    event_id uuid PRIMARY KEY REFERENCES ledger.break_event,
    wrapped_key bytea NOT NULL,
    comment bytea NOT NULL
);

CALL ledger.keep_facts('ledger.break_item');
CALL ledger.keep_facts('ledger.break_event');
CALL ledger.keep_facts('ledger.break_claim');

GRANT SELECT ON ledger.break_item, ledger.break_event, ledger.break_claim, identity.break_comment TO bonpois_app;
GRANT INSERT (break_id, item, number) ON ledger.break_item TO bonpois_app;
GRANT INSERT (
    id, break_id, nth, kind, owner_id, due_on, reason, comment_hmac, erases, made_by, made_at
) ON ledger.break_event TO bonpois_app;
GRANT INSERT (proposal_id, break_id, value_cents, due_on) ON ledger.break_claim TO bonpois_app;
GRANT INSERT, DELETE ON identity.break_comment TO bonpois_app;
