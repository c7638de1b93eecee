"""What the requests of one batch see of each other: each finds the books as if the earlier ones were written."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from ledger import errors
from ledger.errors import Refusal
from ledger.redemptions.model import NewSpending
from ledger.redemptions.rules import Decision, Refused, Repeat, Sale, decide
from tests.conftest import NOW
from tests.counter import BREAD, FRUIT, HOUSEHOLD, KEYS, NARROW, OTHER_PAPER, PAPER, Counter, by_qr


@pytest.fixture
def counter() -> Counter:
    return Counter()


def cents_of(decision: Decision) -> int:
    return decision.approved.redemption.approved_cents if isinstance(decision, Sale) else 0


def refusal_of(decision: Decision) -> type[Refusal] | None:
    return type(decision.refusal) if isinstance(decision, Refused) else None


def test_two_sales_of_one_card_share_its_balance(counter: Counter) -> None:
    answers = [counter.sell((FRUIT, 60_00)) for _ in range(3)]
    assert [cents_of(answer) for answer in answers] == [60_00, 40_00, 0]
    assert refusal_of(answers[2]) is errors.InsufficientBalance


def test_two_cards_of_one_household_share_its_balance(counter: Counter) -> None:
    answers = [
        counter.sell((FRUIT, 60_00)),
        counter.sell((FRUIT, 60_00), credential=by_qr(number=OTHER_PAPER)),
        counter.sell((FRUIT, 60_00), credential=counter.phone()),
    ]
    assert [cents_of(answer) for answer in answers] == [60_00, 40_00, 0]


def test_all_of_a_batch_expect_the_version_that_was_read(counter: Counter) -> None:
    versions = [
        leg.expected_version
        for answer in (counter.sell(), counter.sell())
        if isinstance(answer, Sale)
        for leg in answer.approved.transaction.postings
    ]
    assert versions == [7, None, 7, None]


def test_the_second_sale_goes_on_with_the_vouchers_that_are_left(counter: Counter) -> None:
    counter.give(2, 10_00, NARROW)
    first, second = counter.sell((FRUIT, 10_00)), counter.sell((FRUIT, 10_00))
    assert isinstance(first, Sale)
    assert isinstance(second, Sale)
    taken = [answer.approved.transaction.postings[0].account_id for answer in (first, second)]
    assert taken == [2, 1]


def test_ten_of_fifty_tills_get_the_last_ten(counter: Counter) -> None:
    counter.give(1, 10_00)
    answers = [counter.sell((FRUIT, 1_00)) for _ in range(50)]
    assert sum(map(cents_of, answers)) == 10_00
    assert [refusal_of(answer) for answer in answers] == [None] * 10 + [errors.InsufficientBalance] * 40


def test_the_same_request_twice_is_sold_once(counter: Counter) -> None:
    request = counter.request()
    first, second = counter.ask(request), counter.ask(replace(request, id=uuid4()))
    assert isinstance(first, Sale)
    assert second == Repeat(request.id)
    assert counter.state.vouchers[HOUSEHOLD][1].balance_cents == 91_50


def test_the_same_key_with_another_basket_is_a_conflict(counter: Counter) -> None:
    first, second = counter.sell((FRUIT, 100), key=b"key"), counter.sell((BREAD, 100), key=b"key")
    assert isinstance(first, Sale)
    assert refusal_of(second) is errors.IdempotencyConflict


def test_the_same_key_at_another_merchant_is_another_key(counter: Counter) -> None:
    answers = [counter.sell((FRUIT, 100), key=b"key", till=till) for till in ("till", "elsewhere")]
    assert [cents_of(answer) for answer in answers] == [100, 100]


def test_a_refused_request_twice_is_refused_once(counter: Counter) -> None:
    request = counter.request(credential=by_qr("4822"))
    first, second = counter.ask(request), counter.ask(request)
    assert isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert (first.repeated, second.repeated) == (False, True)
    assert [count.failures for count in counter.state.failures.values()] == [1]


def test_one_code_at_two_tills_is_accepted_once(counter: Counter) -> None:
    shown = counter.phone()
    answers = [counter.sell(credential=shown, till=till) for till in ("till", "elsewhere")]
    assert [refusal_of(answer) for answer in answers] == [None, errors.CodeAlreadyUsed]


def test_an_older_code_after_a_younger_one_is_used_up(counter: Counter) -> None:
    answers = [counter.sell(credential=counter.phone(offset)) for offset in (0, -1, 1)]
    assert [refusal_of(answer) for answer in answers] == [None, errors.CodeAlreadyUsed, None]


def test_a_code_that_bought_nothing_is_not_used_up(counter: Counter) -> None:
    shown = counter.phone()
    assert refusal_of(counter.sell(("alcool", 100), credential=shown)) is errors.NothingEligible
    assert isinstance(counter.sell(credential=shown), Sale)


def test_the_cap_of_the_day_holds_over_the_batch(counter: Counter) -> None:
    counter.give(1, 1000_00)
    answers = [counter.sell((FRUIT, 170_00)) for _ in range(3)]
    assert [cents_of(answer) for answer in answers] == [170_00, 130_00, 0]
    assert refusal_of(answers[2]) is errors.CapReached
    spending = [answer.approved.spending for answer in answers if isinstance(answer, Sale)]
    assert [(each.before_cents, each.after_cents) for each in spending if isinstance(each, NewSpending)] == [
        (0, 170_00),
        (170_00, 300_00),
    ]


def test_the_sixth_guess_of_a_batch_is_not_looked_at(counter: Counter) -> None:
    answers = [counter.sell(credential=by_qr(f"{pin:04}")) for pin in range(5)]
    assert {refusal_of(answer) for answer in answers} == {errors.CodeRefused}
    assert refusal_of(counter.sell(credential=by_qr())) is errors.TooManyAttempts  # though it is right
    assert isinstance(counter.sell(credential=by_qr(), till="second"), Sale)


def test_a_right_code_forgives_no_wrong_one(counter: Counter) -> None:
    """Else a holder who shops often would give a thief five more guesses each time."""
    for pin in range(4):
        counter.sell(credential=by_qr(f"{pin:04}"))
    assert isinstance(counter.sell(), Sale)
    counter.sell(credential=by_qr("0004"))
    assert refusal_of(counter.sell()) is errors.TooManyAttempts


def test_after_the_pause_the_card_is_looked_at_again(counter: Counter) -> None:
    for pin in range(5):
        counter.sell(credential=by_qr(f"{pin:04}"))
    counter.now += timedelta(minutes=15)
    assert isinstance(counter.sell(), Sale)


def test_deciding_alone_changes_nothing(counter: Counter) -> None:
    for credential in (by_qr(), by_qr("4822"), counter.phone()):
        request = counter.request(credential=credential)
        before = repr(counter.state)
        assert decide(request, counter.state, NOW, KEYS) is not None
        assert repr(counter.state) == before


def test_what_left_no_trace_can_be_asked_again_with_the_same_key(counter: Counter) -> None:
    counter.set_till(merchant_active=False)
    request = counter.request()
    assert refusal_of(counter.ask(request)) is errors.MerchantNotActive
    counter.set_till(merchant_active=True)
    assert isinstance(counter.ask(request), Sale)
    assert counter.state.cards[PAPER].spending is not None
