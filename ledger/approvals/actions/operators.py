"""Operators: who acts, with which roles and key; appointed, suspended and resumed by each other."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.approvals import store
from ledger.approvals.model import OPERATOR_NAME, Appointment, Limit, Operator, Role, Signer
from ledger.approvals.rules import MAY_APPOINT, MAY_SUSPEND, WHO_ACTS, appointment_message
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    AlreadyExists,
    BadValue,
    NotPossibleNow,
    OperatorSuspended,
    RoleMissing,
    SamePerson,
    SignatureRefused,
    UnknownOperator,
)
from ledger.identifiers import new_subject_id
from ledger.keyring import same

_LIMIT_CENTS_MAX = 10**12
_LIMIT_DAYS_MAX = 366


async def operator_named(work: UnitOfWork, name: str, *roles: Role) -> Operator:
    """Who is acting, with one of these roles; without any named, with any role that is not only to read.

    Refuses `UnknownOperator`, `OperatorSuspended`, `RoleMissing`.
    """
    found = await store.operator_named(work, name)
    if found is None:
        raise UnknownOperator(operator=name)
    if found.state != "active":
        raise OperatorSuspended(operator=name)
    if not found.has_one_of(roles or WHO_ACTS):
        raise RoleMissing(operator=name, roles=list(roles or WHO_ACTS))
    return found


async def signing_operator(work: UnitOfWork, signer: Signer, *roles: Role) -> Operator:
    """The same for whoever signs: nobody is appointed or suspended until this unit of work ends.

    Refuses `SignatureRefused` where the key is not the operator's present one.
    """
    await store.take_people_turn(work, alone=False)
    who = await operator_named(work, signer.name, *roles)
    if who.public_key is None or not same(who.public_key, signer.public_key):
        raise SignatureRefused(operator=signer.name, reason="not-the-present-key")
    return who


async def list_operators(ledger: Ledger) -> list[Operator]:
    """All operators by name."""
    async with ledger.unit_of_work() as work:
        return await store.operators(work)


async def add_operator(
    ledger: Ledger, name: str, public_key: bytes, roles: Sequence[Role], by: Signer, limit: Limit | None = None
) -> Operator:
    """Record an operator, who signs with this key from now on.

    The first one of a home is his own appointer (`by` is himself), and one who can appoint others. Who was
    recorded before operators had keys is given his first one in the same way.
    Refuses `BadValue`, `AlreadyExists` (the name, or the key, which is one person's), and as `appoint` does.
    """
    if not OPERATOR_NAME.fullmatch(name):
        raise BadValue(field="name", value=name, pattern=OPERATOR_NAME.pattern)
    async with ledger.unit_of_work() as work:
        await store.take_people_turn(work, alone=True)
        if not await store.add_operator(work, new_subject_id(), name):
            found = await _recorded(work, name)
            if found.appointments:
                raise AlreadyExists(operator=name)
        return await _appoint(work, name, public_key, roles, limit, by)


async def change_roles(
    ledger: Ledger, name: str, roles: Sequence[Role], by: Signer, limit: Limit | None = None
) -> Operator:
    """Give an operator these roles and this limit instead of those he had. Refuses as `appoint` does."""
    async with ledger.unit_of_work() as work:
        await store.take_people_turn(work, alone=True)
        found = await _recorded(work, name)
        if found.public_key is None:
            raise NotPossibleNow(operator=name, reason="no-key")
        return await _appoint(work, name, found.public_key, roles, limit, by)


async def replace_key(ledger: Ledger, name: str, public_key: bytes, by: Signer) -> Operator:
    """Let an operator sign with another key from now on. Refuses as `appoint` does, and `AlreadyExists`."""
    async with ledger.unit_of_work() as work:
        await store.take_people_turn(work, alone=True)
        found = await _recorded(work, name)
        if found.public_key is None:
            raise NotPossibleNow(operator=name, reason="no-key")
        return await _appoint(work, name, public_key, found.roles, found.limit, by)


async def suspend_operator(ledger: Ledger, name: str, by: Signer) -> Operator:
    """Let an operator do nothing any more, be it himself. Refuses as `signing_operator` does, `NotPossibleNow`."""
    return await _change_state(ledger, name, "suspend", by)


async def resume_operator(ledger: Ledger, name: str, by: Signer) -> Operator:
    """Let a suspended operator work again. Refuses as `signing_operator` does, `NotPossibleNow`."""
    return await _change_state(ledger, name, "resume", by)


async def _appoint(
    work: UnitOfWork, name: str, public_key: bytes, roles: Sequence[Role], limit: Limit | None, by: Signer
) -> Operator:
    """Nobody appoints himself, save the first; who appoints is an approver or a finance officer."""
    _require_sense(roles, limit, public_key)
    found = await _recorded(work, name)
    first = not await store.anybody_appointed(work)
    if first:
        appointer = _founder(found, public_key, roles, by)
    else:
        appointer = await signing_operator(work, by, *MAY_APPOINT)
        if appointer.id == found.id:
            raise SamePerson(operator=name)
    if public_key != found.public_key and not await store.add_key(work, found.id, public_key):
        raise AlreadyExists(public_key=public_key.hex())
    wanted = tuple(role for role in Role if role in roles)
    appointment = Appointment(found.id, name, found.appointments + 1, wanted, public_key, limit, appointer.id)
    signature = by.private_key.sign(appointment_message(appointment))
    await store.add_appointment(work, appointment, by.public_key, signature)
    return await _recorded(work, name)


def _founder(found: Operator, public_key: bytes, roles: Sequence[Role], by: Signer) -> Operator:
    if (found.name, public_key) != (by.name, by.public_key):
        raise UnknownOperator(operator=by.name)
    if set(roles).isdisjoint(MAY_APPOINT):
        raise BadValue(field="role", value=" ".join(roles), needed=list(MAY_APPOINT), reason="first-operator")
    return found


def _require_sense(roles: Sequence[Role], limit: Limit | None, public_key: bytes) -> None:
    if not roles:
        raise BadValue(field="role", value="", choices=list(Role))
    if len(public_key) != 32:
        raise BadValue(field="public_key", value=public_key.hex())
    if limit and not (0 <= limit.cents <= _LIMIT_CENTS_MAX and 1 <= limit.days <= _LIMIT_DAYS_MAX):
        raise BadValue(field="limit", value=f"{limit.cents}/{limit.days}")


async def _change_state(ledger: Ledger, name: str, event: str, by: Signer) -> Operator:
    async with ledger.unit_of_work() as work:
        await store.take_people_turn(work, alone=True)
        who = await signing_operator(work, by, *MAY_SUSPEND)
        found = await _recorded(work, name)
        if (event == "suspend") != (found.state == "active"):
            raise NotPossibleNow(operator=name, state=found.state)
        await store.add_event(work, found.id, event, who.id)
        return await _recorded(work, name)


async def _recorded(work: UnitOfWork, name: str) -> Operator:
    found = await store.operator_named(work, name)
    if found is None:
        raise UnknownOperator(operator=name)
    return found
