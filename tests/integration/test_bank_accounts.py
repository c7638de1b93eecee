"""A merchant's IBAN changes by two people and after a cooling period, and stands nowhere in clear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.approvals.actions import reject_proposal
from ledger.approvals.model import Reason, Role
from ledger.bank_accounts.actions import (
    approve_iban,
    bank_account,
    effective_iban,
    effective_ibans,
    iban_change_content,
    list_iban_changes,
    propose_iban,
    proposed_iban,
    withdraw_iban,
)
from ledger.bank_accounts.model import ListedChange
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    AlreadyExists,
    BadValue,
    ContentDiffers,
    NotPending,
    NotPossibleNow,
    Refusal,
    RoleMissing,
    SamePerson,
    UnknownMerchant,
    UnknownProposal,
)
from tests.databases import DatabaseUrls, TestServer
from tests.people import enrol, signer
from tests.straight import CHECK, refused_as
from tests.town import AGENT, CHECKER, Town, cloned_town

NEW = "FR7651361341252427316723255"
OTHER = "FR1420041010050500013M02606"
MAKER, APPROVER = signer(AGENT), signer(CHECKER)
THREE_DAYS = timedelta(days=3)


@pytest.fixture
async def database_urls(database_server: TestServer, town: Town) -> AsyncIterator[DatabaseUrls]:
    async with cloned_town(database_server, town) as urls:
        yield urls


@pytest.fixture
def siret(town: Town) -> str:
    return town.shops[0].siret


async def present(ledger: Ledger, town: Town) -> str:
    async with ledger.unit_of_work() as work:
        return await effective_iban(work, town.shops[0].id)


async def approved(ledger: Ledger, siret: str, iban: str = NEW) -> ListedChange:
    proposed = await propose_iban(ledger, siret, iban, MAKER)
    return await approve_iban(ledger, proposed.change.proposal_id, APPROVER)


async def numbers_kept(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM identity.merchant_iban"))


async def test_it_counts_three_days_after_the_approval(
    ledger: Ledger, clock: FixedClock, town: Town, siret: str, superuser: asyncpg.Connection
) -> None:
    old = await present(ledger, town)
    proposed = await propose_iban(ledger, siret, "FR76 5136 1341 2524 2731 6723 255", MAKER)
    assert (proposed.state, proposed.change.iban, proposed.change.prepared_by) == ("pending", NEW, AGENT)
    clock.instant += timedelta(days=9)
    assert await present(ledger, town) == old
    cooling = await approve_iban(ledger, proposed.change.proposal_id, APPROVER)
    assert (cooling.state, cooling.change.effective_at) == ("cooling", clock.instant + THREE_DAYS)
    clock.instant += THREE_DAYS - timedelta(seconds=1)
    assert await present(ledger, town) == old
    clock.instant += timedelta(seconds=1)
    assert await present(ledger, town) == NEW
    assert (await bank_account(ledger, siret)).change is None
    assert await run_checks(ledger) == []
    await propose_iban(ledger, siret, OTHER, MAKER)
    assert (await present(ledger, town), await numbers_kept(superuser)) == (NEW, 1)
    assert [found.state for found in await list_iban_changes(ledger)] == ["effective", "pending"]
    assert await run_checks(ledger) == []


async def test_old_and_new_are_kept_encrypted_until_then(
    ledger: Ledger, town: Town, siret: str, superuser: asyncpg.Connection
) -> None:
    old = await present(ledger, town)
    await approved(ledger, siret)
    tables = ("identity.merchant_bank", "identity.merchant_iban", "ledger.iban_change", "ledger.proposal")
    rows = [str(row) for table in tables for row in await superuser.fetch(f"SELECT t::text FROM {table} AS t")]
    for number in (old, NEW):
        assert not any(trace in row for row in rows for trace in (number, number[4:], number.encode().hex()))
    account = await bank_account(ledger, siret)
    assert account.change is not None
    assert (account.iban, account.change.change.iban) == (old, NEW)
    assert NEW not in repr(account)
    assert old not in repr(account)


async def test_of_several_merchants_each_is_paid_on_its_own(
    ledger: Ledger, clock: FixedClock, town: Town, siret: str
) -> None:
    ids = [shop.id for shop in town.shops]
    async with ledger.unit_of_work() as work:
        before = await effective_ibans(work, ids)
    await approved(ledger, siret)
    await approved(ledger, town.shops[1].siret, OTHER)
    clock.instant += THREE_DAYS
    async with ledger.unit_of_work() as work:
        assert await effective_ibans(work, [*ids, uuid4()]) == before | {ids[0]: NEW, ids[1]: OTHER}


async def test_who_prepares_does_not_approve(ledger: Ledger, siret: str) -> None:
    proposed = await propose_iban(ledger, siret, NEW, MAKER)
    with pytest.raises(SamePerson):
        await approve_iban(ledger, proposed.change.proposal_id, MAKER)
    await approve_iban(ledger, proposed.change.proposal_id, APPROVER)
    with pytest.raises(NotPending):
        await approve_iban(ledger, proposed.change.proposal_id, APPROVER)


async def test_only_who_may_takes_part(ledger: Ledger, siret: str) -> None:
    reviewer = await enrol(ledger, "reviewer", Role.REVIEWER)
    with pytest.raises(RoleMissing):
        await propose_iban(ledger, siret, NEW, reviewer)
    proposed = await propose_iban(ledger, siret, NEW, MAKER)
    with pytest.raises(RoleMissing):
        await approve_iban(ledger, proposed.change.proposal_id, reviewer)


async def test_whoever_sees_the_fraud_stops_it(ledger: Ledger, clock: FixedClock, town: Town, siret: str) -> None:
    await enrol(ledger, "treasurer", Role.TREASURER)
    old = await present(ledger, town)
    await approved(ledger, siret)
    withdrawn = await withdraw_iban(ledger, siret, "treasurer")
    assert (withdrawn.state, withdrawn.change.withdrawn_by, withdrawn.change.iban) == ("withdrawn", "treasurer", None)
    clock.instant += timedelta(days=30)
    assert await present(ledger, town) == old
    assert await run_checks(ledger) == []


async def test_only_what_cools_down_is_withdrawn(ledger: Ledger, clock: FixedClock, siret: str) -> None:
    with pytest.raises(NotPossibleNow):
        await withdraw_iban(ledger, siret, CHECKER)
    await propose_iban(ledger, siret, NEW, MAKER)
    with pytest.raises(NotPossibleNow):
        await withdraw_iban(ledger, siret, CHECKER)
    [waiting] = await list_iban_changes(ledger)
    await approve_iban(ledger, waiting.change.proposal_id, APPROVER)
    clock.instant += THREE_DAYS
    with pytest.raises(NotPossibleNow):
        await withdraw_iban(ledger, siret, CHECKER)
    with pytest.raises(UnknownMerchant):
        await withdraw_iban(ledger, "29729975200065"[::-1], CHECKER)


async def test_a_rejected_number_is_forgotten(
    ledger: Ledger, town: Town, siret: str, superuser: asyncpg.Connection
) -> None:
    old = await present(ledger, town)
    proposed = await propose_iban(ledger, siret, NEW, MAKER)
    await reject_proposal(ledger, proposed.change.proposal_id, APPROVER, Reason.MISTAKE)
    assert (await proposed_iban(ledger, proposed.change.proposal_id)).state == "rejected"
    await propose_iban(ledger, siret, OTHER, MAKER)
    assert (await numbers_kept(superuser), await present(ledger, town)) == (1, old)
    assert await run_checks(ledger) == []


async def test_one_change_at_a_time(ledger: Ledger, siret: str) -> None:
    first = await propose_iban(ledger, siret, NEW, MAKER)
    for state in ("pending", "cooling"):
        with pytest.raises(NotPossibleNow) as refused:
            await propose_iban(ledger, siret, OTHER, MAKER)
        assert refused.value.facts == {"siret": siret, "state": state, "proposal": first.change.number}
        if state == "pending":
            await approve_iban(ledger, first.change.proposal_id, APPROVER)


async def test_two_proposals_at_once_are_one(ledger: Ledger, siret: str) -> None:
    both = (propose_iban(ledger, siret, iban, MAKER) for iban in (NEW, OTHER))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["ListedChange", "NotPossibleNow"]


async def test_the_present_number_is_no_change(ledger: Ledger, town: Town, siret: str) -> None:
    with pytest.raises(AlreadyExists):
        await propose_iban(ledger, siret, await present(ledger, town), MAKER)


@pytest.mark.parametrize("typed", ["", "FR7651361341252427316723256", "not an iban", "é" * 27, "GB00"])
async def test_a_wrong_number_is_refused_and_not_repeated(ledger: Ledger, siret: str, typed: str) -> None:
    with pytest.raises(BadValue) as refused:
        await propose_iban(ledger, siret, typed, MAKER)
    assert refused.value.facts == {"field": "iban", "reason": "check-digits"}


@pytest.mark.parametrize("days", [2, 0, -1, 31])
async def test_the_cooling_period_is_three_days_at_least(
    ledger: Ledger, siret: str, superuser: asyncpg.Connection, days: int
) -> None:
    with pytest.raises(BadValue):
        await propose_iban(ledger, siret, NEW, MAKER, cooling_days=days)
    sql = """INSERT INTO ledger.iban_change (proposal_id, merchant_id, iban_hmac, cooling_days)
        SELECT p.id, m.id, sha256('x'), $1 FROM ledger.proposal AS p CROSS JOIN ledger.merchant AS m LIMIT 1"""
    with refused_as(CHECK):
        await superuser.execute(sql, days)


async def test_an_exchanged_number_is_not_approved(ledger: Ledger, siret: str, superuser: asyncpg.Connection) -> None:
    """Whoever writes another number into identity, even well encrypted, finds it refused."""
    proposed = await propose_iban(ledger, siret, NEW, MAKER)
    await superuser.execute(
        "UPDATE identity.merchant_iban SET iban = (SELECT iban FROM identity.merchant_bank LIMIT 1)"
    )
    with pytest.raises(Refusal):
        await approve_iban(ledger, proposed.change.proposal_id, APPROVER)


@pytest.mark.parametrize("change", ["cooling_days = 4", "iban_hmac = sha256('x')"])
async def test_what_was_altered_after_the_signature_is_not_approved(
    ledger: Ledger, siret: str, superuser: asyncpg.Connection, change: str
) -> None:
    proposed = await propose_iban(ledger, siret, NEW, MAKER)
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute(f"UPDATE ledger.iban_change SET {change}")
    with pytest.raises(ContentDiffers):
        await approve_iban(ledger, proposed.change.proposal_id, APPROVER)
    assert {found.check for found in await run_checks(ledger)} == {"contents-are-as-signed"}


async def test_a_merchant_from_before_gets_a_key_with_its_first_change(
    ledger: Ledger, clock: FixedClock, town: Town, siret: str, superuser: asyncpg.Connection
) -> None:
    merchant_id = town.shops[0].id
    old = await present(ledger, town)
    sealed = ledger.keys.encrypt("merchant-iban", old.encode(), merchant_id.bytes)
    await superuser.execute("UPDATE identity.merchant_bank SET iban = $2 WHERE merchant_id = $1", merchant_id, sealed)
    await superuser.execute("DELETE FROM identity.subject_key WHERE subject_id = $1", merchant_id)
    assert await present(ledger, town) == old
    await approved(ledger, siret)
    assert await present(ledger, town) == old
    clock.instant += THREE_DAYS
    assert await present(ledger, town) == NEW
    assert await run_checks(ledger) == []


async def test_what_is_unknown_is_named(ledger: Ledger, town: Town) -> None:
    with pytest.raises(UnknownMerchant):
        await propose_iban(ledger, "00000000000000", NEW, MAKER)
    with pytest.raises(UnknownProposal):
        await approve_iban(ledger, uuid4(), APPROVER)
    with pytest.raises(UnknownProposal):
        await proposed_iban(ledger, uuid4())


async def test_what_is_signed_says_whose_account_which_number_and_from_when(
    ledger: Ledger, town: Town, siret: str
) -> None:
    first = await propose_iban(ledger, siret, NEW, MAKER)
    second = await propose_iban(ledger, town.shops[1].siret, NEW, MAKER, cooling_days=5)
    async with ledger.unit_of_work() as work:
        contents = [await iban_change_content(work, each.change.proposal_id) or b"" for each in (first, second)]
    kinds, merchants, hmacs, days = zip(*(content.decode().split() for content in contents), strict=True)
    assert kinds == ("iban-change", "iban-change")
    assert [UUID(each) for each in merchants] == [town.shops[0].id, town.shops[1].id]
    assert hmacs[0] != hmacs[1]  # each under the key of its merchant
    assert days == ("3", "5")
