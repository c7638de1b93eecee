"""What the programme says about a sale, read from top to bottom. Pure: the request, what was read, and the time.

a till that is paired, at a merchant that is approved
a key that was never used: else its one answer again
a code that is right, not used before, not guessed at too often; a card that is not blocked
then: as much of the eligible lines as vouchers and caps allow; the rest is paid by any other means
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from ledger.books.transaction import Posting, Transaction, TransactionKind
from ledger.calendar import paris_day
from ledger.cards import rules as cards
from ledger.cards.model import Credential, FailureKey
from ledger.errors import (
    CATALOGUE,
    AlreadyRefunded,
    CapReached,
    CardBlocked,
    CodeAlreadyUsed,
    CodeRefused,
    IdempotencyConflict,
    InsufficientBalance,
    MerchantBalanceTooLow,
    MerchantNotActive,
    NothingEligible,
    OutOfScope,
    RefundTooLarge,
    Refusal,
    RequestAbandoned,
    StaleRequest,
    TooManyAttempts,
    TrainingCard,
    Unauthorised,
    VoidTooLate,
)
from ledger.keyring import Keyring, same
from ledger.programmes.model import Rules
from ledger.redemptions.model import (
    Approved,
    CardBalance,
    CardState,
    NewSpending,
    Outcome,
    Redemption,
    RedemptionRequest,
    RefundRequest,
    RequestKey,
    Spending,
    State,
    Till,
    VoucherBalance,
)
from ledger.vouchers.rules import Allocation, Spendable, allocate

REQUEST_AGE_MAX = timedelta(seconds=60)
VOID_AGE_MAX = timedelta(minutes=15)


class Sale(Struct, frozen=True):
    """Yes: to be booked."""

    approved: Approved


class Refused(Struct, frozen=True):
    """No. `frozen`: the same key gets the same answer for ever; otherwise the request leaves no trace.
    `repeated`: it is such an answer again. `wrong`: the counters of wrong codes that it moves.
    """

    refusal: Refusal
    frozen: bool = True
    repeated: bool = False
    wrong: tuple[FailureKey, ...] = ()


class Repeat(Struct, frozen=True):
    """The key was approved before: its redemption or refund is the answer again."""

    result_id: UUID


Decision = Sale | Refused | Repeat


class Access(Struct, frozen=True):
    """A card whose code was right, and the step of the code (telephones)."""

    card: CardState
    step: int | None


def decide(request: RedemptionRequest, state: State, now: datetime, keys: Keyring) -> Decision:
    """What happens to one request. Nothing here waits, writes or raises."""
    till = identify_till(request.bound, state)
    if isinstance(till, Refused):
        return till
    outcome = state.outcomes.get((till.merchant_id, request.bound.key))
    if outcome is not None:
        return repeat(outcome, request.bound.fingerprint)
    if not till.merchant_active:
        return Refused(MerchantNotActive(), frozen=False)
    if request.initiated_at is not None and now - request.initiated_at > REQUEST_AGE_MAX:
        return Refused(StaleRequest(age_seconds=int((now - request.initiated_at).total_seconds())))
    access = open_card(request.credential, state, till, now, keys)
    if isinstance(access, Refused):
        return access
    return sell(request, state, till, access, now)


def identify_till(bound: RequestKey, state: State) -> Till | Refused:
    """The paired device behind a token, if it may sell."""
    till = state.tills.get(bound.token_sha256)
    if till is None or not till.active:
        return Refused(Unauthorised(), frozen=False)
    if till.scope != "till":
        return Refused(OutOfScope(scope=till.scope), frozen=False)
    return till


def repeat(outcome: Outcome, fingerprint: bytes) -> Refused | Repeat:
    """The one answer of a key (L5): to the same request the same, to another one a conflict."""
    if outcome.fate == "abandoned" or outcome.fingerprint is None:
        return Refused(RequestAbandoned(), frozen=False)
    if not same(outcome.fingerprint, fingerprint):
        return Refused(IdempotencyConflict(), frozen=False)
    if outcome.refusal is not None:
        return Refused(CATALOGUE[outcome.refusal](**(outcome.facts or {})), frozen=False, repeated=True)
    assert outcome.result_id is not None
    return Repeat(outcome.result_id)


def open_card(credential: Credential, state: State, till: Till, now: datetime, keys: Keyring) -> Access | Refused:
    """Does the code open the card, here and now? Pauses first, so that a guess is not even looked at (L6)."""
    if credential.for_training:
        return Refused(TrainingCard())
    card = state.cards.get(credential.number)
    counted_for = card.secrets.card_id if card else cards.stand_in(keys, credential.number)
    pause = cards.longest_pause(cards.throttles_of(credential, counted_for, till.id), state.failures, now)
    if pause:
        return Refused(TooManyAttempts(retry_after_seconds=pause), frozen=False)
    found = cards.verify(credential, card.secrets, keys, now) if card else cards.Wrong(had_secret=False)
    if isinstance(found, cards.Wrong):
        return Refused(CodeRefused(), wrong=cards.counters_of(found, counted_for, till.id))
    if isinstance(found, cards.Used):
        return Refused(CodeAlreadyUsed(next_code_in_seconds=found.next_code_in_seconds))
    assert card is not None
    if card.blocked:
        return Refused(CardBlocked())
    return Access(card, found.step)


def sell(request: RedemptionRequest, state: State, till: Till, access: Access, now: datetime) -> Sale | Refused:
    """As much as the vouchers and caps allow (L7); the rest is paid by any other means."""
    vouchers = state.vouchers.get(access.card.household_id, {})
    spendable = [_spendable(voucher, state.rules) for voucher in vouchers.values()]
    eligible: frozenset[str] = frozenset().union(*(voucher.categories for voucher in spendable))
    eligible_cents = sum(line.amount_cents for line in request.basket if line.category in eligible)
    if spendable and eligible_cents == 0:
        return Refused(NothingEligible())
    if sum(voucher.balance_cents for voucher in spendable) == 0:
        return Refused(InsufficientBalance(available_cents=0))
    caps = caps_of(access.card, spendable_rules(vouchers, state.rules), now)
    cap_cents = eligible_cents if caps is None else caps.left_cents
    if caps is not None and cap_cents <= 0:
        return Refused(caps.reached(0))
    basket = [(line.category, line.amount_cents) for line in request.basket]
    allocation = allocate(basket, spendable, min(cap_cents, eligible_cents))
    approved_cents = allocation.approved_cents
    if approved_cents == 0 or (approved_cents < eligible_cents and not request.allow_partial):
        if caps is not None and approved_cents == cap_cents:
            return Refused(caps.reached(approved_cents))
        return Refused(InsufficientBalance(available_cents=approved_cents))
    return Sale(_approve(request, till, access, allocation, vouchers, now))


class CapsLeft(Struct, frozen=True):
    """How much a paper card may spend at once, and how much more today."""

    sale_cents: int
    day_cents: int
    spent_cents: int

    @property
    def left_cents(self) -> int:
        """What the caps allow in one sale now."""
        return max(0, min(self.sale_cents, self.day_cents - self.spent_cents))

    def reached(self, available_cents: int) -> CapReached:
        """The refusal, with all that a cashier is asked about it."""
        return CapReached(
            available_cents=available_cents,
            cap_per_sale_cents=self.sale_cents,
            cap_per_day_cents=self.day_cents,
            spent_today_cents=self.spent_cents,
        )


def caps_of(card: CardState, rules: list[Rules], now: datetime) -> CapsLeft | None:
    """A paper card can be photographed, so it has caps; telephones have none."""
    if card.secrets.kind != "paper" or not rules:
        return None
    day_cents = min(rule.caps.paper_day_cents for rule in rules)
    # It spent on a later day, by a clock that is ahead: what it spent on this one is not known any more.
    behind = card.spending is not None and card.spending.day > paris_day(now)
    return CapsLeft(
        min(rule.caps.paper_sale_cents for rule in rules),
        day_cents,
        day_cents if behind else _spent_on(card.spending, now),
    )


def spendable_rules(vouchers: dict[int, VoucherBalance], rules: dict[UUID, Rules]) -> list[Rules]:
    """The rules of the vouchers that have something left."""
    return [rules[voucher.programme_version_id] for voucher in vouchers.values() if voucher.balance_cents]


def apply(request: RedemptionRequest, decision: Decision, state: State, now: datetime) -> None:
    """Let the next request of the batch see what this one did."""
    if isinstance(decision, Repeat) or (isinstance(decision, Refused) and not decision.frozen):
        return
    till = state.tills[request.bound.token_sha256]
    state.outcomes[till.merchant_id, request.bound.key] = outcome_of(request.bound, decision)
    if isinstance(decision, Refused):
        count_wrong(decision, state, now)
    else:
        _take(decision.approved, state.cards[request.credential.number], state)


def balance_of(access: Access, state: State, now: datetime) -> CardBalance:
    """What the holder of an opened card may still spend, and what its caps allow at once."""
    ends: dict[date, int] = {}
    vouchers = state.vouchers.get(access.card.household_id, {})
    for voucher in vouchers.values():
        if voucher.balance_cents:
            ends[voucher.valid_until] = ends.get(voucher.valid_until, 0) + voucher.balance_cents
    caps = caps_of(access.card, spendable_rules(vouchers, state.rules), now)
    return CardBalance(sum(ends.values()), tuple(sorted(ends.items())), None if caps is None else caps.left_cents)


def why_not_given_back(
    sale: Redemption, asked: RefundRequest, amount_cents: int, balance_cents: int, now: datetime
) -> Refusal | None:
    """Why a sale cannot be given back, or voided, to this amount; nothing where it can."""
    age = now - sale.occurred_at
    if asked.is_void and sale.refunded_cents:
        return AlreadyRefunded(refundable_cents=sale.refundable_cents)
    if asked.is_void and age > VOID_AGE_MAX:
        return VoidTooLate(refundable_cents=sale.refundable_cents, age_seconds=int(age.total_seconds()))
    if not 0 < amount_cents <= sale.refundable_cents:
        return RefundTooLarge(refundable_cents=sale.refundable_cents)
    if amount_cents > balance_cents:
        return MerchantBalanceTooLow(available_cents=balance_cents)
    return None


def count_wrong(refused: Refused, state: State, now: datetime) -> None:
    """Move the counters of wrong codes."""
    for key in refused.wrong:
        state.failures[key] = cards.one_more(key, state.failures.get(key), now)


def outcome_of(bound: RequestKey, decision: Sale | Refused) -> Outcome:
    """The fate of a key, as it will be kept. Facts of frozen refusals are whole numbers."""
    if isinstance(decision, Sale):
        return Outcome(bound.fingerprint, "approved", result_id=decision.approved.redemption.id)
    facts = {name: value for name, value in decision.refusal.facts.items() if isinstance(value, int)}
    return Outcome(bound.fingerprint, "refused", refusal=decision.refusal.number, facts=facts)


def _approve(
    request: RedemptionRequest,
    till: Till,
    access: Access,
    allocation: Allocation,
    vouchers: dict[int, VoucherBalance],
    now: datetime,
) -> Approved:
    redemption = Redemption(
        id=request.id,
        merchant_id=till.merchant_id,
        receipt_year=paris_day(now).year,
        receipt_number=0,  # given by the books when it is written
        reference=request.reference,
        lines=request.basket,
        approved_by_line=allocation.approved_by_line,
        occurred_at=now,
    )
    debits = (Posting(account, cents, vouchers[account].version) for account, cents in allocation.taken)
    postings = (*debits, Posting(till.merchant_account, -allocation.approved_cents))
    return Approved(
        redemption,
        Transaction(request.id, TransactionKind.REDEMPTION, now, postings),
        till.id,
        access.card.secrets.card_id,
        access.step,
        _new_spending(access.card, allocation.approved_cents, now),
    )


def _take(approved: Approved, card: CardState, state: State) -> None:
    vouchers = state.vouchers[card.household_id]
    for posting in approved.transaction.postings:
        if posting.account_id in vouchers:
            vouchers[posting.account_id].balance_cents -= posting.amount_cents
    if approved.step is not None:
        card.secrets = replace(card.secrets, last_step=approved.step)
    if approved.spending is not None:
        card.spending = Spending(approved.spending.day, approved.spending.after_cents)


def _new_spending(card: CardState, approved_cents: int, now: datetime) -> NewSpending | None:
    if card.secrets.kind != "paper":
        return None
    before = _spent_on(card.spending, now)
    return NewSpending(card.secrets.card_id, paris_day(now), before, before + approved_cents)


def _spent_on(spending: Spending | None, now: datetime) -> int:
    return spending.spent_cents if spending and spending.day == paris_day(now) else 0


def _spendable(voucher: VoucherBalance, rules: dict[UUID, Rules]) -> Spendable:
    eligible = rules[voucher.programme_version_id].basket.eligible
    return Spendable(voucher.account_id, voucher.balance_cents, eligible, voucher.valid_until)
