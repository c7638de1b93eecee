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
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from admin_cli.main import bonpois as root
from tests.cli.conftest import Terminal
from tests.cli.test_reconcile import FILE, matched, october
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
    assert done(desk, "") == ([], {"suggestions": 1, "breaks": 20})
    assert done(desk, "auq") == ([], {"suggestions": 1, "breaks": 20})
    assert done(desk, "a\n") == (["reconcile accept"], {"suggestions": 0, "breaks": 18})
    keys = ["m", "cMme Martin rappelle lundi\n", "w+14\n", "pt2030-01-31\n", "spx", "spo2"]
    acts, left = done(desk, "".join(keys))
    verbs = ["assign", "comment", "wait", "claim", "write-off", "correct"]
    print(acts, left, typed(desk, "".join(keys)).stdout)
