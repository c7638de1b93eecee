"""One growing Merkle tree, hashed as RFC 6962 §2.1 says, with its two proofs (RFC 9162 §2.1.3 and §2.1.4).

A leaf hash is SHA-256 of a zero byte and the leaf; the database computes it. A node is SHA-256 of a one byte and its
two children. Leaves are counted from 0. Any range of leaves that a proof needs is a few complete nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from ledger.sealing.model import Node

EMPTY_ROOT = sha256(b"").digest()
STORED_LEVEL_MIN = 8  # nodes below are computed from their 256 leaves


Span = tuple[int, int]
"""Leaves from the first up to, without, the second."""


def leaf_hash(content: bytes) -> bytes:
    return sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def nodes_of(span: Span) -> list[Node]:
    """The complete nodes that make up a range of leaves which a proof names, from left to right."""
    start, end = span
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def hash_of(span: Span, hashes: Mapping[Node, bytes]) -> bytes:
    """The hash of a range of leaves, from its complete nodes; the root, for the range of all."""
    return joined([hashes[node] for node in nodes_of(span)])


def joined(hashes: Sequence[bytes]) -> bytes:
    """The hash over complete nodes that stand side by side, each smaller than the one before it."""
    if not hashes:
        return EMPTY_ROOT
    whole = hashes[-1]
    for left in reversed(hashes[:-1]):
        whole = node_hash(left, whole)
    return whole


class Frontier:
    """The right edge of a growing tree: the complete nodes of all its leaves, the largest first."""

    def __init__(self, size: int, hashes: Sequence[bytes]) -> None:
        self.size = size
        self._edge = dict(zip((node.level for node in nodes_of((0, size))), hashes, strict=True))

    def grow(self, leaves: Sequence[bytes], level_min: int = 1) -> Iterator[tuple[Node, bytes]]:
        """Add leaf hashes; gives each node that they complete, of this level and above, the small ones first."""
        level, first, row = 0, self.size, list(leaves)
        self.size += len(row)
        while row:
            if first & 1:
                row.insert(0, self._edge.pop(level))
            if len(row) & 1:
                self._edge[level] = row.pop()
            row = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=True)]
            first >>= 1
            level += 1
            if level >= level_min:
                yield from ((Node(level, place), whole) for place, whole in enumerate(row, start=first))

    @property
    def root(self) -> bytes:
        return joined([self._edge[level] for level in sorted(self._edge, reverse=True)])


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree of these leaf hashes."""
    frontier = Frontier(0, [])
    for _ in frontier.grow(leaves, level_min=len(leaves).bit_length()):
        pass
    return frontier.root


def inclusion_spans(leaf: int, size: int) -> list[Span]:
    """The ranges whose hashes prove that a leaf stands in a tree of this size, from the leaf upwards."""
    assert 0 <= leaf < size
    start, end = 0, size
    spans: list[Span] = []
    while end - start > 1:
        middle = start + _left_half(end - start)
        if leaf < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(older: int, newer: int) -> list[Span]:
    """The ranges whose hashes prove that a tree only grew between two sizes; none where either proves itself."""
    assert 0 <= older <= newer
    if older in {0, newer}:
        return []
    start, end = 0, newer
    spans: list[Span] = []
    while older != end:
        middle = start + _left_half(end - start)
        if older <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return ([] if start == 0 else [(start, end)]) + spans[::-1]


def root_of_inclusion(leaf: bytes, position: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that a leaf hash and its proof lead to; none where the proof has not the length it must have."""
    if not 0 <= position < size or len(proof) != len(inclusion_spans(position, size)):
        return None
    whole = leaf
    for (start, _), beside in zip(inclusion_spans(position, size), proof, strict=True):
        whole = node_hash(beside, whole) if start < position else node_hash(whole, beside)
    return whole


def roots_of_consistency(older: int, newer: int, older_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots that a consistency proof leads to, for 0 < older < newer; they must be the ones signed.

    A proof of another length leads to two roots that nobody signed.
    """
    spans = consistency_spans(older, newer)
    if len(proof) != len(spans):
        return b"", b""
    hashes = dict(zip(spans, proof, strict=True))
    if older & (older - 1) == 0:  # a full tree: its own root is the first node of the newer one
        hashes[0, older] = older_root
    old_root = joined([hashes[span] for span in sorted(hashes) if span[1] <= older])
    return old_root, _fold(0, newer, hashes)


def _fold(start: int, end: int, hashes: Mapping[Span, bytes]) -> bytes:
    """The hash of a range: given, or of its two halves."""
    if (start, end) in hashes:
        return hashes[start, end]
    if end - start <= 1:
        return b""
    middle = start + _left_half(end - start)
    return node_hash(_fold(start, middle, hashes), _fold(middle, end, hashes))


def _left_half(leaves: int) -> int:
    """The largest power of two below a number of leaves (RFC 6962 §2.1)."""
    return 1 << (leaves - 1).bit_length() - 1
