"""The key of one person: it opens nothing of another's, and without it nothing opens."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from ledger.errors import KeysMissing
from ledger.keyring import Keyring
from ledger.subject_keys import SubjectKey

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path)


def test_what_was_encrypted_is_read_back(ring: Keyring) -> None:
    key = SubjectKey.new(ONE)
    again = SubjectKey.unwrap(ring, ONE, key.wrap(ring))
    assert again == key
    assert again.decrypt(key.encrypt(b"profile")) == b"profile"
    assert again.hmac(b"a", b"b") == key.hmac(b"a", b"b") != key.hmac(b"ab")


def test_a_wrapped_key_belongs_to_its_subject(ring: Keyring) -> None:
    with pytest.raises(KeysMissing):
        SubjectKey.unwrap(ring, OTHER, SubjectKey.new(ONE).wrap(ring))


def test_another_key_reads_nothing() -> None:
    sealed = SubjectKey.new(ONE).encrypt(b"profile")
    for wrong in (SubjectKey.new(ONE), SubjectKey.new(OTHER)):
        with pytest.raises(KeysMissing):
            wrong.decrypt(sealed)


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 12, b"x" * 60])
def test_what_is_damaged_is_refused(sealed: bytes) -> None:
    with pytest.raises(KeysMissing):
        SubjectKey.new(ONE).decrypt(sealed)


def test_a_key_does_not_show_when_printed() -> None:
    key = SubjectKey.new(ONE)
    assert key.key.hex() not in repr(key)
    assert repr(key.key) not in repr(key)
