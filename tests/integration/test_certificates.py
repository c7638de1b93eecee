"""A month is certified by two people and closed (L11): what is refused before, what the database refuses after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import pytest

from ledger.adjustments.actions import approve_move
from ledger.books.transaction import TransactionKind
from ledger.certificates.actions import (
    approve_certificate,
    approve_reopening,
    certificate_of,
    list_certificates,
    propose_certificate,
    propose_reopening,
)
from ledger.certificates.model import Reason
from ledger.certificates.rules import faults
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    CertifiedClosingDiffers,
    ContentDiffers,
    FileWaits,
    LaterMonthCertified,
    MonthCertified,
    MonthNotCertified,
    MonthNotCovered,
    MonthNotOver,
    MonthNotSealed,
    NotPending,
    PreviousNotCertified,
    ProofNotZero,
    SamePerson,
)
from ledger.keyring import Keyring
from ledger.reconciliation.actions import import_statement, match_statement, reconciliation_report, unmatch_line
from ledger.reconciliation.model import Account
from ledger.reconciliation.model.breaks import State
from ledger.reconciliation.resolving import propose_write_off, wait_for_break
from ledger.reports.actions import balance_of
from ledger.reports.model import Moment
from ledger.reports.model import Reason as Standing
from ledger.sealing.actions import seal
from tests.closing_books import NOV, OCT, buyer_and_seller, certify, reopen
from tests.databases import DatabaseUrls, TestServer
from tests.month import CHECKER_SIGNER, MAKER, MAKER_SIGNER
from tests.october_books import IMPORTED_AT
from tests.statement_files import Moved, platform, write
from tests.straight import NOON, PRIVILEGE, insert_transaction, post, refused_as
from tests.tampering import GUARDED, UNGUARDED

L11, APPEND_ONLY = "BPL11", "BPL02"
OF_L11 = [
    *("certified-months-are-closed", "certificates-tell-the-books", "triggers-are-enabled"),
    *("signatures-hold", "signers-were-entitled", "functions-are-as-shipped", "text-has-a-pattern"),
]
LAST_OF_NOVEMBER = date(2026, 11, 30)


@pytest.fixture
async def database_urls(closing: TestServer) -> AsyncIterator[DatabaseUrls]:
    async with closing.clone() as urls:
        yield urls


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(IMPORTED_AT.astimezone(UTC))


@pytest.fixture
async def certified(ledger: Ledger) -> Ledger:
    await certify(ledger)
    return ledger


async def november(ledger: Ledger, clock: FixedClock, folder: Path) -> None:
    """Nothing moved in November on either account; then it is December."""
    clock.instant = datetime(2026, 12, 2, 9, tzinfo=UTC)
    for each, file in (("pois", "4260,28"), ("reserve", None)):
        report = await reconciliation_report(ledger, Account(each), period=OCT)
        assert file is None or report.theirs.closing_cents == 4_260_28
        path = write(folder, f"{each}.csv", platform(report.theirs.closing_cents, []))
        await import_statement(ledger, path, MAKER, Account(each), period=NOV)


async def test_the_certificate_says_what_the_reports_say_and_its_sums_hold(certified: Ledger) -> None:
    found, content = await certificate_of(certified, OCT)
    assert (found.version, found.prepared_by, found.certified_by, found.holds) == (1, "lea", "omar", True)
    assert [part.account for part in content.accounts] == ["pois", "reserve"]
    report = await reconciliation_report(certified, period=OCT)
    pois = content.accounts[0]
    assert [one.id for one in pois.differences] == [str(one.id) for one in report.breaks]
    assert (pois.statement.closing_cents, pois.ledger.closing_cents) == (4_260_28, 4_010_93)
    assert (content.supersedes, content.previous) == (None, None)
    assert all(holds for _, holds, _ in faults(content))
    assert await run_checks(certified, OF_L11) == []


async def test_open_differences_are_carried_and_the_next_month_begins_where_this_one_ended(
    certified: Ledger, clock: FixedClock, tmp_path: Path
) -> None:
    await november(certified, clock, tmp_path)
    await certify(certified)
    _, october = await certificate_of(certified, OCT)
    found, content = await certificate_of(certified, NOV)
    assert content.previous is not None
    assert content.previous.sha256 == (await list_certificates(certified))[0].content_sha256.hex()
    for part, before in zip(content.accounts, october.accounts, strict=True):
        assert part.before is not None
        assert part.before.statement_closing_cents == before.statement.closing_cents
        assert part.carried.from_last == len(before.differences)
    assert found.holds
    assert all(holds for _, holds, _ in faults(content))


async def test_it_says_where_each_difference_stands_and_people_go_on_with_it(ledger: Ledger) -> None:
    one, other = (await reconciliation_report(ledger, period=OCT)).breaks[:2]
    await wait_for_break(ledger, one.id.hex, date(2026, 11, 20), MAKER)
    await certify(ledger)
    _, content = await certificate_of(ledger, OCT)
    states = {difference.id: difference.state for difference in content.accounts[0].differences}
    assert (states[str(one.id)], states[str(other.id)]) == ("waiting", "open")
    move = await propose_write_off(ledger, other.id.hex, MAKER_SIGNER)
    await approve_move(ledger, move.proposal_id, CHECKER_SIGNER)
    after = await reconciliation_report(ledger, period=OCT)
    assert (after.proof.proof_cents, after.state_of(other)) == (0, State.RESOLVED)
    assert await run_checks(ledger, ["certificates-tell-the-books", "certified-months-are-closed"]) == []


async def test_two_people_and_nothing_altered_in_between(ledger: Ledger) -> None:
    draft = await propose_certificate(ledger, MAKER_SIGNER)
    with pytest.raises(SamePerson):
        await approve_certificate(ledger, draft.proposal_id, MAKER_SIGNER)
    await unmatch_line(ledger, 3, MAKER)
    with pytest.raises(ContentDiffers):
        await approve_certificate(ledger, draft.proposal_id, CHECKER_SIGNER)
    await certify(ledger)
    with pytest.raises(MonthCertified):
        await approve_certificate(ledger, draft.proposal_id, CHECKER_SIGNER)
    assert [one.version for one in await list_certificates(ledger)] == [1]


async def test_not_before_its_end_its_turn_its_seal_or_its_statements(
    ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    with pytest.raises(MonthNotOver):
        await propose_certificate(ledger, MAKER_SIGNER, NOV)
    clock.instant = datetime(2026, 12, 2, 9, tzinfo=UTC)
    with pytest.raises(PreviousNotCertified):
        await propose_certificate(ledger, MAKER_SIGNER, NOV)
    with pytest.raises(PreviousNotCertified):
        await propose_certificate(ledger, MAKER_SIGNER, date(2026, 9, 1))
    voucher, merchant = await buyer_and_seller(owner)
    await post(owner, (TransactionKind.REDEMPTION, [(voucher, 100), (merchant, -100)]))
    with pytest.raises(MonthNotSealed):
        await propose_certificate(ledger, MAKER_SIGNER)
    await seal(ledger)
    with pytest.raises(ProofNotZero):  # a sale without its document: the second identity fails
        await propose_certificate(ledger, MAKER_SIGNER)


async def test_a_month_whose_statement_ends_early_or_waits_is_not_certified(
    certified: Ledger, clock: FixedClock, tmp_path: Path
) -> None:
    clock.instant = datetime(2026, 12, 2, 9, tzinfo=UTC)
    with pytest.raises(MonthNotCovered):
        await propose_certificate(certified, MAKER_SIGNER)
    for name, opening_cents, day in (("first.csv", 4_260_28, 3), ("later.csv", 900_00, 9)):
        moves = [Moved(date(2026, 11, day), "Achat", -1_00)]
        await import_statement(certified, write(tmp_path, name, platform(opening_cents, moves)), MAKER)
    with pytest.raises(FileWaits):
        await propose_certificate(certified, MAKER_SIGNER)


async def test_what_comes_after_the_preparation_stops_the_approval(ledger: Ledger, owner: asyncpg.Connection) -> None:
    draft = await propose_certificate(ledger, MAKER_SIGNER)
    voucher, merchant = await buyer_and_seller(owner)
    await post(owner, (TransactionKind.REDEMPTION, [(voucher, 100), (merchant, -100)]))
    with pytest.raises(MonthNotSealed):
        await approve_certificate(ledger, draft.proposal_id, CHECKER_SIGNER)
    assert await list_certificates(ledger) == []


async def test_later_knowledge_goes_to_the_open_month(certified: Ledger, owner: asyncpg.Connection) -> None:
    """A refund of an October sale that reaches us late, and whatever else occurred in October."""
    voucher, merchant = await buyer_and_seller(owner)
    [late] = await post(owner, (TransactionKind.REFUND, [(merchant, 100), (voucher, -100)]))
    assert await owner.fetchval("SELECT booked_on FROM ledger.ledger_transaction WHERE id = $1", late) == NOV
    assert await owner.fetchval("SELECT occurred_at FROM ledger.ledger_transaction WHERE id = $1", late) == NOON
    _, content = await certificate_of(certified, OCT)
    again = await reconciliation_report(certified, period=OCT)
    assert again.ours.closing_cents == content.accounts[0].ledger.closing_cents
    assert await run_checks(certified, [*OF_L11, "times-agree"]) == []


async def test_answers_about_certified_days_are_final(certified: Ledger) -> None:
    found = await balance_of(certified, "association:issued", Moment(on=date(2026, 10, 31)))
    assert (found.final, found.reason) == (True, Standing.MONTH_CERTIFIED)
    found = await balance_of(certified, "association:issued", Moment(on=NOV))
    assert (found.final, found.reason) == (False, Standing.MONTH_OPEN)


async def test_a_certified_month_takes_no_statement_and_no_match(
    certified: Ledger, clock: FixedClock, tmp_path: Path
) -> None:
    """What was open at its end is still matched with what comes later: its report stays what it was."""
    earlier = write(tmp_path, "september.csv", platform(1_00, [Moved(date(2026, 9, 30), "Achat", -1_00)]))
    between = write(tmp_path, "again.csv", platform(4_260_28, [Moved(date(2026, 10, 31), "Achat", -1_00)]))
    for file in (earlier, between):
        with pytest.raises(MonthCertified) as refused:
            await import_statement(certified, file, MAKER)
        assert refused.value.facts["file"] == file.name
    with pytest.raises(MonthCertified):
        await import_statement(certified, between, MAKER, dry_run=True)
    with pytest.raises(MonthCertified):
        await unmatch_line(certified, 3, MAKER, period=OCT)
    assert (await match_statement(certified, MAKER, period=OCT)).matches == ()


async def test_reopened_by_two_people_and_certified_again_as_the_next_version(
    certified: Ledger, owner: asyncpg.Connection, clock: FixedClock
) -> None:
    with pytest.raises(MonthNotCertified):
        await propose_reopening(certified, NOV, Reason.WRONG_MATCH, MAKER_SIGNER)
    twice = await propose_reopening(certified, OCT, Reason.AUDIT_FINDING, MAKER_SIGNER)
    with pytest.raises(SamePerson):
        await approve_reopening(certified, twice.proposal_id, MAKER_SIGNER)
    await reopen(certified)
    with pytest.raises(MonthNotCertified):
        await approve_reopening(certified, twice.proposal_id, CHECKER_SIGNER)
    await unmatch_line(certified, 3, MAKER, period=OCT)
    await certify(certified)
    first, second = await list_certificates(certified)
    assert (first.holds, first.reopened_reason, first.reopened_by) == (False, Reason.WRONG_MATCH, "omar")
    assert (second.version, second.holds) == (2, True)
    _, content = await certificate_of(certified, OCT)
    assert content.supersedes is not None
    assert content.supersedes.sha256 == first.content_sha256.hex()
    assert len(content.accounts[0].differences) > len(
        (await certificate_of(certified, OCT, 1))[1].accounts[0].differences
    )
    with pytest.raises(MonthNotCertified):
        await approve_reopening(certified, twice.proposal_id, CHECKER_SIGNER)
    assert await run_checks(certified, OF_L11) == []


async def test_only_the_last_certified_month_is_reopened(certified: Ledger, clock: FixedClock, tmp_path: Path) -> None:
    await november(certified, clock, tmp_path)
    await certify(certified)
    with pytest.raises(LaterMonthCertified):
        await propose_reopening(certified, OCT, Reason.STATEMENT_CORRECTED, MAKER_SIGNER)
    await reopen(certified, NOV)
    await reopen(certified, OCT)
    assert [one.holds for one in await list_certificates(certified)] == [False, False]
    await certify(certified)
    await certify(certified)
    assert [(one.version, one.holds) for one in await list_certificates(certified)] == [
        *((1, False), (2, True)),
        *((1, False), (2, True)),
    ]
    assert await run_checks(certified, OF_L11) == []


STRAIGHT = {
    "statement": """INSERT INTO ledger.statement (id, account, first_day, last_day, format, file_name, sha256,
        line_count, opening_cents, closing_cents, imported_by, imported_at, position)
        SELECT gen_random_uuid(), 'pois', '2026-10-31', '2026-10-31', 'test', 'x', sha256('x'), 0, 0, 0, imported_by,
        imported_at, 77 FROM ledger.statement LIMIT 1""",
    "match": """INSERT INTO ledger.match (id, account, rule, score, reasons, line_count, unit_count, complete_on,
        matched_by, matched_at)
        SELECT gen_random_uuid(), account, 'test', 1, '{}', 1, 1, '2026-10-31', matched_by, matched_at
        FROM ledger.match LIMIT 1""",
    "unmatch": """INSERT INTO ledger.unmatch (match_id, unmatched_by, unmatched_at)
        SELECT id, matched_by, matched_at FROM ledger.match LIMIT 1""",
    "certificate again": """INSERT INTO ledger.certificate (proposal_id, period, version)
        SELECT gen_random_uuid(), period, 2 FROM ledger.certificate""",
    "a month left out": """INSERT INTO ledger.certificate (proposal_id, period, version)
        SELECT gen_random_uuid(), '2026-12-01', 1 FROM ledger.certificate""",
    "reopening of another": """INSERT INTO ledger.reopening (proposal_id, period, version)
        VALUES (gen_random_uuid(), '2026-09-01', 1)""",
    "content of another": """INSERT INTO ledger.proposed_certificate (proposal_id, period, version, seal_number,
        content) SELECT id, '2026-11-01', 1, 1, '{}' FROM ledger.proposal WHERE kind = 'certificate'""",
    "reason of another": """INSERT INTO ledger.proposed_reopening (proposal_id, period, version, reason)
        SELECT proposal_id, period, version, 'audit-finding' FROM ledger.certificate""",
}


@pytest.mark.usefixtures("certified")
async def test_the_database_refuses_it_to_everybody(app: asyncpg.Connection, owner: asyncpg.Connection) -> None:
    for what in STRAIGHT.values():
        for connection in (app, owner):
            with refused_as(L11):
                await connection.execute(what)


async def test_nobody_books_into_a_certified_month_nor_undoes_the_certificate(
    certified: Ledger, app: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    with refused_as(L11):
        await insert_transaction(owner, TransactionKind.REDEMPTION, NOON)
    with refused_as(PRIVILEGE):
        await insert_transaction(app, TransactionKind.REDEMPTION, NOON)
    for table in ("certificate", "proposed_certificate", "reopening", "proposed_reopening"):
        with refused_as(APPEND_ONLY):
            await owner.execute(f"DELETE FROM ledger.{table}")
        with refused_as(PRIVILEGE):
            await app.execute(f"UPDATE ledger.{table} SET version = 9")


async def test_a_sale_on_its_way_is_in_the_certificate_or_in_the_open_month(
    ledger: Ledger, owner: asyncpg.Connection, database_urls: DatabaseUrls
) -> None:
    """The schedule by hand: the sale has its place in October, and commits while October is being certified."""
    draft = await propose_certificate(ledger, MAKER_SIGNER)
    voucher, merchant = await buyer_and_seller(owner)
    legs = [(voucher, 100), (merchant, -100)]
    async with connected(database_urls.app) as till:
        async with till.transaction():
            [early] = await post(till, (TransactionKind.REDEMPTION, legs))
            approval = asyncio.create_task(approve_certificate(ledger, draft.proposal_id, CHECKER_SIGNER))
            await _waits_for_turn(owner)  # the certificate waits for the sale, and whoever sells now for it
        with pytest.raises(MonthNotSealed):
            await approval
        days = "SELECT booked_on FROM ledger.ledger_transaction WHERE id = $1"
        assert await owner.fetchval(days, early) == NOON.date()


async def test_a_sale_that_comes_while_a_month_is_closed_waits_and_goes_to_the_next(
    ledger: Ledger, owner: asyncpg.Connection, database_urls: DatabaseUrls
) -> None:
    draft = await propose_certificate(ledger, MAKER_SIGNER)
    voucher, merchant = await buyer_and_seller(owner)
    async with connected(database_urls.app) as other, connected(database_urls.app) as till:
        async with other.transaction():
            await other.execute("SELECT * FROM ledger.lock_balances('{}')")  # a unit of work that posts nothing
            approval = asyncio.create_task(approve_certificate(ledger, draft.proposal_id, CHECKER_SIGNER))
            await _waits_for_turn(owner)
            sale = asyncio.create_task(post(till, (TransactionKind.REDEMPTION, [(voucher, 100), (merchant, -100)])))
            await _waits_for_turn(owner, 2)
        await approval
        [late] = await sale
    assert await owner.fetchval("SELECT booked_on FROM ledger.ledger_transaction WHERE id = $1", late) == NOV


async def _waits_for_turn(owner: asyncpg.Connection, count: int = 1) -> None:
    """Until so many wait for an advisory lock of this database."""
    sql = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    while await owner.fetchval(sql) < count:  # noqa: ASYNC110 - nobody tells us but the database
        await asyncio.sleep(0.01)


async def test_a_certificate_that_was_approved_twice_at_once_is_certified_once(ledger: Ledger, keys: Keyring) -> None:
    draft = await propose_certificate(ledger, MAKER_SIGNER)
    answers = await asyncio.gather(
        *(approve_certificate(ledger, draft.proposal_id, CHECKER_SIGNER) for _ in range(2)), return_exceptions=True
    )
    assert [type(each) for each in answers if isinstance(each, Exception)] in ([MonthCertified], [NotPending])
    assert len(await list_certificates(ledger)) == 1


async def test_a_month_that_does_not_begin_where_the_certified_one_ended_is_not_certified(
    certified: Ledger, superuser: asyncpg.Connection, clock: FixedClock, tmp_path: Path
) -> None:
    """Somebody with the database moved an October sale to November."""
    await november(certified, clock, tmp_path)
    moved = """UPDATE ledger.ledger_transaction SET booked_on = '2026-11-01'
        WHERE id = (SELECT id FROM ledger.redemption ORDER BY id LIMIT 1)"""
    await superuser.execute(f"{UNGUARDED}; {moved}; {GUARDED}")
    await seal(certified)
    with pytest.raises(CertifiedClosingDiffers):
        await propose_certificate(certified, MAKER_SIGNER)


TAMPERED = {
    "certified-months-are-closed": "UPDATE ledger.match SET xid = '4000000000' WHERE complete_on = '2026-10-31'",
    "certificates-tell-the-books": "UPDATE ledger.statement SET sha256 = sha256('another') WHERE account = 'reserve'",
}


async def test_whatever_is_altered_in_a_certified_month_is_found(
    certified: Ledger, superuser: asyncpg.Connection
) -> None:
    for name, statement in TAMPERED.items():
        await superuser.execute(f"{UNGUARDED}; {statement}; {GUARDED}")
        assert {violation.check for violation in await run_checks(certified, [name])} == {name}
    [sale] = await superuser.fetch("SELECT id FROM ledger.ledger_transaction WHERE kind = 5 LIMIT 1")
    later = "UPDATE ledger.ledger_transaction SET booked_on = '2026-11-01' WHERE id = $1"
    async with superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute(later, sale["id"])
    found = await run_checks(certified, ["certificates-tell-the-books"])
    assert {"pois", "reserve"} == {violation.facts["account"] for violation in found}
