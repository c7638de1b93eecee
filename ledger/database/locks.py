"""Locks between processes (flock), which the kernel drops with their holder, whatever killed it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ledger.errors import EmbeddedFailed

EXCLUSIVE, SHARED = fcntl.LOCK_EX, fcntl.LOCK_SH
_POLL_SECONDS = 0.01


class Lock:
    """One holder's view of a lock file; it ends when the last descriptor of this view is closed."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def take(self, kind: int) -> None:
        """Take it now, or raise `BlockingIOError`."""
        fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)

    def close(self) -> None:
        os.close(self.descriptor)


@contextmanager
def locked(path: Path, seconds_max: int) -> Iterator[None]:
    """Wait for the exclusive lock, in bounded time."""
    deadline = time.monotonic() + seconds_max
    with closing(Lock(path)) as lock:
        while True:
            try:
                lock.take(EXCLUSIVE)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedFailed(waiting_for=str(path)) from None
                time.sleep(_POLL_SECONDS)
        yield
