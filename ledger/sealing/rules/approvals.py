"""An approval that anybody verifies without our database: who prepared what, who else approved it, by which right.

All is read from the sealed facts of the file: the proposal, the approval, and for each who signed the appointment
that counted then; for whoever appointed, his; and so on, to the first operator of all, who appointed himself and whose
key the auditor compares with the one he was told. What a file cannot prove is what it leaves out: a later
appointment or a suspension that came between. `bonpois check` looks for those in the books.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec

from ledger.approvals.model import Appointment, Limit, Matter, Role, roles_of
from ledger.approvals.rules import (
    DUTIES,
    MAY_APPOINT,
    Duties,
    appointment_message,
    approval_message,
    proposal_message,
    proves,
)
from ledger.sealing.rules.proofs import Finding, Proof, Unreadable

_SIGNED_BY_TWO = ("approval", "certificate")
_NOBODY = Duties(prepare=(), approve=())
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _Operator(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class _Proposal(msgspec.Struct, frozen=True):
    id: UUID
    number: int
    kind: str
    content_sha256: str
    amount_cents: int
    prepared_by: UUID
    signed_with: str
    signature: str
    recorded_at: _Instant


class _Approval(msgspec.Struct, frozen=True):
    proposal_id: UUID
    prepared_by: UUID
    approved_by: UUID
    signed_with: str
    signature: str
    recorded_at: _Instant


class _Appointment(msgspec.Struct, frozen=True):
    operator_id: UUID
    number: int
    roles: str
    public_key: str
    appointed_by: UUID
    signed_with: str
    signature: str
    recorded_at: _Instant
    limit_cents: int | None = None
    limit_days: int | None = None


class Certified(msgspec.Struct, frozen=True):
    """A row of `ledger.certificate`: that a month was closed by an approval."""

    proposal_id: UUID
    period: date
    version: int


_Row = _Operator | _Proposal | _Approval | _Appointment | Certified
_FORMS: dict[str, type[_Row]] = {
    "operator": _Operator,
    "proposal": _Proposal,
    "approval": _Approval,
    "appointment": _Appointment,
    "certificate": Certified,
}
Form = TypeVar("Form", bound=_Row)


@dataclass(frozen=True, slots=True)
class _Signed:
    """Somebody's signature: with which key, when, and the roles of which one is needed."""

    by: UUID
    key: str
    at: datetime
    needed: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class _People:
    """Names by id, and the appointments of the file."""

    names: dict[UUID, str]
    appointments: list[_Appointment]

    def name(self, operator: UUID) -> str:
        return self.names.get(operator, str(operator))

    def first(self, signed: _Signed) -> _Appointment | None:
        """The first operator of all, if a chain of appointments leads from a signature to him; else none."""
        found = self._counting(signed)
        if found is None or found.public_key != signed.key or set(roles_of(found.roles)).isdisjoint(signed.needed):
            return None
        if not proves(_raw(found.signed_with), _raw(found.signature), appointment_message(self._message(found))):
            return None
        if found.appointed_by != found.operator_id:
            return self.first(_Signed(found.appointed_by, found.signed_with, found.recorded_at, MAY_APPOINT))
        return found if found.number == 1 and found.signed_with == found.public_key else None

    def _counting(self, signed: _Signed) -> _Appointment | None:
        before = [each for each in self.appointments if each.operator_id == signed.by and each.recorded_at < signed.at]
        return max(before, key=lambda each: each.number, default=None)

    def _message(self, found: _Appointment) -> Appointment:
        limit = None if found.limit_cents is None else Limit(found.limit_cents, found.limit_days or 0)
        name, roles = self.name(found.operator_id), roles_of(found.roles)
        key = _raw(found.public_key)
        return Appointment(found.operator_id, name, found.number, roles, key, limit, found.appointed_by)


def findings(proof: Proof) -> list[Finding]:
    """What a file of this kind claims beyond its facts, tried; nothing, for another kind. Raises `Unreadable`."""
    if proof.bonpois not in _SIGNED_BY_TWO:
        return []
    try:
        return _findings(proof)
    except (msgspec.DecodeError, RecursionError, ValueError, OverflowError):
        raise Unreadable from None


def _findings(proof: Proof) -> list[Finding]:
    rows = [_row(leaf.content) for leaf in proof.facts]
    [proposal] = _of(rows, _Proposal)
    [approval] = _of(rows, _Approval)
    people = _People({each.id: each.name for each in _of(rows, _Operator)}, _of(rows, _Appointment))
    duties = DUTIES.get(proposal.kind, _NOBODY)
    maker = _Signed(proposal.prepared_by, proposal.signed_with, proposal.recorded_at, duties.prepare)
    checker = _Signed(approval.approved_by, approval.signed_with, approval.recorded_at, duties.approve)
    return [
        _prepared(proposal, people),
        _approved(proposal, approval, people),
        Finding("two-people", maker.by != checker.by and maker.key != checker.key),
        _entitled("preparer-entitled", maker, people),
        _entitled("approver-entitled", checker, people),
        _first_operator(people.first(maker), people.first(checker), people),
        *_content(proof, proposal),
    ]


def _prepared(proposal: _Proposal, people: _People) -> Finding:
    message = proposal_message(_matter(proposal), proposal.prepared_by)
    holds = proves(_raw(proposal.signed_with), _raw(proposal.signature), message)
    facts = {"proposal": proposal.number, "kind": proposal.kind, "amount_cents": proposal.amount_cents}
    return Finding("prepared", holds, facts | _who(proposal.prepared_by, proposal, people))


def _approved(proposal: _Proposal, approval: _Approval, people: _People) -> Finding:
    message = approval_message(_matter(proposal), approval.approved_by)
    holds = proves(_raw(approval.signed_with), _raw(approval.signature), message)
    holds = holds and (approval.proposal_id, approval.prepared_by) == (proposal.id, proposal.prepared_by)
    return Finding(
        "approved",
        holds and approval.recorded_at > proposal.recorded_at,
        {"proposal": proposal.number, **_who(approval.approved_by, approval, people)},
    )


def _entitled(code: str, signed: _Signed, people: _People) -> Finding:
    facts = {"operator": people.name(signed.by), "needed": list(signed.needed)}
    return Finding(code, people.first(signed) is not None, facts)


def _first_operator(one: _Appointment | None, other: _Appointment | None, people: _People) -> Finding:
    """That both chains lead to one and the same."""
    if one is None or one != other:
        return Finding("first-operator", holds=False)
    facts = {"operator": people.name(one.operator_id), "key": _raw(one.public_key).hex()}
    return Finding("first-operator", holds=True, facts=facts)


def _content(proof: Proof, proposal: _Proposal) -> list[Finding]:
    """That the text in the file is what was signed; nothing, where the file has none."""
    if proof.content is None:
        return []
    digest = sha256(proof.content.encode()).digest()
    return [Finding("content", digest == _raw(proposal.content_sha256), {"sha256": digest.hex()})]


def _matter(proposal: _Proposal) -> Matter:
    return Matter(proposal.id, proposal.kind, _raw(proposal.content_sha256), proposal.amount_cents)


def _who(operator: UUID, signed: _Proposal | _Approval, people: _People) -> dict[str, object]:
    return {"operator": people.name(operator), "key": _raw(signed.signed_with).hex(), "at": signed.recorded_at}


def certified(proof: Proof) -> tuple[UUID, str, Certified]:
    """What a certificate's facts say: the proposal, of which kind it is, and the month. Raises `Unreadable`."""
    try:
        rows = [_row(leaf.content) for leaf in proof.facts]
        [proposal] = _of(rows, _Proposal)
        [closed] = _of(rows, Certified)
    except (msgspec.DecodeError, RecursionError, ValueError, OverflowError):
        raise Unreadable from None
    return proposal.id, proposal.kind, closed


def _row(content: str) -> _Row:
    """A sealed fact: the name of its table, and the row."""
    table, _, row = content.partition(" ")
    if table not in _FORMS:
        raise Unreadable
    return msgspec.json.decode(row, type=_FORMS[table])


def _of(rows: Sequence[_Row], form: type[Form]) -> list[Form]:
    return [row for row in rows if isinstance(row, form)]


def _raw(text: str) -> bytes:
    """Bytes as PostgreSQL writes them. Raises `ValueError`."""
    return bytes.fromhex(text.removeprefix("\\x"))
