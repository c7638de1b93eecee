"""Files that are written for somebody: there whole or not at all, and never in the place of another."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import BinaryIO

from ledger.errors import FileThere, FileUnreadable

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def require_new(path: Path) -> None:
    """Refuse (`FileThere`) a path that is taken, before anything is done for the file."""
    if path.exists():
        raise FileThere(file=str(path))


@contextmanager
def new_file(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """A file that takes its name once it is whole, and never the place of another; `private`: nobody else may read
    it. Refuses `FileThere`, `FileUnreadable`.
    """
    require_new(path)
    beside = path.absolute().with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with refused_as_unreadable(path):
        file = beside.open("xb") if not private else os.fdopen(os.open(beside, _NEW, 0o600), "wb")
    try:
        with file:
            yield file
            with refused_as_unreadable(path):
                file.flush()
                os.fsync(file.fileno())
        with refused_as_unreadable(path):
            _give_name(beside, path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder for its owner alone that takes its name once it is whole; until then it lies beside, and whoever fails
    in the block leaves nothing. Refuses `FileThere`, `FileUnreadable`.
    """
    if path.exists():
        raise FileThere(file=str(path))
    beside = path.absolute().with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with refused_as_unreadable(path):
        beside.mkdir(mode=0o700)
    try:
        yield beside
        if path.exists():  # it came meanwhile
            raise FileThere(file=str(path))
        with refused_as_unreadable(path):
            beside.rename(path)
    finally:
        rmtree(beside, ignore_errors=True)


def private_file(path: Path, content: bytes) -> None:
    """Write a new file that only its owner reads, and see it onto the disk. Refuses `FileUnreadable`."""
    with refused_as_unreadable(path), os.fdopen(os.open(path, _NEW, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _give_name(beside: Path, path: Path) -> None:
    try:
        path.hardlink_to(beside)
    except FileExistsError:  # it came meanwhile
        raise FileThere(file=str(path)) from None
    except OSError:  # a disk that knows no links, as most memory sticks
        beside.rename(path)


@contextmanager
def refused_as_unreadable(path: Path) -> Iterator[None]:
    """Whatever the disk refuses becomes `FileUnreadable`."""
    try:
        yield
    except OSError as error:
        raise FileUnreadable(file=str(path), reason=error.strerror or type(error).__name__) from None
