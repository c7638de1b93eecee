"""A key of one's own for each person in the books: whoever deletes it erases that person (L12).

The key is random, kept wrapped by the keyring and bound to its subject. Once it is gone, what it encrypted
cannot be read, and what it authenticated (the inputs of a decision) proves nothing to anybody.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import KeysMissing
from ledger.keyring import Keyring

_USE = "subject-key"
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """256 random bits of one subject; each use has a key derived from them."""

    subject_id: UUID
    key: bytes = field(repr=False)

    @classmethod
    def new(cls, subject_id: UUID) -> SubjectKey:
        return cls(subject_id, secrets.token_bytes(32))

    @classmethod
    def unwrap(cls, keys: Keyring, subject_id: UUID, wrapped: bytes) -> SubjectKey:
        """The key as it was wrapped; a wrong keyring or subject raises `KeysMissing`."""
        return cls(subject_id, keys.decrypt(_USE, wrapped, subject_id.bytes))

    def wrap(self, keys: Keyring) -> bytes:
        """What is stored of it."""
        return keys.encrypt(_USE, self.key, self.subject_id.bytes)

    def encrypt(self, plain: bytes) -> bytes:
        """AES-256-GCM (NIST SP 800-38D): nonce, text and tag, bound to the subject."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._derive(b"profile")).encrypt(nonce, plain, self.subject_id.bytes)

    def decrypt(self, sealed: bytes) -> bytes:
        """The plain text of `encrypt`; anything else raises `KeysMissing`."""
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return AESGCM(self._derive(b"profile")).decrypt(nonce, text, self.subject_id.bytes)
        except (InvalidTag, ValueError):
            raise KeysMissing(use=_USE) from None

    def hmac(self, *parts: bytes) -> bytes:
        """HMAC-SHA-256 (RFC 2104) over length-prefixed parts."""
        mac = hmac.new(self._derive(b"inputs"), digestmod=sha256)
        for part in parts:
            mac.update(len(part).to_bytes(4, "big") + part)
        return mac.digest()

    def _derive(self, use: bytes) -> bytes:
        return hmac.digest(self.key, use, "sha256")
