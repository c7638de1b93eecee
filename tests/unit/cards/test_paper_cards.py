"""A paper card: its QR's secret and a PIN, or its printed number and the PIN."""

from __future__ import annotations

import pytest

from ledger.cards import rules
from ledger.cards.model import CardSecrets, Credential
from ledger.cards.rules import VerifiedBy, Wrong, verify
from ledger.identifiers import new_subject_id
from ledger.keyring import Keyring
from tests.conftest import NOW

NUMBER, SECRET, PIN = 1234567897, "ABCDEFG234", "4821"
KEYS = Keyring((bytes(range(32)),))
CARD_ID = new_subject_id()
CARD = CardSecrets(
    CARD_ID,
    "paper",
    rules.paper_secret_hmac(KEYS, CARD_ID, SECRET),
    rules.pin_hmac(KEYS, CARD_ID, PIN),
    last_step=0,
)


@pytest.mark.parametrize("secret", [SECRET, None])
def test_the_right_pin_opens_with_the_qr_or_with_the_number(secret: str | None) -> None:
    assert verify(Credential(NUMBER, secret=secret, pin=PIN), CARD, KEYS, NOW) == VerifiedBy(None)


def test_it_may_be_shown_again_and_again() -> None:
    shown = Credential(NUMBER, secret=SECRET, pin=PIN)
    assert [verify(shown, CARD, KEYS, NOW) for _ in range(3)] == [VerifiedBy(None)] * 3


@pytest.mark.parametrize(
    ("secret", "pin", "had_secret"),
    [
        (SECRET, "4822", True),
        (SECRET, "", True),
        (SECRET, None, True),
        (None, "4822", False),
        (None, None, False),
        ("ABCDEFG235", PIN, False),
        ("ABCDEFG235", "4822", False),
        ("", PIN, False),
    ],
)
def test_a_wrong_part_is_wrong_and_only_the_right_secret_is_told_apart(
    secret: str | None, pin: str | None, had_secret: bool
) -> None:
    found = verify(Credential(NUMBER, secret=secret, pin=pin), CARD, KEYS, NOW)
    assert found == Wrong(had_secret=had_secret)


def test_a_one_time_code_does_not_open_it() -> None:
    assert verify(Credential(NUMBER, otp="46119246", pin=PIN), CARD, KEYS, NOW) == Wrong(had_secret=False)


def test_what_is_stored_depends_on_the_card_and_on_the_keys() -> None:
    other = new_subject_id()
    assert rules.pin_hmac(KEYS, CARD_ID, PIN) != rules.pin_hmac(KEYS, other, PIN)
    assert rules.pin_hmac(KEYS, CARD_ID, PIN) != rules.pin_hmac(Keyring((bytes(32),)), CARD_ID, PIN)
    assert rules.paper_secret_hmac(KEYS, CARD_ID, SECRET) != rules.paper_secret_hmac(KEYS, other, SECRET)
    assert rules.paper_secret_hmac(KEYS, CARD_ID, PIN) != rules.pin_hmac(KEYS, CARD_ID, PIN)
