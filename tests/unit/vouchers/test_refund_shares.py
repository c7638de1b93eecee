"""Which voucher takes a refund back, and whether it is reopened for that."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.vouchers.model import Refundable
from ledger.vouchers.rules import give_back

TODAY = date(2026, 12, 8)
POOL = 9_000


def voucher(account: int, missing_cents: int = 100, **changes: Any) -> Refundable:
    usual = Refundable(UUID(int=account), account, POOL, "active", missing_cents, 0, TODAY, True, 30)  # noqa: FBT003
    return replace(usual, **changes)


def shared(taken: list[Refundable], cents: int) -> list[tuple[int, int, date | None]]:
    return [(share.account_id, share.amount_cents, share.reopened_until) for share in give_back(taken, cents, TODAY)]


def test_the_last_one_taken_from_is_filled_first() -> None:
    taken = [voucher(1), voucher(2), voucher(3)]
    assert shared(taken, 150) == [(1, 100, None), (2, 50, None)]
    assert shared([voucher(1, 0), voucher(2)], 20) == [(2, 20, None)]


@pytest.mark.parametrize(
    ("changes", "account", "until"),
    [
        ({}, 1, None),
        ({"ends_on": date(2026, 12, 7)}, 1, date(2027, 1, 7)),
        ({"state": "lapsed", "ends_on": date(2026, 12, 7)}, 1, date(2027, 1, 7)),
        ({"state": "lapsed", "ends_on": date(2026, 12, 7), "grace_days": 0}, 1, TODAY),
        ({"state": "revoked"}, POOL, None),
        ({"state": "lapsed", "holder_active": False}, POOL, None),
        ({"holder_active": False}, 1, None),
    ],
)
def test_a_voucher_takes_it_while_it_can_or_comes_back_for_its_grace(
    changes: dict[str, Any], account: int, until: date | None
) -> None:
    assert shared([voucher(1, **changes)], 40) == [(account, 40, until)]


@given(st.lists(st.integers(0, 500), min_size=1, max_size=5), st.data())
def test_nothing_is_lost_and_no_voucher_gets_more_than_it_misses(missing: list[int], data: st.DataObject) -> None:
    taken = [voucher(account, cents) for account, cents in enumerate(missing, start=1)]
    cents = data.draw(st.integers(0, sum(missing)))
    shares = give_back(taken, cents, TODAY)
    assert sum(share.amount_cents for share in shares) == cents
    assert all(0 < share.amount_cents <= share.voucher.missing_cents for share in shares)
