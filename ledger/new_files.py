"""Files that are written for somebody: there whole or not at all, and never in the place of another."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ledger.errors import FileThere, FileUnreadable


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name once it is whole, and never the place of another. Refuses `FileThere`,
    `FileUnreadable`.
    """
    if path.exists():
        raise FileThere(file=str(path))
    beside = path.absolute().with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with refused_as_unreadable(path):
        file = beside.open("xb")
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
