"""A mandate that is not paid is cancelled; one whose confirmation was wrong is taken back first."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from ledger.adjustments.actions import approve_move, propose_reversal
from ledger.adjustments.model import Reason
from ledger.approvals.model import Role
from ledger.checks.actions import run_checks
from ledger.database.unit_of_work import Ledger
from ledger.errors import AccountTooLow, AlreadyExists, NotPossibleNow, RoleMissing, UnknownMandate
from ledger.programmes.actions import (
    approve_aid_run,
    cancel_mandate,
    confirm_funding,
    list_mandates,
    prepare_aid_run,
    programme_funds,
    record_mandate,
)
from tests.month import (
    CHECKER,
    CHECKER_SIGNER,
    CODE,
    MAKER,
    MAKER_SIGNER,
    programme_with_households,
    programme_with_money,
    programme_without_money,
)
from tests.people import enrol

NUMBER = "2026-1108"


async def recorded(ledger: Ledger) -> None:
    await programme_without_money(ledger)
    await record_mandate(ledger, CODE, NUMBER, 300_00, MAKER)


async def take_back(ledger: Ledger, app: asyncpg.Connection) -> None:
    funding = await app.fetchval("SELECT id FROM ledger.ledger_transaction WHERE kind = 3")
    move = await propose_reversal(ledger, funding, Reason.NEVER_HAPPENED, MAKER_SIGNER)
    await approve_move(ledger, move.proposal_id, CHECKER_SIGNER)


async def test_a_cancelled_mandate_is_in_transit_no_longer(ledger: Ledger, app: asyncpg.Connection) -> None:
    await recorded(ledger)
    cancelled = await cancel_mandate(ledger, NUMBER, MAKER)
    assert (cancelled.state, cancelled.amount_cents) == ("cancelled", 300_00)
    sql = "SELECT account, amount_cents FROM ledger.journal WHERE kind = 'mandate-cancelled' ORDER BY line"
    legs = await app.fetch(sql)
    assert [tuple(leg) for leg in legs] == [("ccas:mandated", 300_00), ("association:in-transit", -300_00)]
    assert (await programme_funds(ledger, CODE)).mandated_cents == 0
    assert await list_mandates(ledger, CODE) == [cancelled]
    assert await run_checks(ledger) == []


async def test_it_is_not_confirmed_nor_cancelled_again_and_its_number_stays_taken(ledger: Ledger) -> None:
    await recorded(ledger)
    await cancel_mandate(ledger, NUMBER, MAKER)
    for again in (confirm_funding, cancel_mandate):
        with pytest.raises(NotPossibleNow) as refused:
            await again(ledger, NUMBER, MAKER)
        assert refused.value.facts == {"mandate": NUMBER, "state": "cancelled"}
    with pytest.raises(AlreadyExists):
        await record_mandate(ledger, CODE, NUMBER, 300_00, MAKER)


async def test_a_funded_mandate_is_not_cancelled(ledger: Ledger) -> None:
    await recorded(ledger)
    await record_mandate(ledger, CODE, "2026-1109", 300_00, MAKER)  # so that the account would have enough in it
    await confirm_funding(ledger, NUMBER, CHECKER)
    with pytest.raises(NotPossibleNow) as refused:
        await cancel_mandate(ledger, NUMBER, MAKER)
    assert refused.value.facts["state"] == "confirmed"


async def test_cancelled_and_confirmed_at_once_one_wins(ledger: Ledger) -> None:
    await recorded(ledger)
    both = (cancel_mandate(ledger, NUMBER, MAKER), confirm_funding(ledger, NUMBER, CHECKER))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Mandate", "NotPossibleNow"]
    assert await run_checks(ledger) == []


async def test_only_finance_cancels(ledger: Ledger) -> None:
    await recorded(ledger)
    await enrol(ledger, "agathe", Role.AGENT, Role.APPROVER)
    with pytest.raises(RoleMissing):
        await cancel_mandate(ledger, NUMBER, "agathe")
    with pytest.raises(UnknownMandate):
        await cancel_mandate(ledger, "2026-1", MAKER)


async def test_a_wrong_confirmation_is_reversed_and_the_mandate_cancelled(
    ledger: Ledger, app: asyncpg.Connection
) -> None:
    await programme_with_money(ledger)
    await take_back(ledger, app)
    [mandate] = await list_mandates(ledger, CODE)
    assert mandate.state == "taken-back"
    assert (await programme_funds(ledger, CODE)).confirmed_cents == 0
    with pytest.raises(NotPossibleNow):
        await confirm_funding(ledger, mandate.number, CHECKER)
    assert (await cancel_mandate(ledger, mandate.number, MAKER)).state == "cancelled"
    assert await app.fetchval("SELECT sum(abs(balance_cents)) FROM ledger.balance") == 0
    assert await run_checks(ledger) == []


async def test_pois_that_were_issued_are_not_taken_back(ledger: Ledger, app: asyncpg.Connection) -> None:
    await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
    with pytest.raises(AccountTooLow):
        await take_back(ledger, app)
