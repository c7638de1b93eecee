"""What a scanner reads and what a cashier types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.cards.model import Credential, IssuedCard, grouped, parse_credential
from ledger.cards.rules import new_number
from ledger.identifiers import new_subject_id

NUMBER = 1234567897  # Luhn: the last digit checks the others


def test_a_telephone_shows_its_card_and_a_one_time_code() -> None:
    assert parse_credential(f"BP1/{NUMBER}/46119246", None) == Credential(NUMBER, otp="46119246")


def test_a_paper_card_shows_its_card_and_its_secret() -> None:
    parsed = parse_credential(f"BP1/{NUMBER}/ABCDEFG234", "4821")
    assert parsed == Credential(NUMBER, secret="ABCDEFG234", pin="4821")


@pytest.mark.parametrize(
    "typed",
    [
        "1234567897",
        "1234 567 897",
        "1234.567.897",
        "1234-567-897",
        " 1234567897 ",
        "1234567897\r\n",
        "BP1/1234567897",
        "bp1/1234567897",
    ],
)
def test_a_damaged_card_is_typed_as_it_is_printed(typed: str) -> None:
    assert parse_credential(typed, "4821") == Credential(NUMBER, pin="4821")


def test_a_scanner_may_add_white_space_and_lower_the_case() -> None:
    assert parse_credential(f"  bp1/{NUMBER}/abcdefg234\r\n", "4821").secret == "ABCDEFG234"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BP1",
        "BP1/",
        "BP2/1234567897/46119246",
        "BP1/1234567897/",
        "BP1/1234567897/4611924",  # seven digits
        "BP1/1234567897/461192466",
        "BP1/1234567897/ABCDEFG23",  # nine characters
        "BP1/1234567897/ABCDEFG2345",
        "BP1/1234567897/ABCDEFG018",  # 0, 1 and 8 are not in base 32
        "BP1/1234567897/46119246/1",
        "BP1/0234567897/46119246",
        "BP1/123456789/46119246",
        "BP1/12345678970/46119246",
        "1234567898",  # wrong check digit
        "BP1/1234567898/46119246",
        "0234567897",
        "123456789",
        "12345678970",
        "+1234567897",
        "1234567897x",
        "١٢٣٤٥٦٧٨٩٧",  # digits, but not those of the card
        "BP1/١٢٣٤٥٦٧٨٩٧/46119246",
        "BP1/1234567897/٤٦١١٩٢٤٦",
        "https://example.org/",
    ],
)
def test_anything_else_is_no_credential(text: str) -> None:
    with pytest.raises(ValueError, match=r"^credential$"):
        parse_credential(text, "4821")


@pytest.mark.parametrize("text", [f"BP1/{NUMBER}/ABCDEFG234", f"BP1/{NUMBER}", str(NUMBER)])
def test_a_paper_card_needs_its_pin(text: str) -> None:
    with pytest.raises(ValueError, match=r"^pin$"):
        parse_credential(text, None)


def test_a_telephone_needs_no_pin_and_suffers_one() -> None:
    assert parse_credential(f"BP1/{NUMBER}/46119246", "0000").pin == "0000"


@given(st.text(max_size=64), st.one_of(st.none(), st.from_regex(r"[0-9]{4}", fullmatch=True)))
def test_no_text_does_worse_than_being_refused(text: str, pin: str | None) -> None:
    try:
        parsed = parse_credential(text, pin)
    except ValueError:
        return
    assert len(str(parsed.number)) == 10
    assert parsed.otp is None or parsed.secret is None


def test_a_credential_does_not_show_what_opens_the_card() -> None:
    shown = repr(Credential(NUMBER, "46119246", "ABCDEFG234", "4821"))
    assert "46119246" not in shown
    assert "ABCDEFG234" not in shown
    assert "4821" not in shown


def test_an_issued_card_does_not_show_what_opens_it() -> None:
    shown = repr(IssuedCard(new_subject_id(), NUMBER, "paper", "ABCDEFG234", "4821"))
    assert "ABCDEFG234" not in shown
    assert "4821" not in shown


def test_what_the_paper_holds_can_be_read_back() -> None:
    card = IssuedCard(new_subject_id(), NUMBER, "paper", "ABCDEFG234", "4821")
    assert parse_credential(card.uri, card.pin) == Credential(NUMBER, secret="ABCDEFG234", pin="4821")


def test_the_paper_keeps_to_the_alphabet_of_small_qr_codes() -> None:
    card = IssuedCard(new_subject_id(), NUMBER, "paper", "ABCDEFG234", "4821")
    assert set(card.uri) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")  # ISO/IEC 18004, alphanumeric


def test_a_telephone_is_enrolled_by_a_key_uri() -> None:
    card = IssuedCard(new_subject_id(), NUMBER, "phone", "GEZDGNBVGY3TQOJQ", None)
    expected = f"otpauth://totp/Pois:{NUMBER}?secret=GEZDGNBVGY3TQOJQ&algorithm=SHA256&digits=8&period=30"
    assert card.uri == expected


def test_the_printed_groups_are_read_back() -> None:
    assert grouped(NUMBER) == "1234 567 897"
    for _ in range(100):
        number = new_number()
        assert parse_credential(grouped(number), "4821").number == number
