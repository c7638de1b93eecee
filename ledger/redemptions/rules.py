"""What the programme says about a sale, read from top to bottom. Pure: the request, what was read, and the time.

a till that is paired, at a merchant that is approved
a key that was never used: else its one answer again
a code that is right, not used before, not guessed at too often; a card that is not blocked
then: as much of the eligible lines as vouchers and caps allow; the rest is paid by any other means
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from ledger.books.transaction import Posting, Transaction, TransactionKind
from ledger.calendar import paris_day
from ledger.cards import rules as cards
from ledger.cards.model import Credential, FailureKey
from ledger.errors import (
    CATALOGUE,
    CapReached,
    CardBlocked,
    CodeAlreadyUsed,
    CodeRefused,
    IdempotencyConflict,
    InsufficientBalance,
    MerchantNotActive,
    NothingEligible,
    OutOfScope,
    Refusal,
    RequestAbandoned,
    StaleRequest,
    TooManyAttempts,
    Unauthorised,
)
from ledger.keyring import Keyring, same
from ledger.programmes.model import Rules
from ledger.redemptions.model import (
    Approved,
    CardState,
    NewSpending,
    Outcome,
    Redemption,
    RedemptionRequest,
    RequestKey,
    Spending,
    State,
    Till,
    VoucherBalance,
)
from ledger.vouchers.rules import Allocation, Spendable, allocate

REQUEST_AGE_MAX = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Sale:
    """Yes: to be booked."""

    approved: Approved


@dataclass(frozen=True, slots=True)
class Refused:
    """No. `frozen`: the same key gets the same answer for ever; otherwise the request leaves no trace.
    `repeated`: it is such an answer again. `wrong`: the counters of wrong codes that it moves.
    """

    refusal: Refusal
    frozen: bool = True
    repeated: bool = False
    wrong: tuple[FailureKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """The key was approved before: its redemption or refund is the answer again."""

    result_id: UUID


Decision = Sale | Refused | Repeat


@dataclass(frozen=True, slots=True)
class Access:
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
    card = state.cards.get(credential.number)
    secrets = card.secrets if card else None
    pause = cards.longest_pause(cards.throttles_of(credential, secrets, till.id), state.failures, now)
    if pause:
        return Refused(TooManyAttempts(retry_after_seconds=pause), frozen=False)
    found = cards.verify(credential, card.secrets, keys, now) if card else cards.Wrong(had_secret=False)
    if isinstance(found, cards.Wrong):
        return Refused(CodeRefused(), wrong=cards.counters_of(found, secrets, till.id))
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
    cap_cents = cap_left(access.card, spendable_rules(vouchers, state.rules), now)
    if cap_cents <= 0:
        return Refused(CapReached(available_cents=0))
    basket = [(line.category, line.amount_cents) for line in request.basket]
    allocation = allocate(basket, spendable, min(cap_cents, eligible_cents))
    approved_cents = allocation.approved_cents
    if approved_cents == 0 or (approved_cents < eligible_cents and not request.allow_partial):
        short_of = CapReached if approved_cents == cap_cents else InsufficientBalance
        return Refused(short_of(available_cents=approved_cents))
    return Sale(_approve(request, till, access, allocation, vouchers, now))


def cap_left(card: CardState, rules: list[Rules], now: datetime) -> int:
    """What a paper card may still spend in this sale: it can be photographed, so it has caps. Telephones have none."""
    if card.secrets.kind != "paper":
        return 10**12
    spent_cents = _spent_on(card.spending, now)
    return min(min(rule.caps.paper_sale_cents, rule.caps.paper_day_cents - spent_cents) for rule in rules)


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
