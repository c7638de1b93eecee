"""One-time codes against RFC 6238, appendix B (SHA-256), and when each is accepted."""

from __future__ import annotations

from base64 import b32encode
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from ledger.cards import rules
from ledger.cards.model import CardSecrets, Credential
from ledger.cards.rules import Used, VerifiedBy, Wrong, one_time_code, step_at, verify
from ledger.errors import KeysMissing
from ledger.identifiers import new_subject_id
from ledger.keyring import Keyring

SECRET = b32encode(b"12345678901234567890123456789012").decode().rstrip("=")
NUMBER = 1234567897
KEYS = Keyring((bytes(range(32)),))
CARD_ID = new_subject_id()
CARD = CardSecrets(CARD_ID, "phone", rules.encrypt_phone_secret(KEYS, CARD_ID, SECRET), None, last_step=0)
NOW = datetime(2026, 10, 6, 7, 44, 10, tzinfo=UTC)
STEP = step_at(NOW)


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def shown(step: int, secret: str = SECRET) -> Credential:
    return Credential(NUMBER, otp=one_time_code(secret, step))


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "46119246"),
        (1111111109, "68084774"),
        (1111111111, "67062674"),
        (1234567890, "91819424"),
        (2000000000, "90698825"),
        (20000000000, "77737706"),
    ],
)
def test_codes_are_those_of_the_rfc(second: int, code: str) -> None:
    assert one_time_code(SECRET, step_at(at(second))) == code
    assert verify(Credential(NUMBER, otp=code), CARD, KEYS, at(second)) == VerifiedBy(second // 30)


@pytest.mark.parametrize(("second", "step"), [(0, 0), (29, 0), (30, 1), (59, 1), (60, 2)])
def test_a_step_lasts_thirty_seconds(second: int, step: int) -> None:
    assert step_at(at(second)) == step
    assert step_at(at(second) + timedelta(microseconds=999_999)) == step


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_the_present_step_and_its_neighbours_are_accepted(offset: int) -> None:
    assert verify(shown(STEP + offset), CARD, KEYS, NOW) == VerifiedBy(STEP + offset)


@pytest.mark.parametrize("offset", [-1000, -3, -2, 2, 3, 1000])
def test_older_and_younger_steps_are_wrong(offset: int) -> None:
    assert verify(shown(STEP + offset), CARD, KEYS, NOW) == Wrong(had_secret=False)


@pytest.mark.parametrize(("used", "offset"), [(0, 0), (0, -1), (1, 0), (1, -1), (1, 1), (-1, -1)])
def test_a_step_not_greater_than_the_last_one_accepted_is_used(used: int, offset: int) -> None:
    card = replace(CARD, last_step=STEP + used)
    assert isinstance(verify(shown(STEP + offset), card, KEYS, NOW), Used)


@pytest.mark.parametrize(("used", "offset"), [(-1, 0), (-1, 1), (0, 1), (-2, -1)])
def test_a_greater_step_than_the_last_one_accepted_is_good(used: int, offset: int) -> None:
    card = replace(CARD, last_step=STEP + used)
    assert verify(shown(STEP + offset), card, KEYS, NOW) == VerifiedBy(STEP + offset)


@pytest.mark.parametrize(("used", "seconds"), [(0, 20), (1, 50)])
def test_a_used_code_says_when_the_next_one_comes(used: int, seconds: int) -> None:
    card = replace(CARD, last_step=STEP + used)  # ten seconds of the present step are over
    assert verify(shown(STEP), card, KEYS, NOW) == Used(next_code_in_seconds=seconds)


def test_where_the_next_code_is_there_already_nobody_waits_a_negative_time() -> None:
    card = replace(CARD, last_step=STEP - 1)
    assert verify(shown(STEP - 1), card, KEYS, NOW) == Used(next_code_in_seconds=0)


def test_a_used_code_that_is_too_old_is_only_wrong() -> None:
    card = replace(CARD, last_step=STEP)
    assert verify(shown(STEP - 2), card, KEYS, NOW) == Wrong(had_secret=False)


@pytest.mark.parametrize("otp", ["00000000", "4611924", "461192460", "", "٤٦١١٩٢٤٦"])
def test_another_code_is_wrong(otp: str) -> None:
    assert verify(Credential(NUMBER, otp=otp), CARD, KEYS, at(59)) == Wrong(had_secret=False)


@pytest.mark.parametrize("card", [Credential(NUMBER, pin="4821"), Credential(NUMBER, secret="ABCDEFG234", pin="1")])
def test_a_telephone_is_opened_by_its_code_only(card: Credential) -> None:
    assert verify(card, CARD, KEYS, NOW) == Wrong(had_secret=False)


def test_the_code_of_another_card_is_wrong() -> None:
    assert verify(shown(STEP, rules.new_phone_secret()), CARD, KEYS, NOW) == Wrong(had_secret=False)


def test_a_secret_is_bound_to_its_card() -> None:
    moved = replace(CARD, card_id=new_subject_id())
    with pytest.raises(KeysMissing):
        verify(shown(STEP), moved, KEYS, NOW)


def test_a_secret_cannot_be_read_from_what_is_stored() -> None:
    assert SECRET.encode() not in CARD.secret
    assert rules.encrypt_phone_secret(KEYS, CARD_ID, SECRET) != CARD.secret  # a new nonce each time
