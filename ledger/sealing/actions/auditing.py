"""The books against their seals: every leaf is hashed again from the rows of today, and every head signed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence

from ledger.database.unit_of_work import UnitOfWork
from ledger.sealing import store
from ledger.sealing.actions.proving import Older
from ledger.sealing.model import Node, Seal, SealingKey
from ledger.sealing.rules import notes, proofs
from ledger.sealing.rules.tree import STORED_LEVEL_MIN, Frontier

Culprit = tuple[object, dict[str, object]]

_SEALS_AT_ONCE, _LEAVES_AT_ONCE = 1000, 50_000
_LAG_SECONDS_MAX = 900  # a sealer looks every few seconds: something has been in its way for long


async def audit(work: UnitOfWork, older: Older | None = None) -> AsyncIterator[Culprit]:
    """Everything by which rows, seals, tree, keys or notes differ: who, and what is wrong.

    `older`: a checkpoint that was kept elsewhere, which the books must still contain.
    """
    malformed = await store.malformed(work)
    for what in malformed:
        yield what, {"fault": "malformed"}
    if malformed:
        return  # nothing can be read from these
    chain = _Chain(await store.keys(work), older)
    async for culprit in _seal_by_seal(work, chain):
        yield culprit
    for fault in chain.end(await store.count_nodes(work)):
        yield "seals", {"fault": fault}
    for fact, xid, epoch in await store.stray_facts(work):
        yield fact, {"fault": "never-sealed", "xid": xid, "epoch": epoch}


async def _seal_by_seal(work: UnitOfWork, chain: _Chain) -> AsyncIterator[Culprit]:
    while group := await store.seals_after(work, chain.number, _SEALS_AT_ONCE, _LEAVES_AT_ONCE):
        today = await store.recomputed(work, [each for each, _ in group])
        completed: dict[Node, bytes] = {}
        for each, leaves in group:
            if leaves != today.get(each.number, []):
                yield f"seal {each.number}", await _difference(work, each, leaves)
            for fault in chain.add(each, leaves, completed):
                yield f"seal {each.number}", {"fault": fault}
        if await store.nodes(work, completed) != completed:
            yield f"seal {group[0][0].number}", {"fault": "stored-nodes"}


async def unsealed_for_long(work: UnitOfWork) -> AsyncIterator[Culprit]:
    """A transaction that waits to be sealed for longer than a sealer needs: something holds it up, or none runs."""
    lag = await store.lag(work)
    if lag.seconds > _LAG_SECONDS_MAX:
        yield f"seal {lag.seals}", {"fault": "lag", "seconds": lag.seconds, "seconds_max": _LAG_SECONDS_MAX}


async def _difference(work: UnitOfWork, seal: Seal, leaves: Sequence[bytes]) -> dict[str, object]:
    """What of a seal is missing or new, by table; both, where a row was changed."""
    today, sealed = await store.facts(work, seal), set(leaves)
    missing = Counter(leaves) - Counter(leaf for _, _, leaf in today)
    new = sorted({fact for fact, _, leaf in today if leaf not in sealed})
    return {"fault": "facts", "missing": missing.total(), "not_sealed": new}


class _Chain:
    """The seals as they follow each other."""

    def __init__(self, keys: Sequence[SealingKey], older: Older | None) -> None:
        self.number = 0
        self._keys, self._older = keys, older
        self._before: Seal | None = None
        self._tree = Frontier(0, [])
        self._nodes = 0
        self._older_found = older is None or older.checkpoint.size == 0
        self._origin = ""

    def add(self, seal: Seal, leaves: Sequence[bytes], completed: dict[Node, bytes]) -> Iterator[str]:
        """What is wrong with the next seal; the subtrees that it completes go into `completed`."""
        self.number = seal.number
        yield from self._follows(seal)
        large = dict(self._tree.grow(leaves, STORED_LEVEL_MIN))
        completed |= large
        self._nodes += len(large)
        if self._tree.size != seal.size or self._tree.root != seal.root:
            yield "root"
        yield from self._signed(seal)
        if self._older is not None and self._older.checkpoint.size == self._tree.size:
            self._older_found |= self._older.checkpoint.root == self._tree.root
        self._before = seal

    def end(self, stored_nodes: int) -> Iterator[str]:
        """What is wrong with the whole."""
        if stored_nodes != self._nodes:
            yield "stored-nodes"
        if self._keys and not proofs.keys_hold(self._origin, self._keys).holds:
            yield "keys"
        if self._older is None:
            return
        if not self._older_found or self._older.checkpoint.seal > self.number:
            yield "older-checkpoint"
        if not proofs.signature_holds(self._older.note, self._older.checkpoint, self._keys).holds:
            yield "older-signature"
        if self._origin and self._older.checkpoint.origin != self._origin:
            yield "older-origin"

    def _follows(self, seal: Seal) -> Iterator[str]:
        before = self._before
        number, size, xid = (0, 0, 0) if before is None else (before.number, before.size, before.xid_upto)
        same_epoch = before is None or seal.epoch == before.epoch
        if (seal.number, seal.first_leaf) != (number + 1, size) or seal.xid_from != (xid if same_epoch else 0):
            yield "order"
        if before is not None and seal.observed_at <= before.observed_at:
            yield "time"

    def _signed(self, seal: Seal) -> Iterator[str]:
        """The note says what the row says; the key that the row names signed it, and none that came later."""
        try:
            said = notes.read_checkpoint(seal.note)
        except notes.NotANote:
            yield "note"
            return
        self._origin = self._origin or said.origin
        in_row = (seal.size, seal.root, seal.number, seal.epoch, seal.xid_from, seal.xid_upto, seal.begun_below)
        in_note = (said.size, said.root, said.seal, said.epoch, said.xid_from, said.xid_upto, said.begun_below)
        times = (said.at, said.final_until) == (seal.observed_at, seal.final_until)
        if in_row != in_note or not times or said.origin != self._origin:
            yield "note"
        signers = notes.signers_of(seal.note, [key.public_key for key in self._keys])
        numbers = [key.number for key in self._keys if key.public_key in signers]
        if max(numbers, default=0) != seal.key_number:
            yield "signature"
