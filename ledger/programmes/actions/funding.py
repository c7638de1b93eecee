"""The euros behind a programme: a mandate of the CCAS, once the association confirms it, becomes Pois.

A French public body may not pay in a local currency: it mandates euros, and the association creates the Pois.
"""

from __future__ import annotations

import re

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.books.accounts import account_named
from ledger.books.balances import balance_cents, lock_balances, require_held
from ledger.books.journal import post
from ledger.books.transaction import Transaction, TransactionKind, transfer
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import AlreadyExists, BadValue, NotPossibleNow, UnknownMandate
from ledger.identifiers import new_event_id
from ledger.programmes.actions.programmes import programme_coded
from ledger.programmes.model import Funds, Mandate, Programme
from ledger.programmes.store import aid_runs
from ledger.programmes.store import funding as store

_NUMBER = re.compile(r"[A-Za-z0-9/.-]{1,30}")
AMOUNT_CENTS_MAX = 10**12


async def record_mandate(ledger: Ledger, programme_code: str, number: str, amount_cents: int, operator: str) -> Mandate:
    """Book the euros that the CCAS mandated: in transit until the association confirms them.

    Refuses `BadValue`, `UnknownOperator`, `UnknownProgramme` and `AlreadyExists`.
    """
    if not _NUMBER.fullmatch(number):
        raise BadValue(field="number", value=number, pattern=_NUMBER.pattern)
    if not 0 < amount_cents <= AMOUNT_CENTS_MAX:
        raise BadValue(field="amount_cents", value=amount_cents)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE)
        programme = await programme_coded(work, programme_code)
        in_transit = await account_named(work, "association:in-transit")
        mandated = await account_named(work, "ccas:mandated")
        await lock_balances(work, [in_transit, mandated])  # one at a time, so the number cannot be taken twice
        if await store.mandate_numbered(work, number) is not None:
            raise AlreadyExists(mandate=number)
        postings = transfer(in_transit, mandated, amount_cents)
        booked = Transaction(new_event_id(), TransactionKind.MANDATE, work.now, postings)
        await post(work, [booked])
        await store.add_mandate(
            work,
            booked.id,
            programme.id,
            number=number,
            amount_cents=amount_cents,
            operator_id=who.id,
        )
        return await _mandate(work, number)


async def confirm_funding(ledger: Ledger, mandate_number: str, operator: str) -> Mandate:
    """Book that the association has the euros of a mandate and created as many Pois, in one transaction.

    Refuses `UnknownOperator`, `UnknownMandate`, `AlreadyExists` (confirmed before), `NotPossibleNow`
    (cancelled, or confirmed and taken back: such euros are mandated anew) and `AccountTooLow` (an adjustment took
    the euros in transit).
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE, Role.TREASURER)
        mandate = await _mandate(work, mandate_number)
        programme = await programme_coded(work, mandate.programme_code)
        fund = await account_named(work, "association:guarantee-fund")
        in_transit = await account_named(work, "association:in-transit")
        issued = await account_named(work, "association:issued")
        balances = await lock_balances(work, [fund, in_transit, issued, programme.pool_account])
        present = await _mandate(work, mandate_number)
        if present.state == "confirmed":
            raise AlreadyExists(mandate=mandate_number)
        if present.state != "in-transit":
            raise NotPossibleNow(mandate=mandate_number, state=present.state)
        require_held(balances, in_transit, "association:in-transit", mandate.amount_cents)
        euros = transfer(fund, in_transit, mandate.amount_cents)
        pois = transfer(issued, programme.pool_account, mandate.amount_cents)
        booked = Transaction(new_event_id(), TransactionKind.FUNDING, work.now, (*euros, *pois))
        await post(work, [booked])
        await store.add_funding(work, mandate.id, booked.id, who.id)
        return await _mandate(work, mandate_number)


async def cancel_mandate(ledger: Ledger, mandate_number: str, operator: str) -> Mandate:
    """Book that a mandate will not be paid: its euros are in transit no longer. Its number stays taken.

    Refuses `UnknownOperator`, `RoleMissing`, `UnknownMandate`, `NotPossibleNow` (the association has the euros,
    or it was cancelled before) and `AccountTooLow` as `confirm_funding` does.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE)
        in_transit = await account_named(work, "association:in-transit")
        mandated = await account_named(work, "ccas:mandated")
        balances = await lock_balances(work, [in_transit, mandated])
        mandate = await _mandate(work, mandate_number)
        if mandate.state not in {"in-transit", "taken-back"}:
            raise NotPossibleNow(mandate=mandate_number, state=mandate.state)
        require_held(balances, in_transit, "association:in-transit", mandate.amount_cents)
        require_held(balances, mandated, "ccas:mandated", mandate.amount_cents)
        postings = transfer(mandated, in_transit, mandate.amount_cents)
        booked = Transaction(new_event_id(), TransactionKind.MANDATE_CANCELLED, work.now, postings)
        await post(work, [booked])
        await store.add_cancellation(work, mandate.id, booked.id, who.id)
        return await _mandate(work, mandate_number)


async def list_mandates(ledger: Ledger, programme_code: str) -> list[Mandate]:
    """The mandates of a programme, the oldest first. Refuses `UnknownProgramme`."""
    async with ledger.unit_of_work() as work:
        await programme_coded(work, programme_code)
        return await store.mandates(work, programme_code)


async def programme_funds(ledger: Ledger, programme_code: str) -> Funds:
    """Where the money of a programme stands. Refuses `UnknownProgramme`."""
    async with ledger.unit_of_work() as work:
        programme = await programme_coded(work, programme_code)
        mandates = await store.mandates(work, programme_code)
        standing = [mandate for mandate in mandates if mandate.state != "cancelled"]
        return Funds(
            programme_code,
            mandated_cents=sum(mandate.amount_cents for mandate in standing),
            confirmed_cents=sum(mandate.amount_cents for mandate in standing if mandate.state == "confirmed"),
            pool_cents=-await balance_cents(work, programme.pool_account),
            reserved_cents=await reserved_cents(work, programme),
            returning_cents=-await balance_cents(work, programme.returning_account),
        )


async def reserved_cents(work: UnitOfWork, programme: Programme) -> int:
    """What runs that are prepared or half issued will take from the pool; a step of other use cases."""
    return await aid_runs.reserved_cents(work, programme.id, pending_too=True)


async def _mandate(work: UnitOfWork, number: str) -> Mandate:
    found = await store.mandate_numbered(work, number)
    if found is None:
        raise UnknownMandate(mandate=number)
    return found
