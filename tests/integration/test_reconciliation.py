"""The sample month in the database: import, match, take back, report; and what the database itself refuses (L10)."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    FileAlreadyImported,
    MatchedMeanwhile,
    NoStatement,
    NotMatched,
    OpeningDiffers,
    StatementOutOfTurn,
    UnknownOperator,
)
from ledger.reconciliation.actions import (
    import_statement,
    list_statements,
    match_statement,
    reconciliation_report,
    unmatch_line,
)
from ledger.reconciliation.document import document
from ledger.reconciliation.model import Account, Report
from tests.month import MAKER, OCTOBER
from tests.october_books import fill_with_october
from tests.reconciled import told
from tests.straight import PRIVILEGE, UNIQUE, refused_as

FILE = OCTOBER / "releve-pois-2026-10.csv"
NOVEMBER = date(2026, 11, 1)
APPEND_ONLY, MATCH_BROKEN = "BPL02", "BPL10"


@pytest.fixture
async def october(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> Ledger:
    """The books of October, and its statement imported on 2 November."""
    await fill_with_october(ledger, clock, owner)
    await import_statement(ledger, FILE, MAKER)
    return ledger


@pytest.fixture
async def matched(october: Ledger) -> Ledger:
    await match_statement(october, MAKER)
    return october


def november(folder: Path, *rows: str, opening: str = "4260,28") -> Path:
    path = folder / "november.csv"
    text = ["Date;Libellé;Débit;Crédit;Solde", f"01/11/2026;Solde initial;;;{opening}", *rows]
    path.write_text("\r\n".join(text) + "\r\n", encoding="utf-8")
    return path


async def test_october_is_reconciled_to_the_cent(matched: Ledger) -> None:
    report = await reconciliation_report(matched)
    shown = document(report)
    assert shown["statement"]["closing_cents"] == 4_260_28
    assert shown["ledger"] == {"opening_cents": 0, "closing_cents": 4_010_93}
    assert (shown["proof_cents"], len(shown["breaks"])) == (0, 18)
    assert shown["matched"]["lines"] == 346
    assert shown["matched"]["postings"] == 404
    assert shown["matched"]["by_rule"] == {"amount-date-merchant": 117, "day-total": 84, "reference": 145}
    assert [told(found) for found in report.breaks][:4] == [
        ("duplicate-theirs", [109], ["T00127"]),
        ("missing-at-association", [], ["T00157"]),
        ("fee", [143], []),
        ("amount-differs", [290], ["T00360"]),
    ]
    assert report.theirs.proof_cents == report.ours.proof_cents == 0
    assert not report.is_clean


async def test_the_report_has_exactly_the_keys_agreed(matched: Ledger) -> None:
    shown = document(await reconciliation_report(matched))
    assert list(shown) == [
        *("period", "account", "statement", "ledger", "matched", "breaks", "suggestions", "proof_cents")
    ]
    assert list(shown["statement"]) == ["file", "sha256", "lines", "opening_cents", "closing_cents"]
    assert list(shown["matched"]) == ["lines", "postings", "cents", "by_rule"]
    differing = next(found for found in shown["breaks"] if found["category"] == "amount-differs")
    for id_ in (differing.pop("id"), *differing.pop("redemptions")):
        assert str(UUID(id_)) == id_
    assert differing == {
        "category": "amount-differs",
        "lines": [290],
        "references": ["T00360"],
        "ours_cents": 3_004,
        "theirs_cents": 3_094,
        "age_days": 0,
        "state": "open",
    }


async def test_before_matching_everything_is_open_and_still_proven(october: Ledger) -> None:
    report = await reconciliation_report(october)
    assert (report.matched.lines, report.proof.proof_cents) == (0, 0)
    assert sum(len(found.lines) for found in report.breaks) == 349


async def test_matching_again_changes_nothing(matched: Ledger) -> None:
    before = document(await reconciliation_report(matched))
    again = await match_statement(matched, MAKER)
    assert (again.matches, len(again.breaks)) == ((), 18)
    assert document(await reconciliation_report(matched)) == before


async def test_a_break_grows_old_from_the_day_it_was_seen_first(matched: Ledger, clock: FixedClock) -> None:
    before = await reconciliation_report(matched)
    clock.instant += timedelta(days=5)
    await match_statement(matched, MAKER)
    after = await reconciliation_report(matched)
    assert set(before.ages_days.values()) == {0}
    assert after.ages_days == dict.fromkeys(before.ages_days, 5)


async def test_a_dry_run_records_nothing(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> None:
    await fill_with_october(ledger, clock, owner)
    statement = await import_statement(ledger, FILE, MAKER, dry_run=True)
    assert statement.line_count == 349
    assert await list_statements(ledger) == []
    with pytest.raises(NoStatement):
        await reconciliation_report(ledger)


async def test_the_same_file_is_refused_with_a_pointer_to_its_first_import(october: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "again.csv"
    copy.write_bytes(FILE.read_bytes())
    with pytest.raises(FileAlreadyImported) as refused:
        await import_statement(october, copy, MAKER)
    assert refused.value.facts == {
        "file": "again.csv",
        "first_file": FILE.name,
        "imported_on": "2026-11-02",
        "period": "2026-10",
    }


async def test_a_statement_has_to_go_on_where_the_last_one_ended(october: Ledger, tmp_path: Path) -> None:
    with pytest.raises(OpeningDiffers) as refused:
        await import_statement(october, november(tmp_path, opening="4260,27"), MAKER)
    assert (refused.value.facts["opening_cents"], refused.value.facts["last_closing_cents"]) == (426_027, 426_028)
    taken = await import_statement(october, november(tmp_path), MAKER)
    assert (taken.period, taken.line_count) == ("2026-11", 0)


async def test_a_month_is_not_imported_twice_nor_after_a_later_one(october: Ledger, tmp_path: Path) -> None:
    changed = tmp_path / "changed.csv"
    changed.write_bytes(FILE.read_bytes().replace(b"gestion", b"tenue"))
    with pytest.raises(StatementOutOfTurn) as refused:
        await import_statement(october, changed, MAKER)
    assert refused.value.facts["last_file"] == FILE.name


@pytest.mark.parametrize("period", [None, NOVEMBER])
async def test_a_month_without_statement_has_no_report(october: Ledger, period: date | None) -> None:
    with pytest.raises(NoStatement) as refused:
        await reconciliation_report(october, Account.RESERVE if period is None else Account.POIS, period=period)
    assert refused.value.exit_code == 2


async def test_a_stranger_may_change_nothing(october: Ledger) -> None:
    with pytest.raises(UnknownOperator):
        await match_statement(october, "nobody")
    with pytest.raises(UnknownOperator):
        await unmatch_line(october, 1, "nobody")


async def test_what_was_taken_back_is_open_and_stays_so(matched: Ledger) -> None:
    await unmatch_line(matched, 3, MAKER)
    with pytest.raises(NotMatched):
        await unmatch_line(matched, 3, MAKER)
    again = await match_statement(matched, MAKER)
    assert again.matches == ()
    report = await reconciliation_report(matched)
    back = [found for found in report.breaks if found.why.value == "equal-but-unmatched-by-hand"]
    assert [told(found)[0] for found in back] == ["missing-in-ledger", "missing-at-association"]
    assert (report.matched.lines, report.proof.proof_cents) == (345, 0)
    [suggestion] = document(report)["suggestions"]
    assert (suggestion["lines"], suggestion["references"]) == ([3], ["T00003"])


async def test_the_next_month_clears_what_was_only_late(matched: Ledger, tmp_path: Path) -> None:
    late = november(
        tmp_path,
        "02/11/2026;Paiement Maraîcher des Trois-Cités ticket T00444;-6,32;;4253,96",
        "02/11/2026;Remise du jour Coopérative bio de Ligugé (1 tickets);-28,06;;4225,90",
        "03/11/2026;Paiement Ferme de Montbernage;-19,32;;4206,58",
    )
    before = await reconciliation_report(matched)
    await import_statement(matched, late, MAKER)
    assert len((await match_statement(matched, MAKER)).matches) == 3
    report = await reconciliation_report(matched)
    assert (report.statement.period, report.matched.lines, report.proof.proof_cents) == ("2026-11", 3, 0)
    assert len(report.breaks) == 15
    assert (report.ours.opening_cents, report.ours.closing_cents) == (401_093, 401_093)
    await october_as_it_was(matched, before)


async def october_as_it_was(ledger: Ledger, before: Report) -> None:
    """The report of a past month does not move, but says what was cleared since."""
    after = await reconciliation_report(ledger, period=date(2026, 10, 1))
    assert (after.matched, after.proof) == (before.matched, before.proof)
    assert [found.id for found in after.breaks] == [found.id for found in before.breaks]
    assert sum(found.cleared for found in after.breaks) == 3


async def test_of_two_who_match_at_once_one_is_told_to_run_it_again(october: Ledger) -> None:
    runs = await asyncio.gather(*(match_statement(october, MAKER) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(run, MatchedMeanwhile) or not isinstance(run, BaseException) for run in runs)
    report = await reconciliation_report(october)
    assert (report.matched.lines, len(report.breaks)) == (346, 18)


# What the database refuses by itself.

FACTS = [
    ("statement", "xid"),
    ("statement_line", "xid"),
    ("match", "xid"),
    ("match_line", "xid"),
    ("match_unit", "xid"),
    ("unmatch", "xid"),
    ("break_seen", "xid"),
    ("reconciled_account", "sign"),
    ("reconciled_account_kind", "kind"),
]


@pytest.mark.parametrize(("table", "column"), FACTS)
async def test_facts_of_reconciliation_are_append_only(
    app: asyncpg.Connection, owner: asyncpg.Connection, table: str, column: str
) -> None:
    for change in ("DELETE FROM ledger.{0}", "UPDATE ledger.{0} SET {1} = {1}", "TRUNCATE ledger.{0} CASCADE"):
        with refused_as(PRIVILEGE):
            await app.execute(change.format(table, column))
        with refused_as(APPEND_ONLY):
            await owner.execute(change.format(table, column))


@pytest.mark.parametrize("table", ["live_match_line", "live_match_unit"])
async def test_the_application_does_not_write_what_is_live(app: asyncpg.Connection, table: str) -> None:
    with refused_as(PRIVILEGE):
        await app.execute(f"DELETE FROM ledger.{table}")


async def test_a_line_more_is_refused(october: Ledger, owner: asyncpg.Connection) -> None:
    with refused_as(MATCH_BROKEN):
        await owner.execute("""
            INSERT INTO ledger.statement_line (statement_id, number, booked_on, label, amount_cents, balance_cents)
            SELECT id, 350, last_day, 'Don', 100, closing_cents + 100 FROM ledger.statement
        """)


STATEMENT = """
    INSERT INTO ledger.statement (
        id, account, first_day, last_day, format, file_name, sha256, line_count, opening_cents, closing_cents,
        imported_by, imported_at
    )
    SELECT $1, 'pois', '2026-12-01', '2026-12-31', 'test', 'test.csv', sha256('x'), 2, 0, 300, id, now()
    FROM ledger.operator LIMIT 1
"""
LINES = """
    INSERT INTO ledger.statement_line (statement_id, number, booked_on, label, amount_cents, balance_cents)
    SELECT $1, * FROM unnest($2::integer[], $3::date[], $4::text[], $5::bigint[], $6::bigint[])
"""
GOOD: list[list[Any]] = [[1, 2], [date(2026, 12, 1)] * 2, ["Don", "Don"], [100, 200], [100, 300]]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (None, None),
        (0, [1, 3]),
        (0, [0, 1]),
        (1, [date(2026, 12, 1), date(2027, 1, 1)]),
        (3, [100, 201]),
        (4, [100, 301]),
        (4, [0, 300]),
    ],
    ids=["good", "a gap", "from nought", "next year", "too much", "closing", "running balance"],
)
async def test_a_statement_comes_whole_and_adds_up(
    october: Ledger, app: asyncpg.Connection, column: int | None, values: list[Any] | None
) -> None:
    columns = list(GOOD)
    if column is not None and values is not None:
        columns[column] = values
    id_ = uuid4()
    transaction = app.transaction()
    await transaction.start()
    await app.execute(STATEMENT, id_)
    if column is None:
        await app.execute(LINES, id_, *columns)
        await transaction.commit()
    else:
        with refused_as(MATCH_BROKEN, "23514"):
            await app.execute(LINES, id_, *columns)
        await transaction.rollback()


async def test_a_statement_without_its_lines_is_refused(october: Ledger, app: asyncpg.Connection) -> None:
    with refused_as(MATCH_BROKEN):
        await app.execute(STATEMENT, uuid4())


async def insert_match(
    connection: asyncpg.Connection, lines: list[int], units: list[tuple[UUID, int]], **wrong: Any
) -> None:
    """A match written straight, with its counts right unless told otherwise."""
    id_ = uuid4()
    async with connection.transaction():
        await connection.execute(
            """
            INSERT INTO ledger.match (
                id, account, rule, score, reasons, line_count, unit_count, complete_on, matched_by, matched_at
            )
            SELECT $1, $2, 'reference', 100, '{amount}', $3, $4, $5, id, now() FROM ledger.operator LIMIT 1
            """,
            id_,
            wrong.get("account", "pois"),
            wrong.get("line_count", len(lines)),
            wrong.get("unit_count", len(units)),
            wrong.get("complete_on", date(2026, 10, 31)),
        )
        for number in lines:
            await connection.execute(
                "INSERT INTO ledger.match_line (match_id, statement_id, number)"
                " SELECT $1, id, $2 FROM ledger.statement",
                id_,
                number,
            )
        if units:
            await connection.execute(
                "INSERT INTO ledger.match_unit (match_id, transaction_id, amount_cents)"
                " SELECT $1, * FROM unnest($2::uuid[], $3::bigint[])",
                id_,
                [unit for unit, _ in units],
                [cents for _, cents in units],
            )


async def unit_of(connection: asyncpg.Connection, ticket: str) -> tuple[UUID, int]:
    row = await connection.fetchrow(
        "SELECT transaction_id, amount_cents FROM ledger.matchable_unit WHERE account = 'pois' AND reference = $1",
        ticket,
    )
    return row["transaction_id"], row["amount_cents"]


async def test_a_match_written_straight_has_to_be_right(october: Ledger, app: asyncpg.Connection) -> None:
    second, third = await unit_of(app, "T00002"), await unit_of(app, "T00003")
    with refused_as(MATCH_BROKEN):  # record 2 is T00002
        await insert_match(app, [2], [third])
    with refused_as(MATCH_BROKEN):
        await insert_match(app, [2], [second, third])
    with refused_as(MATCH_BROKEN):
        await insert_match(app, [2], [(second[0], second[1] - 1)])
    with refused_as(MATCH_BROKEN):
        await insert_match(app, [2], [(uuid4(), second[1])])
    with refused_as(MATCH_BROKEN):
        await insert_match(app, [350], [second])
    await insert_match(app, [2], [second])


@pytest.mark.parametrize(
    "wrong", [{"line_count": 2}, {"unit_count": 2}, {"complete_on": date(2026, 10, 30)}, {"account": "reserve"}]
)
async def test_a_match_says_truly_what_it_holds(
    october: Ledger, app: asyncpg.Connection, wrong: dict[str, Any]
) -> None:
    unit = await unit_of(app, "T00002")
    with refused_as(MATCH_BROKEN):
        await insert_match(app, [2], [unit], **wrong)


async def test_a_match_without_units_or_lines_is_refused(october: Ledger, app: asyncpg.Connection) -> None:
    unit = await unit_of(app, "T00002")
    with refused_as(MATCH_BROKEN):
        await insert_match(app, [2], [], unit_count=1)
    with refused_as(MATCH_BROKEN):
        await insert_match(app, [], [unit], line_count=1)


async def test_a_line_or_unit_has_one_live_match_at_most(matched: Ledger, app: asyncpg.Connection) -> None:
    second, free = await unit_of(app, "T00002"), await unit_of(app, "T00157")
    with refused_as(MATCH_BROKEN):
        await insert_match(app, [2], [free])
    with refused_as(MATCH_BROKEN):
        await insert_match(app, [143], [second])
    await unmatch_line(matched, 2, MAKER)
    await insert_match(app, [2], [second])


async def test_nothing_is_added_to_a_match_later(matched: Ledger, app: asyncpg.Connection) -> None:
    free, _ = await unit_of(app, "T00157")
    with refused_as(MATCH_BROKEN):
        await app.execute(
            "INSERT INTO ledger.match_unit (match_id, transaction_id, amount_cents)"
            " SELECT id, $1, -2096 FROM ledger.match LIMIT 1",
            free,
        )
    with refused_as(MATCH_BROKEN):
        await app.execute("""
            INSERT INTO ledger.match_line (match_id, statement_id, number)
            SELECT m.id, s.id, 143 FROM ledger.match AS m CROSS JOIN ledger.statement AS s LIMIT 1
        """)


async def test_a_match_is_taken_back_once(matched: Ledger, app: asyncpg.Connection) -> None:
    match_id = await unmatch_line(matched, 2, MAKER)
    with refused_as(UNIQUE):
        await app.execute(
            "INSERT INTO ledger.unmatch (match_id, unmatched_by, unmatched_at)"
            " SELECT $1, id, now() FROM ledger.operator LIMIT 1",
            match_id,
        )
