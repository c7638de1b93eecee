"""How a code is verified and how wrong codes are throttled. Pure: no clock, no database.

Phone: RFC 6238 TOTP, SHA-256, 8 digits, 30 s, the current step and one on either side, each step once.
Paper: the QR's secret and a PIN; or, where the QR is damaged, the printed number and the PIN.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pyotp
from stdnum import luhn

from ledger.cards.model import NIL, NUMBER_DIGITS, CardSecrets, Credential, FailureCount, FailureKey, IssuedCard
from ledger.identifiers import new_subject_id
from ledger.keyring import Keyring, same

STEP_SECONDS = 30
OTP_DIGITS = 8
PIN_DIGITS = 4

_STAND_INS = 1024
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """So many wrong codes within a window that starts with the first; then a pause until the window ends."""

    failures_max: int
    window: timedelta


WITH_SECRET, WITHOUT_SECRET = "card-till-with-secret", "card-till-without-secret"
CARD_DAY, TILL = "card-day-without-secret", "till-without-secret"
ENROLMENT = "wallet-enrolment"  # wrong enrolment codes, over all cards, from one place
OWNER = "owner-code"  # counted per merchant, which stands in the card's place, and device

LIMITS = {
    WITH_SECRET: FailureLimit(5, timedelta(minutes=15)),
    WITHOUT_SECRET: FailureLimit(5, timedelta(minutes=15)),
    # Over all tills: stops number and PIN only, so that nobody locks a holder out.
    CARD_DAY: FailureLimit(15, timedelta(hours=24)),
    # Over all cards: nobody sprays one PIN over many numbers.
    TILL: FailureLimit(30, timedelta(minutes=15)),
    OWNER: FailureLimit(5, timedelta(minutes=15)),
    ENROLMENT: FailureLimit(20, timedelta(minutes=15)),
}


@dataclass(frozen=True, slots=True)
class VerifiedBy:
    """How a credential was found right: by a step of the telephone, or by a paper card."""

    step: int | None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong code. `had_secret`: the card's QR secret was right, so the card itself was probably there."""

    had_secret: bool


@dataclass(frozen=True, slots=True)
class Used:
    """A right one-time code that was accepted before; the next one comes with the next step."""

    next_code_in_seconds: int


def new_number() -> int:
    """A random card number: nine digits and a check digit (Luhn), never starting with zero."""
    body = str(secrets.randbelow(9 * 10 ** (NUMBER_DIGITS - 2)) + 10 ** (NUMBER_DIGITS - 2))
    return int(body + luhn.calc_check_digit(body))


def new_pin() -> str:
    """Four random digits that are not among the first guessed."""
    while True:
        pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"
        if not is_simple(pin):
            return pin


def is_simple(pin: str) -> bool:
    """Four equal digits and a simple run are what people guess first."""
    return len(set(pin)) == 1 or pin in "01234567890" or pin in "09876543210"


def new_paper_secret() -> str:
    """50 random bits in ten characters that QR alphanumeric mode holds: the symbol stays small (version 2-Q)."""
    return "".join(secrets.choice(_BASE32) for _ in range(10))


def new_paper_card() -> IssuedCard:
    """A card on paper that the books do not know yet."""
    return IssuedCard(new_subject_id(), new_number(), "paper", new_paper_secret(), new_pin())


def new_phone_secret() -> str:
    """A TOTP secret of 160 bits (RFC 4226 §4 R6), in base32."""
    return pyotp.random_base32(32)


def paper_secret_hmac(keys: Keyring, card_id: UUID, secret: str) -> bytes:
    """What is stored of a paper card's secret."""
    return keys.hmac("paper-secret", card_id.bytes, secret.encode())


def pin_hmac(keys: Keyring, card_id: UUID, pin: str) -> bytes:
    """What is stored of a PIN: a HMAC under a pepper outside the database; a slow hash cannot save 10 000 values."""
    return keys.hmac("pin", card_id.bytes, pin.encode())


def encrypt_phone_secret(keys: Keyring, card_id: UUID, secret: str) -> bytes:
    """What is stored of a telephone's secret, bound to its card."""
    return keys.encrypt("phone-secret", secret.encode(), card_id.bytes)


def one_time_code(secret: str, step: int) -> str:
    """The code of one 30-second step (RFC 6238)."""
    return pyotp.TOTP(secret, digits=OTP_DIGITS, digest=sha256, interval=STEP_SECONDS).generate_otp(step)


def step_at(now: datetime) -> int:
    """The TOTP step of an instant."""
    return int(now.timestamp()) // STEP_SECONDS


def verify(credential: Credential, card: CardSecrets, keys: Keyring, now: datetime) -> VerifiedBy | Wrong | Used:
    """Is this the card's code now? Every comparison is in constant time, and "wrong" does not say which part."""
    if card.kind == "phone":
        return _verify_phone(credential, card, keys, now)
    return _verify_paper(credential, card, keys)


def _verify_phone(credential: Credential, card: CardSecrets, keys: Keyring, now: datetime) -> VerifiedBy | Wrong | Used:
    if credential.otp is None:
        return Wrong(had_secret=False)
    secret = keys.decrypt("phone-secret", card.secret, card.card_id.bytes).decode()
    return accepted_step(secret, credential.otp, card.last_step, now)


def accepted_step(secret: str, code: str, last_step: int, now: datetime) -> VerifiedBy | Wrong | Used:
    """Is this the code of the current step or of one on either side, later than the last one accepted?"""
    current = step_at(now)
    for step in (current, current - 1, current + 1):
        if same(one_time_code(secret, step).encode(), code.encode()):
            if step > last_step:
                return VerifiedBy(step)
            next_code_at = (last_step + 1) * STEP_SECONDS
            return Used(next_code_in_seconds=max(0, next_code_at - int(now.timestamp())))
    return Wrong(had_secret=False)


def _verify_paper(credential: Credential, card: CardSecrets, keys: Keyring) -> VerifiedBy | Wrong:
    assert card.pin_hmac is not None
    if credential.otp is not None:
        return Wrong(had_secret=False)
    right_pin = same(pin_hmac(keys, card.card_id, credential.pin or ""), card.pin_hmac)
    if credential.secret is None:
        return VerifiedBy(None) if right_pin else Wrong(had_secret=False)
    right_secret = same(paper_secret_hmac(keys, card.card_id, credential.secret), card.secret)
    return VerifiedBy(None) if right_secret and right_pin else Wrong(had_secret=right_secret)


def stand_in(keys: Keyring, number: int) -> UUID:
    """Whom wrong codes are counted for where no card has this number: as for a card, else the pause after five of them
    would tell which numbers exist.

    One of 1 024, so that guessing fills no table; under a key, so that nobody finds two numbers that share one.
    """
    digest = keys.hmac("unknown-card", number.to_bytes(8, "big"))
    return UUID(int=1 + int.from_bytes(digest[:4], "big") % _STAND_INS)


def throttles_of(credential: Credential, card_id: UUID, till_id: UUID) -> tuple[FailureKey, ...]:
    """The counters that must be below their limit before this credential is looked at.

    Who shows the card's own secret is not stopped by what others did with its number alone; guessing 50 bits or
    a one-time code needs no counter over all cards.
    """
    if credential.secret is not None:
        return (FailureKey(WITH_SECRET, card_id, till_id),)
    if credential.otp is not None:
        return (FailureKey(WITHOUT_SECRET, card_id, till_id),)
    return (
        FailureKey(WITHOUT_SECRET, card_id, till_id),
        FailureKey(CARD_DAY, card_id, NIL),
        FailureKey(TILL, NIL, till_id),
    )


def counters_of(wrong: Wrong, card_id: UUID, till_id: UUID) -> tuple[FailureKey, ...]:
    """The counters that a wrong code moves."""
    if wrong.had_secret:
        return (FailureKey(WITH_SECRET, card_id, till_id),)
    return (
        FailureKey(WITHOUT_SECRET, card_id, till_id),
        FailureKey(CARD_DAY, card_id, NIL),
        FailureKey(TILL, NIL, till_id),
    )


def pause_seconds(key: FailureKey, count: FailureCount | None, now: datetime) -> int:
    """How long this counter still refuses to look; 0 where it does not."""
    limit = LIMITS[key.scope]
    if count is None or count.failures < limit.failures_max or not _running(key, count, now):
        return 0
    return int((count.since + limit.window - now).total_seconds()) + 1


def longest_pause(keys: Iterable[FailureKey], counts: dict[FailureKey, FailureCount], now: datetime) -> int:
    """The longest pause of some counters, in seconds."""
    return max((pause_seconds(key, counts.get(key), now) for key in keys), default=0)


def one_more(key: FailureKey, count: FailureCount | None, now: datetime) -> FailureCount:
    """The counter after one more wrong code; a window that is over starts again."""
    if count is None or count.failures == 0 or not _running(key, count, now):
        return FailureCount(1, now)
    return FailureCount(count.failures + 1, count.since)


def _running(key: FailureKey, count: FailureCount, now: datetime) -> bool:
    return timedelta(0) <= now - count.since < LIMITS[key.scope].window
