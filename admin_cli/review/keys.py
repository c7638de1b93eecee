"""Keys: single ones from a terminal, characters from a pipe.

A terminal is left as it was found, however the review ends: by a key, an exception, Ctrl-C or a polite kill.
"""

from __future__ import annotations

import codecs
import os
import select
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO

from admin_cli.review.state import END_OF_INPUT, ENTER, ERASE, ESCAPE, INTERRUPT, LEFT, RIGHT

_LOCAL_FLAGS, _CHARACTERS = 3, 6  # places in what termios gives
_ESCAPE_SECONDS = 0.05  # the rest of an arrow comes at once, a person does not
_NAMED = {"\r": ENTER, "\n": ENTER, "\x7f": ERASE, "\b": ERASE, "\x04": END_OF_INPUT, "\x03": INTERRUPT}
_SEQUENCES = {"[C": RIGHT, "OC": RIGHT, "[D": LEFT, "OD": LEFT}
_EXIT_TERMINATED = 128 + signal.SIGTERM


class PipedKeys:
    """Characters from a pipe or a file. Ends of lines only end what is typed."""

    is_terminal = False

    def next_key(self) -> str:
        found = sys.stdin.read(1)
        return _NAMED.get(found, found) if found else END_OF_INPUT

    @contextmanager
    def as_found(self) -> Iterator[None]:
        yield


class TerminalKeys:
    """Keys as they are pressed: unbuffered, without echo. Ctrl-C is a key, so that it never cuts a unit of work."""

    is_terminal = True

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.found = termios.tcgetattr(descriptor)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pending = ""

    def next_key(self) -> str:
        while not self.pending:
            if not self._read():
                return END_OF_INPUT
        first, self.pending = self.pending[0], self.pending[1:]
        return self._sequence() if first == "\x1b" else _NAMED.get(first, first)

    @contextmanager
    def single_keys(self) -> Iterator[None]:
        """Single keys until the end of the block; then as it was."""
        before = signal.signal(signal.SIGTERM, _end)
        try:
            self._set_single()
            yield
        finally:
            self._restore()
            signal.signal(signal.SIGTERM, before)

    @contextmanager
    def as_found(self) -> Iterator[None]:
        self._restore()
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            self._set_single()

    def _set_single(self) -> None:
        wanted = termios.tcgetattr(self.descriptor)
        wanted[_LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        wanted[_CHARACTERS][termios.VMIN], wanted[_CHARACTERS][termios.VTIME] = 1, 0
        termios.tcsetattr(self.descriptor, termios.TCSADRAIN, wanted)

    def _restore(self) -> None:
        termios.tcsetattr(self.descriptor, termios.TCSADRAIN, self.found)

    def _read(self) -> bool:
        try:
            raw = os.read(self.descriptor, 256)
        except OSError:  # the terminal is gone
            return False
        self.pending += self.decoder.decode(raw)
        return bool(raw)

    def _sequence(self) -> str:
        """What follows an escape: an arrow, another key that we do not know, or nothing."""
        if not self.pending and select.select([self.descriptor], [], [], _ESCAPE_SECONDS)[0]:
            self._read()
        if self.pending[:1] not in {"[", "O"}:
            return ESCAPE
        length = 2
        while length < len(self.pending) and not self.pending[length - 1].isalpha() and self.pending[length - 1] != "~":
            length += 1
        sequence, self.pending = self.pending[:length], self.pending[length:]
        return _SEQUENCES.get(sequence, sequence)


@contextmanager
def keyboard(screen: IO[str]) -> Iterator[PipedKeys | TerminalKeys]:
    """Single keys where somebody sits at a terminal and sees the screen, else characters from standard input."""
    if not (sys.stdin.isatty() and screen.isatty()):
        yield PipedKeys()
        return
    keys = TerminalKeys(sys.stdin.fileno())
    with keys.single_keys():
        yield keys


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(_EXIT_TERMINATED)
