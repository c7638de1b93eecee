"""Many vouchers at the terminal: how far it is, what it came to, and that there was nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from admin_cli import console
from admin_cli.display import Advance
from tests.cli.conftest import Terminal

CODE = "AA-2026"
COUNT, CENTS = 56, 11_530_00


class Bars:
    """What each progress bar was told, and whether it was to be seen."""

    def __init__(self) -> None:
        self.told: list[tuple[bool, int, int]] = []

    @contextmanager
    def bar(self, _label: str, *, shown: bool) -> Iterator[Advance]:
        yield lambda done, total: self.told.append((shown, done, total))

    def taken(self) -> list[tuple[bool, int, int]]:
        told, self.told = self.told, []
        return told


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> Bars:
    made = Bars()
    monkeypatch.setattr(console, "progress_bar", made.bar)
    return made


@pytest.fixture
def funded(registered: Terminal) -> Terminal:
    registered.good("fund", "mandate", CODE, "2026-1107", "12500,00")
    registered.good("fund", "confirm", "2026-1107")
    registered.good("aid", "prepare", CODE)
    return registered


def test_a_run_is_issued_and_taken_back(funded: Terminal, bars: Bars) -> None:
    code, refusal = funded.refused("voucher", "revoke-run", CODE, 1)
    assert (code, refusal["code"], refusal["instead"]) == (3, "not-possible-now", "bonpois aid reject")
    funded.good("aid", "approve", CODE, 1, "--operator", "bruno")
    assert bars.taken() == [(True, COUNT, COUNT)]
    figures = {"programme_code": CODE, "run": 1, "vouchers": COUNT, "returned_cents": CENTS}
    assert funded.json("voucher", "revoke-run", CODE, 1, "--dry-run") == {**figures, "dry_run": True}
    assert "nothing is recorded" in funded.good("voucher", "revoke-run", CODE, 1, "--dry-run")
    assert bars.taken() == []
    assert funded.json("voucher", "revoke-run", CODE, 1) == {**figures, "dry_run": False}
    assert bars.taken() == [(False, COUNT, COUNT)]
    funded.good("check")


def test_what_has_nothing_to_do_says_so(funded: Terminal) -> None:
    funded.good("aid", "approve", CODE, 1, "--operator", "bruno")
    code, refusal = funded.refused("aid", "approve", CODE, 1, "--operator", "bruno")
    assert (code, refusal["code"], refusal["state"]) == (3, "not-pending", "issued")
    assert "nothing was done" in funded.good("voucher", "lapse")
    assert "nothing was done" not in funded.good("voucher", "revoke-run", CODE, 1)
    assert "nothing was done" in funded.good("voucher", "revoke-run", CODE, 1)
