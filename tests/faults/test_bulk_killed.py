"""Issue, lapse and revocation of many vouchers, cut anywhere: repeated, the books are those of an undisturbed home."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from ledger.approvals.model import Signer
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from ledger.programmes.actions import (
    aid_runs,
    approve_aid_run,
    import_households,
    prepare_aid_run,
    revoke_aid_run,
)
from ledger.vouchers import actions as vouchers
from ledger.vouchers.actions import lapse_vouchers
from tests.conftest import NOW
from tests.databases import DatabaseUrls, TestServer
from tests.month import CHECKER, CHECKER_SIGNER, CODE, MAKER, MAKER_SIGNER, programme_with_money
from tests.services import Installation

VOUCHERS, CHUNK = 2_000, 200
POOL_CENTS = 1_000_000_00
OVER = NOW + timedelta(days=70)
PASSPHRASE = b"correct horse"
HEADER = (
    "dossier;adultes;enfants_14_et_plus;enfants_moins_14;"
    "ressources_mensuelles;charges_mensuelles;langue;support;derogation\n"
)
# The product's own command, with smaller chunks.
COMMAND = """
import sys
from admin_cli.main import main
from ledger.programmes.actions import aid_runs
from ledger.vouchers import actions
aid_runs._CHUNK_VOUCHERS = actions._CHUNK_VOUCHERS = int(sys.argv.pop(1))
main()
"""
BLOCKED = "SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
BOOKED = "SELECT count(*) FROM ledger.ledger_transaction AS t JOIN ledger.transaction_kind AS k ON k.id = t.kind "
ALL_VOUCHERS = """
    SELECT v.serial, v.decision_id, v.household_id, v.face_cents, v.valid_from, v.valid_until, b.balance_cents,
        b.version, coalesce(s.state, 'active') AS state, (
            SELECT array_agg(e.kind || ' ' || o.name ORDER BY e.id)
            FROM ledger.event AS e JOIN ledger.operator AS o ON o.id = e.operator_id WHERE e.subject_id = v.id
        ) AS events
    FROM ledger.voucher AS v JOIN ledger.balance AS b ON b.account_id = v.account_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = v.id ORDER BY v.serial
"""
POOL = """
    SELECT kind, amount_cents, balance_after_cents FROM ledger.journal
    WHERE account_kind = 'programme:pool' ORDER BY version
"""


@dataclass(frozen=True)
class Bulk:
    """A command for many vouchers: what it books, the same in process, and what stops it in the middle of a chunk."""

    words: tuple[str, ...]
    books: str
    undisturbed: Callable[[Ledger], Awaitable[object]]
    stop: str

    @property
    def booked(self) -> str:
        return f"{BOOKED} WHERE k.code = '{self.books}'"


# The money of the chunk has moved by then. The voucher of a decision waits for whoever locks the decision; an event,
# for whoever makes the same state.
ISSUE = Bulk(
    ("aid", "approve", CODE, "1", "--operator", CHECKER),
    "issue",
    lambda ledger: approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER),
    """SELECT FROM ledger.decision
    WHERE id = (SELECT id FROM ledger.decision ORDER BY id OFFSET $1 LIMIT 1) FOR UPDATE""",
)
_MAKE_STATE = """
    INSERT INTO ledger.subject_state (subject_id, subject, state)
    SELECT id, 'voucher', 'lapsed' FROM ledger.voucher ORDER BY account_id OFFSET $1 LIMIT 1
"""
LAPSE = Bulk(
    ("voucher", "lapse", "--operator", CHECKER),
    "lapse",
    lambda ledger: lapse_vouchers(ledger, CHECKER),
    _MAKE_STATE,
)
REVOKE = Bulk(
    ("voucher", "revoke-run", CODE, "1", "--operator", CHECKER),
    "revocation",
    lambda ledger: revoke_aid_run(ledger, CODE, 1, CHECKER),
    _MAKE_STATE,
)


@dataclass(frozen=True)
class Office:
    """A home whose database may be looked at and locked from outside."""

    installation: Installation
    people: Path
    connection: asyncpg.Connection

    async def start(self, bulk: Bulk) -> asyncio.subprocess.Process:
        keys = {"BONPOIS_OPERATOR_KEYS": str(self.people), "BONPOIS_PASSPHRASE_FILE": str(self.people / "passphrase")}
        place = {"BONPOIS_HOME": str(self.installation.home.path), "BONPOIS_LANG": "en"}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", COMMAND, str(CHUNK), *bulk.words, "--json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            env=os.environ | self.installation.urls.environment() | keys | place,
        )

    @asynccontextmanager
    async def stopped_at(self, bulk: Bulk, nth: int) -> AsyncIterator[None]:
        """Meanwhile the command does not get beyond its n-th voucher."""
        locks = self.connection.transaction()
        await locks.start()
        await self.connection.execute(bulk.stop, nth)
        try:
            yield
        finally:
            await locks.rollback()

    async def until(self, sql: str, process: asyncio.subprocess.Process) -> Any:
        """What a query gives, once it gives something; the command must not have ended by then."""
        while not (found := await self.connection.fetchval(sql)):
            assert process.returncode is None, await process.communicate()
            await asyncio.wait([asyncio.create_task(process.wait())], timeout=0.005)
        return found


async def end(process: asyncio.subprocess.Process) -> tuple[int, dict[str, Any]]:
    """Exit code, and what it told."""
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, json.loads(out)


@pytest.fixture(scope="module")
async def prepared(database_server: TestServer, keys: Keyring, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The server, to clone a home with a run of so many households that waits for approval."""
    file = tmp_path_factory.mktemp("households") / "menages.csv"
    rows = (f"D26-{number};{number % 3 + 1};0;{number % 2};0;0;fr;papier;\n" for number in range(VOUCHERS))
    file.write_text(HEADER + "".join(rows), encoding="utf-8")
    async with database_server.clone() as urls:
        async with opened(urls, keys) as ledger:
            async with connected(urls.app) as connection:
                await connection.execute("INSERT INTO ledger.rehearsal DEFAULT VALUES")
            await programme_with_money(ledger, POOL_CENTS)
            await import_households(ledger, CODE, file, MAKER)
            await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
        yield template(database_server, urls)


@pytest.fixture(scope="module")
async def issued(prepared: TestServer, keys: Keyring) -> Any:
    """The same with the vouchers issued, whose last day is over in the time of OVER."""
    async with prepared.clone() as urls:
        async with opened(urls, keys) as ledger:
            await in_chunks(ledger, ISSUE)
        yield template(prepared, urls)


def template(server: TestServer, urls: DatabaseUrls) -> TestServer:
    return replace(server, template=urlsplit(urls.app).path[1:])


@asynccontextmanager
async def opened(urls: DatabaseUrls, keys: Keyring, *, over: bool = False) -> AsyncIterator[Ledger]:
    database = Database.at(urls.app)
    try:
        yield Ledger(database, FixedClock(OVER if over else NOW), keys)
    finally:
        await database.aclose()


async def in_chunks(ledger: Ledger, bulk: Bulk) -> None:
    with pytest.MonkeyPatch.context() as patched:
        for module in (aid_runs, vouchers):
            patched.setattr(module, "_CHUNK_VOUCHERS", CHUNK)
        await bulk.undisturbed(ledger)


@asynccontextmanager
async def office_of(server: TestServer, keys: Keyring, folder: Path, bulk: Bulk) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(server.clone())
        installation = Installation.make(folder / "home", urls, keys, NOW if bulk is ISSUE else OVER)
        people = folder / "people"
        people.mkdir()
        (people / "passphrase").write_bytes(PASSPHRASE)
        for who in (MAKER_SIGNER, CHECKER_SIGNER):
            write_key(people, who)
        yield Office(installation, people, await stack.enter_async_context(connected(urls.owner)))


def write_key(folder: Path, who: Signer) -> None:
    encryption = BestAvailableEncryption(PASSPHRASE)
    (folder / f"{who.name}.pem").write_bytes(
        who.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    )


async def killed_between(office: Office, bulk: Bulk) -> None:
    """Somewhere from the first chunk to the third."""
    async with office.stopped_at(bulk, 3 * CHUNK + 7):
        process = await office.start(bulk)
        await office.until(bulk.booked, process)
        process.kill()
        await process.communicate()


async def cut_off_in_a_chunk(office: Office, bulk: Bulk) -> None:
    """The database hangs up in the middle of the fifth."""
    async with office.stopped_at(bulk, 4 * CHUNK + 7):
        process = await office.start(bulk)
        backend = await office.until(BLOCKED, process)
        assert await office.connection.fetchval(bulk.booked) == 4
        await office.connection.execute("SELECT pg_terminate_backend($1)", backend)
        code, told = await end(process)
    assert (code, told["code"], told["retryable"]) == (2, "database-unreachable", True)


async def killed_in_a_chunk(office: Office, bulk: Bulk) -> None:
    """In the middle of the eighth."""
    async with office.stopped_at(bulk, 7 * CHUNK + 7):
        process = await office.start(bulk)
        await office.until(BLOCKED, process)
        process.kill()
        await process.communicate()
    assert await office.connection.fetchval(bulk.booked) == 7


async def two_at_once(office: Office, bulk: Bulk) -> None:
    ends = [await end(process) for process in (await office.start(bulk), await office.start(bulk))]
    assert ends[0][0] == 0 or ends[1][0] == 0, ends
    assert all(code == 0 or told["code"] == "not-pending" for code, told in ends), ends


async def told_by(connection: asyncpg.Connection) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All that is to be the same on an equal home; the ids of vouchers are random."""
    found = [await connection.fetch(sql) for sql in (ALL_VOUCHERS, POOL)]
    return [dict(row) for row in found[0]], [dict(row) for row in found[1]]


@pytest.mark.parametrize("bulk", [ISSUE, LAPSE, REVOKE], ids=lambda bulk: bulk.books)
async def test_cut_anywhere_and_repeated_the_books_are_those_of_an_undisturbed_home(
    prepared: TestServer, issued: TestServer, keys: Keyring, tmp_path: Path, bulk: Bulk
) -> None:
    home = prepared if bulk is ISSUE else issued
    async with office_of(home, keys, tmp_path, bulk) as office:
        for cut in (killed_between, cut_off_in_a_chunk, killed_in_a_chunk, two_at_once):
            await cut(office, bulk)
        found = await told_by(office.connection)
        async with opened(office.installation.urls, keys) as ledger:
            assert await run_checks(ledger) == []
    async with home.clone() as urls, opened(urls, keys, over=bulk is not ISSUE) as ledger:
        await in_chunks(ledger, bulk)
        async with connected(urls.owner) as connection:
            expected = await told_by(connection)
    assert found == expected
    serials = [voucher["serial"] for voucher in found[0]]
    assert serials == [f"{CODE}-2026-{number:06d}" for number in range(1, VOUCHERS + 1)]
