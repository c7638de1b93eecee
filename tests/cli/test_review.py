"""`bonpois reconcile review`: keys over a pipe, and single keys at a terminal, which is left as it was found."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from admin_cli.main import bonpois as root
from tests.cli.conftest import Terminal
from tests.cli.test_reconcile import matched, october
from tests.month import CHECKER, MAKER
from tests.people import signer

__all__ = ["matched", "october"]

WAIT_SECONDS = 30


@pytest.fixture
def desk(matched: Terminal) -> Terminal:
    """October matched, with one match taken back, so that there is a suggestion; both officers have their keys."""
    folder = Path(matched.environment["BONPOIS_OPERATOR_KEYS"])
    encryption = BestAvailableEncryption(b"correct horse")
    for name in (MAKER, CHECKER):
        pem = signer(name).private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        (folder / f"{name}.pem").write_bytes(pem)
    matched.good("reconcile", "unmatch", 3)
    return matched


def typed(desk: Terminal, keys: str, *arguments: str) -> Result:
    result = CliRunner(env=desk.environment).invoke(root, ["reconcile", "review", *arguments], input=keys)
    assert result.exit_code == 0, result.output
    return result


def done(desk: Terminal, keys: str) -> tuple[list[str], dict[str, int]]:
    """The commands that a review amounts to, and what is left."""
    document: dict[str, Any] = json.loads(typed(desk, keys, "--json").stdout)
    return [one["command"] for one in document["done"]], document["left"]


def test_keys_over_a_pipe_do_what_commands_do(desk: Terminal) -> None:
    assert done(desk, "auq") == ([], {"suggestions": 1, "breaks": 20})
    assert done(desk, "a\n") == (["reconcile accept"], {"suggestions": 0, "breaks": 18})
    [first, second, third] = [one["id"] for one in desk.json("reconcile", "review")["waiting"]][:3]
    keys = ["m", "cMme Martin rappelle lundi\n", "w+14\n", "pt+30\n", "px"]
    verbs = ["assign", "comment", "wait", "claim", "write-off"]
    assert done(desk, "".join(keys)) == ([f"break {verb}" for verb in verbs], {"suggestions": 0, "breaks": 18})
    waiting = desk.json("break", "show", first)
    assert (waiting["state"], waiting["owner"]) == ("waiting", MAKER)
    assert [desk.json("break", "show", one)["state"] for one in (second, third)] == ["proposed", "proposed"]
    desk.good("approval", "approve", desk.json("break", "show", second)["proposal"], "--operator", CHECKER)
    assert desk.json("break", "show", second)["state"] == "waiting"


def test_every_step_is_taken_back_and_a_refusal_is_told(desk: Terminal) -> None:
    assert done(desk, "smcNon\nw+5\npxuuuuu") == ([], {"suggestions": 1, "breaks": 20})
    assert done(desk, "sw+5\nbw+6\nu")[0] == ["break wait"]
    assert {one["state"] for one in desk.json("approval", "list", "--all")} == {"approved", "rejected"}
    told = typed(desk, "sw+999\nspo", "--lang", "fr").stdout
    assert all(words in told for words in ["1 sur 21 · pour 4,77", "E5015", "propre annulation", "Rien n’a été fait."])
    assert max(len(line) for line in told.splitlines()) <= 120


def test_what_changed_while_it_was_shown_is_said_and_not_done(desk: Terminal) -> None:
    with at_terminal(desk) as screen:
        screen.until("1 of 21")
        desk.good("reconcile", "accept", desk.json("reconcile", "suggestions")[0]["id"])
        screen.press("a", until="changed meanwhile")
        screen.press("s", until="2 of 21")
        assert screen.end("q") == 0


def test_a_terminal_gets_single_keys_and_is_left_as_it_was_found(desk: Terminal) -> None:
    with at_terminal(desk, BONPOIS_PASSPHRASE_FILE="") as screen:
        screen.until("1 of 21")
        screen.press("a", until="Matched; u takes it back.")
        screen.press("\x1b[D", until="This is the first one.")
        screen.press("\x1b[C", until="3 of 21")
        screen.press("c", until="Esc")
        screen.press("été\x7f", until="ét")
        screen.press("\x1b", until="Nothing was recorded.")
        screen.press("px", until="Passphrase of lea")
        screen.press("wrong horse\n", until="E5023")
        screen.press("px", until="Passphrase of lea")
        screen.press("correct horse\n", until="write off. Another person")
        assert screen.end("q") == 0
    for end, code in (("\x03", 130), (signal.SIGTERM, 143)):
        with at_terminal(desk) as screen:
            screen.until("1 of 18")
            assert screen.end(end) == code


@dataclass
class Screen:
    """A person at a terminal of 80 columns: what was drawn since, and the process that draws."""

    near_end: int
    process: subprocess.Popen[bytes]
    drawn: str = ""

    def press(self, keys: str, *, until: str) -> None:
        self.drawn = ""
        os.write(self.near_end, keys.encode())
        self.until(until)

    def until(self, words: str) -> None:
        while words not in " ".join(self.drawn.split()):
            assert self.read(), f"{words!r} never came: {self.drawn}"

    def read(self) -> bool:
        if not select.select([self.near_end], [], [], WAIT_SECONDS)[0]:
            return False
        try:
            self.drawn += os.read(self.near_end, 65536).decode(errors="replace")
        except OSError:  # the other end is closed
            return False
        return True

    def end(self, by: str | signal.Signals) -> int:
        if isinstance(by, str):
            os.write(self.near_end, by.encode())
        else:
            self.process.send_signal(by)
        self.until("\x1b[?1049l")
        return self.process.wait(WAIT_SECONDS)


@contextmanager
def at_terminal(desk: Terminal, **variables: str) -> Iterator[Screen]:
    near_end, far_end = pty.openpty()
    termios.tcsetwinsize(far_end, (24, 80))
    before = termios.tcgetattr(far_end)
    environment = {**os.environ, **desk.environment, "TERM": "xterm-256color", **variables}
    process = subprocess.Popen(
        [sys.executable, "-m", "admin_cli", "reconcile", "review"],
        stdin=far_end,
        stdout=far_end,
        stderr=far_end,
        env=environment,
        start_new_session=True,
    )
    try:
        yield Screen(near_end, process)
        assert termios.tcgetattr(far_end) == before
    finally:
        process.kill()
        process.wait()
        os.close(near_end)
        os.close(far_end)
