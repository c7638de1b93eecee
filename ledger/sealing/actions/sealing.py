"""Sealing: what is finished becomes leaves of the tree, and its new head is signed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import KeysMissing
from ledger.keyring import Keyring
from ledger.sealing import store
from ledger.sealing.actions.proving import hashes_of
from ledger.sealing.model import Head, Lag, Seal, SealingKey
from ledger.sealing.rules import notes
from ledger.sealing.rules.tree import STORED_LEVEL_MIN, Frontier, nodes_of

_USE = "seal"
_ROUNDS_MAX = 4


async def seal(ledger: Ledger, *, rounds_max: int = _ROUNDS_MAX) -> Seal | None:
    """Seal all that is finished; the last seal made, none where there is nothing new or somebody else is sealing.

    A round more takes what was finished meanwhile, or makes the past final that has come to rest; it has no end while
    tills are busy, hence `rounds_max`. Each seal is a unit of work of its own, so that this can be cut and done again.
    Writers are never held up. Refuses `KeysMissing`.
    """
    made = None
    for _ in range(rounds_max):
        new, more = await _seal_once(ledger)
        made = new or made
        while more:
            new, more = await _seal_once(ledger)
            made = new or made
        if new is None:
            break
    return made


async def _seal_once(ledger: Ledger) -> tuple[Seal | None, bool]:
    async with ledger.unit_of_work() as work:
        return await _seal_next(work) if await store.take_turn(work) else (None, False)


async def last_seal(ledger: Ledger) -> Seal | None:
    """The last seal; its note is the checkpoint."""
    async with ledger.unit_of_work() as work:
        return await store.last(work)


async def seal_lag(ledger: Ledger) -> Lag:
    """What is sealed, and since when something waits to be."""
    async with ledger.unit_of_work() as work:
        return await store.lag(work)


async def rotate_key(ledger: Ledger, folder: Path, operator: str) -> SealingKey:
    """Put a new key into the key file of a home, endorse it with the old one, and sign the next checkpoint with both.

    Services that run go on with the old key file, and cannot seal until they are started again. Cut in the middle,
    the next sealing finishes it. Refuses `UnknownOperator`, `RoleMissing`, `KeysMissing`.
    """
    async with ledger.unit_of_work() as work:
        await operator_named(work, operator, Role.APPROVER, Role.FINANCE)
        await store.wait_for_turn(work)
        keys = Keyring.rotate(folder)
    await seal(Ledger(ledger.database, ledger.clock, keys))
    async with ledger.unit_of_work() as work:
        return (await store.keys(work))[-1]


async def _seal_next(work: UnitOfWork) -> tuple[Seal | None, bool]:
    """The next seal, none where nothing would change; and whether its bound left out what was finished."""
    head = await store.head(work)
    leaves = await store.leaf_hashes(work, head) if head.xid_from < head.xid_upto else []
    known, signers = await _signers(work, work.keys)
    if not leaves and not head.finalises and not head.more and len(signers) == 1:
        return None, False
    frontier = await _frontier(work, head.first_leaf)
    completed = dict(frontier.grow(leaves, STORED_LEVEL_MIN))
    made = _signed(head, len(leaves), frontier.root, known, signers)
    await store.add_seal(work, made, leaves)
    await store.add_nodes(work, completed)
    return made, head.more


def _signed(
    head: Head, leaf_count: int, root: bytes, known: Sequence[SealingKey], signers: Sequence[Ed25519PrivateKey]
) -> Seal:
    origin = notes.origin_of(known[0].public_key, rehearsal=head.rehearsal)
    text = notes.checkpoint_text(origin, head, head.first_leaf + leaf_count, root)
    return Seal(
        number=head.number,
        epoch=head.epoch,
        xid_from=head.xid_from,
        xid_upto=head.xid_upto,
        begun_below=head.begun_below,
        first_leaf=head.first_leaf,
        leaf_count=leaf_count,
        root=root,
        observed_at=head.observed_at,
        final_until=head.final_until,
        key_number=known[-1].number,
        note=notes.signed(text, origin, signers),
    )


async def _frontier(work: UnitOfWork, size: int) -> Frontier:
    """The right edge of the tree as it was sealed last."""
    edge = nodes_of((0, size))
    known = await hashes_of(work, edge)
    return Frontier(size, [known[node] for node in edge])


async def _signers(work: UnitOfWork, keys: Keyring) -> tuple[list[SealingKey], list[Ed25519PrivateKey]]:
    """The keys of the books, the newest last, and the private ones that sign now.

    A key that the key file has and the books have not is registered here: the first of all, or one that its
    predecessor endorses; then both sign. Refuses `KeysMissing`.
    """
    known = await store.keys(work)
    ours = {key.public_key().public_bytes_raw(): key for key in keys.signing_keys(_USE)}
    newest = list(ours)[-1]
    if known and known[-1].public_key not in ours:
        raise KeysMissing(use=_USE, number=known[-1].number)
    if known and known[-1].public_key == newest:
        return known, [ours[newest]]
    added = SealingKey(len(known) + 1, newest, None)
    signers = [ours[newest]]
    if known:
        before = ours[known[-1].public_key]
        endorsement = before.sign(notes.endorsement_text(known[0].public_key, added.number, newest))
        added, signers = SealingKey(added.number, newest, endorsement), [before, *signers]
    await store.add_key(work, added)
    return [*known, added], signers
