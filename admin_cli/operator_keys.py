"""The keys of operators: one file for each in the person's own configuration folder, opened by a passphrase.

It never lies in the home: who has the home, or its backup, cannot sign for anybody.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import rich_click as click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ledger.approvals.model import OPERATOR_NAME, Signer
from ledger.errors import AlreadyExists, BadValue, FileUnreadable, KeyFileMissing, PassphraseRefused
from ledger.texts import gettext as _

PASSPHRASE_CHARACTERS_MIN = 8
_FILE_BYTES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Where the key of one operator lies: PKCS#8 in PEM, encrypted (RFC 5958), for its owner's eyes only."""

    operator: str
    path: Path

    @classmethod
    def of(cls, operator: str) -> KeyFile:
        """In the folder of BONPOIS_OPERATOR_KEYS, else in the user's configuration folder. Refuses `BadValue`."""
        if not OPERATOR_NAME.fullmatch(operator):
            raise BadValue(field="name", value=operator, pattern=OPERATOR_NAME.pattern)
        given = os.environ.get("BONPOIS_OPERATOR_KEYS")
        folder = Path(given).expanduser() if given else platformdirs.user_config_path("bonpois") / "keys"
        return cls(operator, folder / f"{operator}.pem")

    def make(self) -> Signer:
        """A new key, under a passphrase typed twice. Refuses `AlreadyExists`: no key is ever overwritten."""
        if self.path.exists():
            raise AlreadyExists(file=str(self.path))
        made = Ed25519PrivateKey.generate()
        encryption = BestAvailableEncryption(new_passphrase(self.operator))
        _write_once(self.path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        return Signer(self.operator, made)

    def unlock(self) -> Signer:
        """The key, opened. Refuses `KeyFileMissing`, `FileUnreadable`, `PassphraseRefused`."""
        if not self.path.exists():
            raise KeyFileMissing(operator=self.operator, file=str(self.path))
        content = _read(self.path)
        try:
            found = load_pem_private_key(content, passphrase(self.operator))
        except (ValueError, TypeError):
            raise PassphraseRefused(operator=self.operator, file=str(self.path)) from None
        if not isinstance(found, Ed25519PrivateKey):
            raise FileUnreadable(file=str(self.path), reason="not-ed25519")
        return Signer(self.operator, found)

    def make_or_unlock(self) -> Signer:
        """The key that is here, or a new one: so that a command cut in between can be repeated."""
        return self.unlock() if self.path.exists() else self.make()


def passphrase(operator: str) -> bytes:
    """From the file of BONPOIS_PASSPHRASE_FILE, else typed without being shown."""
    given = os.environ.get("BONPOIS_PASSPHRASE_FILE")
    if given:
        return _read(Path(given).expanduser()).rstrip(b"\r\n")
    asked: str = click.prompt(_("Passphrase of {name}").format(name=operator), hide_input=True, err=True)
    return asked.encode()


def new_passphrase(operator: str) -> bytes:
    """The same, typed twice. Refuses `PassphraseRefused` where it is shorter than 8 characters."""
    chosen = passphrase(operator)
    if len(chosen.decode(errors="replace")) < PASSPHRASE_CHARACTERS_MIN:
        raise PassphraseRefused(operator=operator, needed=PASSPHRASE_CHARACTERS_MIN)
    if not os.environ.get("BONPOIS_PASSPHRASE_FILE"):
        again: str = click.prompt(_("The same passphrase again"), hide_input=True, err=True)
        if again.encode() != chosen:
            raise PassphraseRefused(operator=operator, reason="differs")
    return chosen


def public_pem(signer: Signer) -> str:
    """The public half as the person hands it over: no secret."""
    return signer.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def read_public_key(path: Path) -> bytes:
    """The 32 bytes of a public key that somebody handed over. Refuses `FileUnreadable`."""
    try:
        found = load_pem_public_key(_read(path))
    except ValueError:
        raise FileUnreadable(file=str(path), reason="no-public-key") from None
    if not isinstance(found, Ed25519PublicKey):
        raise FileUnreadable(file=str(path), reason="not-ed25519")
    return found.public_bytes_raw()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_FILE_BYTES_MAX)
    except OSError as error:
        raise FileUnreadable(file=str(path), reason=error.strerror) from None


def _write_once(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise AlreadyExists(file=str(path)) from None
    except OSError as error:
        raise FileUnreadable(file=str(path), reason=error.strerror) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
