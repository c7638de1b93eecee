"""IBANs as they are typed, shown and signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from ledger.bank_accounts.model import IbanChange, State
from ledger.bank_accounts.rules import change_content, grouped, iban_as_typed, masked, require_cooling
from ledger.errors import BadValue

IBAN = "FR7668465632122330792440224"
MONDAY = datetime(2026, 10, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed", [IBAN, f" {IBAN} ", "fr76 6846 5632 1223 3079 2440 224", "FR76-6846-5632-1223-3079-2440-224"]
)
def test_people_type_it_in_groups(typed: str) -> None:
    assert iban_as_typed(typed) == IBAN


@pytest.mark.parametrize("typed", ["", "FR76", IBAN[:-1] + "5", IBAN.replace("FR", "XX"), "0" * 40, "\ud800"])
def test_a_wrong_one_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(BadValue) as refused:
        iban_as_typed(typed)
    assert refused.value.facts == {"field": "iban", "reason": "check-digits"}


def test_a_masked_one_is_recognised_and_not_usable() -> None:
    assert masked(IBAN) == "FR76 … 0224"
    assert grouped(IBAN) == "FR76 6846 5632 1223 3079 2440 224"


@pytest.mark.parametrize("days", [3, 30])
def test_the_cooling_period_has_bounds(days: int) -> None:
    require_cooling(days)
    for beyond in (2, 31):
        with pytest.raises(BadValue):
            require_cooling(beyond)


def test_what_is_signed_differs_where_anything_does() -> None:
    merchant = UUID(int=1)
    contents = {
        change_content(merchant, bytes(32), 3),
        change_content(UUID(int=2), bytes(32), 3),
        change_content(merchant, bytes([1] * 32), 3),
        change_content(merchant, bytes(32), 4),
    }
    assert len(contents) == 4


@pytest.mark.parametrize(
    ("approved", "rejected", "withdrawn", "after", "state"),
    [
        (None, None, None, timedelta(days=99), "pending"),
        (None, MONDAY, None, timedelta(days=99), "rejected"),
        (MONDAY, None, None, timedelta(days=3, seconds=-1), "cooling"),
        (MONDAY, None, None, timedelta(days=3), "effective"),
        (MONDAY, None, MONDAY, timedelta(days=3), "withdrawn"),
    ],
)
def test_a_change_goes_through_its_states(
    approved: datetime | None, rejected: datetime | None, withdrawn: datetime | None, after: timedelta, state: State
) -> None:
    change = IbanChange(
        proposal_id=uuid4(),
        number=1,
        merchant_id=uuid4(),
        siret="62819482100078",
        merchant_name="Primeur",
        iban=IBAN,
        cooling_days=3,
        prepared_by="lea",
        prepared_at=MONDAY,
        decided_by=None,
        approved_at=approved,
        rejected_at=rejected,
        withdrawn_by=None,
        withdrawn_at=withdrawn,
    )
    assert change.state(MONDAY + after) == state
    assert IBAN not in repr(change)
