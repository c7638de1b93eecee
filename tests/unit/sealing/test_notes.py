"""Checkpoints as signed notes: the form that others read, and that nobody else's words pass for ours."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.sealing.model import Head
from ledger.sealing.rules.notes import (
    NOTE_CHARACTERS_MAX,
    NotANote,
    checkpoint_text,
    decoded,
    endorsement_text,
    is_signed_by,
    key_text,
    origin_of,
    read_checkpoint,
    read_key,
    signed,
    signers_of,
)

FIRST, SECOND, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
ROOT = bytes(range(32))
AT = datetime(2026, 10, 6, 7, 44, 5, 120, tzinfo=UTC)
HEAD = Head(
    number=7,
    epoch=1,
    xid_from=900,
    xid_upto=950,
    begun_below=960,
    first_leaf=40,
    observed_at=AT,
    final_until=None,
    more=False,
    finalises=False,
    rehearsal=False,
)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


ORIGIN = origin_of(public(FIRST), rehearsal=False)
TEXT = checkpoint_text(ORIGIN, HEAD, 42, ROOT)
NOTE = signed(TEXT, ORIGIN, [FIRST])
KEYS = [public(FIRST), public(SECOND)]


def test_the_text_of_a_checkpoint_is_fixed_for_good() -> None:
    """Origin, size and root as C2SP `tlog-checkpoint` says; then our own lines. Others keep these bytes."""
    assert (
        f"{ORIGIN}\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
        "seal 7\nat 2026-10-06T07:44:05.000120Z\nfinal -\nunits 1 900 950 960\n"
    ) == TEXT
    line = NOTE.removeprefix(f"{TEXT}\n— {ORIGIN} ").removesuffix("\n")
    mark, signature = b64decode(line)[:4], b64decode(line)[4:]
    assert key_text(ORIGIN, public(FIRST)).split("+")[1] == mark.hex()
    assert is_signed_by(public(FIRST), signature, TEXT.encode())


def test_keys_and_signatures_are_those_of_the_specification() -> None:
    """The example of C2SP `signed-note` (it is that of Go's `golang.org/x/mod/sumdb/note`, too)."""
    key = b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    assert key_text("PeterNeumann", key) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = b64decode("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=")
    assert line[:4].hex() == "c74f20a3"
    assert is_signed_by(key, line[4:], text)
    assert not is_signed_by(key, line[4:], text + b"\n")


@pytest.mark.parametrize("final", [None, AT])
@pytest.mark.parametrize("rehearsal", [False, True])
def test_what_was_written_is_read_again(final: datetime | None, rehearsal: bool) -> None:
    origin = origin_of(public(FIRST), rehearsal=rehearsal)
    text = checkpoint_text(origin, replace(HEAD, final_until=final), 42, ROOT)
    found = read_checkpoint(signed(text, origin, [FIRST]))
    assert (found.origin, found.size, found.root, found.seal) == (origin, 42, ROOT, 7)
    assert (found.epoch, found.xid_from, found.xid_upto, found.begun_below) == (1, 900, 950, 960)
    assert (found.at, found.final_until, found.rehearsal, found.text) == (AT, final, rehearsal, text)


def test_only_who_signed_has_signed() -> None:
    assert signers_of(NOTE, KEYS) == [public(FIRST)]
    assert signers_of(signed(TEXT, ORIGIN, [SECOND, FIRST]), KEYS) == KEYS
    assert signers_of(signed(TEXT, ORIGIN, [STRANGER]), KEYS) == []
    assert signers_of(NOTE, []) == []


def test_a_witness_may_sign_beside_us() -> None:
    beside = signed(TEXT, "witness.example/poitiers", [STRANGER]).removeprefix(f"{TEXT}\n")
    assert signers_of(NOTE + beside, KEYS) == [public(FIRST)]
    assert signers_of(f"{TEXT}\n{beside}", KEYS) == []
    assert read_checkpoint(NOTE + beside) == read_checkpoint(NOTE)


def test_a_signature_under_another_name_is_none() -> None:
    elsewhere = origin_of(public(SECOND), rehearsal=False)
    assert signers_of(signed(TEXT, elsewhere, [FIRST]), KEYS) == []


def test_a_false_signature_beside_a_true_one_spoils_it() -> None:
    other = signed(TEXT.replace("seal 7", "seal 8"), ORIGIN, [SECOND]).partition("\n\n")[2]
    assert signers_of(NOTE + other, KEYS) == []
    assert signers_of(NOTE + other, KEYS[:1]) == KEYS[:1]


def test_no_character_can_be_changed_or_left_out() -> None:
    """Save the last line end, without which a note is still the same."""
    for place, other in product(range(len(NOTE)), ("A", "B", "0", "1", "\n", " ", "")):
        altered = NOTE[:place] + other + NOTE[place + 1 :]
        if altered != NOTE and altered + "\n" != NOTE:
            assert signers_or_none(altered) == [], altered


def signers_or_none(note: str) -> list[bytes]:
    try:
        read_checkpoint(note)
        return signers_of(note, KEYS)
    except NotANote:
        return []


NO_NOTES = {
    "nothing": "",
    "no signature": TEXT,
    "no signature after the empty line": f"{TEXT}\n",
    "another line in the text": NOTE.replace("\nseal", "\nmore\nseal"),
    "a line too few": signed(TEXT.partition("units")[0], ORIGIN, [FIRST]),
    "a hyphen before the signature": NOTE.replace("—", "-"),
    "something after it": f"{NOTE}more\n",
    "an empty line after it": f"{NOTE}\n",
    "a leading zero": NOTE.replace("\n42\n", "\n042\n"),
    "a sign": NOTE.replace("\n42\n", "\n+42\n"),
    "a digit of another script": NOTE.replace("\n42\n", "\n٤٢\n"),
    "carriage returns": NOTE.replace("\n", "\r\n"),
    "no such day": NOTE.replace("2026-10-06", "2026-02-30"),
    "local time": NOTE.replace("000120Z", "000120+02:00"),
    "a root too short": NOTE.replace("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAEC"),
    "a root in other letters": NOTE.replace("Hh8=", "Hh9="),
    "another product": NOTE.replace("bonpois/", "rekor/"),
    "a signature in other letters": NOTE.removesuffix("==\n") + "=\n",
    "too long": NOTE + f"— a {b64encode(b'x' * NOTE_CHARACTERS_MAX).decode()}\n",
}


@pytest.mark.parametrize("name", NO_NOTES)
def test_junk_is_no_checkpoint(name: str) -> None:
    assert NO_NOTES[name] != NOTE
    with pytest.raises(NotANote):
        read_checkpoint(NO_NOTES[name])


def test_numbers_may_be_as_large_as_the_database_has_them() -> None:
    ended = replace(HEAD, xid_upto=2**64 - 1)
    note = signed(checkpoint_text(ORIGIN, ended, 2**62, ROOT), ORIGIN, [FIRST])
    assert (read_checkpoint(note).xid_upto, read_checkpoint(note).size) == (2**64 - 1, 2**62)


@given(st.text(max_size=300))
def test_no_text_of_strangers_raises_anything_else(text: str) -> None:
    for read in (read_checkpoint, read_key, lambda note: signers_of(note, KEYS)):
        with pytest.raises(NotANote):
            read(text)


@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, len(NOTE)))
def test_no_text_around_or_within_ours_raises_anything_else(before: str, within: str, place: int) -> None:
    altered = before + NOTE[:place] + within + NOTE[place:]
    if altered != NOTE:
        assert signers_or_none(altered) == []


def test_a_key_is_handed_on_with_the_name_of_the_books() -> None:
    for key in KEYS:
        assert read_key(key_text(ORIGIN, key)) == (ORIGIN, key)
        assert read_key(f"  {key_text(ORIGIN, key)}\n") == (ORIGIN, key)


def test_a_key_that_was_miscopied_is_refused() -> None:
    """One wrong character shows: the mark is a digest of name and key."""
    text = key_text(ORIGIN, KEYS[0])
    for place, other in product(range(len(text)), ("A", "b", "7", "é", "", "+", "=")):
        if other != text[place]:
            with pytest.raises(NotANote):
                read_key(text[:place] + other + text[place + 1 :])


def test_a_key_of_another_kind_is_refused() -> None:
    name, mark, _ = key_text(ORIGIN, KEYS[0]).split("+")
    for raw in (b"", b"\x01", b"\x04" + KEYS[0], b"\x01" + KEYS[0] + b"\x00", b"\x01" + KEYS[0][:31]):
        with pytest.raises(NotANote):
            read_key(f"{name}+{mark}+{b64encode(raw).decode()}")
    with pytest.raises(NotANote):
        read_key(key_text("PeterNeumann", KEYS[0]))


def test_the_name_of_the_books_follows_from_their_first_key() -> None:
    assert len({origin_of(key, rehearsal=made_up) for key in KEYS for made_up in (False, True)}) == 4


def test_an_endorsement_is_for_one_key_with_one_number_in_one_set_of_books() -> None:
    texts = {endorsement_text(*said) for said in [(KEYS[0], 2, KEYS[1]), (KEYS[0], 3, KEYS[1]), (KEYS[0], 2, KEYS[0])]}
    texts.add(endorsement_text(KEYS[1], 2, KEYS[1]))
    assert len(texts) == 4
    assert not texts & {TEXT.encode()}


def test_what_is_no_key_or_no_signature_signs_nothing() -> None:
    assert not is_signed_by(b"", b"", b"")
    assert not is_signed_by(KEYS[0], b"", b"")
    assert not is_signed_by(b"\x00" * 31, b"\x00" * 64, b"")


@given(st.binary(max_size=40), st.text(max_size=60))
def test_base64_has_one_form_only(raw: bytes, text: str) -> None:
    written = b64encode(raw).decode()
    assert decoded(written) == raw
    assert all(as_decoded(other) is None for other in (f"{written}\n", f"{written}=", f" {written}", f"{written}!"))
    found = as_decoded(text)
    assert found is None or b64encode(found).decode() == text


def test_bits_that_mean_nothing_are_none() -> None:
    assert as_decoded("AA==") == b"\x00"
    assert as_decoded("AB==") is None


def as_decoded(text: str) -> bytes | None:
    try:
        return decoded(text)
    except ValueError:
        return None
