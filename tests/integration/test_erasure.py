"""Erasing a household: who it was is gone for good, what was paid still proves."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from ledger.approvals.model import Role
from ledger.cards.actions import issue_card, list_cards, replace_card
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.programs import Programs
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    HouseholdHasMoney,
    NotPossibleNow,
    RoleMissing,
    UnknownHousehold,
    UnknownProgramme,
)
from ledger.home import Settings
from ledger.keyring import Keyring
from ledger.maintenance import vacuum_identity
from ledger.programmes.actions import (
    erase_household,
    household_profile,
    import_households,
    import_programme,
    list_aid_runs,
    list_households,
    list_programmes,
    prepare_aid_run,
    programme_funds,
)
from ledger.programmes.model import Erasure
from ledger.reconciliation.actions import (
    import_statement,
    match_statement,
    prove_identities,
    reconciliation_report,
)
from ledger.vouchers.actions import list_vouchers
from tests.databases import DatabaseUrls, TestServer
from tests.month import CODE, HOUSEHOLDS_FILE, MAKER, OCTOBER
from tests.october_books import fill_with_october
from tests.people import enrol, signer
from tests.services import Installation
from tests.tills import TillClient, answering
from tests.town import AGENT, CHECKER, DATA, FRUIT, PROGRAMME, Town, cloned_town

HEADER = (DATA / "households.csv").read_text(encoding="utf-8").splitlines()[0]
SAID = """
    SELECT k.code, sum(p.amount_cents) FILTER (WHERE p.amount_cents > 0)::bigint, count(*)
    FROM ledger.posting AS p INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    INNER JOIN ledger.transaction_kind AS k ON k.id = t.kind GROUP BY k.code ORDER BY k.code
"""


@pytest.fixture
async def database_urls(database_server: TestServer, town: Town) -> AsyncIterator[DatabaseUrls]:
    async with cloned_town(database_server, town) as urls:
        yield urls


@pytest.fixture
async def till(ledger: Ledger, clock: FixedClock, town: Town) -> AsyncIterator[TillClient]:
    async with answering(ledger) as client:
        yield TillClient(client, clock, town.tills[0].token)


@pytest.fixture
async def empty_urls(database_server: TestServer) -> AsyncIterator[DatabaseUrls]:
    """Not of the town, but empty books."""
    async with database_server.clone() as urls:
        yield urls


@pytest.fixture
async def october(empty_urls: DatabaseUrls, clock: FixedClock, keys: Keyring) -> AsyncIterator[Ledger]:
    database = Database.at(empty_urls.app)
    yield Ledger(database, clock, keys)
    await database.aclose()


@pytest.fixture
async def october_owner(empty_urls: DatabaseUrls) -> AsyncIterator[asyncpg.Connection]:
    async with connected(empty_urls.owner, role=f"{empty_urls.role_prefix}_owner") as connection:
        yield connection


async def figures(connection: asyncpg.Connection) -> list[object]:
    """What any report adds up: each kind of transaction, each balance, each voucher."""
    balances = await connection.fetch("SELECT * FROM ledger.balance ORDER BY account_id")
    vouchers = await connection.fetch("SELECT * FROM ledger.voucher ORDER BY id")
    decisions = await connection.fetch("SELECT * FROM ledger.decision ORDER BY id")
    return [await connection.fetch(SAID), balances, vouchers, decisions]


async def spend_all(till: TillClient, town: Town) -> None:
    """The household TEN uses its ten Pois."""
    sold = await till.redeem(town.ten_card, (FRUIT, 1_000))
    assert sold.json()["approved_cents"] == 1_000


async def reports(ledger: Ledger) -> list[object]:
    """What people are told."""
    funds = [await programme_funds(ledger, programme.code) for programme in await list_programmes(ledger)]
    return [funds, await list_aid_runs(ledger), await prove_identities(ledger)]


async def test_the_books_stay_as_they_are(
    till: TillClient, ledger: Ledger, town: Town, superuser: asyncpg.Connection
) -> None:
    await spend_all(till, town)
    before, told = await figures(superuser), await reports(ledger)
    assert await run_checks(ledger) == []
    done = await erase_household(ledger, PROGRAMME, " ten ", AGENT)
    assert done == Erasure(cards_blocked=1, vouchers_revoked=1, given_up_cents=0, also_in=())
    assert await figures(superuser) == before
    assert await reports(ledger) == told
    assert await run_checks(ledger) == []


async def test_the_reconciliation_of_a_month_stays_as_it_is(
    october: Ledger, clock: FixedClock, october_owner: asyncpg.Connection
) -> None:
    await fill_with_october(october, clock, october_owner)
    await import_households(october, CODE, HOUSEHOLDS_FILE, MAKER)
    await import_statement(october, OCTOBER / "releve-pois-2026-10.csv", MAKER)
    await match_statement(october, MAKER)
    before = [await reconciliation_report(october), await prove_identities(october)]
    await erase_household(october, CODE, "D26-19215", MAKER)
    assert [await reconciliation_report(october), await prove_identities(october)] == before


async def test_nothing_personal_is_left_in_a_dump(
    ledger: Ledger, town: Town, database_urls: DatabaseUrls, superuser: asyncpg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "one.csv"
    file.write_text(f"{HEADER}\nMIGNON-7;1;0;0;7393311,17;7418529,63;fr;papier;\n", encoding="utf-8")
    await import_households(ledger, PROGRAMME, file, AGENT)
    household = (await household_profile(ledger, PROGRAMME, "MIGNON-7")).household_id
    card = await issue_card(ledger, household, "paper", AGENT)
    key = await superuser.fetchval("SELECT wrapped_key FROM identity.subject_key WHERE subject_id = $1", household)
    row = await superuser.fetchrow("SELECT * FROM identity.household WHERE household_id = $1", household)
    sealed = {bytes(key).hex(), *(bytes(value).hex() for value in (row or ()) if isinstance(value, bytes))}
    before = await dumped(database_urls)
    assert len(sealed) == 3
    assert all(each in before for each in sealed)
    await erase_household(ledger, PROGRAMME, "MIGNON-7", AGENT)
    left = await dumped(database_urls)
    assert str(household) in left  # the books go on with the random id
    clear = {"MIGNON", "739331117", "741852963", "7393311,17", "7418529,63", card.secret, f"{key!r}"}
    assert not [trace for trace in {*sealed, *clear} if trace in left]
    assert not [trace for trace in clear if trace.encode().hex() in left]


async def dumped(urls: DatabaseUrls) -> str:
    """Everything that a backup in text holds."""
    with tempfile.TemporaryFile() as output:
        program = Programs.for_account(None)
        arguments = ("pg_dump", f"--dbname={urls.owner}")
        assert await asyncio.to_thread(program.run, *arguments, output=output, seconds_max=60) == 0
        output.seek(0)
        return output.read().decode()


async def test_the_files_of_the_tables_forget_as_well(
    ledger: Ledger, town: Town, database_urls: DatabaseUrls, superuser: asyncpg.Connection, tmp_path: Path
) -> None:
    """A deleted row stays in its page until the table is vacuumed, and its space until it is written anew."""
    home = Installation.make(tmp_path, database_urls, ledger.keys, ledger.clock.now()).home
    settings = Settings.from_environment(home, database_urls.environment())
    household = town.households["NONE"]
    key = await superuser.fetchval("SELECT wrapped_key FROM identity.subject_key WHERE subject_id = $1", household)
    await erase_household(ledger, PROGRAMME, "NONE", AGENT)
    assert key in await file_of(superuser, "identity.subject_key")
    async with superuser.transaction():
        await superuser.execute("LOCK TABLE identity.subject_key IN ACCESS SHARE MODE")
        with pytest.raises(NotPossibleNow):
            await vacuum_identity(settings, wait_seconds=1)
    await vacuum_identity(settings)
    assert key not in await file_of(superuser, "identity.subject_key")
    assert household.bytes not in await file_of(superuser, "identity.household")
    assert len(await list_households(ledger, PROGRAMME)) == len(town.households) - 1


async def file_of(superuser: asyncpg.Connection, table: str) -> bytes:
    """What stands on disk of a table."""
    await superuser.execute("CHECKPOINT")
    return bytes(await superuser.fetchval("SELECT pg_read_binary_file(pg_relation_filepath($1))", table))


async def test_the_same_case_number_may_come_back_as_somebody_new(
    till: TillClient, ledger: Ledger, town: Town, tmp_path: Path
) -> None:
    await spend_all(till, town)
    await erase_household(ledger, PROGRAMME, "TEN", AGENT)
    with pytest.raises(UnknownHousehold):
        await household_profile(ledger, PROGRAMME, "TEN")
    with pytest.raises(UnknownHousehold):
        await erase_household(ledger, PROGRAMME, "TEN", AGENT)
    assert "TEN" not in {entry.case_number for entry in await list_households(ledger, PROGRAMME)}
    file = tmp_path / "again.csv"
    file.write_text(f"{HEADER}\nTEN;1;0;0;400,00;300,00;fr;papier;\n", encoding="utf-8")
    await import_households(ledger, PROGRAMME, file, AGENT)
    assert (await household_profile(ledger, PROGRAMME, "TEN")).household_id != town.households["TEN"]
    assert (await prepare_aid_run(ledger, PROGRAMME, signer(AGENT))).voucher_count == 1
    assert await run_checks(ledger) == []


async def test_money_has_to_be_given_up_by_somebody_who_may(ledger: Ledger, town: Town) -> None:
    with pytest.raises(HouseholdHasMoney) as refused:
        await erase_household(ledger, PROGRAMME, "PAPER", AGENT)
    [voucher] = await list_vouchers(ledger, town.households["PAPER"])
    assert refused.value.facts == {"left_cents": 12_000, "vouchers": [voucher.serial]}
    await enrol(ledger, "desk", Role.AGENT)
    with pytest.raises(RoleMissing):
        await erase_household(ledger, PROGRAMME, "PAPER", "desk", give_up=True)
    done = await erase_household(ledger, PROGRAMME, "PAPER", CHECKER, give_up=True)
    assert (done.vouchers_revoked, done.given_up_cents) == (1, 12_000)
    [voucher] = await list_vouchers(ledger, town.households["PAPER"])
    assert (voucher.state, voucher.balance_cents) == ("revoked", 0)
    assert await run_checks(ledger) == []


async def test_a_refund_after_the_erasure_goes_to_the_pool(till: TillClient, ledger: Ledger, town: Town) -> None:
    sold = await till.redeem(town.ten_card, (FRUIT, 1_000))
    await erase_household(ledger, PROGRAMME, "TEN", AGENT)
    refunded = await till.refund(sold.json()["id"], 400)
    assert refunded.status_code == 201
    [voucher] = await list_vouchers(ledger, town.households["TEN"])
    assert (voucher.state, voucher.balance_cents) == ("revoked", 0)
    assert await run_checks(ledger) == []


async def test_its_cards_open_nothing_any_more(till: TillClient, ledger: Ledger, town: Town) -> None:
    await spend_all(till, town)
    await erase_household(ledger, PROGRAMME, "TEN", AGENT)
    assert [card.state for card in await list_cards(ledger, town.households["TEN"])] == ["blocked"]
    assert (await till.redeem(town.ten_card, (FRUIT, 100))).json()["code"] == "card-blocked"
    with pytest.raises(UnknownHousehold):
        await issue_card(ledger, town.households["TEN"], "paper", AGENT)
    with pytest.raises(UnknownHousehold):
        await replace_card(ledger, town.ten_card.number, AGENT)


async def test_a_run_that_would_still_issue_a_voucher_is_decided_first(
    ledger: Ledger, town: Town, tmp_path: Path
) -> None:
    file = tmp_path / "more.csv"
    file.write_text(f"{HEADER}\nLATE;1;0;0;400,00;300,00;fr;papier;\n", encoding="utf-8")
    await import_households(ledger, PROGRAMME, file, AGENT)
    run = await prepare_aid_run(ledger, PROGRAMME, signer(AGENT))
    with pytest.raises(NotPossibleNow) as refused:
        await erase_household(ledger, PROGRAMME, "LATE", AGENT)
    assert refused.value.facts == {"state": "in-a-run", "run": run.number}


async def test_of_two_at_once_one_erases(till: TillClient, ledger: Ledger, town: Town) -> None:
    await spend_all(till, town)
    both = (erase_household(ledger, PROGRAMME, "TEN", name) for name in (AGENT, CHECKER))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Erasure", "UnknownHousehold"]
    assert await run_checks(ledger) == []


async def test_a_card_made_at_the_same_time_is_blocked_or_not_made(
    till: TillClient, ledger: Ledger, town: Town
) -> None:
    await spend_all(till, town)
    making = (issue_card(ledger, town.households["TEN"], "paper", AGENT) for _ in range(4))
    await asyncio.gather(erase_household(ledger, PROGRAMME, "TEN", AGENT), *making, return_exceptions=True)
    assert {card.state for card in await list_cards(ledger, town.households["TEN"])} == {"blocked"}
    assert await run_checks(ledger) == []


async def test_sales_at_the_same_time_end_before_or_fail(till: TillClient, ledger: Ledger, town: Town) -> None:
    erasing = asyncio.create_task(erase_household(ledger, PROGRAMME, "PAPER", CHECKER, give_up=True))
    answers = await asyncio.gather(*(till.redeem(town.paper_card, (FRUIT, 500)) for _ in range(8)))
    sold_cents = 500 * sum(answer.status_code == 201 for answer in answers)
    assert (await erasing).given_up_cents == 12_000 - sold_cents
    assert await run_checks(ledger) == []


async def test_other_programmes_that_know_the_number_are_named(
    till: TillClient, ledger: Ledger, town: Town, tmp_path: Path
) -> None:
    await spend_all(till, town)
    rules = tmp_path / "noel.toml"
    rules.write_text((DATA / "programme.toml").read_text("utf-8").replace(PROGRAMME, "NOEL"), encoding="utf-8")
    await import_programme(ledger, rules, AGENT)
    await import_households(ledger, "NOEL", DATA / "households.csv", AGENT)
    assert (await erase_household(ledger, PROGRAMME, "TEN", AGENT)).also_in == ("NOEL",)
    assert (await household_profile(ledger, "NOEL", "TEN")).profile.case_number == "TEN"
    assert await run_checks(ledger) == []


async def test_what_is_unknown_is_named(ledger: Ledger, town: Town) -> None:
    with pytest.raises(UnknownProgramme):
        await erase_household(ledger, "AA-2027", "TEN", AGENT)
    with pytest.raises(UnknownHousehold):
        await erase_household(ledger, PROGRAMME, "NOBODY", AGENT)
