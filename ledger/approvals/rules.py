"""Who may prepare and who may approve what, and the very bytes that each signs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.approvals.model import Appointment, Matter, Reason, Role, roles_text

_AGENT, _APPROVER, _FINANCE = Role.AGENT, Role.APPROVER, Role.FINANCE
_REVIEWER, _TREASURER = Role.REVIEWER, Role.TREASURER


@dataclass(frozen=True, slots=True)
class Duties:
    """The roles of which the preparer, and the approver, must have one."""

    prepare: tuple[Role, ...]
    approve: tuple[Role, ...]


_MONEY = Duties(prepare=(_FINANCE, _TREASURER), approve=(_APPROVER, _REVIEWER))

# One line for each kind of proposal. `check` holds every signature against it, with the roles of that day.
DUTIES: dict[str, Duties] = {
    "aid-run": Duties(prepare=(_AGENT, _FINANCE), approve=(_APPROVER,)),
    "adjustment": _MONEY,
    "reversal": _MONEY,
    "return-requested": _MONEY,
    "return-paid": _MONEY,
    "reserve-loss": _MONEY,
    "reserve-made-good": _MONEY,
    "break-claim": _MONEY,
    "certificate": Duties(prepare=(_FINANCE,), approve=(_REVIEWER, _APPROVER)),
    "reopening": Duties(prepare=(_FINANCE, _REVIEWER), approve=(_REVIEWER, _APPROVER)),
    "payout-lot": Duties(prepare=(_TREASURER,), approve=(_APPROVER, _FINANCE, _REVIEWER)),
    "iban-change": Duties(prepare=(_AGENT, _FINANCE, _TREASURER), approve=(_APPROVER, _FINANCE)),
}

WHO_ACTS = tuple(role for role in Role if role is not Role.AUDITOR)
MAY_APPOINT = (_APPROVER, _FINANCE)
MAY_SUSPEND = (_APPROVER, _FINANCE, _REVIEWER)


def proposal_message(matter: Matter, operator: UUID) -> bytes:
    """What the preparer signs."""
    return _message("proposal", *_parts(matter), operator.bytes)


def approval_message(matter: Matter, operator: UUID) -> bytes:
    """What the approver signs."""
    return _message("approval", *_parts(matter), operator.bytes)


def rejection_message(matter: Matter, reason: Reason, operator: UUID) -> bytes:
    """What is signed by whoever rejects."""
    return _message("rejection", *_parts(matter), operator.bytes, reason.encode())


def appointment_message(appointment: Appointment) -> bytes:
    """What is signed by whoever appoints."""
    limit = appointment.limit
    return _message(
        "appointment",
        appointment.operator_id.bytes,
        appointment.operator_name.encode(),
        _number(appointment.number),
        roles_text(appointment.roles).encode(),
        appointment.public_key,
        b"" if limit is None else _number(limit.cents) + _number(limit.days),
        appointment.appointed_by.bytes,
    )


def proves(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature is of this message by the holder of this key (Ed25519, RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _parts(matter: Matter) -> tuple[bytes, ...]:
    return matter.proposal_id.bytes, matter.kind.encode(), matter.content_sha256, _number(matter.amount_cents)


def _number(number: int) -> bytes:
    return number.to_bytes(8)


def _message(purpose: str, *parts: bytes) -> bytes:
    """A first line of its own for each purpose, then the parts, each after its length: nothing reads as another."""
    return f"bonpois {purpose} v1\n".encode() + b"".join(len(part).to_bytes(4) + part for part in parts)
