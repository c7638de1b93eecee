"""Files that prove themselves: whatever is altered in one, somebody who has only the file finds out."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.sealing.model import Head, SealingKey
from ledger.sealing.rules import notes, proofs
from ledger.sealing.rules.proofs import BYTES_MAX, Finding, Leaf, Proof, Unreadable, read, read_older, verify, written
from ledger.sealing.rules.tree import consistency_spans, inclusion_spans, leaf_hash, root_of

AT = datetime(2026, 10, 6, 7, 44, tzinfo=UTC)
SALES = [f'redemption {{"id": "{number}", "basket_cents": 850}}' for number in range(13)]
FORGED = 'redemption {"id": "5", "basket_cents": 100}'


CODES = {"keys", "signature", "older-signature", "same-books", "only-grew"}


def keys_from(seed: int, count: int = 2) -> list[Ed25519PrivateKey]:
    return [Ed25519PrivateKey.from_private_bytes(bytes([seed + number]) * 32) for number in range(count)]


@dataclass(frozen=True)
class Books:
    """What is needed of books to write proofs: their facts, and their keys, the first one first."""

    facts: Sequence[str]
    keys: Sequence[Ed25519PrivateKey]

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_hash(fact.encode()) for fact in self.facts]

    @property
    def chain(self) -> list[SealingKey]:
        public = [key.public_key().public_bytes_raw() for key in self.keys]
        chain = [SealingKey(1, public[0], None)]
        for number, (before, key) in enumerate(pairwise(range(len(public))), start=2):
            text = notes.endorsement_text(public[0], number, public[key])
            chain.append(SealingKey(number, public[key], self.keys[before].sign(text)))
        return chain

    @property
    def origin(self) -> str:
        return notes.origin_of(self.chain[0].public_key, rehearsal=False)

    def note(self, size: int, signers: Sequence[Ed25519PrivateKey] | None = None, seal: int | None = None) -> str:
        at = AT + timedelta(minutes=size)
        head = Head(
            seal or size + 1, 1, size, size + 9, size + 9, 0, at, None, more=False, finalises=False, rehearsal=False
        )
        text = notes.checkpoint_text(self.origin, head, size, root_of(self.leaves[:size]))
        return notes.signed(text, self.origin, self.keys[-1:] if signers is None else signers)

    def receipt(self, position: int, size: int) -> Proof:
        hashes = self._hashes(inclusion_spans(position, size))
        leaf = Leaf(self.facts[position], position, hashes)
        return Proof("receipt", self.note(size), proofs.key_documents(self.chain), facts=[leaf])

    def checkpoint(self, size: int, older: int | None = None) -> Proof:
        hashes = [] if older is None else self._hashes(consistency_spans(older, size))
        keys = proofs.key_documents(self.chain)
        return Proof("checkpoint", self.note(size), keys, older_size=older, consistency=hashes)

    def _hashes(self, spans: Sequence[tuple[int, int]]) -> list[str]:
        return [b64encode(root_of(self.leaves[start:stop])).decode() for start, stop in spans]


BOOKS = Books(SALES, keys_from(1))
REWRITTEN = Books([*SALES[:5], FORGED, *SALES[6:]], BOOKS.keys)
STRANGERS = Books(SALES, keys_from(10))
RECEIPT, CHECKPOINT, OLDER = BOOKS.receipt(5, 13), BOOKS.checkpoint(13, 7), BOOKS.note(7)


def failing(found: Sequence[Finding]) -> set[str]:
    return {finding.code for finding in found if not finding.holds}


def tried(proof: Proof, older: str | None = None) -> set[str]:
    """What fails of a file as it is read again; `unreadable`, where it is none at all."""
    try:
        return failing(verify(read(written(proof).encode()), older))
    except Unreadable:
        return {"unreadable"}


@pytest.mark.parametrize("size", range(1, 14))
def test_a_receipt_of_every_fact_holds(size: int) -> None:
    for position in range(size):
        found = verify(BOOKS.receipt(position, size))
        assert [finding.code for finding in found] == ["keys", "signature", "sealed-fact"]
        assert failing(found) == set()
        assert found[2].facts == {"position": position, "fact": SALES[position]}


@pytest.mark.parametrize("size", range(14))
def test_books_that_grew_are_consistent_with_every_older_checkpoint(size: int) -> None:
    for older in range(size + 1):
        found = verify(BOOKS.checkpoint(size, older or None), BOOKS.note(older))
        assert [finding.code for finding in found] == [
            "keys",
            "signature",
            "older-signature",
            "same-books",
            "only-grew",
        ]
        assert failing(found) == set()


def test_a_file_reads_as_it_was_written() -> None:
    for proof in (RECEIPT, CHECKPOINT, BOOKS.checkpoint(3)):
        assert read(written(proof).encode()) == proof
    assert written(RECEIPT).endswith("}\n")


def test_every_changed_character_of_a_receipt_is_found() -> None:
    assert_every_change_is_found(RECEIPT, None)


def test_every_changed_character_of_a_consistency_proof_is_found() -> None:
    assert_every_change_is_found(CHECKPOINT, OLDER)


def assert_every_change_is_found(proof: Proof, older: str | None) -> None:
    whole = json.loads(written(proof))
    assert tried(proof, older) == set()
    changes = 0
    for path, value in leaves_of(whole):
        for other in changed(value):
            altered = deepcopy(whole)
            put(altered, path, other)
            assert read_and_tried(altered, older), (path, other)
            changes += 1
    assert changes > 900


def leaves_of(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Each value that is no list and no object, and where it stands; the lists themselves, too."""
    if isinstance(value, dict | list):
        if isinstance(value, list):
            yield path, value
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves_of(each, (*path, key))
    else:
        yield path, value


def changed(value: Any) -> Iterator[Any]:
    """A value otherwise: with any one character another one or missing; with one more, one less."""
    if isinstance(value, str):
        for place, character in enumerate(value):
            if character != "\n" or place + 1 != len(value):  # a note without its last line end is still itself
                yield value[:place] + value[place + 1 :]
            yield value[:place] + ("B" if character == "A" else "A") + value[place + 1 :]
            yield value[:place] + ("0" if character == "1" else "1") + value[place + 1 :]
        yield from (value + "A", value + "\n", "", None, 1)
    elif isinstance(value, int):
        yield from (value + 1, value - 1, -value, value + 2**64, float(value) + 0.5, str(value), None)
    elif isinstance(value, list):
        yield from ([*value, *value[-1:]], value[:-1], value[1:], [], None)
        if len(value) > 1:
            yield value[::-1]
    else:
        assert value is None
        yield from ("", "AAAA", 0)


def put(whole: Any, path: tuple[str | int, ...], value: Any) -> None:
    for step in path[:-1]:
        whole = whole[step]
    whole[path[-1]] = value


def read_and_tried(document: object, older: str | None) -> set[str]:
    try:
        return failing(verify(read(json.dumps(document).encode()), older))
    except Unreadable:
        return {"unreadable"}


def test_every_changed_character_of_the_older_checkpoint_is_found() -> None:
    for other in changed(OLDER):
        if isinstance(other, str):
            found = tried(CHECKPOINT, read_older(other.encode()))
            assert found or read_older(other.encode()) == OLDER, other


def test_a_receipt_of_another_fact_is_none() -> None:
    forged = BOOKS.receipt(5, 13)
    forged.facts[0].content = FORGED
    assert tried(forged) == {"sealed-fact"}


def test_a_receipt_without_its_fact_proves_nothing() -> None:
    empty = BOOKS.receipt(5, 13)
    empty.facts = []
    assert tried(empty) == {"unreadable"}
    twice = BOOKS.receipt(5, 13)
    twice.facts *= 2
    assert tried(twice) == {"unreadable"}
    assert tried(Proof("checkpoint", RECEIPT.checkpoint, RECEIPT.keys, facts=RECEIPT.facts)) == {"unreadable"}
    assert tried(Proof("testament", RECEIPT.checkpoint, RECEIPT.keys, facts=RECEIPT.facts)) == {"unreadable"}


def test_rewritten_books_are_found_by_whoever_kept_a_checkpoint() -> None:
    """The same key signs both: each is in itself what it claims; only the older checkpoint tells."""
    for size in range(6, 14):
        assert tried(REWRITTEN.checkpoint(size)) == set()
        assert tried(REWRITTEN.receipt(5, size)) == set()
        for older in range(6, size + 1):
            assert tried(REWRITTEN.checkpoint(size, older), BOOKS.note(older)) == {"only-grew"}
    assert tried(REWRITTEN.checkpoint(13, 5), BOOKS.note(5)) == set()  # older than what was rewritten


def test_books_whose_end_was_cut_off_are_found() -> None:
    assert tried(BOOKS.checkpoint(7, 7), BOOKS.note(13)) == {"only-grew"}
    assert tried(BOOKS.checkpoint(7), BOOKS.note(13)) == {"only-grew"}
    later = BOOKS.note(7, seal=99)  # a later seal, which took no leaves
    assert tried(BOOKS.checkpoint(7), later) == {"only-grew"}


def test_an_older_checkpoint_without_a_proof_is_not_believed() -> None:
    assert tried(BOOKS.checkpoint(13), OLDER) == {"no-continuation"}
    assert tried(BOOKS.checkpoint(13, 6), OLDER) == {"only-grew"}


def test_other_books_are_told_apart() -> None:
    assert tried(STRANGERS.checkpoint(13, 7)) == set()
    assert tried(STRANGERS.checkpoint(13, 7), OLDER) == {"older-signature", "same-books"}
    rehearsed = OLDER.replace("bonpois/", "bonpois-rehearsal/")
    assert tried(CHECKPOINT, rehearsed) == {"older-signature", "same-books"}


def test_who_has_not_the_key_cannot_sign() -> None:
    for signers in (STRANGERS.keys, []):
        forged = BOOKS.checkpoint(13)
        forged.checkpoint = BOOKS.note(13, signers)
        assert tried(forged) == ({"signature"} if signers else {"unreadable"})


def test_each_key_of_the_books_may_have_signed() -> None:
    """The older checkpoint is signed by the key of then; when keys change, both sign."""
    books = Books(SALES, keys_from(1, 3))
    assert tried(books.checkpoint(13, 7), BOOKS.note(7)) == set()
    assert tried(books.checkpoint(13, 7), Books(SALES, keys_from(1, 1)).note(7)) == set()
    assert tried(books.checkpoint(13, 7), books.note(7, books.keys[:2])) == set()
    assert tried(BOOKS.checkpoint(13, 7), books.note(7)) == {"older-signature"}  # a key that these do not know


BROKEN_CHAINS = {
    "no key": [],
    "the first is missing": [1, 2],
    "the second is missing": [0, 2],
    "in another order": [0, 2, 1],
    "begins with another": [1, 0, 2],
}


@pytest.mark.parametrize("name", BROKEN_CHAINS)
def test_a_broken_chain_of_keys_is_found(name: str) -> None:
    books = Books(SALES, keys_from(1, 3))
    proof = books.checkpoint(13)
    proof.keys = [proof.keys[place] for place in BROKEN_CHAINS[name]]
    assert "keys" in tried(proof)


def test_a_key_that_no_key_before_it_endorsed_is_found() -> None:
    intruder = keys_from(20, 1)[0]
    for endorser in (intruder, STRANGERS.keys[0]):
        chain = BOOKS.chain
        text = notes.endorsement_text(chain[0].public_key, 3, intruder.public_key().public_bytes_raw())
        chain.append(SealingKey(3, intruder.public_key().public_bytes_raw(), endorser.sign(text)))
        proof = Proof("checkpoint", BOOKS.note(13, [intruder]), proofs.key_documents(chain))
        assert tried(proof) == {"keys"}


def test_an_endorsement_for_other_books_or_another_place_is_none() -> None:
    key = BOOKS.keys[1].public_key().public_bytes_raw()
    for first, number in ((STRANGERS.chain[0].public_key, 2), (BOOKS.chain[0].public_key, 3)):
        endorsement = BOOKS.keys[0].sign(notes.endorsement_text(first, number, key))
        chain = [BOOKS.chain[0], SealingKey(2, key, endorsement)]
        assert tried(Proof("checkpoint", BOOKS.note(13), proofs.key_documents(chain))) == {"keys"}


def test_an_older_checkpoint_is_read_from_a_file_or_from_paper() -> None:
    for form in (written(CHECKPOINT), f"\n {written(CHECKPOINT)}"):
        assert read_older(form.encode()) == CHECKPOINT.checkpoint
    for form in (OLDER, f"\n{OLDER}\n\n", OLDER.replace("\n", "\r\n"), OLDER.rstrip()):
        assert read_older(form.encode()) == OLDER


@given(st.binary(max_size=200))
def test_bytes_of_strangers_are_unreadable_and_nothing_else(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read(content)
    with pytest.raises((Unreadable, notes.NotANote)):
        notes.read_checkpoint(read_older(content))


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"null", b"{" * 100_000, b"[" * 100_000, b'{"bonpois": "receipt"}', b"\xff", b" " * BYTES_MAX],
)
def test_what_is_no_file_of_ours_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read(content)


def test_a_file_that_is_too_long_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read(written(RECEIPT).encode() + b" " * BYTES_MAX + b"x")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("AAAA"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([RECEIPT, CHECKPOINT]), st.data())
def test_no_value_in_any_place_raises_anything_else(proof: Proof, data: st.DataObject) -> None:
    whole = json.loads(written(proof))
    path, value = data.draw(st.sampled_from(list(leaves_of(whole))))
    other = data.draw(JSON)
    put(whole, path, other)
    assert read_and_tried(whole, OLDER if proof is CHECKPOINT else None) or other == value
