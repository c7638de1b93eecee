"""Keys: made once, never replaced, one per use, older ones still reading."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import KeysMissing
from ledger.keyring import Keyring, same

ONE, TWO = bytes(range(32)), bytes(range(32, 64))
KEYS = Keyring((ONE,))


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    Keyring.create(tmp_path / "keys")
    assert stat.S_IMODE((tmp_path / "keys" / "masters.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["masters.json"]


def test_keys_that_exist_are_never_replaced(tmp_path: Path) -> None:
    first = Keyring.create(tmp_path)
    assert Keyring.create(tmp_path) == first == Keyring.load(tmp_path)


def test_each_installation_has_its_own(tmp_path: Path) -> None:
    assert Keyring.create(tmp_path / "one") != Keyring.create(tmp_path / "two")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "null", '["00"]', '["zz"]', "[1]", json.dumps([ONE.hex(), "00"]), json.dumps(ONE.hex())],
)
def test_a_damaged_key_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "masters.json").write_text(content)
    with pytest.raises(KeysMissing):
        Keyring.load(tmp_path)


def test_a_missing_key_file_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing) as refused:
        Keyring.load(tmp_path)
    assert refused.value.facts == {"file": str(tmp_path / "masters.json")}
    assert not list(tmp_path.iterdir())


def test_keys_do_not_show_themselves() -> None:
    assert repr(KEYS) == "Keyring()"


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_is_encrypted_is_read_back(plain: bytes, bound_to: bytes) -> None:
    assert KEYS.decrypt("profile", KEYS.encrypt("profile", plain, bound_to), bound_to) == plain


def test_the_same_text_never_looks_the_same() -> None:
    assert len({KEYS.encrypt("profile", b"plain") for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("keys", "use", "bound_to"),
    [(KEYS, "other", b"A"), (KEYS, "profile", b"B"), (KEYS, "profile", b""), (Keyring((TWO,)), "profile", b"A")],
    ids=["use", "owner", "nobody", "keys"],
)
def test_another_use_owner_or_key_cannot_read_it(keys: Keyring, use: str, bound_to: bytes) -> None:
    with pytest.raises(KeysMissing):
        keys.decrypt(use, KEYS.encrypt("profile", b"plain", b"A"), bound_to)


def test_one_changed_bit_is_noticed() -> None:
    sealed = KEYS.encrypt("profile", b"plain", b"A")
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(KeysMissing):
            KEYS.decrypt("profile", changed, b"A")


@pytest.mark.parametrize("length", [0, 1, 12, 13, 28])
def test_what_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(KeysMissing):
        KEYS.decrypt("profile", KEYS.encrypt("profile", b"plain")[:length])


def test_after_a_rotation_the_old_is_read_and_the_new_is_written() -> None:
    rotated = Keyring((ONE, TWO))
    old = KEYS.encrypt("profile", b"plain")
    assert rotated.decrypt("profile", old) == b"plain"
    new = rotated.encrypt("profile", b"plain")
    assert new[0] == 1
    assert rotated.decrypt("profile", new) == b"plain"
    with pytest.raises(KeysMissing):
        KEYS.decrypt("profile", new)


def test_after_a_rotation_a_hmac_is_what_it_was() -> None:
    assert Keyring((ONE, TWO)).hmac("pin", b"4821") == KEYS.hmac("pin", b"4821")


def test_a_hmac_tells_uses_keys_and_the_borders_of_parts_apart() -> None:
    macs = [
        KEYS.hmac("pin", b"ab", b"c"),
        KEYS.hmac("pin", b"a", b"bc"),
        KEYS.hmac("pin", b"abc"),
        KEYS.hmac("pin", b"abc", b""),
        KEYS.hmac("pin"),
        KEYS.hmac("request", b"ab", b"c"),
        Keyring((TWO,)).hmac("pin", b"ab", b"c"),
    ]
    assert len(set(macs)) == len(macs)
    assert all(len(mac) == 32 for mac in macs)


def test_a_hmac_key_is_no_encryption_key() -> None:
    sealed = KEYS.encrypt("pin", b"plain")
    with pytest.raises(KeysMissing):
        KEYS.decrypt("encrypt pin", sealed)


def test_secrets_are_compared_by_content() -> None:
    assert same(b"abc", b"abc")
    assert not same(b"abc", b"abd")
    assert not same(b"abc", b"ab")
