"""The training cards. Each begins every sale as it is described here, so that each answer can be had again.

Their numbers begin with 0, which no card of the books does; their PIN and secrets are no secrets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from ledger.calendar import paris_day
from ledger.cards.model import TRAINING_NUMBERS, CardKind, CardSecrets, FailureCount, FailureKey
from ledger.cards.rules import LIMITS, WITH_SECRET, WITHOUT_SECRET, encrypt_phone_secret, paper_secret_hmac, pin_hmac
from ledger.keyring import Keyring
from ledger.programmes.model import Caps, Rules
from ledger.redemptions.model import CardState, Spending, State, VoucherBalance

PIN = "1234"
SECRET = "TRAINING22"  # noqa: S105 - printed in the manual
PHONE_SECRET = "TRAININGTRAININGTRAININGTRAINING"  # noqa: S105 - printed in the manual, base32
CAPS = Caps(paper_sale_cents=200_00, paper_day_cents=300_00)

_VERSION = UUID(int=1)
_VALID_DAYS = 30


@dataclass(frozen=True, slots=True)
class TrainingCard:
    """What a card holds when a sale begins; `spent_cents`: what it spent today already."""

    number: int
    kind: CardKind = "paper"
    balance_cents: int = 50_00
    spent_cents: int = 0
    blocked: bool = False
    paused: bool = False

    @property
    def id(self) -> UUID:
        return UUID(int=self.number)


PAYS, EMPTY, CAPPED = TrainingCard(18), TrainingCard(26, balance_cents=0), TrainingCard(34, "paper", 500_00, 280_00)
BLOCKED, PAUSED, PHONE = TrainingCard(42, blocked=True), TrainingCard(59, paused=True), TrainingCard(67, "phone")
BUSY, LOST = TrainingCard(75), TrainingCard(83)  # first 503; booked, and 500 for an answer
CARDS = {card.number: card for card in (PAYS, EMPTY, CAPPED, BLOCKED, PAUSED, PHONE, BUSY, LOST)}


def real_number(number: int) -> int:
    """How the rules know a training card: they refuse its printed number, as every other till does."""
    return number + TRAINING_NUMBERS


def dealt(state: State, keys: Keyring, rules: Rules, last_step: int, now: datetime) -> State:
    """Put every card as it is described into what the rules read; `last_step`: the last code of the telephone."""
    state.rules[_VERSION] = rules
    for card in CARDS.values():
        spending = Spending(paris_day(now), card.spent_cents)
        state.cards[real_number(card.number)] = CardState(
            _secrets(keys, card, last_step), card.id, card.blocked, spending
        )
        until = paris_day(now) + timedelta(days=_VALID_DAYS)
        state.vouchers[card.id] = {card.number: VoucherBalance(card.number, card.balance_cents, 0, _VERSION, until)}
        if card.paused:
            state.failures.update(_failures(card, state, now))
    return state


def _failures(card: TrainingCard, state: State, now: datetime) -> dict[FailureKey, FailureCount]:
    return {
        FailureKey(scope, card.id, till.id): FailureCount(LIMITS[scope].failures_max, now)
        for till in state.tills.values()
        for scope in (WITH_SECRET, WITHOUT_SECRET)
    }


def _secrets(keys: Keyring, card: TrainingCard, last_step: int) -> CardSecrets:
    if card.kind == "phone":
        return CardSecrets(card.id, "phone", _kept_phone_secret(keys, card.id), None, last_step)
    secret, pin = _kept_paper_secrets(keys, card.id)
    return CardSecrets(card.id, "paper", secret, pin, 0)


@cache
def _kept_phone_secret(keys: Keyring, card_id: UUID) -> bytes:
    return encrypt_phone_secret(keys, card_id, PHONE_SECRET)


@cache
def _kept_paper_secrets(keys: Keyring, card_id: UUID) -> tuple[bytes, bytes]:
    return paper_secret_hmac(keys, card_id, SECRET), pin_hmac(keys, card_id, PIN)
