"""A counter in memory: a till, cards and vouchers as the desk reads them, for the rules that know no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace

from ledger.cards import rules as cards
from ledger.cards.model import CardSecrets, Credential
from ledger.keyring import Keyring
from ledger.programmes.model import Basket, Caps, Eligibility, PerConsumptionUnit, Rules, Validity, Weights
from ledger.redemptions import rules
from ledger.redemptions.model import (
    CardState,
    Line,
    RedemptionRequest,
    RequestKey,
    State,
    Till,
    VoucherBalance,
)
from tests.conftest import NOW

KEYS = Keyring((bytes(range(32)),))
PIN, SECRET = "4821", "ABCDEFG234"
PAPER, PHONE, OTHER_PAPER = 1234567897, 2345678905, 3456789013
HOUSEHOLD, MERCHANT, OTHER_MERCHANT, VERSION, NARROW = (UUID(int=nth) for nth in range(1, 6))
FRUIT, BREAD, WINE = "fruits-legumes", "cereales-pain", "alcool"
MERCHANT_ACCOUNT, OTHER_ACCOUNT = 900, 901
LAST_DAY = date(2026, 12, 7)


def programme_rules(*eligible: str, sale_cents: int = 200_00, day_cents: int = 300_00) -> Rules:
    return Rules(
        PerConsumptionUnit(100_00, Weights()),
        Eligibility(10_00, frozenset()),
        Validity(62, calendar_year=True),
        Basket(frozenset(eligible), (*eligible, WINE)),
        Caps(sale_cents, day_cents),
    )


def token(name: str) -> bytes:
    return sha256(name.encode()).digest()


def paired(till: int, merchant: UUID, account: int) -> Till:
    """A till that may sell."""
    return Till(
        UUID(int=till), "till", active=True, merchant_id=merchant, merchant_account=account, merchant_active=True
    )


@dataclass
class Counter:
    """What was read, and a way to ask. `ask` also lets the next request see what this one did."""

    state: State = field(default_factory=State)
    now: datetime = NOW
    phone_secret: str = field(default_factory=cards.new_phone_secret)

    def __post_init__(self) -> None:
        self.state.rules = {VERSION: programme_rules(FRUIT, BREAD), NARROW: programme_rules(FRUIT)}
        self.state.tills = {
            token("till"): paired(11, MERCHANT, MERCHANT_ACCOUNT),
            token("second"): paired(12, MERCHANT, MERCHANT_ACCOUNT),
            token("elsewhere"): paired(13, OTHER_MERCHANT, OTHER_ACCOUNT),
        }
        for number in (PAPER, OTHER_PAPER):
            self.state.cards[number] = CardState(self._paper(number), HOUSEHOLD, blocked=False, spending=None)
        sealed = cards.encrypt_phone_secret(KEYS, UUID(int=PHONE), self.phone_secret)
        phone = CardSecrets(UUID(int=PHONE), "phone", sealed, None, 0)
        self.state.cards[PHONE] = CardState(phone, HOUSEHOLD, blocked=False, spending=None)
        self.give(1, 100_00)

    @staticmethod
    def _paper(number: int) -> CardSecrets:
        card = UUID(int=number)
        secret = cards.paper_secret_hmac(KEYS, card, SECRET)
        return CardSecrets(card, "paper", secret, cards.pin_hmac(KEYS, card, PIN), 0)

    def give(self, account: int, cents: int, version: UUID = VERSION, until: date = LAST_DAY) -> None:
        """A voucher with so much on it."""
        held = self.state.vouchers.setdefault(HOUSEHOLD, {})
        held[account] = VoucherBalance(account, cents, 7, version, until)

    def take_all(self) -> None:
        """No voucher is valid today."""
        self.state.vouchers[HOUSEHOLD] = {}

    def set_till(self, name: str = "till", **changes: Any) -> None:
        self.state.tills[token(name)] = replace(self.state.tills[token(name)], **changes)

    def phone(self, offset: int = 0) -> Credential:
        """What the telephone shows, some steps from now."""
        return Credential(PHONE, otp=cards.one_time_code(self.phone_secret, cards.step_at(self.now) + offset))

    def request(self, *basket: tuple[str, int], **changes: Any) -> RedemptionRequest:
        """A sale of 8.50 of fruit with the paper card, unless told otherwise; a new key each time."""
        till, key = changes.pop("till", "till"), changes.pop("key", uuid4().bytes)
        lines = tuple(Line(*line) for line in basket or [(FRUIT, 850)])
        usual = RedemptionRequest(
            id=uuid4(),
            bound=RequestKey(token(till), key, sha256(repr((lines, changes)).encode()).digest()),
            credential=by_qr(),
            basket=lines,
            allow_partial=True,
            reference=None,
            initiated_at=None,
        )
        return replace(usual, **changes)

    def ask(self, request: RedemptionRequest) -> rules.Decision:
        decision = rules.decide(request, self.state, self.now, KEYS)
        rules.apply(request, decision, self.state, self.now)
        return decision

    def sell(self, *basket: tuple[str, int], **changes: Any) -> rules.Decision:
        return self.ask(self.request(*basket, **changes))


def by_qr(pin: str = PIN, *, secret: str | None = SECRET, number: int = PAPER) -> Credential:
    """The paper card; without its secret it is only its number."""
    return Credential(number, secret=secret, pin=pin)
