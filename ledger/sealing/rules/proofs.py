"""Files that prove themselves: what is in them, and how anybody verifies them without our database.

A proof names a checkpoint, the keys of the books (each endorsed by the one before it; the origin is a digest of the
first), and what leads from a leaf or from an older checkpoint to the root that was signed.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from ledger.sealing.model import Checkpoint, SealingKey
from ledger.sealing.rules import notes, tree

BYTES_MAX = 8_000_000
# Fewest and most facts, by kind of file.
_FACTS = {"checkpoint": (0, 0), "receipt": (1, 1), "approval": (1, 1_000), "certificate": (1, 1_000)}


class Key(msgspec.Struct, forbid_unknown_fields=True):
    """A key of the books: base64 of 32 bytes; what the key before it signed of it, none for the first."""

    public_key: str
    endorsement: str | None = None


class Leaf(msgspec.Struct, forbid_unknown_fields=True):
    """A fact as it was sealed, its position in the tree, and the hashes that lead to the root (base64)."""

    content: str
    position: int
    proof: list[str]


class Proof(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The file. `older_size` and `consistency` prove that the books only grew since a checkpoint of that size.

    `content` is what two people approved, where it could be written again from the books; `certified` proves that
    the books only grew since the checkpoint that the content of a certificate names.
    """

    bonpois: str
    checkpoint: str
    keys: list[Key]
    older_size: int | None = None
    consistency: list[str] = []
    facts: list[Leaf] = []
    content: str | None = None
    certified: list[str] = []


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried: did it hold, and what it is about."""

    code: str
    holds: bool
    facts: Mapping[str, object] = field(default_factory=dict)


class Unreadable(ValueError):  # noqa: N818 - it says what the file is
    """The file is no proof of ours."""


def written(proof: Proof) -> str:
    """The file as text: JSON that people can read, too."""
    return msgspec.json.format(msgspec.json.encode(proof), indent=2).decode() + "\n"


def read(content: bytes) -> Proof:
    """The file. Raises `Unreadable`."""
    if len(content) > BYTES_MAX:
        raise Unreadable
    try:
        return msgspec.json.decode(content, type=Proof)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Unreadable from None


def read_older(content: bytes) -> str:
    """The note of an older checkpoint: a file of ours, or the bare text as it was printed. Raises `Unreadable`."""
    text = content.lstrip()
    if text.startswith(b"{"):
        return read(text).checkpoint
    try:
        return text.replace(b"\r\n", b"\n").rstrip().decode() + "\n"
    except UnicodeDecodeError:
        raise Unreadable from None


def key_documents(keys: Sequence[SealingKey]) -> list[Key]:
    """The keys of the books as they stand in a file."""
    return [Key(_text(key.public_key), _text(key.endorsement) if key.endorsement else None) for key in keys]


def verify(proof: Proof, older_note: str | None = None) -> list[Finding]:
    """Everything that the file claims, tried; and against an older checkpoint, that the books only grew since.

    Raises `Unreadable` where a part cannot be read at all.
    """
    _require_form(proof)
    try:
        checkpoint = notes.read_checkpoint(proof.checkpoint)
        older = None if older_note is None else notes.read_checkpoint(older_note)
    except notes.NotANote:
        raise Unreadable from None
    chain = keys_of(proof)
    findings = [keys_hold(checkpoint.origin, chain), signature_holds(proof.checkpoint, checkpoint, chain)]
    if older is not None and older_note is not None:
        findings += _continuation(proof, checkpoint, older, signature_holds(older_note, older, chain))
    return findings + [_inclusion(leaf, checkpoint) for leaf in proof.facts]


def _require_form(proof: Proof) -> None:
    """A file of a known kind, with as many facts: a receipt whose fact was taken out proves nothing."""
    fewest, most = _FACTS.get(proof.bonpois, (1, 0))
    if not fewest <= len(proof.facts) <= most:
        raise Unreadable


def keys_of(proof: Proof) -> list[SealingKey]:
    """The keys of the books, as the file has them. Raises `Unreadable`."""
    return [_key(number, key) for number, key in enumerate(proof.keys, start=1)]


def _key(number: int, key: Key) -> SealingKey:
    return SealingKey(number, _bytes(key.public_key), None if key.endorsement is None else _bytes(key.endorsement))


def keys_hold(origin: str, chain: Sequence[SealingKey]) -> Finding:
    """That the origin names the first key, and each key is endorsed by the one before it."""
    rehearsal = origin.startswith("bonpois-rehearsal/")
    holds = bool(chain) and notes.origin_of(chain[0].public_key, rehearsal=rehearsal) == origin
    holds = holds and chain[0].endorsement is None
    for before, key in pairwise(chain):
        text = notes.endorsement_text(chain[0].public_key, key.number, key.public_key)
        holds = holds and notes.is_signed_by(before.public_key, key.endorsement or b"", text)
    return Finding("keys", holds, {"origin": origin, "keys": len(chain)})


def signature_holds(note: str, checkpoint: Checkpoint, chain: Sequence[SealingKey]) -> Finding:
    """That a key of the books signed a checkpoint."""
    signers = notes.signers_of(note, [key.public_key for key in chain])
    number = next((key.number for key in chain if key.public_key in signers), 0)
    facts = {"size": checkpoint.size, "seal": checkpoint.seal, "at": checkpoint.at, "key": number}
    return Finding("signature", bool(signers), facts)


def _continuation(proof: Proof, checkpoint: Checkpoint, older: Checkpoint, signed: Finding) -> list[Finding]:
    facts = {"older_size": older.size, "older_at": older.at, "size": checkpoint.size}
    told = "no-continuation" if proof.older_size is None and 0 < older.size < checkpoint.size else "only-grew"
    return [
        Finding("older-signature", signed.holds, signed.facts),
        Finding("same-books", older.origin == checkpoint.origin, {"older_origin": older.origin}),
        Finding(told, _only_grew(proof, checkpoint, older), facts),
    ]


def _only_grew(proof: Proof, checkpoint: Checkpoint, older: Checkpoint) -> bool:
    return continues(checkpoint, older, proof.consistency if proof.older_size == older.size else [])


def continues(checkpoint: Checkpoint, older: Checkpoint, consistency: Sequence[str]) -> bool:
    """Whether the hashes (base64) prove that the books only grew from one checkpoint to the other.

    Raises `Unreadable`.
    """
    if older.size > checkpoint.size or older.seal > checkpoint.seal:
        return False
    if older.size == checkpoint.size:
        return older.root == checkpoint.root
    if older.size == 0:
        return older.root == tree.EMPTY_ROOT
    hashes = [_bytes(each) for each in consistency]
    return tree.roots_of_consistency(older.size, checkpoint.size, older.root, hashes) == (older.root, checkpoint.root)


def _inclusion(leaf: Leaf, checkpoint: Checkpoint) -> Finding:
    hashes = [_bytes(each) for each in leaf.proof]
    root = tree.root_of_inclusion(tree.leaf_hash(leaf.content.encode()), leaf.position, checkpoint.size, hashes)
    return Finding("sealed-fact", root == checkpoint.root, {"position": leaf.position, "fact": leaf.content})


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    try:
        return notes.decoded(text)
    except ValueError:
        raise Unreadable from None
