"""A checkpoint as a signed note: text that people can read, print and keep, and that programs can verify.

Both forms are open specifications (C2SP `signed-note` and `tlog-checkpoint`): the lines of the text, an empty line,
and a line for each signature, Ed25519 (RFC 8032) over the text with its last line end. A signature line names the
key: its name, and four bytes of SHA-256 of name, line end, 0x01 and public key.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.sealing.model import Checkpoint, Head

NOTE_CHARACTERS_MAX = 2_000
_ED25519 = b"\x01"
_HASH_BYTES = 4
_SIGNATURE_LINE = re.compile(r"— ([^ +]{1,100}) ([A-Za-z0-9+/]+={0,2})")
_ORIGIN = re.compile(r"bonpois(?:-rehearsal)?/[0-9a-f]{32}")
_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
_NUMBER = r"0|[1-9][0-9]{0,19}"
_HEAD = re.compile(
    rf"(?P<origin>{_ORIGIN.pattern})\n(?P<size>{_NUMBER})\n(?P<root>[A-Za-z0-9+/]{{43}}=)\n"
    rf"seal (?P<seal>{_NUMBER})\nat (?P<at>{_INSTANT})\nfinal (?P<final>{_INSTANT}|-)\n"
    rf"units (?P<epoch>{_NUMBER}) (?P<xid_from>{_NUMBER}) (?P<xid_upto>{_NUMBER}) (?P<begun_below>{_NUMBER})\n"
)
_INSTANT_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class NotANote(ValueError):  # noqa: N818 - it says what the text is
    """The text is not a checkpoint of ours in the form of a signed note."""


def origin_of(first_key: bytes, *, rehearsal: bool) -> str:
    """The name of these books for good: it follows from their first key."""
    return f"bonpois{'-rehearsal' if rehearsal else ''}/{sha256(first_key).hexdigest()[:32]}"


def checkpoint_text(origin: str, head: Head, size: int, root: bytes) -> str:
    """What is signed: origin, size and root; then lines of our own: the number of the seal, when it was made (UTC),
    until when the past is final, and which units of work it took: epoch, from, up to, none begun from.
    """
    lines = (
        origin,
        str(size),
        b64encode(root).decode(),
        f"seal {head.number}",
        f"at {_instant(head.observed_at)}",
        f"final {_instant(head.final_until) if head.final_until else '-'}",
        f"units {head.epoch} {head.xid_from} {head.xid_upto} {head.begun_below}",
    )
    return "".join(f"{line}\n" for line in lines)


def signed(text: str, name: str, keys: Iterable[Ed25519PrivateKey]) -> str:
    """The note: the text, an empty line, and a signature by each key."""
    lines = []
    for key in keys:
        mark = _key_mark(name, key.public_key().public_bytes_raw())
        lines.append(f"— {name} {b64encode(mark + key.sign(text.encode())).decode()}\n")
    return f"{text}\n{''.join(lines)}"


def read_checkpoint(note: str) -> Checkpoint:
    """What a checkpoint says, whoever signed it. Raises `NotANote`."""
    text, _ = _parts(note)
    found = _HEAD.fullmatch(text)
    if found is None:
        raise NotANote
    try:
        at = _read_instant(found["at"])
        final_until = None if found["final"] == "-" else _read_instant(found["final"])
        root = decoded(found["root"])
    except ValueError:
        raise NotANote from None
    return Checkpoint(
        origin=found["origin"],
        size=int(found["size"]),
        root=root,
        epoch=int(found["epoch"]),
        seal=int(found["seal"]),
        at=at,
        xid_from=int(found["xid_from"]),
        xid_upto=int(found["xid_upto"]),
        begun_below=int(found["begun_below"]),
        final_until=final_until,
        text=text,
    )


def signers_of(note: str, keys: Sequence[bytes]) -> list[bytes]:
    """Which of these public keys have signed a note. Raises `NotANote`.

    Signatures by other keys are passed over, as by a witness; one that claims to be by one of these and is not makes
    all of them void (C2SP `signed-note`).
    """
    text, lines = _parts(note)
    name = text.split("\n", 1)[0]
    found = []
    for key in keys:
        mark = _key_mark(name, key)
        signatures = [raw[_HASH_BYTES:] for by, raw in lines if by == name and raw[:_HASH_BYTES] == mark]
        if not all(is_signed_by(key, signature, text.encode()) for signature in signatures):
            return []
        found += [key] if signatures else []
    return found


def key_text(name: str, public_key: bytes) -> str:
    """A public key as it is handed on: name, mark, and the key in base64 (C2SP `signed-note`, verifier key)."""
    return f"{name}+{_key_mark(name, public_key).hex()}+{b64encode(_ED25519 + public_key).decode()}"


def read_key(text: str) -> tuple[str, bytes]:
    """The name and the public key of a key that was handed on. Raises `NotANote`."""
    name, _, rest = text.strip().partition("+")
    mark, _, key = rest.partition("+")
    try:
        raw = decoded(key)
    except ValueError:
        raise NotANote from None
    if raw[:1] != _ED25519 or len(raw) != 33 or not _ORIGIN.fullmatch(name) or _key_mark(name, raw[1:]).hex() != mark:
        raise NotANote
    return name, raw[1:]


def endorsement_text(first_key: bytes, number: int, public_key: bytes) -> bytes:
    """What a key signs of the one that follows it: in which books (by their first key), its number, the key."""
    keys = (b64encode(key).decode() for key in (first_key, public_key))
    return f"bonpois sealing key {number}\n{next(keys)}\n{next(keys)}\n".encode()


def is_signed_by(public_key: bytes, signature: bytes, text: bytes) -> bool:
    """Whether an Ed25519 signature holds."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def decoded(text: str) -> bytes:
    """Bytes from base64 in its canonical form (RFC 4648 §3.5): no other text stands for them. Raises `ValueError`."""
    raw = b64decode(text, validate=True)
    if b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_INSTANT_FORMAT)


def _read_instant(text: str) -> datetime:
    return datetime.strptime(text, _INSTANT_FORMAT).replace(tzinfo=UTC)


def _parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text, and the name and bytes of each signature line."""
    text, separator, rest = note.partition("\n\n")
    lines = rest.removesuffix("\n").split("\n") if rest else []
    found = [_SIGNATURE_LINE.fullmatch(line) for line in lines]
    if not separator or len(note) > NOTE_CHARACTERS_MAX or not found or None in found:
        raise NotANote
    try:
        return f"{text}\n", [(line[1], decoded(line[2])) for line in found if line]
    except ValueError:
        raise NotANote from None


def _key_mark(name: str, public_key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:_HASH_BYTES]
