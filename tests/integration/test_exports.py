"""The journal in the formats of others: their programs accept it, and find our balances account by account."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.unit_of_work import Ledger
from ledger.errors import BadValue, FileFaulty, FileThere, FileUnreadable
from ledger.exports import store
from ledger.exports.actions import export_journal
from ledger.exports.model import Export, Format, Period, Wanted
from ledger.keyring import Keyring
from ledger.reconciliation.actions import import_statement, match_statement
from ledger.sealing.actions import seal
from tests import month
from tests.accountants import (
    beancount_balances,
    csv_balances,
    fec_balances,
    fec_rows,
    hledger,
    hledger_balances,
    require_hledger,
)
from tests.conftest import NOW
from tests.databases import DatabaseUrls, TestServer
from tests.exported import fund, ledger_at, numbered, ours, rows, written
from tests.made import MadeWorld
from tests.october_books import fill_with_october


def day(number: int, of: int = 10) -> date:
    return date(2026, of, number)


PERIODS = [
    pytest.param(Period(), id="all"),
    pytest.param(Period(day(10), day(20)), id="a part"),
    pytest.param(Period(day(6), day(6)), id="a day"),
    pytest.param(Period(None, day(15)), id="until"),
    pytest.param(Period(day(15), None), id="from"),
    pytest.param(Period(day(1, of=12), day(31, of=12)), id="later, without any movement"),
    pytest.param(Period(day(1, of=8), day(31, of=8)), id="before the books began"),
]


@pytest.fixture(scope="module")
async def october_urls(database_server: TestServer, keys: Keyring) -> AsyncIterator[DatabaseUrls]:
    """October with its statement matched, all of it sealed; these tests only read it."""
    clock = FixedClock(NOW)
    async with database_server.clone() as urls:
        async with ledger_at(urls, keys, clock) as ledger:
            async with connected(urls.owner, role=f"{urls.role_prefix}_owner") as owner:
                await fill_with_october(ledger, clock, owner)
            await import_statement(ledger, month.OCTOBER / "releve-pois-2026-10.csv", month.MAKER)
            await match_statement(ledger, month.MAKER)
            await seal(ledger)
        yield urls


@pytest.fixture
async def october(october_urls: DatabaseUrls, keys: Keyring, clock: FixedClock) -> AsyncIterator[Ledger]:
    async with ledger_at(october_urls, keys, clock) as ledger:
        yield ledger


@pytest.fixture
async def small(made: MadeWorld, keys: Keyring, clock: FixedClock) -> AsyncIterator[Ledger]:
    """A clone of the small world to do anything with."""
    async with made.server.clone() as urls, ledger_at(urls, keys, clock) as ledger:
        yield ledger


@pytest.mark.parametrize("period", PERIODS)
async def test_hledger_accepts_it_and_finds_our_balances(period: Period, october: Ledger, tmp_path: Path) -> None:
    require_hledger()
    made = await written(october, Format.HLEDGER, tmp_path, period)
    assert hledger_balances(made.file) == await ours(october, period.last)
    if period.first is not None:
        before = date.fromordinal(period.first.toordinal() - 1)
        assert hledger_balances(made.file, f"date:..{period.first}") == await ours(october, before)


@pytest.mark.parametrize("period", PERIODS)
async def test_beancount_accepts_it_and_finds_our_balances(period: Period, october: Ledger, tmp_path: Path) -> None:
    made = await written(october, Format.BEANCOUNT, tmp_path, period)
    assert beancount_balances(made.file) == await ours(october, period.last)


@pytest.mark.parametrize("period", PERIODS)
async def test_the_table_sums_up_to_our_balances(period: Period, october: Ledger, tmp_path: Path) -> None:
    made = await written(october, Format.CSV, tmp_path, period)
    assert csv_balances(made.file) == await ours(october, period.last)


@pytest.mark.parametrize("period", PERIODS)
async def test_the_fec_has_the_form_of_the_law_and_our_balances(
    period: Period, october: Ledger, tmp_path: Path
) -> None:
    made = await written(october, Format.FEC, tmp_path, period)
    found = fec_rows(made.file)
    assert fec_balances(found) == await numbered(october, await ours(october, period.last))
    assert made.left_out == 0


@pytest.mark.parametrize("form", Format)
async def test_every_kind_of_transaction_is_written(form: Format, small: Ledger, tmp_path: Path) -> None:
    await seal(small)
    made = await written(small, form, tmp_path)
    [(transactions, postings)] = await rows(
        small, "SELECT (SELECT count(*) FROM ledger.ledger_transaction), (SELECT count(*) FROM ledger.posting)"
    )
    assert (made.transactions, made.postings, made.left_out) == (transactions, postings, 0)


async def test_strangers_find_the_balances_of_the_small_world(small: Ledger, tmp_path: Path) -> None:
    await seal(small)
    expected = await ours(small)
    assert beancount_balances((await written(small, Format.BEANCOUNT, tmp_path, name="b")).file) == expected
    assert csv_balances((await written(small, Format.CSV, tmp_path, name="c")).file) == expected
    fec = fec_rows((await written(small, Format.FEC, tmp_path, name="f")).file)
    assert fec_balances(fec) == await numbered(small, expected)
    require_hledger()
    assert hledger_balances((await written(small, Format.HLEDGER, tmp_path, name="h")).file) == expected


async def test_hledger_catches_books_whose_balances_are_not_their_postings(
    small: Ledger, made: MadeWorld, tmp_path: Path
) -> None:
    require_hledger()
    database = urlsplit(small.database.url).path[1:]
    async with connected(made.server.urls(database).owner) as superuser:
        await superuser.execute("SET session_replication_role = replica")
        await superuser.execute("""
            UPDATE ledger.balance SET balance_cents = balance_cents - 1
            WHERE account_id = (SELECT account_id FROM ledger.voucher ORDER BY serial LIMIT 1)
        """)
    told = await written(small, Format.HLEDGER, tmp_path)
    with pytest.raises(AssertionError, match="balance assertion"):
        hledger("check", "-f", told.file)


async def test_a_sale_carries_receipt_ticket_and_number(october: Ledger, tmp_path: Path) -> None:
    require_hledger()
    made = await written(october, Format.HLEDGER, tmp_path)
    sale = "SELECT id, receipt_year, receipt_number FROM ledger.redemption WHERE reference = 'T00012'"
    [(sale_id, year, number)] = await rows(october, sale)
    shown = hledger("print", "-f", made.file, "tag:reference=T00012")
    assert f"id: {sale_id}" in shown
    assert f"receipt: {year}-{number:06}" in shown
    assert "number: " in shown


async def test_the_letters_are_those_of_the_live_matches(october: Ledger, tmp_path: Path) -> None:
    """What has one letter sums up, on the accounts of the statement, to the lines that it was matched with."""
    found = fec_rows((await written(october, Format.FEC, tmp_path)).file)
    by_letter: dict[str, int] = {}
    for row in found:
        if row["EcritureLet"]:
            cents = int(row["Credit"].replace(",", "")) - int(row["Debit"].replace(",", ""))
            by_letter[row["EcritureLet"]] = by_letter.get(row["EcritureLet"], 0) + cents
    lines = await rows(
        october,
        """
        SELECT sum(l.amount_cents)::bigint FROM ledger.live_match_line AS live
        INNER JOIN ledger.statement_line AS l USING (statement_id, number) GROUP BY live.match_id
        """,
    )
    assert sorted(by_letter.values()) == sorted(row[0] for row in lines)
    assert len(by_letter) > 300


@pytest.mark.parametrize("form", Format)
async def test_empty_books_make_a_file_without_entries(form: Format, ledger: Ledger, tmp_path: Path) -> None:
    made = await written(ledger, form, tmp_path)
    assert (made.transactions, made.postings) == (0, 0)
    if form is Format.FEC:
        assert fec_rows(made.file) == []
    elif form is Format.BEANCOUNT:
        assert beancount_balances(made.file) == {}
    elif form is Format.CSV:
        assert csv_balances(made.file) == {}
    else:
        require_hledger()
        assert hledger_balances(made.file) == {}


async def test_the_last_day_does_not_come_before_the_first(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(BadValue) as refused:
        await written(ledger, Format.CSV, tmp_path, Period(day(2), day(1)))
    assert refused.value.facts == {"field": "to", "value": "2026-10-01", "least": "2026-10-02"}


@pytest.mark.parametrize("form", Format)
async def test_no_household_and_no_card_is_in_it(form: Format, small: Ledger, made: MadeWorld, tmp_path: Path) -> None:
    await seal(small)
    content = (await written(small, form, tmp_path)).file.read_text(encoding="utf-8")
    cards = [str(made.world.phone.number), str(made.world.paper.number)]
    hidden = [*map(str, made.world.households), *cards, *(row[0] for row in await rows(small, IDS))]
    assert not [secret for secret in hidden if secret in content]


IDS = "SELECT id::text FROM ledger.card UNION ALL SELECT id::text FROM ledger.household"


async def test_a_file_that_is_there_stays_as_it_is(small: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("precious")
    with pytest.raises(FileThere):
        await written(small, Format.CSV, tmp_path)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


async def test_of_two_at_once_one_writes_the_file(october: Ledger, tmp_path: Path) -> None:
    both = await asyncio.gather(
        written(october, Format.CSV, tmp_path), written(october, Format.CSV, tmp_path), return_exceptions=True
    )
    refused = [one for one in both if isinstance(one, FileThere)]
    [good] = [one for one in both if isinstance(one, Export)]
    assert len(refused) == 1
    assert list(tmp_path.iterdir()) == [good.file]
    assert csv_balances(good.file) == await ours(october)


async def test_a_folder_is_given_a_file_named_by_its_days(october: Ledger, tmp_path: Path) -> None:
    made = await export_journal(october, Wanted(Format.CSV, Period(), tmp_path))
    assert made.file == tmp_path / "journal-2026-10-03-2026-10-31.csv"
    assert made.file.exists()


async def test_a_place_that_cannot_be_written_is_named(october: Ledger, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable) as refused:
        await export_journal(october, Wanted(Format.CSV, Period(), tmp_path / "nowhere" / "file"))
    assert refused.value.facts["file"] == str(tmp_path / "nowhere" / "file")


async def test_a_failure_in_the_middle_leaves_no_file(october: Ledger, tmp_path: Path) -> None:
    def fail(_done: int, _total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await export_journal(october, Wanted(Format.CSV, Period(), tmp_path / "file"), fail)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from ledger.clock import SystemClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.exports.actions import export_journal
from ledger.exports.model import Format, Wanted
from ledger.keyring import Keyring

url, keys, file = sys.argv[1:]
ledger = Ledger(Database.at(url), SystemClock(), Keyring.load(Path(keys)))
stop = lambda done, total: os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(export_journal(ledger, Wanted(Format.CSV, output=Path(file)), stop))
"""


async def test_a_killed_export_leaves_nothing_under_its_name_and_can_be_repeated(
    october: Ledger, tmp_path: Path
) -> None:
    Keyring.create(tmp_path / "keys")
    command = [sys.executable, "-c", KILLED, october.database.url, str(tmp_path / "keys"), str(tmp_path / "file")]
    code = await asyncio.to_thread(subprocess.call, command)
    assert code == -signal.SIGKILL
    assert not (tmp_path / "file").exists()
    assert csv_balances((await written(october, Format.CSV, tmp_path)).file) == await ours(october)


async def test_what_is_booked_meanwhile_is_in_the_next_one(
    small: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = store.entries

    async def entries(*arguments: Any, **options: Any) -> AsyncIterator[Any]:
        await fund(small, "2026-1400")
        async for entry in read(*arguments, **options):
            yield entry

    before = await ours(small)
    monkeypatch.setattr(store, "entries", entries)
    made = await written(small, Format.BEANCOUNT, tmp_path)
    assert beancount_balances(made.file) == before != await ours(small)


async def test_somebody_s_own_account_numbers_are_used(october: Ledger, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'siren = "732829320"\n[comptes]\nvoucher = { numero = "4199", libelle = "Bons" }\n', encoding="utf-8"
    )
    made = await export_journal(october, Wanted(Format.FEC, Period(), tmp_path, own))
    assert made.file == tmp_path / "732829320FEC20261031.txt"
    assert ("4199", "Bons") in {(row["CompteNum"], row["CompteLib"]) for row in fec_rows(made.file)}


async def test_faults_of_somebody_s_own_file_are_named(october: Ledger, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[comptes]\nvouchers = { numero = "4199" }\n', encoding="utf-8")
    with pytest.raises(FileFaulty) as refused:
        await export_journal(october, Wanted(Format.FEC, Period(), tmp_path / "file", own))
    assert refused.value.facts["file"] == "own.toml"
    assert list(tmp_path.iterdir()) == [own]
