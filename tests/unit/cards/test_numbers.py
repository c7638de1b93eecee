"""Card numbers, PINs and secrets as they are drawn."""

from __future__ import annotations

from collections import Counter

import pytest
from stdnum import luhn

from ledger.cards import rules
from ledger.cards.model import parse_credential


def test_a_number_has_ten_digits_and_a_right_check_digit() -> None:
    for _ in range(500):
        number = rules.new_number()
        assert 10**9 <= number < 10**10
        assert luhn.is_valid(str(number))


def test_one_wrong_digit_is_noticed() -> None:
    number = str(rules.new_number())
    for place, digit in enumerate(number):
        for other in "0123456789".replace(digit, ""):
            with pytest.raises(ValueError, match="credential"):
                parse_credential(number[:place] + other + number[place + 1 :], "4821")


def test_two_swapped_neighbours_are_noticed_but_for_0_and_9() -> None:
    number = str(rules.new_number())
    for place in range(9):
        one, two = number[place], number[place + 1]
        if one != two and {one, two} != {"0", "9"}:  # the blind spot of the Luhn formula
            swapped = number[:place] + two + one + number[place + 2 :]
            with pytest.raises(ValueError, match="credential"):
                parse_credential(swapped, "4821")


def test_a_pin_is_four_digits_and_none_that_people_guess_first() -> None:
    drawn = {rules.new_pin() for _ in range(3000)}
    assert all(len(pin) == 4 and pin.isascii() and pin.isdigit() for pin in drawn)
    assert not drawn & {digit * 4 for digit in "0123456789"}
    assert not drawn & {"0123", "1234", "2345", "3456", "4567", "5678", "6789", "7890"}
    assert not drawn & {"9876", "8765", "7654", "6543", "5432", "4321", "3210", "0987"}


def test_pins_are_spread_over_all_they_can_be() -> None:
    first_digits = Counter(rules.new_pin()[0] for _ in range(2000))
    assert set(first_digits) == set("0123456789")


def test_a_paper_secret_has_fifty_bits() -> None:
    drawn = {rules.new_paper_secret() for _ in range(200)}
    assert len(drawn) == 200
    assert all(len(secret) == 10 and set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for secret in drawn)


def test_a_telephone_secret_has_160_bits() -> None:
    drawn = {rules.new_phone_secret() for _ in range(200)}
    assert len(drawn) == 200
    assert all(len(secret) == 32 for secret in drawn)
