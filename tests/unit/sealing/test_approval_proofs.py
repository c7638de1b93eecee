"""The proof of an approval: no fact that somebody signed can be another, even for who seals the books."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from ledger.approvals.model import Appointment, Limit, Matter, Role, Signer, roles_text
from ledger.approvals.rules import appointment_message, approval_message, proposal_message
from ledger.sealing.rules import approvals
from ledger.sealing.rules.proofs import Leaf, Proof, Unreadable
from tests.people import signer

CONTENT = "move of something\n1 suspense:EUR 100"
MATTER = Matter(UUID(int=50), "adjustment", sha256(CONTENT.encode()).digest(), 100)
CODES = [
    "prepared",
    "approved",
    "two-people",
    "preparer-entitled",
    "approver-entitled",
    "first-operator",
    "content",
]
Row = dict[str, Any]
Rows = list[tuple[str, Row]]


def hexed(raw: bytes) -> str:
    return f"\\x{raw.hex()}"


def at(minute: int) -> str:
    return f"2026-10-06T07:{minute:02}:00.000001+00:00"


def operator_id(name: str) -> UUID:
    return UUID(bytes=sha256(name.encode()).digest()[:16])


def appointed(
    who: Signer, by: Signer, minute: int, *roles: Role, number: int = 1, limit: Limit | None = None
) -> tuple[str, Row]:
    """A row as the books hold it, signed as people do."""
    made = Appointment(operator_id(who.name), who.name, number, roles, who.public_key, limit, operator_id(by.name))
    row = {
        "operator_id": str(made.operator_id),
        "number": number,
        "roles": roles_text(made.roles),
        "public_key": hexed(who.public_key),
        "appointed_by": str(made.appointed_by),
        "signed_with": hexed(by.public_key),
        "signature": hexed(by.private_key.sign(appointment_message(made))),
        "recorded_at": at(minute),
    }
    return "appointment", row | ({"limit_cents": limit.cents, "limit_days": limit.days} if limit else {})


def prepared(who: Signer, minute: int = 30, matter: Matter = MATTER) -> tuple[str, Row]:
    return "proposal", {
        "id": str(matter.proposal_id),
        "xid": 12,
        "number": 7,
        "kind": matter.kind,
        "content_sha256": hexed(matter.content_sha256),
        "amount_cents": matter.amount_cents,
        "prepared_by": str(operator_id(who.name)),
        "signed_with": hexed(who.public_key),
        "signature": hexed(who.private_key.sign(proposal_message(matter, operator_id(who.name)))),
        "recorded_at": at(minute),
    }


def approved(who: Signer, maker: Signer, minute: int = 40, matter: Matter = MATTER) -> tuple[str, Row]:
    return "approval", {
        "proposal_id": str(matter.proposal_id),
        "prepared_by": str(operator_id(maker.name)),
        "approved_by": str(operator_id(who.name)),
        "signed_with": hexed(who.public_key),
        "signature": hexed(who.private_key.sign(approval_message(matter, operator_id(who.name)))),
        "recorded_at": at(minute),
    }


def named(*people: Signer) -> Rows:
    return [("operator", {"id": str(operator_id(who.name)), "name": who.name}) for who in people]


FIRST, MAKER, CHECKER = signer("first"), signer("maker"), signer("checker")
STRANGER = signer("stranger")
GOOD: Rows = [
    prepared(MAKER),
    approved(CHECKER, MAKER),
    *named(FIRST, MAKER, CHECKER),
    appointed(FIRST, FIRST, 1, Role.APPROVER),
    appointed(MAKER, FIRST, 2, Role.FINANCE, limit=Limit(1_000, 30)),
    appointed(CHECKER, MAKER, 3, Role.APPROVER, Role.REVIEWER),
]


def proof_of(rows: Sequence[tuple[str, Row]], content: str | None = CONTENT) -> Proof:
    facts = [Leaf(f"{table} {json.dumps(row)}", 0, []) for table, row in rows]
    return Proof("approval", "", [], facts=facts, content=content)


def failing(rows: Sequence[tuple[str, Row]], content: str | None = CONTENT) -> set[str]:
    """What is found to be wrong; a file that cannot be read at all is wrong, too."""
    try:
        return {found.code for found in approvals.findings(proof_of(rows, content)) if not found.holds}
    except Unreadable:
        return {"unreadable"}


def changed(table: str, change: Callable[[Row], Row], nth: int = 0) -> Rows:
    """The good rows, the n-th of a table being another."""
    place = [place for place, (name, _) in enumerate(GOOD) if name == table][nth]
    return [*GOOD[:place], (table, change(dict(GOOD[place][1]))), *GOOD[place + 1 :]]


def test_a_good_approval_says_who_what_and_by_which_key() -> None:
    found = {finding.code: finding for finding in approvals.findings(proof_of(GOOD))}
    assert list(found) == CODES
    assert failing(GOOD) == set()
    assert found["prepared"].facts["operator"] == "maker"
    assert found["prepared"].facts["amount_cents"] == 100
    assert found["approved"].facts["operator"] == "checker"
    assert found["first-operator"].facts == {"operator": "first", "key": FIRST.public_key.hex()}


def test_a_file_of_another_kind_claims_nothing_of_this() -> None:
    proof = proof_of(GOOD)
    proof.bonpois = "receipt"
    assert approvals.findings(proof) == []


# Not signed by the people themselves: the short handle, and the database's own marks.
UNSIGNED = {("proposal", "number"), ("proposal", "xid"), *((table, "recorded_at") for table in approvals._FORMS)}
FIELDS = [
    (table, sum(name == table for name, _ in GOOD[:place]), field)
    for place, (table, row) in enumerate(GOOD)
    for field in row
    if (table, field) not in UNSIGNED
]


@pytest.mark.parametrize(("table", "nth", "field"), FIELDS)
def test_each_field_that_was_signed_is_what_it_was(table: str, nth: int, field: str) -> None:
    def other(row: Row) -> Row:
        value = row[field]
        if isinstance(value, int):
            return row | {field: value + 1}
        if field == "roles":
            return row | {field: "auditor"}
        if field in {"kind", "name"}:
            return row | {field: value[::-1]}
        digit = "0" if value[-1] != "0" else "1"
        return row | {field: value[:-1] + digit}

    assert failing(changed(table, other, nth))
    assert failing(changed(table, lambda row: {name: value for name, value in row.items() if name != field}, nth))


def test_one_person_is_not_two() -> None:
    alone = [prepared(CHECKER), approved(CHECKER, CHECKER), *GOOD[2:]]
    assert failing(alone) == {"two-people", "preparer-entitled", "first-operator"}


def test_one_key_is_not_two_people() -> None:
    twin = replace(MAKER, name="twin")
    rows = [prepared(MAKER), approved(twin, MAKER), *GOOD[2:], *named(twin), appointed(twin, FIRST, 4, Role.APPROVER)]
    assert failing(rows) == {"two-people"}


def test_a_role_of_that_day_is_needed() -> None:
    exchanged = [prepared(CHECKER), approved(MAKER, CHECKER), *GOOD[2:]]
    assert failing(exchanged) == {"preparer-entitled", "approver-entitled", "first-operator"}


def test_the_key_that_counted_then_is_needed() -> None:
    """Replaced before, the old key proves nothing; replaced later, it still does."""
    fresh = replace(signer("fresh"), name="checker")
    before = [*GOOD, appointed(fresh, FIRST, 20, Role.APPROVER, number=2)]
    after = [*GOOD, appointed(fresh, FIRST, 50, Role.APPROVER, number=2)]
    assert failing(before) == {"approver-entitled", "first-operator"}
    assert failing(after) == set()
    with_the_new_one = [GOOD[0], approved(fresh, MAKER), *before[2:]]
    assert failing(with_the_new_one) == set()


def test_nobody_signs_before_he_is_appointed() -> None:
    early = [prepared(MAKER, minute=2), *GOOD[1:]]
    assert failing(early) == {"preparer-entitled", "first-operator"}


def test_nobody_approves_before_it_is_prepared() -> None:
    assert failing([prepared(MAKER, minute=40), *GOOD[1:]]) == {"approved"}


def test_an_approval_is_of_this_proposal() -> None:
    other = replace(MATTER, proposal_id=UUID(int=51))
    assert failing([GOOD[0], approved(CHECKER, MAKER, matter=other), *GOOD[2:]]) == {"approved"}
    assert failing([GOOD[0], approved(CHECKER, STRANGER), *GOOD[2:]]) == {"approved"}


def test_nobody_of_two_beginnings_is_believed() -> None:
    """Who writes into the books appoints a first operator of his own: both must come from one."""
    own = [*named(STRANGER), appointed(STRANGER, STRANGER, 1, Role.APPROVER, Role.FINANCE)]
    assert failing([GOOD[0], approved(STRANGER, MAKER), *GOOD[2:], *own]) == {"first-operator"}


@pytest.mark.parametrize("lost", range(2, len(GOOD)))
def test_a_person_that_is_missing_is_no_witness(lost: int) -> None:
    assert failing([*GOOD[:lost], *GOOD[lost + 1 :]])


def test_the_appointer_needs_a_role_that_appoints() -> None:
    rows = [*GOOD[:5], appointed(FIRST, FIRST, 1, Role.AGENT), *GOOD[6:]]
    assert failing(rows) == {"preparer-entitled", "approver-entitled", "first-operator"}


def test_a_first_operator_comes_first() -> None:
    second = appointed(FIRST, FIRST, 1, Role.APPROVER, number=2)
    assert "first-operator" in failing([*GOOD[:5], second, *GOOD[6:]])


def test_what_was_approved_is_read_only_as_it_was_signed() -> None:
    assert failing(GOOD, content=CONTENT + " ") == {"content"}
    assert failing(GOOD, content="") == {"content"}
    assert [found.code for found in approvals.findings(proof_of(GOOD, content=None))] == CODES[:-1]


@pytest.mark.parametrize(
    "rows",
    [
        GOOD[1:],
        [*GOOD, GOOD[0]],
        [*GOOD, GOOD[1]],
        [*GOOD, ("redemption", {})],
        changed("proposal", lambda row: row | {"recorded_at": "2026-10-06T07:30:00"}),
        changed("proposal", lambda row: row | {"signature": "x"}),
        changed("proposal", lambda row: row | {"amount_cents": -1}),
        changed("appointment", lambda row: row | {"roles": "king"}),
    ],
)
def test_what_cannot_be_read_is_refused(rows: Rows) -> None:
    assert failing(rows) == {"unreadable"}


def test_junk_is_refused() -> None:
    proof = proof_of(GOOD)
    for content in ("", "proposal", "proposal {", "proposal []", "proposal {}", '{"id": 1}', "proposal " + "[" * 5000):
        proof.facts[0] = Leaf(content, 0, [])
        with pytest.raises(Unreadable):
            approvals.findings(proof)
