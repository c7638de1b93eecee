"""Proofs for those who keep a checkpoint elsewhere: an auditor, a till, the paper of a shop."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from uuid import UUID

from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    FactNotAsSealed,
    FileUnreadable,
    NotSealedYet,
    ProofUnreadable,
    UnknownCheckpoint,
    UnknownTransaction,
)
from ledger.sealing import store
from ledger.sealing.model import Checkpoint, Node, Seal
from ledger.sealing.rules import approvals, certificates, notes, proofs
from ledger.sealing.rules.tree import (
    STORED_LEVEL_MIN,
    Span,
    consistency_spans,
    hash_of,
    inclusion_spans,
    leaf_hash,
    nodes_of,
    root_of,
)

_BLOCK = 1 << STORED_LEVEL_MIN


@dataclass(frozen=True, slots=True)
class Older:
    """A checkpoint that somebody kept, as it was signed."""

    note: str
    checkpoint: Checkpoint


async def prove_checkpoint(ledger: Ledger, older_size: int | None = None) -> proofs.Proof:
    """The last checkpoint; and that the books only grew since one of an older size, where one is given.

    Refuses `NotSealedYet`, `UnknownCheckpoint`.
    """
    async with ledger.unit_of_work() as work:
        return await new_proof(work, "checkpoint", await require_last(work), older_size)


async def prove_sale(
    ledger: Ledger, redemption_id: UUID, merchant_id: UUID | None = None, older_size: int | None = None
) -> proofs.Proof:
    """That a sale stands in the books: the sealed fact, and what leads from it to the last checkpoint.

    With `merchant_id`, a sale of this merchant only; with `older_size`, also that the books only grew since. Refuses
    `UnknownTransaction`, `NotSealedYet`, `FactNotAsSealed`, `UnknownCheckpoint`.
    """
    async with ledger.unit_of_work() as work:
        found = await store.sale(work, redemption_id, merchant_id)
        if found is None:
            raise UnknownTransaction(transaction=str(redemption_id))
        content, covering = found
        if covering is None:
            raise NotSealedYet(redemption=str(redemption_id))
        last = await require_last(work)
        proof = await new_proof(work, "receipt", last, older_size)
        proof.facts = [await proven_leaf(work, content, covering, last)]
        return proof


def read_proof(file: Path) -> proofs.Proof:
    """A file that proves itself. Refuses `FileUnreadable`, `ProofUnreadable`."""
    try:
        return proofs.read(_content(file))
    except proofs.Unreadable:
        raise ProofUnreadable(file=str(file)) from None


def read_older_checkpoint(file: Path) -> Older:
    """A checkpoint that was kept: a file of ours, or its text as printed. Refuses as `read_proof` does."""
    try:
        note = proofs.read_older(_content(file))
        return Older(note, notes.read_checkpoint(note))
    except (proofs.Unreadable, notes.NotANote):
        raise ProofUnreadable(file=str(file)) from None


def verify(file: Path, older: Path | None = None, statements: Sequence[Path] = ()) -> list[proofs.Finding]:
    """Try everything that a file claims; needs no database. `statements`: files that a certificate is to name.

    Refuses `FileUnreadable`, `ProofUnreadable`.
    """
    kept = None if older is None else read_older_checkpoint(older).note
    proof = read_proof(file)
    digests = tuple(sha256_of(statement) for statement in statements)
    try:
        return [
            *proofs.verify(proof, kept),
            *approvals.findings(proof),
            *certificates.findings(proof, digests),
        ]
    except proofs.Unreadable:
        raise ProofUnreadable(file=str(file)) from None


async def hashes_of(work: UnitOfWork, wanted: Iterable[Node]) -> dict[Node, bytes]:
    """Hashes of complete subtrees: large ones are stored, small ones are computed from the leaves around them."""
    nodes = list(wanted)
    found = await store.nodes(work, [node for node in nodes if node.level >= STORED_LEVEL_MIN])
    small = [node for node in nodes if node.level < STORED_LEVEL_MIN]
    for block in {node.first_leaf // _BLOCK for node in small}:
        leaves = await store.leaves_between(work, block * _BLOCK, (block + 1) * _BLOCK)
        for node in small:
            if node.first_leaf // _BLOCK == block:
                start = node.first_leaf % _BLOCK
                found[node] = root_of(leaves[start : start + (1 << node.level)])
    return found


async def new_proof(work: UnitOfWork, kind: str, last: Seal, older_size: int | None = None) -> proofs.Proof:
    """The frame of every proof: the last checkpoint, the keys, and that the books only grew since an older size.

    Refuses `UnknownCheckpoint`.
    """
    proof = proofs.Proof(kind, last.note, proofs.key_documents(await store.keys(work)))
    if older_size is not None:
        if older_size > last.size or await store.of_size(work, older_size) is None:
            raise UnknownCheckpoint(size=older_size)
        proof.older_size = older_size
        proof.consistency = await consistency_hashes(work, older_size, last.size)
    return proof


async def consistency_hashes(work: UnitOfWork, older_size: int, size: int) -> list[str]:
    """What proves that the books only grew from one size to another (base64)."""
    return await _hashed(work, consistency_spans(older_size, size))


async def proven_leaf(work: UnitOfWork, content: str, covering: Seal, last: Seal) -> proofs.Leaf:
    """A sealed fact with the way to the root. Refuses `FactNotAsSealed`."""
    leaves = await store.leaves_between(work, covering.first_leaf, covering.size)
    sealed = leaf_hash(content.encode())
    if sealed not in leaves:
        raise FactNotAsSealed(seal=covering.number)
    position = covering.first_leaf + leaves.index(sealed)
    return proofs.Leaf(content, position, await _hashed(work, inclusion_spans(position, last.size)))


async def _hashed(work: UnitOfWork, spans: Sequence[Span]) -> list[str]:
    known = await hashes_of(work, [node for span in spans for node in nodes_of(span)])
    return [b64encode(hash_of(span, known)).decode() for span in spans]


async def require_last(work: UnitOfWork) -> Seal:
    """The last seal. Refuses `NotSealedYet`."""
    last = await store.last(work)
    if last is None:
        raise NotSealedYet
    return last


def sha256_of(file: Path) -> bytes:
    """The digest of a file, of any size. Refuses `FileUnreadable`."""
    try:
        with file.open("rb") as opened:
            return file_digest(opened, "sha256").digest()
    except OSError as error:
        raise FileUnreadable(file=str(file), reason=error.strerror) from None


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(proofs.BYTES_MAX + 1)
    except OSError as error:
        raise FileUnreadable(file=str(file), reason=error.strerror) from None
