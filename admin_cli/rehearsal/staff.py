"""The people of a rehearsal, each with one role and a key made on the spot.

In real life a key is its person's and a passphrase opens it. A rehearsal plays all of them, so it keeps their keys in
its own folder, for nobody else to read, and can go on where it was cut. They are good for nothing else: the database
of a rehearsal is marked for good.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.approvals.actions import add_operator
from ledger.approvals.model import Role, Signer
from ledger.database.unit_of_work import Ledger
from ledger.errors import AlreadyExists

AGENT, APPROVER, FINANCE = "agent.rehearsal", "approver.rehearsal", "finance.rehearsal"
REVIEWER, TREASURER = "reviewer.rehearsal", "treasurer.rehearsal"

# The first one appoints himself and then the others.
_ROLES = {
    FINANCE: Role.FINANCE,
    APPROVER: Role.APPROVER,
    AGENT: Role.AGENT,
    REVIEWER: Role.REVIEWER,
    TREASURER: Role.TREASURER,
}


@dataclass(frozen=True, slots=True)
class Staff:
    """Their keys: a file of 32 bytes for each."""

    folder: Path

    async def take_office(self, ledger: Ledger) -> None:
        """Register whoever is not yet."""
        for name, role in _ROLES.items():
            with suppress(AlreadyExists):
                await add_operator(ledger, name, self.signer(name).public_key, [role], self.signer(FINANCE))

    def signer(self, name: str) -> Signer:
        """One of them with the key, made when it is first wanted."""
        path = self.folder / name
        if not path.exists():
            self._keep(path, Ed25519PrivateKey.generate().private_bytes_raw())
        return Signer(name, Ed25519PrivateKey.from_private_bytes(path.read_bytes()))

    def _keep(self, path: Path, key: bytes) -> None:
        """In one step: a rehearsal that is cut here makes another key."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        beside = path.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        beside.replace(path)
