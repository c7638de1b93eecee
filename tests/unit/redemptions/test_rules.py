"""One sale: each rule, each refusal, and which of two refusals is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from ledger import errors
from ledger.books.transaction import Posting, TransactionKind
from ledger.cards.model import NIL, Credential, FailureCount, FailureKey
from ledger.cards.rules import TILL, WITH_SECRET, WITHOUT_SECRET, step_at
from ledger.errors import Refusal
from ledger.redemptions.model import Approved, NewSpending, Outcome, Spending
from ledger.redemptions.rules import Decision, Refused, Repeat, Sale
from tests.conftest import NOW
from tests.counter import (
    BREAD,
    FRUIT,
    MERCHANT,
    MERCHANT_ACCOUNT,
    NARROW,
    OTHER_PAPER,
    PAPER,
    PHONE,
    VERSION,
    WINE,
    Counter,
    by_qr,
    programme_rules,
    token,
)

TODAY = date(2026, 10, 6)


@pytest.fixture
def counter() -> Counter:
    return Counter()


def approved(decision: Decision) -> Approved:
    assert isinstance(decision, Sale), decision
    return decision.approved


def refused(decision: Decision, refusal: type[Refusal], **facts: int | str) -> Refused:
    assert isinstance(decision, Refused), decision
    assert type(decision.refusal) is refusal
    assert decision.refusal.facts == facts
    return decision


def test_a_sale_debits_the_voucher_and_credits_the_merchant(counter: Counter) -> None:
    request = counter.request((FRUIT, 850), (WINE, 600), reference="T00012")
    sale = approved(counter.ask(request))
    assert sale.transaction.id == sale.redemption.id == request.id
    assert sale.transaction.kind is TransactionKind.REDEMPTION
    assert sale.transaction.postings == (Posting(1, 850, 7), Posting(MERCHANT_ACCOUNT, -850))
    assert sale.transaction.occurred_at == sale.redemption.occurred_at == NOW
    assert sale.redemption.merchant_id == MERCHANT
    assert sale.redemption.reference == "T00012"
    assert sale.redemption.approved_by_line == (850, 0)
    assert (sale.redemption.approved_cents, sale.redemption.remainder_cents) == (850, 600)
    assert sale.redemption.refundable_cents == 850
    assert (sale.till_id, sale.card_id, sale.step) == (UUID(int=11), UUID(int=PAPER), None)


def test_the_voucher_must_not_have_moved_but_the_merchant_may(counter: Counter) -> None:
    """A busy merchant would make every batch fail; what it gets depends on nothing that it has."""
    versions = [leg.expected_version for leg in approved(counter.sell()).transaction.postings]
    assert versions == [7, None]


def test_the_receipts_year_is_the_one_that_poitiers_lives(counter: Counter) -> None:
    counter.now = NOW.replace(month=12, day=31, hour=23, minute=30)
    assert approved(counter.sell()).redemption.receipt_year == 2027


def test_a_telephone_is_accepted_with_its_step(counter: Counter) -> None:
    sale = approved(counter.sell(credential=counter.phone()))
    assert (sale.card_id, sale.step, sale.spending) == (UUID(int=PHONE), step_at(NOW), None)


def test_a_paper_card_may_be_known_by_its_number(counter: Counter) -> None:
    assert approved(counter.sell(credential=by_qr(secret=None))).card_id == UUID(int=PAPER)


def test_two_vouchers_are_debited_the_most_restricted_first(counter: Counter) -> None:
    counter.give(2, 500, NARROW)
    sale = approved(counter.sell((FRUIT, 800), (BREAD, 200)))
    assert sale.transaction.postings == (Posting(2, 500, 7), Posting(1, 500, 7), Posting(MERCHANT_ACCOUNT, -1000))


def test_a_part_is_approved_where_the_balance_does_not_suffice(counter: Counter) -> None:
    sale = approved(counter.sell((FRUIT, 90_00), (BREAD, 60_00)))
    assert sale.redemption.approved_by_line == (60_00, 40_00)
    assert sale.redemption.remainder_cents == 50_00


def test_without_parts_a_shortage_refuses_and_says_what_there_is(counter: Counter) -> None:
    decision = counter.sell((FRUIT, 100_01), allow_partial=False)
    assert refused(decision, errors.InsufficientBalance, available_cents=100_00).frozen


def test_without_parts_what_is_not_eligible_is_no_shortage(counter: Counter) -> None:
    sale = approved(counter.sell((FRUIT, 100_00), (WINE, 1), allow_partial=False))
    assert sale.redemption.remainder_cents == 1


def test_without_parts_each_category_must_find_a_voucher_that_covers_it(counter: Counter) -> None:
    counter.give(1, 100)
    counter.give(2, 5000, NARROW)
    decision = counter.sell((FRUIT, 1000), (BREAD, 200), allow_partial=False)
    refused(decision, errors.InsufficientBalance, available_cents=1100)


@pytest.mark.parametrize("allow_partial", [True, False])
def test_an_empty_voucher_pays_nothing(counter: Counter, allow_partial: bool) -> None:
    counter.give(1, 0)
    decision = counter.sell(allow_partial=allow_partial)
    assert refused(decision, errors.InsufficientBalance, available_cents=0).frozen


@pytest.mark.parametrize("allow_partial", [True, False])
def test_where_no_voucher_is_valid_there_is_no_balance(counter: Counter, allow_partial: bool) -> None:
    counter.take_all()
    refused(counter.sell((WINE, 100), allow_partial=allow_partial), errors.InsufficientBalance, available_cents=0)


@pytest.mark.parametrize("cents", [0, 5000])
def test_a_basket_without_any_eligible_line_is_told_so(counter: Counter, cents: int) -> None:
    counter.give(1, cents)
    assert refused(counter.sell((WINE, 100), ("hygiene", 100)), errors.NothingEligible).frozen


def test_money_that_covers_other_categories_does_not_help(counter: Counter) -> None:
    counter.give(1, 0)
    counter.give(2, 5000, NARROW)
    refused(counter.sell((BREAD, 100)), errors.InsufficientBalance, available_cents=0)


@pytest.mark.parametrize(("asked", "paid"), [(200_00, 200_00), (200_01, 200_00), (250_00, 200_00)])
def test_a_paper_card_pays_no_more_than_its_cap_in_one_sale(counter: Counter, asked: int, paid: int) -> None:
    counter.give(1, 1000_00)
    sale = approved(counter.sell((FRUIT, asked)))
    assert sale.redemption.approved_cents == paid
    assert sale.spending == NewSpending(UUID(int=PAPER), TODAY, 0, paid)


def test_a_paper_card_pays_no_more_than_its_cap_in_one_day(counter: Counter) -> None:
    counter.give(1, 1000_00)
    counter.state.cards[PAPER].spending = Spending(TODAY, 250_00)
    sale = approved(counter.sell((FRUIT, 100_00)))
    assert sale.redemption.approved_cents == 50_00
    assert sale.spending == NewSpending(UUID(int=PAPER), TODAY, 250_00, 300_00)


def test_yesterdays_spending_does_not_count(counter: Counter) -> None:
    counter.give(1, 1000_00)
    counter.state.cards[PAPER].spending = Spending(TODAY - timedelta(days=1), 300_00)
    assert approved(counter.sell((FRUIT, 100_00))).spending == NewSpending(UUID(int=PAPER), TODAY, 0, 100_00)


@pytest.mark.parametrize("spent", [300_00, 300_01])
def test_a_paper_card_at_its_cap_is_refused(counter: Counter, spent: int) -> None:
    counter.state.cards[PAPER].spending = Spending(TODAY, spent)
    caps = {"cap_per_sale_cents": 200_00, "cap_per_day_cents": 300_00, "spent_today_cents": spent}
    assert refused(counter.sell(), errors.CapReached, available_cents=0, **caps).frozen


def test_without_parts_the_cap_refuses_and_says_what_is_left(counter: Counter) -> None:
    counter.give(1, 1000_00)
    caps = {"cap_per_sale_cents": 200_00, "cap_per_day_cents": 300_00, "spent_today_cents": 0}
    without_parts = counter.sell((FRUIT, 200_01), allow_partial=False)
    refused(without_parts, errors.CapReached, available_cents=200_00, **caps)


def test_the_caps_are_the_cards_not_the_households(counter: Counter) -> None:
    counter.give(1, 1000_00)
    counter.state.cards[PAPER].spending = Spending(TODAY, 300_00)
    approved(counter.sell(credential=by_qr(number=OTHER_PAPER)))


def test_a_telephone_has_no_caps(counter: Counter) -> None:
    counter.give(1, 1000_00)
    sale = approved(counter.sell((FRUIT, 900_00), credential=counter.phone()))
    assert sale.redemption.approved_cents == 900_00


def test_the_strictest_cap_of_what_could_be_spent_holds(counter: Counter) -> None:
    counter.state.rules[NARROW] = programme_rules(FRUIT, sale_cents=20_00)
    counter.give(2, 1000, NARROW)
    assert approved(counter.sell((FRUIT, 50_00))).redemption.approved_cents == 20_00


def test_the_caps_of_a_voucher_that_is_spent_hold_nobody_back(counter: Counter) -> None:
    counter.state.rules[NARROW] = programme_rules(FRUIT, sale_cents=20_00)
    counter.give(2, 0, NARROW)
    assert approved(counter.sell((FRUIT, 50_00))).redemption.approved_cents == 50_00


def test_a_token_of_no_till_is_not_known(counter: Counter) -> None:
    assert not refused(counter.sell(till="nobody"), errors.Unauthorised).frozen


def test_a_revoked_till_is_not_known(counter: Counter) -> None:
    counter.set_till(active=False)
    assert not refused(counter.sell(), errors.Unauthorised).frozen


def test_a_device_paired_for_something_else_does_not_sell(counter: Counter) -> None:
    counter.set_till(scope="merchant")
    assert not refused(counter.sell(), errors.OutOfScope, scope="merchant").frozen


def test_a_suspended_merchant_does_not_sell(counter: Counter) -> None:
    counter.set_till(merchant_active=False)
    assert not refused(counter.sell(), errors.MerchantNotActive).frozen


@pytest.mark.parametrize("seconds", [60, 0, -3600])
def test_a_request_that_waited_a_minute_or_comes_from_a_fast_clock_is_served(counter: Counter, seconds: int) -> None:
    approved(counter.sell(initiated_at=NOW - timedelta(seconds=seconds)))


def test_an_older_request_is_stale_and_stays_so(counter: Counter) -> None:
    late = NOW - timedelta(seconds=60, microseconds=1)
    assert refused(counter.sell(initiated_at=late), errors.StaleRequest, age_seconds=60).frozen


@pytest.mark.parametrize(
    ("credential", "moved"),
    [
        (by_qr("4822"), [WITH_SECRET]),
        (by_qr(secret="ABCDEFG235"), [WITHOUT_SECRET, "card-day-without-secret", TILL]),
        (by_qr("4822", secret=None), [WITHOUT_SECRET, "card-day-without-secret", TILL]),
        (Credential(PHONE, otp="00000000"), [WITHOUT_SECRET, "card-day-without-secret", TILL]),
        (Credential(4567890125, otp="00000000"), [WITHOUT_SECRET, "card-day-without-secret", TILL]),
        (by_qr(number=4567890125), [WITHOUT_SECRET, "card-day-without-secret", TILL]),
    ],
    ids=["pin", "secret", "pin-by-number", "one-time-code", "no-such-telephone", "no-such-card"],
)
def test_every_wrong_code_gets_the_same_answer_and_is_counted(
    counter: Counter, credential: Credential, moved: list[str]
) -> None:
    decision = refused(counter.sell(credential=credential), errors.CodeRefused)
    assert decision.frozen
    assert [key.scope for key in decision.wrong] == moved
    assert [count.failures for count in counter.state.failures.values()] == [1] * len(moved)


def test_a_number_of_no_card_is_paused_as_a_card_is(counter: Counter) -> None:
    unknown = by_qr(number=4567890125, secret=None)
    for _ in range(5):
        refused(counter.sell(credential=unknown), errors.CodeRefused)
    refused(counter.sell(credential=unknown), errors.TooManyAttempts, retry_after_seconds=901)
    refused(counter.sell(credential=by_qr("4822", secret=None)), errors.CodeRefused)


def test_a_training_card_pays_nothing_and_is_not_counted(counter: Counter) -> None:
    assert refused(counter.sell(credential=Credential(18, pin="1234")), errors.TrainingCard).frozen
    assert not counter.state.failures


def test_a_used_code_says_when_the_next_one_comes_and_is_not_counted(counter: Counter) -> None:
    card = counter.state.cards[PHONE]
    card.secrets = replace(card.secrets, last_step=step_at(NOW))
    decision = counter.sell(credential=counter.phone())
    refused(decision, errors.CodeAlreadyUsed, next_code_in_seconds=30)
    assert not counter.state.failures


def test_a_blocked_card_is_refused(counter: Counter) -> None:
    counter.state.cards[PAPER].blocked = True
    assert refused(counter.sell(), errors.CardBlocked).frozen
    approved(counter.sell(credential=by_qr(number=OTHER_PAPER)))


def test_a_paused_counter_refuses_without_a_look_and_without_a_trace(counter: Counter) -> None:
    key = FailureKey(WITH_SECRET, UUID(int=PAPER), UUID(int=11))
    counter.state.failures[key] = FailureCount(5, NOW)
    for credential in (by_qr(), by_qr("4822")):
        decision = refused(counter.sell(credential=credential), errors.TooManyAttempts, retry_after_seconds=901)
        assert not decision.frozen
        assert not decision.wrong
    assert counter.state.failures[key] == FailureCount(5, NOW)


def test_a_pause_at_one_till_is_none_at_another(counter: Counter) -> None:
    counter.state.failures[FailureKey(TILL, NIL, UUID(int=11))] = FailureCount(30, NOW)
    refused(counter.sell(credential=by_qr(secret=None)), errors.TooManyAttempts, retry_after_seconds=901)
    approved(counter.sell(credential=by_qr(secret=None), till="second"))


def test_an_approved_key_is_repeated(counter: Counter) -> None:
    request = counter.request()
    approved(counter.ask(request))
    again = replace(request, id=UUID(int=99))
    assert counter.ask(again) == Repeat(request.id)


def test_a_refused_key_is_refused_the_same_way_again(counter: Counter) -> None:
    counter.give(1, 0)
    request = counter.request()
    first = refused(counter.ask(request), errors.InsufficientBalance, available_cents=0)
    counter.give(1, 5000)
    again = refused(counter.ask(request), errors.InsufficientBalance, available_cents=0)
    assert (first.repeated, again.repeated, again.frozen) == (False, True, False)


def test_a_key_with_another_request_is_a_conflict(counter: Counter) -> None:
    counter.sell((FRUIT, 100), key=b"key")
    assert not refused(counter.sell((FRUIT, 101), key=b"key"), errors.IdempotencyConflict).frozen


def test_an_abandoned_key_stays_abandoned_whatever_comes(counter: Counter) -> None:
    counter.state.outcomes[MERCHANT, b"key"] = Outcome(None, "abandoned")
    for basket in ((FRUIT, 100), (BREAD, 100)):
        assert not refused(counter.sell(basket, key=b"key"), errors.RequestAbandoned).frozen


def test_keys_belong_to_a_merchant_not_to_a_till(counter: Counter) -> None:
    request = counter.request(key=b"key")
    approved(counter.ask(request))
    second = replace(request, bound=replace(request.bound, token_sha256=token("second")))
    assert isinstance(counter.ask(second), Repeat)
    elsewhere = replace(request, bound=replace(request.bound, token_sha256=token("elsewhere")))
    approved(counter.ask(elsewhere))


# From what is looked at first to what is looked at last: where several apply, the first is the answer.
FAULTS: list[tuple[type[Refusal], Callable[[Counter], None]]] = [
    (errors.Unauthorised, lambda counter: counter.set_till(active=False)),
    (errors.OutOfScope, lambda counter: counter.set_till(scope="merchant")),
    (
        errors.IdempotencyConflict,
        lambda counter: counter.state.outcomes.update({(MERCHANT, b"key"): Outcome(b"other", "approved", UUID(int=1))}),
    ),
    (errors.MerchantNotActive, lambda counter: counter.set_till(merchant_active=False)),
    (errors.StaleRequest, lambda counter: setattr(counter, "now", NOW + timedelta(minutes=3))),
    (
        errors.TooManyAttempts,
        lambda counter: counter.state.failures.update(
            {FailureKey(WITH_SECRET, UUID(int=PAPER), UUID(int=11)): FailureCount(5, NOW)}
        ),
    ),
    (
        errors.CodeRefused,
        lambda counter: setattr(
            counter.state.cards[PAPER], "secrets", replace(counter.state.cards[PAPER].secrets, pin_hmac=b"other")
        ),
    ),
    (errors.CardBlocked, lambda counter: setattr(counter.state.cards[PAPER], "blocked", True)),
    (errors.NothingEligible, lambda counter: counter.state.rules.update({VERSION: programme_rules(BREAD)})),
    (errors.InsufficientBalance, lambda counter: counter.give(1, 0)),
    (
        errors.CapReached,
        lambda counter: setattr(counter.state.cards[PAPER], "spending", Spending(TODAY, 300_00)),
    ),
]


@pytest.mark.parametrize("first", range(len(FAULTS)), ids=[fault.code for fault, _ in FAULTS])
def test_of_several_faults_the_first_one_is_told(counter: Counter, first: int) -> None:
    for _, happens in FAULTS[first:]:
        happens(counter)
    decision = counter.sell(key=b"key", initiated_at=NOW)
    assert isinstance(decision, Refused)
    assert type(decision.refusal) is FAULTS[first][0]


def test_only_answers_about_the_sale_are_frozen(counter: Counter) -> None:
    for refusal, happens in reversed(FAULTS):
        happens(counter)
        decision = counter.sell(key=b"key", initiated_at=NOW)
        counter.state.outcomes.pop((MERCHANT, b"key"), None)
        assert isinstance(decision, Refused)
        business = refusal.number // 1000 == 3 and refusal is not errors.TooManyAttempts
        assert decision.frozen == (business or refusal is errors.StaleRequest)
