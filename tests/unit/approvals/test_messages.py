"""What is signed: each purpose and each fact has its own bytes, so that no signature stands for something else."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from ledger.approvals.model import Appointment, Limit, Matter, Reason, Role, roles_of, roles_text
from ledger.approvals.rules import (
    DUTIES,
    appointment_message,
    approval_message,
    proposal_message,
    proves,
    rejection_message,
)
from tests.people import signer

MATTER = Matter(UUID(int=1), "aid-run", b"h" * 32, 100)
WHO = UUID(int=7)
APPOINTMENT = Appointment(WHO, "zoe", 1, (Role.AGENT,), b"k" * 32, None, UUID(int=8))


def test_the_bytes_of_a_proposal_are_fixed_for_good() -> None:
    """Whoever wants to verify without this program finds them here; changing them breaks every old signature."""
    assert proposal_message(MATTER, WHO) == (
        b"bonpois proposal v1\n"
        b"\x00\x00\x00\x10" + UUID(int=1).bytes + b"\x00\x00\x00\x07aid-run"
        b"\x00\x00\x00\x20" + b"h" * 32 + b"\x00\x00\x00\x08" + (100).to_bytes(8) + b"\x00\x00\x00\x10" + WHO.bytes
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(MATTER, proposal_id=UUID(int=2)),
        replace(MATTER, kind="aid-rum"),
        replace(MATTER, content_sha256=b"i" * 32),
        replace(MATTER, amount_cents=101),
    ],
)
def test_each_fact_of_a_matter_is_signed(other: Matter) -> None:
    zoe = signer("zoe")
    for message in (proposal_message, approval_message):
        signature = zoe.private_key.sign(message(MATTER, WHO))
        assert proves(zoe.public_key, signature, message(MATTER, WHO))
        assert not proves(zoe.public_key, signature, message(other, WHO))
        assert not proves(zoe.public_key, signature, message(MATTER, UUID(int=9)))
        assert not proves(signer("other").public_key, signature, message(MATTER, WHO))


def test_a_signature_of_one_purpose_is_none_of_another() -> None:
    messages = {
        proposal_message(MATTER, WHO),
        approval_message(MATTER, WHO),
        *(rejection_message(MATTER, reason, WHO) for reason in Reason),
    }
    assert len(messages) == 2 + len(Reason)


@pytest.mark.parametrize(
    "other",
    [
        replace(APPOINTMENT, roles=(Role.AGENT, Role.APPROVER)),
        replace(APPOINTMENT, public_key=b"l" * 32),
        replace(APPOINTMENT, limit=Limit(0, 30)),
        replace(APPOINTMENT, number=2),
        replace(APPOINTMENT, operator_name="zo"),
        replace(APPOINTMENT, appointed_by=WHO),
    ],
)
def test_each_fact_of_an_appointment_is_signed(other: Appointment) -> None:
    assert appointment_message(other) != appointment_message(APPOINTMENT)


@pytest.mark.parametrize(("key", "signature"), [(b"", b""), (b"k" * 31, b"s" * 64), (b"k" * 32, b"s" * 63)])
def test_what_is_no_key_or_no_signature_proves_nothing(key: bytes, signature: bytes) -> None:
    assert not proves(key, signature, b"message")


def test_roles_have_one_spelling() -> None:
    assert roles_text((Role.FINANCE, Role.AGENT, Role.FINANCE)) == "agent finance"
    assert roles_of("agent finance") == (Role.AGENT, Role.FINANCE)


def test_no_auditor_has_a_duty() -> None:
    assert not [kind for kind, duties in DUTIES.items() if Role.AUDITOR in duties.prepare + duties.approve]
