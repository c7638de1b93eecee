"""Breaking the small world's books (`tests/world.py`) past every guard: what `bonpois check` has to find."""

from __future__ import annotations

SALE = "(SELECT id FROM ledger.redemption ORDER BY id LIMIT 1)"
SECOND_SALE = "(SELECT id FROM ledger.redemption ORDER BY id LIMIT 1 OFFSET 1)"
PHONE = "(SELECT id FROM ledger.card WHERE kind = 'phone')"
UNUSED_VOUCHER = """(
    SELECT v.id FROM ledger.voucher AS v INNER JOIN ledger.balance AS b USING (account_id)
    WHERE b.version = 1 ORDER BY v.serial DESC LIMIT 1
)"""
UNUSED_HOUSEHOLD = f"(SELECT household_id FROM ledger.voucher WHERE id = {UNUSED_VOUCHER})"
IN_TRANSIT = "(SELECT id FROM ledger.account WHERE name = 'association:in-transit')"
EARNING = f"""(
    SELECT m.account_id FROM ledger.merchant AS m INNER JOIN ledger.redemption AS r ON r.merchant_id = m.id
    WHERE r.id = {SALE}
)"""
PENDING_MOVE = """(
    SELECT m.proposal_id FROM ledger.proposed_move AS m
    WHERE NOT EXISTS (SELECT FROM ledger.approval AS a WHERE a.proposal_id = m.proposal_id)
)"""
SPENDER = "(SELECT payer_id FROM ledger.merchant_payment)"
OPEN_CONVERSION = "(SELECT id FROM ledger.conversion WHERE id NOT IN (SELECT conversion_id FROM ledger.payout))"
GUARDED, UNGUARDED = "SET session_replication_role = origin", "SET session_replication_role = replica"
# A difference about something, and what somebody did about it.
BREAK = """INSERT INTO ledger.break_seen (id, account, category, first_seen_at)
    VALUES (md5('b')::uuid, 'pois', 'fee', now());
    INSERT INTO ledger.break_item (break_id, item, number) VALUES (md5('b')::uuid, md5('i')::uuid, 0)"""
BREAK_EVENT = """INSERT INTO ledger.break_event (id, break_id, nth, kind, comment_hmac, made_by, made_at)
    SELECT md5('e')::uuid, md5('b')::uuid, {nth}, '{kind}', {hmac}, id, now() FROM ledger.operator LIMIT 1"""
A_HMAC = "sha256('words')"
ADD_EVENT = "INSERT INTO ledger.event (subject, subject_id, kind, occurred_at)"
ADD_ERASURE = "INSERT INTO ledger.erasure (household_id, erased_by, erased_at)"
ORDER = """INSERT INTO ledger.payout_order (proposal_id, reference, payer, transfer_count)
    SELECT id, 'LOT-9', 1, 1 FROM ledger.proposal ORDER BY number LIMIT 1"""
TRANSFER = f"""INSERT INTO ledger.transfer
        (id, proposal_id, number, conversion_id, end_to_end, net_cents, commission_cents, iban_hmac)
    SELECT md5('t')::uuid, proposal_id, 1, {OPEN_CONVERSION}, 'LOT-9.001', 50, 0, sha256('') FROM ledger.payout_order"""
EXPORT = """INSERT INTO ledger.payout_export (proposal_id, execute_on, content_hmac, exported_by, exported_at)
    SELECT proposal_id, now(), sha256(''), (SELECT id FROM ledger.operator LIMIT 1), now() FROM ledger.payout_order"""
TRANSFER_PAID = f"""{GUARDED}; {ADD_EVENT} VALUES ('transfer', md5('t')::uuid, 'export', now());
    {ADD_EVENT} VALUES ('transfer', md5('t')::uuid, 'pay', now())"""

# What is done to the books, by the check that has to find it. Without triggers, unless it says GUARDED.
TAMPERINGS: dict[str, list[str]] = {
    "functions-are-as-shipped": [
        """CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN RETURN NULL; END $f$""",
        "CREATE FUNCTION ledger.extra() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ],
    "facts-are-sealed-once": [
        "INSERT INTO ledger.tree_node (level, position, hash) VALUES (8, 0, sha256(''))",
        "UPDATE ledger.card SET epoch = 2",
    ],
    "sealing-keeps-up": [
        """UPDATE ledger.ledger_transaction SET posted_at = posted_at - interval '1 day';
        UPDATE ledger.posting SET posted_at = posted_at - interval '1 day';
        UPDATE ledger.balance SET last_posted_at = last_posted_at - interval '1 day'""",
    ],
    "facts-are-append-only": [
        "DROP TRIGGER append_only ON ledger.voucher",
        "ALTER TABLE ledger.posting DISABLE TRIGGER append_only",
        "ALTER TABLE ledger.posting ENABLE REPLICA TRIGGER append_only",
        "CREATE TABLE ledger.extra (id bigint)",
        "GRANT DELETE ON ledger.voucher TO PUBLIC",
        "GRANT UPDATE (serial) ON ledger.voucher TO PUBLIC",
        """DROP TRIGGER append_only ON ledger.voucher;
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.voucher
        FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()""",
        """DROP TRIGGER append_only ON ledger.voucher;
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.voucher
        FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION ledger.refuse_change()""",
    ],
    "only-functions-write-the-books": [
        "GRANT INSERT ON ledger.posting TO PUBLIC",
        "GRANT UPDATE (balance_cents) ON ledger.balance TO PUBLIC",
    ],
    "triggers-are-enabled": [
        "ALTER TABLE ledger.posting DISABLE TRIGGER settle",
        "DROP TRIGGER has_postings ON ledger.ledger_transaction",
        "ALTER TABLE ledger.event ENABLE REPLICA TRIGGER move_state",
    ],
    "text-has-a-pattern": [
        "ALTER TABLE ledger.merchant ADD COLUMN note text",
        "ALTER TABLE identity.household ADD COLUMN names character varying(40)[]",
        "ALTER TABLE ledger.operator DROP CONSTRAINT operator_name_check",
        """ALTER TABLE ledger.operator DROP CONSTRAINT operator_name_check;
        ALTER TABLE ledger.operator ADD CONSTRAINT short CHECK (length(name) < 99)""",
        """ALTER TABLE ledger.operator DROP CONSTRAINT operator_name_check;
        ALTER TABLE ledger.operator ADD CONSTRAINT later CHECK (name ~ '^[a-z]+$') NOT VALID""",
    ],
    "transactions-balance": [
        f"""UPDATE ledger.posting SET amount_cents = amount_cents + 1, balance_after_cents = balance_after_cents + 1
        WHERE account_id = {IN_TRANSIT} AND version = 2;
        UPDATE ledger.balance SET balance_cents = balance_cents + 1 WHERE account_id = {IN_TRANSIT}"""
    ],
    "transactions-are-complete": [
        "UPDATE ledger.ledger_transaction SET posting_count = 3 WHERE kind = 1",
        f"UPDATE ledger.posting SET line = 7 WHERE account_id = {IN_TRANSIT} AND version = 1",
        """INSERT INTO ledger.ledger_transaction (id, kind, occurred_at, booked_on, posting_count, posted_at)
        VALUES (gen_random_uuid(), 9, now(), now()::date, 2, now())""",
    ],
    "accounts-continue": [
        f"""UPDATE ledger.posting SET balance_after_cents = balance_after_cents - 1
        WHERE account_id = {EARNING} AND version = 1""",
        f"UPDATE ledger.posting SET version = 9 WHERE account_id = {EARNING} AND version = 3",
    ],
    "balances-are-sums": [
        f"UPDATE ledger.balance SET balance_cents = balance_cents - 1 WHERE account_id = {EARNING}",
        f"UPDATE ledger.balance SET version = version + 1 WHERE account_id = {EARNING}",
        f"UPDATE ledger.balance SET last_posted_at = now() + interval '1 day' WHERE account_id = {EARNING}",
        f"UPDATE ledger.balance SET side = 0 WHERE account_id = {EARNING}",
        "DELETE FROM ledger.balance WHERE account_id = (SELECT id FROM ledger.account WHERE name = 'ccas:returned')",
    ],
    "accounts-keep-their-side": [
        f"""ALTER TABLE ledger.balance DROP CONSTRAINT balance_keeps_its_side_l4;
        SELECT pg_temp.convert(m.account_id, m.id, 10000) FROM ledger.merchant AS m WHERE m.id = {SPENDER}"""
    ],
    "approved-by-another": [
        """ALTER TABLE ledger.approval DROP CONSTRAINT who_prepares_does_not_approve_l9;
        UPDATE ledger.approval SET approved_by = prepared_by""",
        "UPDATE ledger.proposal SET prepared_by = (SELECT approved_by FROM ledger.approval LIMIT 1)",
        "UPDATE ledger.transaction_kind SET approved = true WHERE code = 'mandate'",
    ],
    "signatures-hold": [
        "UPDATE ledger.proposal SET signature = sha256('a') || sha256('b')",
        "UPDATE ledger.approval SET signature = (SELECT signature FROM ledger.proposal LIMIT 1)",
        """ALTER TABLE ledger.approval DROP CONSTRAINT is_signed_l9;
        UPDATE ledger.approval SET signature = NULL""",
        "UPDATE ledger.appointment SET limit_cents = 1000000000, limit_days = 1",
        "UPDATE ledger.appointment SET signature = sha256('a') || sha256('b')",
    ],
    "contents-are-as-signed": ["UPDATE ledger.aid_run SET number = number + 1"],
    "signers-were-entitled": [
        "UPDATE ledger.appointment SET roles = 'agent'",
        "UPDATE ledger.appointment SET recorded_at = recorded_at + interval '1 day' WHERE appointed_by <> operator_id",
        "UPDATE ledger.appointment SET appointed_by = operator_id",
        """UPDATE ledger.operator_key SET public_key = sha256(public_key);
        UPDATE ledger.appointment SET public_key = sha256(public_key)""",
        f"""{GUARDED}; {ADD_EVENT} SELECT 'operator', operator_id, 'suspend', now() FROM ledger.appointment;
        {UNGUARDED};
        UPDATE ledger.event SET recorded_at = recorded_at - interval '1 hour' WHERE subject = 'operator'""",
        """INSERT INTO ledger.rejection
            (id, proposal_id, rejected_by, reason, rejected_at, signed_with, signature)
        SELECT id, proposal_id, approved_by, 'other', approved_at, signed_with, signature FROM ledger.approval""",
    ],
    "limits-were-kept": ["UPDATE ledger.appointment SET limit_cents = 1, limit_days = 30"],
    "shapes-are-allowed": [
        f"SELECT pg_temp.convert(v.account_id, {SPENDER}, 5) FROM ledger.voucher AS v WHERE v.id = {UNUSED_VOUCHER}",
        "DELETE FROM ledger.transaction_shape WHERE kind = 1",
    ],
    "euros-back-pois": [
        """SELECT pg_temp.book(13, f.id, p.id, 5) FROM ledger.account AS p, ledger.account AS f
        WHERE p.name = 'association:paid-out' AND f.name = 'association:guarantee-fund'"""
    ],
    "times-agree": [
        "UPDATE ledger.ledger_transaction SET booked_on = booked_on - 1 WHERE kind = 1",
        "UPDATE ledger.ledger_transaction SET booked_on = booked_on + 1 WHERE kind = 1",
        f"""UPDATE ledger.posting SET posted_at = posted_at - interval '1 microsecond'
        WHERE account_id = {IN_TRANSIT} AND version = 1""",
    ],
    "funded-as-mandated": [
        "UPDATE ledger.mandate SET amount_cents = amount_cents + 1",
        "DELETE FROM ledger.funding",
    ],
    "issued-as-approved": [
        f"UPDATE ledger.voucher SET face_cents = face_cents + 1 WHERE id = {UNUSED_VOUCHER}",
        f"UPDATE ledger.voucher SET valid_until = valid_until + 1 WHERE id = {UNUSED_VOUCHER}",
        f"UPDATE ledger.voucher SET household_id = gen_random_uuid() WHERE id = {UNUSED_VOUCHER}",
        f"{GUARDED}; SELECT ledger.open_accounts('voucher', ARRAY['voucher:nobodys'])",
    ],
    "runs-add-up": [
        "UPDATE ledger.aid_run SET total_cents = total_cents + 1",
        "UPDATE ledger.aid_run SET voucher_count = voucher_count + 1",
        "UPDATE ledger.proposal SET kind = 'other' WHERE kind = 'aid-run'",
    ],
    "serials-are-continuous": [
        "UPDATE ledger.voucher_serial SET last_number = last_number + 1",
        f"UPDATE ledger.voucher SET serial = 'AA-2026-2026-999999' WHERE id = {UNUSED_VOUCHER}",
        f"UPDATE ledger.voucher SET serial = 'BB' || substring(serial FROM 3) WHERE id = {UNUSED_VOUCHER}",
    ],
    "households-are-identified": [
        f"DELETE FROM identity.subject_key WHERE subject_id = {UNUSED_HOUSEHOLD}",
        f"""DELETE FROM identity.household WHERE household_id = {UNUSED_HOUSEHOLD};
        DELETE FROM identity.subject_key WHERE subject_id = {UNUSED_HOUSEHOLD}""",
        "INSERT INTO identity.subject_key (subject_id, wrapped_key) VALUES (gen_random_uuid(), 'x')",
        f"{GUARDED}; {ADD_EVENT} VALUES ('household', {UNUSED_HOUSEHOLD}, 'close', now())",
        f"{ADD_ERASURE} VALUES ({UNUSED_HOUSEHOLD}, gen_random_uuid(), now())",
        f"""{GUARDED}; {ADD_EVENT} SELECT 'household', household_id, 'close', now() FROM ledger.card WHERE id = {PHONE};
        {UNGUARDED}; {ADD_ERASURE} SELECT household_id, gen_random_uuid(), now() FROM ledger.card WHERE id = {PHONE};
        DELETE FROM identity.household WHERE household_id IN (SELECT household_id FROM ledger.erasure);
        DELETE FROM identity.subject_key WHERE subject_id IN (SELECT household_id FROM ledger.erasure)""",
    ],
    "ibans-change-as-approved": [
        "DELETE FROM identity.merchant_bank",
        """INSERT INTO ledger.iban_change (proposal_id, merchant_id, iban_hmac, cooling_days)
        SELECT p.id, m.id, sha256('x'), 3 FROM ledger.proposal AS p CROSS JOIN ledger.merchant AS m LIMIT 1""",
    ],
    "tills-came-by-invitation": [
        "UPDATE ledger.till SET scope = 'merchant'",
        "UPDATE ledger.pairing SET expires_at = expires_at - interval '1 day'",
    ],
    "moves-are-as-signed": [
        "UPDATE ledger.proposed_move SET reason = 'made-good' WHERE kind = 19",
        "UPDATE ledger.proposed_move SET break_id = gen_random_uuid() WHERE kind = 19",
        f"UPDATE ledger.proposed_posting SET amount_cents = amount_cents * 2 WHERE proposal_id = {PENDING_MOVE}",
        f"DELETE FROM ledger.proposed_posting WHERE proposal_id = {PENDING_MOVE} AND line = 2",
    ],
    "moves-are-booked-as-approved": [
        """UPDATE ledger.ledger_transaction SET approval_id = (
            SELECT approval_id FROM ledger.ledger_transaction WHERE kind = 4 LIMIT 1
        ) WHERE kind = 19""",
    ],
    "reversals-are-mirrors": [
        "DELETE FROM ledger.reversal",
        "UPDATE ledger.reversal SET reverses_id = (SELECT id FROM ledger.ledger_transaction WHERE kind = 1)",
    ],
    "mandates-are-cancelled-whole": [
        """INSERT INTO ledger.mandate_cancellation (mandate_id, transaction_id, operator_id)
        SELECT mandate_id, gen_random_uuid(), operator_id FROM ledger.funding""",
        """INSERT INTO ledger.mandate_cancellation (mandate_id, transaction_id, operator_id)
        SELECT gen_random_uuid(), gen_random_uuid(), operator_id FROM ledger.funding""",
    ],
    "vouchers-end-by-events": [
        "UPDATE ledger.event SET xid = '3' WHERE subject = 'voucher' AND kind = 'revoke'",
        f"""SELECT pg_temp.book(7, v.account_id, g.pool_account, 5)
        FROM ledger.voucher AS v, ledger.programme AS g WHERE v.id = {UNUSED_VOUCHER}""",
    ],
    "vouchers-come-back-by-refunds": [
        f"""INSERT INTO ledger.voucher_reopening (event_id, voucher_id, last_day)
        VALUES (77777, {UNUSED_VOUCHER}, '2027-01-31')""",
    ],
    "sales-are-booked": [
        f"UPDATE ledger.redemption SET occurred_at = occurred_at + interval '1 second' WHERE id = {SALE}",
        f"SELECT pg_temp.book(5, v.account_id, {EARNING}, 5) FROM ledger.voucher AS v WHERE v.id = {UNUSED_VOUCHER}",
    ],
    "lines-add-up": [
        f"UPDATE ledger.redemption SET asked_cents[1] = asked_cents[1] + 1 WHERE id = {SALE}",
        f"""UPDATE ledger.redemption SET asked_cents[1] = asked_cents[1] - 900, asked_cents[2] = asked_cents[2] + 900
        WHERE id = {SALE}""",
    ],
    "only-eligible-categories": [f"UPDATE ledger.redemption SET categories[1] = 'alcool' WHERE id = {SECOND_SALE}"],
    "holders-spend-their-own": [f"UPDATE ledger.card SET household_id = {UNUSED_HOUSEHOLD} WHERE kind = 'phone'"],
    "vouchers-spent-in-time": [
        """UPDATE ledger.voucher SET valid_from = valid_from + 30, valid_until = valid_until + 30;
        UPDATE ledger.aid_run SET valid_from = valid_from + 30, valid_until = valid_until + 30""",
        """UPDATE ledger.voucher SET valid_from = valid_from - 90, valid_until = valid_from - 1;
        UPDATE ledger.aid_run SET valid_from = valid_from - 90, valid_until = valid_from - 1""",
    ],
    "nobody-barred-took-part": [
        f"""{GUARDED}; {ADD_EVENT} VALUES ('card', {PHONE}, 'block', now());
        {UNGUARDED};
        UPDATE ledger.event SET recorded_at = recorded_at - interval '1 hour' WHERE subject_id = {PHONE}""",
        f"""{GUARDED}; {ADD_EVENT}
        SELECT 'merchant', merchant_id, 'suspend', now() FROM ledger.redemption WHERE id = {SALE};
        {UNGUARDED};
        UPDATE ledger.event SET recorded_at = recorded_at - interval '1 hour'""",
    ],
    "paper-cards-keep-their-caps": [
        "UPDATE ledger.programme_version SET rules = jsonb_set(rules, '{caps,paper_sale_cents}', '699')",
        "UPDATE ledger.programme_version SET rules = jsonb_set(rules, '{caps,paper_day_cents}', '699')",
    ],
    "codes-are-used-once": [
        f"UPDATE ledger.card_step SET transaction_id = gen_random_uuid() WHERE transaction_id = {SALE}",
        f"DELETE FROM ledger.card_step WHERE transaction_id = {SALE}",
        f"INSERT INTO ledger.card_step (card_id, step, transaction_id) VALUES ({PHONE}, 5, {SALE})",
    ],
    "keys-have-one-outcome": [
        f"DELETE FROM ledger.request_outcome WHERE result_id = {SALE}",
        "DELETE FROM ledger.request_outcome WHERE result_id = (SELECT id FROM ledger.refund)",
        f"UPDATE ledger.request_outcome SET result_id = gen_random_uuid() WHERE result_id = {SALE}",
        f"UPDATE ledger.request_outcome SET merchant_id = gen_random_uuid() WHERE result_id = {SALE}",
        f"""INSERT INTO ledger.request_outcome (merchant_id, request_key, fingerprint, fate, result_id, decided_at)
        SELECT merchant_id, sha256('again'), fingerprint, fate, result_id, decided_at
        FROM ledger.request_outcome WHERE result_id = {SALE}""",
    ],
    "refunds-are-booked": [
        "UPDATE ledger.refund SET occurred_at = occurred_at + interval '1 second'",
        f"SELECT pg_temp.book(6, {EARNING}, v.account_id, 5) FROM ledger.voucher AS v WHERE v.id = {UNUSED_VOUCHER}",
    ],
    "refunds-stay-within-sales": [
        """WITH sale AS (
            SELECT r.id, r.merchant_id, f.till_id, f.occurred_at, m.account_id AS merchant_account, p.account_id
            FROM ledger.refund AS f INNER JOIN ledger.redemption AS r ON r.id = f.redemption_id
            INNER JOIN ledger.merchant AS m ON m.id = r.merchant_id
            INNER JOIN ledger.posting AS p ON p.transaction_id = r.id AND p.amount_cents > 0
        ), again AS (
            SELECT sale.*, pg_temp.book(6, merchant_account, account_id, 751) AS refund_id FROM sale
        ), kept AS (
            INSERT INTO ledger.request_outcome (merchant_id, request_key, fingerprint, fate, result_id, decided_at)
            SELECT merchant_id, sha256('more'), sha256('more'), 'approved', refund_id, occurred_at FROM again
        )
        INSERT INTO ledger.refund (id, redemption_id, till_id, amount_cents, reason, occurred_at)
        SELECT refund_id, id, till_id, 751, 'again', '2026-10-06 08:00+00' FROM again"""
    ],
    "receipts-are-continuous": [
        "UPDATE ledger.receipt_counter SET last_number = last_number + 1",
        f"UPDATE ledger.redemption SET receipt_number = 9 WHERE id = {SECOND_SALE}",
        """UPDATE ledger.redemption SET receipt_year = 2027;
        UPDATE ledger.receipt_counter SET year = 2027""",
    ],
    "merchants-money-is-booked": [
        "UPDATE ledger.merchant_payment SET amount_cents = amount_cents + 1",
        "UPDATE ledger.payout SET net_cents = net_cents + 1, commission_cents = commission_cents - 1",
        "UPDATE ledger.coupon_movement SET amount_cents = amount_cents + 100",
        """SELECT pg_temp.book(9, payer.account_id, payee.account_id, 1) FROM ledger.merchant_payment AS p
        INNER JOIN ledger.merchant AS payer ON payer.id = p.payer_id
        INNER JOIN ledger.merchant AS payee ON payee.id = p.payee_id""",
    ],
    "conversions-are-covered": [f"{GUARDED}; {ADD_EVENT} VALUES ('conversion', {OPEN_CONVERSION}, 'cancel', now())"],
    "owners-consented": [
        "DELETE FROM ledger.owner_step",
        """UPDATE ledger.owner_step SET transaction_id = gen_random_uuid()
        WHERE transaction_id = (SELECT id FROM ledger.merchant_payment)""",
    ],
    "payouts-are-as-ordered": [
        ORDER,
        f"{ORDER}; {TRANSFER}; {EXPORT}; {TRANSFER_PAID}",
        """INSERT INTO ledger.bank_answer (event_id, transfer_id)
        SELECT id, gen_random_uuid() FROM ledger.event LIMIT 1""",
    ],
    "owners-ordered": [
        "UPDATE ledger.pairing SET invited_by = NULL",
        f"{GUARDED}; {ADD_EVENT} SELECT 'till', id, 'revoke', now() FROM ledger.till LIMIT 1",
        """INSERT INTO ledger.owner_order (merchant_id, step, device_id, pairing_hmac, ordered_at)
        SELECT s.merchant_id, s.step, p.till_id, t.pairing_hmac, now()
        FROM ledger.merchant_payment AS p
        INNER JOIN ledger.owner_step AS s ON s.transaction_id = p.id
        INNER JOIN ledger.till AS t ON t.id = p.till_id""",
    ],
    "merchants-leave-empty": [f"{GUARDED}; {ADD_EVENT} VALUES ('merchant', {SPENDER}, 'close', now())"],
    "states-replay": [
        "UPDATE ledger.subject_state SET state = 'active' WHERE subject = 'card'",
        "DELETE FROM ledger.subject_state WHERE subject = 'card'",
        "DELETE FROM ledger.event WHERE kind = 'suspend'",
        "DELETE FROM ledger.event WHERE kind = 'approve'",
    ],
    "events-have-subjects": [
        f"{GUARDED}; {ADD_EVENT} VALUES ('card', gen_random_uuid(), 'block', now())",
        f"{GUARDED}; {ADD_EVENT} VALUES ('household', {PHONE}, 'close', now())",
    ],
    "ended-vouchers-are-empty": [f"{GUARDED}; {ADD_EVENT} VALUES ('voucher', {UNUSED_VOUCHER}, 'lapse', '2027-01-31')"],
    "card-clocks-agree": [
        "UPDATE ledger.card_clock SET last_step = last_step + 1",
        "DELETE FROM ledger.card_clock",
    ],
    "card-spending-agrees": [
        "UPDATE ledger.card_spending SET spent_cents = spent_cents + 1",
        "UPDATE ledger.card_spending SET day = day - 1",
        "DELETE FROM ledger.card_spending",
    ],
    "statements-add-up": [
        "UPDATE ledger.statement_line SET balance_cents = balance_cents + 1 WHERE number = 1",
        "UPDATE ledger.statement SET closing_cents = closing_cents + 1",
        """UPDATE ledger.statement SET line_count = line_count + 1, file_id = NULL;
        DELETE FROM ledger.file_taking; DELETE FROM ledger.statement_file""",
        "UPDATE ledger.statement_line SET booked_on = booked_on + 90 WHERE number = 1",
    ],
    "statements-follow": [
        f"""{GUARDED}; INSERT INTO ledger.statement (
            id, account, first_day, last_day, format, file_name, sha256, line_count, opening_cents, closing_cents,
            imported_by, imported_at
        )
        SELECT gen_random_uuid(), account, '2027-03-01', '2027-03-31', format, file_name, sha256, 0, closing_cents + 1,
            closing_cents + 1, imported_by, imported_at
        FROM ledger.statement LIMIT 1""",
    ],
    "files-are-whole": [
        "UPDATE ledger.statement_file SET line_count = line_count + 1",
        "UPDATE ledger.file_taking SET new_count = new_count + 1",
        "UPDATE ledger.statement SET file_id = NULL",
        "DELETE FROM ledger.file_taking",
    ],
    "matches-are-equal": [
        "UPDATE ledger.match_unit SET amount_cents = amount_cents + 1",
        "UPDATE ledger.match SET unit_count = unit_count + 1",
        """UPDATE ledger.statement_line SET amount_cents = amount_cents + 1, balance_cents = balance_cents + 1
        WHERE number = 1; UPDATE ledger.statement_line SET amount_cents = amount_cents - 1 WHERE number = 2""",
    ],
    "live-matches-replay": [
        "DELETE FROM ledger.live_match_line WHERE number = 1",
        "DELETE FROM ledger.live_match_unit",
        "DELETE FROM ledger.unmatch",
    ],
    "breaks-keep-their-history": [
        f"{BREAK}; {BREAK_EVENT.format(nth=2, kind='release', hmac='NULL')}",
        f"{BREAK}; {BREAK_EVENT.format(nth=1, kind='comment', hmac=A_HMAC)}",
        f"{BREAK}; DELETE FROM ledger.break_item; {BREAK_EVENT.format(nth=1, kind='release', hmac='NULL')}",
    ],
    "remittances-add-up": [
        "UPDATE ledger.remittance SET number = 2",
        "UPDATE ledger.remittance SET control_cents = control_cents + 1",
        "UPDATE ledger.remittance_line SET amount_cents = amount_cents + 1",
        "UPDATE ledger.remittance_line SET booked_on = booked_on - 1",
        f"UPDATE ledger.remittance_item SET transaction_id = {SECOND_SALE}",
        "DELETE FROM ledger.remittance_item",
    ],
}
TAMPERINGS |= {
    "certified-months-are-closed": [
        "UPDATE ledger.ledger_transaction SET booked_on = '2026-11-01' WHERE kind = 1",
        "INSERT INTO ledger.certificate (proposal_id, period, version) VALUES (gen_random_uuid(), '2026-10-01', 1)",
        "INSERT INTO ledger.reopening (proposal_id, period, version) VALUES (gen_random_uuid(), '2026-10-01', 1)",
    ],
    "certificates-tell-the-books": [
        """INSERT INTO ledger.proposal (id, kind, content_sha256, amount_cents, prepared_by, prepared_at, signed_with,
            signature, recorded_at)
        SELECT md5('c')::uuid, 'certificate', sha256('{}'), 0, id, now(), sha256('k'), sha256('s') || sha256('s'), now()
        FROM ledger.operator LIMIT 1;
        INSERT INTO ledger.approval (id, proposal_id, prepared_by, approved_by, approved_at, signed_with, signature,
            recorded_at)
        SELECT md5('a')::uuid, p.id, p.prepared_by, o.id, now(), sha256('k'), sha256('s') || sha256('s'), now()
        FROM ledger.proposal AS p INNER JOIN ledger.operator AS o ON o.id <> p.prepared_by
        WHERE p.id = md5('c')::uuid LIMIT 1;
        INSERT INTO ledger.proposed_certificate (proposal_id, period, version, seal_number, content)
        VALUES (md5('c')::uuid, '2026-09-01', 1, 1, '{}');
        INSERT INTO ledger.certificate (proposal_id, period, version) VALUES (md5('c')::uuid, '2026-09-01', 1)""",
    ],
}
# Books a transfer from one account to another as if nobody watched: everything consistent but what is wanted.
BOOK = """
CREATE FUNCTION pg_temp.book(booked_kind integer, debit bigint, credit bigint, cents bigint) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
    booked uuid := gen_random_uuid();
    instant timestamptz := clock_timestamp();
BEGIN
    INSERT INTO ledger.ledger_transaction (id, kind, occurred_at, booked_on, posting_count, posted_at)
    VALUES (booked, booked_kind, '2026-10-06 08:00+00', '2026-10-06', 2, instant);
    INSERT INTO ledger.posting (account_id, version, transaction_id, line, amount_cents, balance_after_cents, posted_at)
    SELECT l.account_id, b.version + 1, booked, l.line, l.amount, b.balance_cents + l.amount, instant
    FROM (VALUES (debit, cents, 1), (credit, -cents, 2)) AS l (account_id, amount, line)
    INNER JOIN ledger.balance AS b USING (account_id);
    UPDATE ledger.balance AS b
    SET balance_cents = p.balance_after_cents, version = p.version, last_posted_at = instant
    FROM ledger.posting AS p WHERE p.transaction_id = booked AND p.account_id = b.account_id;
    RETURN booked;
END
$$;
CREATE FUNCTION pg_temp.convert(debit bigint, owner uuid, cents bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    booked uuid;
BEGIN
    SELECT pg_temp.book(10, debit, converting_account_id, cents) INTO booked FROM ledger.merchant WHERE id = owner;
    INSERT INTO ledger.conversion (id, merchant_id, amount_cents, till_id)
    SELECT booked, owner, cents, t.id FROM ledger.till AS t WHERE t.merchant_id = owner LIMIT 1;
    INSERT INTO ledger.owner_step (merchant_id, step, transaction_id) VALUES (owner, 1, booked);
    INSERT INTO ledger.request_outcome (merchant_id, request_key, fingerprint, fate, result_id, decided_at)
    VALUES (owner, sha256('forged'), sha256('forged'), 'approved', booked, now());
END
$$
"""

# A statement of two lines; the second was matched, unmatched and matched again.
RECONCILED = [
    """INSERT INTO ledger.statement_file (id, account, first_day, last_day, format, file_name, sha256, line_count,
        opening_cents, closing_cents, left_out, attempt, imported_by, imported_at)
    SELECT md5('f')::uuid, 'pois', '2026-10-01', '2026-10-31', 'test', 'releve.csv', sha256('s'), 2, 0, 1249000, 0, 1,
        (SELECT id FROM ledger.operator LIMIT 1), now()""",
    """INSERT INTO ledger.file_taking (file_id, new_count, taken_by, taken_at)
    SELECT id, line_count, imported_by, imported_at FROM ledger.statement_file""",
    """INSERT INTO ledger.statement (id, account, first_day, last_day, format, file_name, sha256, line_count,
        opening_cents, closing_cents, imported_by, imported_at, file_id)
    SELECT md5('s')::uuid, account, first_day, last_day, format, file_name, sha256, line_count, opening_cents,
        closing_cents, imported_by, imported_at, id
    FROM ledger.statement_file""",
    """INSERT INTO ledger.statement_line (statement_id, number, booked_on, label, amount_cents, balance_cents)
    VALUES (md5('s')::uuid, 1, '2026-10-06', 'Versement', 1250000, 1250000),
        (md5('s')::uuid, 2, '2026-10-07', 'Achat T1', -1000, 1249000)""",
]
MATCHED = [
    """INSERT INTO ledger.match (id, account, rule, score, reasons, line_count, unit_count, complete_on, matched_by,
        matched_at)
    SELECT md5('{match}')::uuid, 'pois', 'test', 100, '{{}}', 1, 1, '2026-10-31',
        (SELECT id FROM ledger.operator LIMIT 1), now()""",
    """INSERT INTO ledger.match_line (match_id, statement_id, number)
    VALUES (md5('{match}')::uuid, md5('s')::uuid, {line})""",
    """INSERT INTO ledger.match_unit (match_id, transaction_id, amount_cents)
    SELECT md5('{match}')::uuid, transaction_id, amount_cents
    FROM ledger.matchable_unit WHERE {unit} AND account = 'pois'""",
]
# One sale that the association was told of.
REMITTED = [
    f"""INSERT INTO ledger.remittance (id, number, first_day, last_day, line_count, item_count, control_cents, sha256,
        made_by, made_at)
    SELECT md5('r')::uuid, 1, booked_on, booked_on, 1, 1, amount_cents, sha256('r'),
        (SELECT id FROM ledger.operator LIMIT 1), now()
    FROM ledger.remittable WHERE transaction_id = {SALE}""",
    f"""INSERT INTO ledger.remittance_line (remittance_id, number, kind, booked_on, merchant_id, item_count,
        amount_cents)
    SELECT md5('r')::uuid, 1, 'sale', booked_on, merchant_id, 1, amount_cents
    FROM ledger.remittable WHERE transaction_id = {SALE}""",
    f"INSERT INTO ledger.remittance_item (transaction_id, remittance_id, number) VALUES ({SALE}, md5('r')::uuid, 1)",
]
UNMATCHED = """INSERT INTO ledger.unmatch (match_id, unmatched_by, unmatched_at)
    SELECT md5('m2')::uuid, (SELECT id FROM ledger.operator LIMIT 1), now()"""
