"""`bonpois report`: instants and days as people type them, JSON with stable keys, exit codes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from admin_cli.commands import report
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from tests.cli.conftest import Terminal
from tests.conftest import NOW
from tests.databases import DatabaseUrls
from tests.month import programme_without_money
from tests.straight import money

STANDING = ["at", "on", "final", "final_until", "reason"]
DAY = "2026-10-06"


async def fill(urls: DatabaseUrls, keys: Path) -> None:
    database = Database.at(urls.app)
    try:
        await programme_without_money(Ledger(database, FixedClock(NOW), Keyring.load(keys)))
        async with connected(urls.owner, role=f"{urls.role_prefix}_owner") as owner:
            await money(owner)
    finally:
        await database.aclose()


@pytest.fixture
def books(terminal: Terminal, database_urls: DatabaseUrls, tmp_path: Path) -> Terminal:
    """A programme that nothing was done with, and some movements beside it."""
    asyncio.run(fill(database_urls, tmp_path / "keys"))
    return terminal


def test_the_balance_of_an_account(books: Terminal) -> None:
    found = books.json("report", "balance", "merchant:1")
    assert list(found) == [*STANDING, "account", "asset", "balance_cents", "version", "posted_at"]
    assert [found[key] for key in ("account", "asset", "balance_cents", "version")] == ["merchant:1", "POIS", -4_000, 1]
    assert (found["final"], found["on"], found["reason"]) == (False, None, "not-sealed")
    assert datetime.fromisoformat(found["at"]) > datetime.fromisoformat(found["posted_at"])
    people = books.good("report", "balance", "merchant:1")
    assert all(words in people for words in ["merchant:1", "40.00 credit", "provisional (not sealed yet)"])


def test_the_balance_by_day(books: Terminal) -> None:
    found = books.json("report", "balance", "voucher:TEST-1", "--on", DAY)
    assert (found["balance_cents"], found["on"], found["at"], found["version"]) == (-6_000, DAY, None, None)
    assert (found["final"], found["reason"]) == (False, "month-open")
    assert books.json("report", "balance", "voucher:TEST-1", "--on", "05/10/2026")["balance_cents"] == 0


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("2026-03-28T12:00:00", datetime(2026, 3, 28, 11, tzinfo=UTC)),
        ("2026-03-30 12:00", datetime(2026, 3, 30, 10, tzinfo=UTC)),
        ("2026-03-30T12:00:00+00:00", datetime(2026, 3, 30, 12, tzinfo=UTC)),
        ("2026-03-30T12:00:00.25Z", datetime(2026, 3, 30, 12, 0, 0, 250_000, tzinfo=UTC)),
        ("2025-10-26T02:30:00+02:00", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_of_paris_unless_it_says_where(books: Terminal, typed: str, at: datetime) -> None:
    found = books.json("report", "balance", "merchant:1", "--at", typed)
    assert (datetime.fromisoformat(found["at"]), found["balance_cents"], found["posted_at"]) == (at, 0, None)


def test_a_trial_balance(books: Terminal) -> None:
    found = books.json("report", "trial-balance", "--accounts")
    assert list(found) == [*STANDING, "balanced", "totals", "kinds", "accounts"]
    totals = {total["asset"]: total for total in found["totals"]}
    assert totals["POIS"] == {
        "asset": "POIS",
        "debits_cents": 128_000,
        "credits_cents": 128_000,
        "debit_balances_cents": 100_000,
        "credit_balances_cents": 100_000,
    }
    keys = ["account", "asset", "debits_cents", "credits_cents", "balance_cents"]
    assert list(found["kinds"][-1].items()) == list(zip(keys, ["merchant", "POIS", 0, 8_000, -8_000], strict=True))
    assert [line["account"] for line in found["accounts"]][-2:] == ["merchant:1", "merchant:2"]
    by_day = books.json("report", "trial-balance", "--on", DAY)
    assert (by_day["kinds"], by_day["totals"], by_day["accounts"]) == (found["kinds"], found["totals"], None)
    people = books.good("report", "trial-balance", "--accounts", "--lang", "fr")
    assert all(words in people for words in ["merchant:2", "programme:pool", "1\u202f280,00", "1\u202f000,00"])


def test_many_accounts_are_told_page_by_page(books: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_PAGE_ROWS", 4)
    told = books.good("report", "trial-balance", "--accounts")
    names = [line["account"] for line in books.json("report", "trial-balance", "--accounts")["accounts"]]
    assert [told.count(f" {name} ") for name in names if ":TEST" in name] == [1, 1, 1]
    assert told.count("Debit balance") == 3 + 1  # 9 accounts, and the kinds


def test_the_aid(books: Terminal) -> None:
    found = books.json("report", "aid")
    assert list(found) == [*STANDING, "holds", "programmes", "total"]
    assert found["total"] == {
        "programme": None,
        "issued_cents": 20_000,
        "spent_cents": 8_000,
        "lapsed_cents": 0,
        "returned_cents": 0,
        "adjusted_cents": 0,
        "outstanding_cents": 12_000,
        "difference_cents": 0,
        "holds": True,
    }
    assert [part["programme"] for part in found["programmes"]] == ["AA-2026", None]
    alone = books.json("report", "aid", "AA-2026", "--on", DAY)
    assert (alone["holds"], alone["total"]["issued_cents"], len(alone["programmes"])) == (True, 0, 1)
    assert all(words in books.good("report", "aid") for words in ["AA-2026", "200.00", "120.00", "holds"])


def test_books_that_were_tampered_with_end_in_1(books: Terminal, database_urls: DatabaseUrls) -> None:
    async def tamper() -> None:
        async with connected(database_urls.owner) as superuser:
            await superuser.execute("SET session_replication_role = replica")
            await superuser.execute("UPDATE ledger.posting SET amount_cents = 3999 WHERE amount_cents = 4000")

    asyncio.run(tamper())
    for verb, verdict in (("aid", "DOES NOT HOLD"), ("trial-balance", "SUMS DIFFER")):
        result = books.run("report", verb)
        assert result.exit_code == 1
        assert verdict in result.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "facts"),
    [
        (["balance", "moon"], 3, {"code": "unknown-account", "account": "moon"}),
        (["aid", "ZZ-2026"], 3, {"code": "unknown-programme", "programme": "ZZ-2026"}),
        (["aid", "--at", "2222-01-01T00:00:00"], 2, {"code": "bad-value", "field": "at", "reason": "future"}),
        (["trial-balance", "--on", "2222-01-01"], 2, {"code": "bad-value", "field": "on", "reason": "future"}),
        (["aid", "--on", DAY, "--at", f"{DAY}T12:00:00"], 2, {"code": "bad-use"}),
        (["balance"], 2, {"code": "bad-use"}),
        *((["aid", "--at", wrong], 2, {"code": "bad-use"}) for wrong in (DAY, "noon", "2026-13-01T00:00:00", "12:00")),
        (["aid", "--at", "2026-03-29T02:30:00"], 2, {"code": "bad-use"}),  # an hour that Paris skipped
        (["aid", "--at", "2025-10-26T02:30:00"], 2, {"code": "bad-use"}),  # one that came twice
        (["aid", "--at", "0001-01-01T00:00:00"], 2, {"code": "bad-use"}),
        (["aid", "--at", "9999-12-31T23:59:59-12:00"], 2, {"code": "bad-use"}),
    ],
)
def test_what_cannot_be_answered(
    staffed: Terminal, arguments: list[str], exit_code: int, facts: dict[str, Any]
) -> None:
    code, refusal = staffed.refused("report", *arguments)
    assert (code, {name: refusal[name] for name in facts}) == (exit_code, facts)
