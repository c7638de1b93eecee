"""The secrets that must never be in the database: one file of the home, or one named by the environment.

A dump of the database alone gives away no PIN, no paper secret, no telephone secret and no identity.
Each use has a key of its own, derived from the newest master key (HKDF, RFC 5869), so that one cannot stand in
for another. Masters are numbered and an older one keeps decrypting: adding one is the rotation.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.errors import KeysMissing

_NONCE_BYTES = 12
_VERSION_BYTES = 1
_FILE = "masters.json"


@dataclass(frozen=True)
class Keyring:
    """Master keys by version. HMAC keys come from the first master (a HMAC cannot be re-keyed in place);
    encryption uses the newest and names it in the first byte.
    """

    masters: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def load(cls, folder: Path) -> Keyring:
        """Read the key file of a home; a missing or damaged one is refused (`KeysMissing`)."""
        try:
            texts = json.loads((folder / _FILE).read_text(encoding="ascii"))
            masters = tuple(bytes.fromhex(text) for text in texts)
        except (OSError, ValueError, TypeError):
            raise KeysMissing(file=str(folder / _FILE)) from None
        if not masters or any(len(master) != 32 for master in masters):
            raise KeysMissing(file=str(folder / _FILE))
        return cls(masters)

    @classmethod
    def create(cls, folder: Path) -> Keyring:
        """Make a first key file, readable by its owner only; an existing one is loaded, never replaced."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = _written_beside(folder, [secrets.token_bytes(32)])
        try:
            os.link(beside, folder / _FILE)  # fails where one exists: two processes cannot both make one
        except FileExistsError:
            pass
        finally:
            beside.unlink()
        return cls.load(folder)

    @classmethod
    def rotate(cls, folder: Path) -> Keyring:
        """Add a master to the key file of a home, in one step; who opened it before goes on with the older ones.

        The caller sees to it that nobody else does so at the same time.
        """
        masters = (*cls.load(folder).masters, secrets.token_bytes(32))
        _written_beside(folder, masters).replace(folder / _FILE)
        return cls(masters)

    def hmac(self, use: str, *parts: bytes) -> bytes:
        """HMAC-SHA-256 (RFC 2104) over length-prefixed parts, under the key of one use."""
        mac = _mac(self.masters[0], use).copy()
        mac.update(b"".join([len(part).to_bytes(4, "big") + part for part in parts]))
        return mac.digest()

    def signing_keys(self, use: str) -> list[Ed25519PrivateKey]:
        """One Ed25519 key (RFC 8032) for each master, the newest last."""
        return [Ed25519PrivateKey.from_private_bytes(_derive(master, use)) for master in self.masters]

    def encrypt(self, use: str, plain: bytes, bound_to: bytes = b"") -> bytes:
        """AES-256-GCM (NIST SP 800-38D): version byte, nonce, text and tag; `bound_to` says whose it is."""
        version = len(self.masters) - 1
        nonce = secrets.token_bytes(_NONCE_BYTES)
        text = _cipher(self.masters[version], use).encrypt(nonce, plain, bound_to)
        return bytes([version]) + nonce + text

    def decrypt(self, use: str, sealed: bytes, bound_to: bytes = b"") -> bytes:
        """The plain text of `encrypt`; a wrong key or owner, or damage, raises `KeysMissing`."""
        version, nonce = sealed[:_VERSION_BYTES], sealed[_VERSION_BYTES : _VERSION_BYTES + _NONCE_BYTES]
        if not version or version[0] >= len(self.masters):
            raise KeysMissing(use=use)
        text = sealed[_VERSION_BYTES + _NONCE_BYTES :]
        try:
            return _cipher(self.masters[version[0]], use).decrypt(nonce, text, bound_to)
        except (InvalidTag, ValueError):  # the second where it is cut short
            raise KeysMissing(use=use) from None


def _written_beside(folder: Path, masters: Sequence[bytes]) -> Path:
    """A key file under another name, readable by its owner only and safe on the disk."""
    beside = folder / f".{_FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump([master.hex() for master in masters], file)
        file.flush()
        os.fsync(file.fileno())
    return beside


@cache
def _derive(master: bytes, use: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"bonpois {use}".encode()).derive(master)


@cache
def _mac(master: bytes, use: str) -> hmac.HMAC:
    """A HMAC that has its key and waits for a text; to be copied."""
    return hmac.new(_derive(master, use), digestmod="sha256")


@cache
def _cipher(master: bytes, use: str) -> AESGCM:
    return AESGCM(_derive(master, f"encrypt {use}"))


def same(one: bytes, other: bytes) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(one, other)
