"""`bonpois check`: silent on good books; each check speaks, and it alone, when its invariant is broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger.checks.actions import list_checks, run_checks
from ledger.checks.catalogue import CHECKS
from ledger.checks.store import VIOLATIONS_MAX, freeze
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.errors import UnknownCheck
from ledger.keyring import Keyring
from ledger.redemptions.desk import Desk
from tests.conftest import NOW
from tests.databases import DatabaseUrls, TestServer
from tests.world import World, by_phone, sell, small_world

SALE = "(SELECT id FROM ledger.redemption ORDER BY id LIMIT 1)"
SECOND_SALE = "(SELECT id FROM ledger.redemption ORDER BY id LIMIT 1 OFFSET 1)"
PHONE = "(SELECT id FROM ledger.card WHERE kind = 'phone')"
UNUSED_VOUCHER = """(
    SELECT v.id FROM ledger.voucher AS v INNER JOIN ledger.balance AS b USING (account_id)
    WHERE b.version = 1 ORDER BY v.serial DESC LIMIT 1
)"""
UNUSED_HOUSEHOLD = f"(SELECT household_id FROM ledger.voucher WHERE id = {UNUSED_VOUCHER})"
IN_TRANSIT = "(SELECT id FROM ledger.account WHERE name = 'association:in-transit')"
EARNING = f"(SELECT m.account_id FROM ledger.merchant AS m, ledger.redemption AS r WHERE r.id = {SALE} AND m.id = r.merchant_id)"
GUARDED = "SET session_replication_role = origin;"

# What is done to the books, by the check that has to find it. Without triggers, unless it says GUARDED.
TAMPERINGS: dict[str, list[str]] = {
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
        f"UPDATE ledger.posting SET balance_after_cents = balance_after_cents - 1 WHERE account_id = {EARNING} AND version = 1",
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
        """ALTER TABLE ledger.balance DROP CONSTRAINT balance_keeps_its_side_l4;
        SELECT pg_temp.book(9, (SELECT max(account_id) FROM ledger.merchant), (SELECT min(account_id) FROM ledger.merchant), 5)"""
    ],
    "approved-by-another": [
        """ALTER TABLE ledger.approval DROP CONSTRAINT who_prepares_does_not_approve_l9;
        UPDATE ledger.approval SET approved_by = prepared_by""",
        "UPDATE ledger.proposal SET prepared_by = (SELECT approved_by FROM ledger.approval)",
        "UPDATE ledger.transaction_kind SET approved = true WHERE code = 'mandate'",
    ],
    "shapes-are-allowed": [
        f"""SELECT pg_temp.book(9, v.account_id, {EARNING}, 5) FROM ledger.voucher AS v WHERE v.id = {UNUSED_VOUCHER}""",
        "DELETE FROM ledger.transaction_shape WHERE kind = 1",
    ],
    "euros-back-pois": [
        """SELECT pg_temp.book(12, p.id, f.id, 5) FROM ledger.account AS p, ledger.account AS f
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
        f"{GUARDED} SELECT ledger.open_accounts('voucher', ARRAY['voucher:nobodys'])",
    ],
    "runs-add-up": [
        "UPDATE ledger.aid_run SET total_cents = total_cents + 1",
        "UPDATE ledger.aid_run SET voucher_count = voucher_count + 1",
        "UPDATE ledger.proposal SET kind = 'other'",
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
    ],
    "tills-came-by-invitation": [
        "UPDATE ledger.till SET scope = 'merchant'",
        "UPDATE ledger.pairing SET expires_at = expires_at - interval '1 day'",
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
        f"""{GUARDED} INSERT INTO ledger.event (subject, subject_id, kind, occurred_at) VALUES ('card', {PHONE}, 'block', now());
        SET session_replication_role = replica;
        UPDATE ledger.event SET recorded_at = recorded_at - interval '1 hour' WHERE subject_id = {PHONE}""",
        f"""{GUARDED} INSERT INTO ledger.event (subject, subject_id, kind, occurred_at)
        SELECT 'merchant', merchant_id, 'suspend', now() FROM ledger.redemption WHERE id = {SALE};
        SET session_replication_role = replica;
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
        f"""UPDATE ledger.redemption SET receipt_year = 2027;
        UPDATE ledger.receipt_counter SET year = 2027""",
    ],
    "states-replay": [
        "UPDATE ledger.subject_state SET state = 'active' WHERE subject = 'card'",
        "DELETE FROM ledger.subject_state WHERE subject = 'card'",
        "DELETE FROM ledger.event WHERE kind = 'suspend'",
        "DELETE FROM ledger.event WHERE kind = 'approve'",
    ],
    "events-have-subjects": [
        f"{GUARDED} INSERT INTO ledger.event (subject, subject_id, kind, occurred_at)"
        " VALUES ('card', gen_random_uuid(), 'block', now())",
        f"{GUARDED} INSERT INTO ledger.event (subject, subject_id, kind, occurred_at)"
        f" VALUES ('household', {PHONE}, 'close', now())",
    ],
    "ended-vouchers-are-empty": [
        f"{GUARDED} INSERT INTO ledger.event (subject, subject_id, kind, occurred_at)"
        f" VALUES ('voucher', {UNUSED_VOUCHER}, 'lapse', now())"
    ],
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
        "UPDATE ledger.statement SET line_count = line_count + 1",
        "UPDATE ledger.statement_line SET booked_on = booked_on + 90 WHERE number = 1",
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
}
CASES = [
    pytest.param(name, sql, id=f"{name}-{place}")
    for name, statements in TAMPERINGS.items()
    for place, sql in enumerate(statements, start=1)
]

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
$$
"""

# A statement of two lines; the second was matched, unmatched and matched again.
RECONCILED = [
    """INSERT INTO ledger.statement (id, account, first_day, last_day, format, file_name, sha256, line_count,
        opening_cents, closing_cents, imported_by, imported_at)
    SELECT md5('s')::uuid, 'pois', '2026-10-01', '2026-10-31', 'test', 'releve.csv', sha256('s'), 2, 0, 1249000,
        (SELECT id FROM ledger.operator LIMIT 1), now()""",
    """INSERT INTO ledger.statement_line (statement_id, number, booked_on, label, amount_cents, balance_cents)
    VALUES (md5('s')::uuid, 1, '2026-10-06', 'Versement', 1250000, 1250000),
        (md5('s')::uuid, 2, '2026-10-07', 'Achat T1', -1000, 1249000)""",
]
MATCHED = [
    """INSERT INTO ledger.match (id, account, rule, score, reasons, line_count, unit_count, complete_on, matched_by,
        matched_at)
    SELECT md5('{match}')::uuid, 'pois', 'test', 100, '{{}}', 1, 1, '2026-10-31', (SELECT id FROM ledger.operator LIMIT 1), now()""",
    "INSERT INTO ledger.match_line (match_id, statement_id, number) VALUES (md5('{match}')::uuid, md5('s')::uuid, {line})",
    """INSERT INTO ledger.match_unit (match_id, transaction_id, amount_cents)
    SELECT md5('{match}')::uuid, transaction_id, amount_cents FROM ledger.matchable_unit WHERE {unit} AND account = 'pois'""",
]
UNMATCHED = """INSERT INTO ledger.unmatch (match_id, unmatched_by, unmatched_at)
    SELECT md5('m2')::uuid, (SELECT id FROM ledger.operator LIMIT 1), now()"""


@dataclass(frozen=True)
class MadeWorld:
    """A database with the small world in it, from which each test gets a clone."""

    server: TestServer
    world: World


@pytest.fixture(scope="module")
async def made(database_server: TestServer, keys: Keyring) -> AsyncIterator[MadeWorld]:
    async with database_server.clone() as urls:
        clock = FixedClock(NOW)
        database = Database.at(urls.app)
        world = await small_world(Ledger(database, clock, keys), clock)
        await database.aclose()
        async with connected(urls.owner) as connection:
            await _reconcile(connection)
        yield MadeWorld(replace(database_server, template=urlsplit(urls.app).path.removeprefix("/")), world)


@pytest.fixture
async def database_urls(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    async with made.server.clone() as urls:
        yield urls


@pytest.fixture
async def tamperer(superuser: asyncpg.Connection) -> asyncpg.Connection:
    """Somebody whom no trigger and no grant stops."""
    await superuser.execute(BOOK)
    await superuser.execute("SET session_replication_role = replica")
    return superuser


async def spoke(ledger: Ledger) -> set[str]:
    return {violation.check for violation in await run_checks(ledger)}


async def test_good_books_are_passed_in_silence(ledger: Ledger) -> None:
    done = []
    assert await run_checks(ledger, progress=done.append) == []
    assert tuple(done) == CHECKS


async def test_empty_books_are_good_too(database_server: TestServer, clock: FixedClock, keys: Keyring) -> None:
    async with database_server.clone() as urls:
        database = Database.at(urls.app)
        assert await run_checks(Ledger(database, clock, keys)) == []
        await database.aclose()


@pytest.mark.parametrize(("name", "statement"), CASES)
async def test_the_right_check_speaks_and_it_alone(
    ledger: Ledger, tamperer: asyncpg.Connection, name: str, statement: str
) -> None:
    await tamperer.execute(statement)
    assert await spoke(ledger) == {name}


def test_every_check_is_tried() -> None:
    assert sorted(TAMPERINGS) == sorted(check.name for check in CHECKS)


async def test_whoever_left_and_was_erased_is_no_fault(ledger: Ledger, superuser: asyncpg.Connection) -> None:
    sql = "INSERT INTO ledger.event (subject, subject_id, kind, occurred_at) VALUES ('household', $1, 'close', now())"
    household = await superuser.fetchval(f"SELECT {UNUSED_HOUSEHOLD}")
    await superuser.execute(sql, household)
    await superuser.execute("DELETE FROM identity.household WHERE household_id = $1", household)
    await superuser.execute("DELETE FROM identity.subject_key WHERE subject_id = $1", household)
    assert await run_checks(ledger) == []


async def test_a_voucher_reopened_for_its_grace_may_be_spent(
    ledger: Ledger, tamperer: asyncpg.Connection, made: MadeWorld
) -> None:
    [shifted] = [sql for sql in TAMPERINGS["vouchers-spent-in-time"] if "- 90" in sql]
    await tamperer.execute(shifted)
    await tamperer.execute(
        """INSERT INTO ledger.event (id, subject, subject_id, kind, occurred_at) OVERRIDING SYSTEM VALUE
        SELECT 1000 + row_number() OVER (), 'voucher', v.id, k.kind, '2026-10-01'
        FROM ledger.voucher AS v CROSS JOIN (VALUES (1, 'lapse'), (2, 'reopen')) AS k (nth, kind)
        ORDER BY v.id, k.nth"""
    )
    await tamperer.execute(
        "INSERT INTO ledger.subject_state (subject_id, subject, state) SELECT id, 'voucher', 'active' FROM ledger.voucher"
    )
    assert await run_checks(ledger) == []


async def test_a_violation_names_its_culprit_and_the_facts(
    ledger: Ledger, tamperer: asyncpg.Connection, made: MadeWorld
) -> None:
    await tamperer.execute(f"UPDATE ledger.redemption SET asked_cents[1] = asked_cents[1] + 1 WHERE id = {SALE}")
    [found] = await run_checks(ledger, ["lines-add-up"])
    assert (found.check, found.subject) == ("lines-add-up", str(made.world.sales[0]))
    assert found.facts == {
        "basket_cents": 1500,
        "asked_cents": 1501,
        "approved_cents": 1000,
        "of_lines_cents": 1000,
    }


async def test_what_is_found_is_bounded(ledger: Ledger, tamperer: asyncpg.Connection) -> None:
    await tamperer.execute("UPDATE ledger.voucher SET face_cents = face_cents + 1")
    assert len(await run_checks(ledger)) == VIOLATIONS_MAX


async def test_only_the_checks_asked_for_are_run(ledger: Ledger, tamperer: asyncpg.Connection) -> None:
    await tamperer.execute("UPDATE ledger.aid_run SET total_cents = total_cents + 1")
    assert await run_checks(ledger, ["transactions-balance", "lines-add-up"]) == []
    assert [check.name for check in list_checks(["lines-add-up", "transactions-balance"])] == [
        "transactions-balance",
        "lines-add-up",
    ]
    with pytest.raises(UnknownCheck) as refused:
        await run_checks(ledger, ["nonsense"])
    assert refused.value.facts["check"] == "nonsense"


async def test_checks_are_silent_while_tills_go_on(ledger: Ledger, clock: FixedClock, made: MadeWorld) -> None:
    desk = Desk(ledger)
    clock.instant += timedelta(minutes=5)  # the world's telephone has used its codes until then
    selling = True

    async def go_on() -> int:
        sold = 0
        while selling:
            clock.instant += timedelta(seconds=30)
            await sell(desk, made.world.tills[sold % 2], by_phone(made.world.phone, clock), fruits=1)
            sold += 1
        return sold

    till = asyncio.create_task(go_on())
    found = [violation for _ in range(3) for violation in await run_checks(ledger)]
    selling = False
    assert await till > 3
    await desk.close()
    assert found == []


async def test_a_check_can_change_nothing(ledger: Ledger) -> None:
    async with ledger.unit_of_work() as work:
        await freeze(work)
        with pytest.raises(DBAPIError, match="read-only"):
            await work.run(text("INSERT INTO ledger.operator (id, name, added_at) VALUES (gen_random_uuid(), 'me', now())"))


async def _reconcile(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        for statement in RECONCILED:
            await connection.execute(statement)
    units = {"m1": (1, "kind = 3"), "m2": (2, f"transaction_id = {SALE}"), "m3": (2, f"transaction_id = {SALE}")}
    for match, (line, unit) in units.items():
        async with connection.transaction():
            for statement in MATCHED:
                await connection.execute(statement.format(match=match, line=line, unit=unit))
            if match == "m2":
                await connection.execute(UNMATCHED)
