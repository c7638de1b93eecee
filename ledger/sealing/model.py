"""Seals, keys and checkpoints. Sizes and positions count leaves; `root` and hashes are 32 bytes of SHA-256."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key that signs checkpoints, as it stands in the books: the public half, and what the key before it signed."""

    number: int
    public_key: bytes
    endorsement: bytes | None


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal, and the signed head of the tree with it.

    It took the leaves from `first_leaf` on, of the units of work `xid_from` up to, without, `xid_upto`. Nothing can be
    posted any more with a `posted_at` up to `final_until`; none: nothing is final yet. `observed_at` is the database's
    clock. `note` is the checkpoint as it was signed.
    """

    number: int
    epoch: int
    xid_from: int
    xid_upto: int
    begun_below: int
    first_leaf: int
    leaf_count: int
    root: bytes
    observed_at: datetime
    final_until: datetime | None
    key_number: int
    note: str

    @property
    def size(self) -> int:
        """Leaves of the whole tree with this seal."""
        return self.first_leaf + self.leaf_count


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a signed head says. `rehearsal`: not real books. `text` is what was signed."""

    origin: str
    size: int
    root: bytes
    epoch: int
    seal: int
    at: datetime
    xid_from: int
    xid_upto: int
    begun_below: int
    final_until: datetime | None
    text: str

    @property
    def rehearsal(self) -> bool:
        return self.origin.startswith("bonpois-rehearsal/")


@dataclass(frozen=True, slots=True)
class Head:
    """What the next seal is to be: see `Seal`. `more`: it stops before what is finished, and another one follows.

    `finalises`: it is worth a seal without leaves, because more of the past becomes final.
    """

    number: int
    epoch: int
    xid_from: int
    xid_upto: int
    begun_below: int
    first_leaf: int
    observed_at: datetime
    final_until: datetime | None
    more: bool
    finalises: bool
    rehearsal: bool


@dataclass(frozen=True, slots=True)
class Lag:
    """How many seals and leaves there are, and how many seconds ago the oldest unsealed transaction was posted."""

    seals: int
    leaves: int
    seconds: int


class Node(NamedTuple):
    """The complete subtree of 2^level leaves that begins at position × 2^level."""

    level: int
    position: int

    @property
    def first_leaf(self) -> int:
        return self.position << self.level
