"""What a till needs to be a witness of the books: written from the specifications (C2SP `signed-note`, RFC 9162), not
with our own code, and to be copied. `cryptography` gives Ed25519; the rest is SHA-256.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Head(NamedTuple):
    """What a checkpoint says: whose books, how many leaves, and their root."""

    origin: str
    size: int
    root: bytes


class Distrusted(Exception):  # noqa: N818 - what the till has to say
    """These are not the books that they were, or nobody signed for them."""


def head_of(document: dict[str, Any]) -> Head:
    """The checkpoint of an answer, signed by a key of its books. The first key gives the books their name; each other
    one is endorsed by the one before it.
    """
    text, _, signatures = document["checkpoint"].partition("\n\n")
    origin, size, root = text.split("\n")[:3]
    keys = document["keys"]
    good = sha256(b64decode(keys[0]["public_key"])).hexdigest()[:32] == origin.partition("/")[2]
    for number, (before, key) in enumerate(pairwise(keys), start=2):
        endorsed = f"bonpois sealing key {number}\n{keys[0]['public_key']}\n{key['public_key']}\n"
        good &= _signed(before["public_key"], b64decode(key["endorsement"]), endorsed)
    marked = [b64decode(line.split(" ")[2])[4:] for line in signatures.splitlines()]
    if not good or not any(_signed(key["public_key"], line, f"{text}\n") for key in keys for line in marked):
        raise Distrusted
    return Head(origin, int(size), b64decode(root))


def require_only_grown(older: Head, newer: Head, proof: Sequence[str]) -> None:
    """RFC 9162, §2.1.4.2."""
    if older == newer and not proof:
        return
    hashes = [older.root] * (older.size & (older.size - 1) == 0) + [b64decode(each) for each in proof]
    place, last = older.size - 1, newer.size - 1
    if older.origin != newer.origin or not 0 <= place < last or not hashes:
        raise Distrusted
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = hashes[0]
    for each, left in _climb(place, last, hashes[1:]):
        old, new = (_node(each, old), _node(each, new)) if left else (old, _node(new, each))
    if (old, new) != (older.root, newer.root):
        raise Distrusted


def require_contained(content: str, position: int, head: Head, proof: Sequence[str]) -> None:
    """RFC 9162, §2.1.3.2."""
    whole = sha256(b"\x00" + content.encode()).digest()
    for each, left in _climb(position, head.size - 1, [b64decode(each) for each in proof]):
        whole = _node(each, whole) if left else _node(whole, each)
    if whole != head.root or not 0 <= position < head.size:
        raise Distrusted


def _climb(place: int, last: int, hashes: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each hash of a proof, and whether it stands to the left."""
    for each in hashes:
        if last == 0:
            raise Distrusted
        left = bool(place & 1) or place == last
        yield each, left
        while left and place and not place & 1:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last:
        raise Distrusted


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _signed(key: str, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(b64decode(key)).verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True
