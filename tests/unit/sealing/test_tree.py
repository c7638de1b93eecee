"""The tree: the vectors of Certificate Transparency's own tests, and that nothing but the truth can be proven."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.sealing.model import Node
from ledger.sealing.rules.tree import (
    EMPTY_ROOT,
    STORED_LEVEL_MIN,
    Frontier,
    Span,
    consistency_spans,
    hash_of,
    inclusion_spans,
    joined,
    leaf_hash,
    node_hash,
    nodes_of,
    root_of,
    root_of_inclusion,
    roots_of_consistency,
)

# The reference tree of RFC 6962's implementation (github.com/google/certificate-transparency, merkletree tests).
CONTENTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSIONS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): INCLUSIONS[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
REFERENCE = [leaf_hash(bytes.fromhex(each)) for each in CONTENTS]
FALSE = b"\xff" * 32
SIZE_MAX = 40
LEAVES = [leaf_hash(str(number).encode()) for number in range(SIZE_MAX)]

sizes = st.integers(1, SIZE_MAX)


def proven(leaves: Sequence[bytes], spans: Sequence[Span]) -> list[bytes]:
    """The hashes of ranges, straight from the leaves."""
    return [root_of(leaves[start:stop]) for start, stop in spans]


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else EMPTY_ROOT
    half = 1
    while 2 * half < len(leaves):
        half *= 2
    return node_hash(by_definition(leaves[:half]), by_definition(leaves[half:]))


def held(leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    return root_of_inclusion(leaf, position, size, proof) == root


def grew(older: int, newer: int, proof: Sequence[bytes], older_root: bytes, newer_root: bytes) -> bool:
    return roots_of_consistency(older, newer, older_root, proof) == (older_root, newer_root)


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_the_reference_tree(size: int) -> None:
    assert root_of(REFERENCE[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("position", "size"), INCLUSIONS)
def test_inclusion_proofs_are_those_of_the_reference_tree(position: int, size: int) -> None:
    proof = proven(REFERENCE, inclusion_spans(position, size))
    assert [each.hex() for each in proof] == INCLUSIONS[position, size]
    assert held(REFERENCE[position], position, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("older", "newer"), CONSISTENCIES)
def test_consistency_proofs_are_those_of_the_reference_tree(older: int, newer: int) -> None:
    proof = proven(REFERENCE, consistency_spans(older, newer))
    assert [each.hex() for each in proof] == CONSISTENCIES[older, newer]
    if older < newer:
        assert grew(older, newer, proof, bytes.fromhex(ROOTS[older]), bytes.fromhex(ROOTS[newer]))


def test_the_root_is_the_one_that_the_definition_gives() -> None:
    assert [root_of(LEAVES[:size]) for size in range(SIZE_MAX)] == [
        by_definition(LEAVES[:size]) for size in range(SIZE_MAX)
    ]


@given(sizes, st.data())
def test_a_frontier_goes_on_wherever_it_was_cut(size: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, size))
    edge = [root_of(LEAVES[node.first_leaf : node.first_leaf + (1 << node.level)]) for node in nodes_of((0, cut))]
    frontier = Frontier(cut, edge)
    completed = dict(frontier.grow(LEAVES[cut:size]))
    assert (frontier.size, frontier.root) == (size, root_of(LEAVES[:size]))
    for node, whole in completed.items():
        assert whole == root_of(LEAVES[node.first_leaf : node.first_leaf + (1 << node.level)])
    assert set(completed) == {
        Node(level, position)
        for level in range(1, 7)
        for position in range(SIZE_MAX)
        if cut < (position + 1) << level <= size
    }


@given(sizes, st.data())
def test_every_range_that_a_proof_names_is_a_few_complete_nodes(size: int, data: st.DataObject) -> None:
    position, older = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    for span in [*inclusion_spans(position, size), *consistency_spans(older, size), (0, size)]:
        nodes = nodes_of(span)
        assert [
            place for node in nodes for place in range(node.first_leaf, node.first_leaf + (1 << node.level))
        ] == list(range(*span))
        known = {node: root_of(LEAVES[node.first_leaf : node.first_leaf + (1 << node.level)]) for node in nodes}
        assert hash_of(span, known) == root_of(LEAVES[slice(*span)])
        assert len(nodes) <= size.bit_length()


@pytest.mark.parametrize("size", range(1, SIZE_MAX))
def test_an_inclusion_proof_holds_for_its_leaf_at_its_place_only(size: int) -> None:
    root = root_of(LEAVES[:size])
    for position in range(size):
        proof = proven(LEAVES, inclusion_spans(position, size))
        assert held(LEAVES[position], position, size, proof, root)
        assert [place for place in range(-1, size + 2) if held(LEAVES[position], place, size, proof, root)] == [
            position
        ]
        assert not any(
            held(other, position, size, proof, root) for other in [FALSE, *LEAVES] if other != LEAVES[position]
        )


@settings(deadline=None)
@given(sizes, st.data())
def test_no_altered_inclusion_proof_holds(size: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, size - 1))
    proof, root = proven(LEAVES, inclusion_spans(position, size)), root_of(LEAVES[:size])
    for altered in altered_proofs(proof):
        assert not held(LEAVES[position], position, size, altered, root)
    for other in range(SIZE_MAX):
        if other + 1 != size:  # the size that was signed goes with the root that was signed
            assert not held(LEAVES[position], position, other + 1, proof, root_of(LEAVES[: other + 1]))


@settings(deadline=None)
@given(sizes, st.data())
def test_a_consistency_proof_holds_between_its_two_trees_only(newer: int, data: st.DataObject) -> None:
    if newer == 1:
        return
    older = data.draw(st.integers(1, newer - 1))
    proof = proven(LEAVES, consistency_spans(older, newer))
    one, two = root_of(LEAVES[:older]), root_of(LEAVES[:newer])
    assert grew(older, newer, proof, one, two)
    for altered in altered_proofs(proof):
        assert not grew(older, newer, altered, one, two)
    rewritten = [*LEAVES[: older - 1], FALSE, *LEAVES[older:newer]]
    assert not grew(older, newer, proof, root_of(rewritten[:older]), two)
    assert not grew(older, newer, proof, one, root_of(rewritten))
    assert not grew(older, newer, proven(rewritten, consistency_spans(older, newer)), one, root_of(rewritten))
    for size in range(1, newer):
        if size != older:
            assert not grew(size, newer, proof, root_of(LEAVES[:size]), two)


def altered_proofs(proof: list[bytes]) -> list[list[bytes]]:
    """A hash changed, left out, doubled or added; two of them exchanged."""
    altered = [[*proof, FALSE], [FALSE, *proof]]
    for place, each in enumerate(proof):
        rest = proof[:place], proof[place + 1 :]
        changed = bytes([each[0] ^ 1]) + each[1:]
        altered += [[*rest[0], other, *rest[1]] for other in (changed, each[:31], each + b"\x00", b"")]
        altered += [[*rest[0], *rest[1]], [*rest[0], each, each, *rest[1]]]
        if rest[1]:
            altered.append([*rest[0], rest[1][0], each, *rest[1][1:]])
    return altered


def test_a_node_is_no_leaf() -> None:
    """Else a shorter tree of forged leaves would have the root of the true one (second preimage)."""
    left, right = REFERENCE[0], REFERENCE[1]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hash(b"\x01" + left + right) != node_hash(left, right)
    shorter = [node_hash(REFERENCE[0], REFERENCE[1]), node_hash(REFERENCE[2], REFERENCE[3])]
    assert root_of(shorter) == root_of(REFERENCE[:4])  # of hashes, yes; but nobody has a leaf with such a hash
    assert root_of([leaf_hash(left + right) for _ in shorter]) != root_of(REFERENCE[:4])


def test_what_cannot_be_is_no_proof() -> None:
    assert root_of_inclusion(FALSE, 0, 0, []) is None
    assert root_of_inclusion(FALSE, 1, 1, []) is None
    assert root_of_inclusion(FALSE, 10**20, 10**20, []) is None
    assert root_of_inclusion(FALSE, 0, 10**20, []) is None
    assert not grew(1, 10**20, [FALSE], FALSE, FALSE)
    assert consistency_spans(0, 5) == consistency_spans(5, 5) == []
    assert joined([]) == EMPTY_ROOT == root_of([])
    assert 1 << STORED_LEVEL_MIN == 256
