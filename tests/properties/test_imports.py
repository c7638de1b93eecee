"""Statement files at random: forms agree, damage is told, and no cut or order of files changes what is known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, pairwise
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.errors import Refusal
from ledger.reconciliation.formats import Expected, guess, read_mapping, read_raw, read_statement, written
from ledger.reconciliation.model import Known, ReadStatement, StatementLine, Window
from ledger.reconciliation.rules import place
from tests.statement_files import FORMS, Moved, cyclos, cyclos_status, french, write

LABELS = ["Paiement Épicerie du Pont", "Remise du jour (4 tickets)", "VIR CCAS", "Frais", "Paiement ticket T00012"]
MOVES = st.lists(
    st.builds(
        Moved,
        st.dates(date(2026, 10, 1), date(2026, 10, 31)),
        st.sampled_from(LABELS),
        st.sampled_from([100, -100, 350, -350, 12_345, -1]),
    ),
    min_size=1,
    max_size=20,
).map(lambda moves: sorted(moves, key=lambda move: move.day))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("statements")


def in_short(read: ReadStatement) -> list[tuple[date, str, int, int]]:
    return [(line.booked_on, line.label, line.amount_cents, line.balance_cents) for line in read.lines]


@given(st.integers(-100_000, 100_000), MOVES)
def test_every_form_gives_the_same_lines(folder: Path, opening: int, moves: Sequence[Moved]) -> None:
    found = {}
    for name, form in FORMS.items():
        told = None if name not in {"ofx1", "ofx2"} else opening
        found[name] = in_short(read_statement(write(folder, name, form(opening, moves)), Expected(opening_cents=told)))
    write(folder, "cyclos.statut.json", cyclos_status(opening, moves))
    found["cyclos"] = in_short(read_statement(write(folder, "cyclos.csv", cyclos(moves)), Expected()))
    assert found["platform-csv"] == found["cyclos"]
    assert all(lines == found["platform-csv"] for lines in found.values())
    assert [(day, cents) for day, _, cents, _ in found["mt940"]] == [(move.day, move.cents) for move in moves]


@given(MOVES, st.sampled_from([";", "\t"]), st.sampled_from(["", " ", "\u202f"]), st.booleans())
def test_what_is_guessed_reads_what_is_there(
    folder: Path, moves: Sequence[Moved], separator: str, blank: str, newest_first: bool
) -> None:
    listed = moves[::-1] if newest_first else moves
    rows = [separator.join(["Date opération", "Libellé", "Montant"])]
    rows += [separator.join([f"{move.day:%d/%m/%Y}", move.label, french(move.cents, blank)]) for move in listed]
    path = write(folder, "export.csv", "\r\n".join(rows) + "\r\n")
    mapping = read_mapping(write(folder, "export.toml", written(guess(path))))
    closing = sum(move.cents for move in moves)
    read = read_statement(path, Expected(closing_cents=closing), mapping)
    assert sorted((line.booked_on, line.label, line.amount_cents) for line in read.lines) == sorted(
        (move.day, move.label, move.cents) for move in moves
    )
    assert [line.booked_on for line in read.lines] == [move.day for move in moves]


SAMPLE = [Moved(date(2026, 10, 3), "VIR CCAS MANDAT 2026-1107", 1_250_000), Moved(date(2026, 10, 9), "FRAIS", -250)]
MAPPED = 'separator = ";"\n[columns]\ndate = "Date"\nlabel = "Libellé"\ndebit = "Débit"\ncredit = "Crédit"\n'


@given(
    st.sampled_from(sorted(FORMS)), st.integers(0, 2_000), st.integers(0, 255), st.sampled_from(["put", "cut", "add"])
)
def test_one_wrong_byte_is_told_or_harmless(folder: Path, name: str, place_: int, byte: int, how: str) -> None:
    content = FORMS[name](0, SAMPLE).encode()
    at = place_ % len(content)
    changed = content[:at] + (b"" if how == "cut" else bytes([byte])) + content[at + (how != "add") :]
    with suppress(Refusal):
        read = read_statement(write(folder, "changed", changed), Expected())
        assert read.closing_cents - read.opening_cents == sum(line.amount_cents for line in read.lines)


@given(st.integers(0, 2_000), st.integers(0, 255))
def test_one_wrong_byte_in_a_mapped_file_is_told_or_harmless(folder: Path, place_: int, byte: int) -> None:
    content = bytearray(FORMS["platform-csv"](0, SAMPLE).encode())
    content[place_ % len(content)] = byte
    path = write(folder, "changed.csv", bytes(content))
    mapping = read_mapping(write(folder, "mapping.toml", MAPPED))
    with suppress(Refusal):
        read_raw(path, mapping)
    with suppress(Refusal):
        guess(path)
    with suppress(Refusal):
        read_mapping(write(folder, "damaged.toml", bytes(content)))


@given(st.binary(max_size=400))
def test_noise_is_refused(folder: Path, noise: bytes) -> None:
    with pytest.raises(Refusal):
        read_statement(write(folder, "noise", noise), Expected())


# Any cut of a month into files that follow or overlap each other, in any order.


@dataclass
class Books:
    """What the rule of placing makes of files, one part each, and of what waits."""

    parts: list[list[StatementLine]]
    opening: int = 0
    waiting: tuple[ReadStatement, ...] = ()

    @property
    def lines(self) -> list[StatementLine]:
        """All lines, with the balances that follow."""
        found, balance = [], self.opening
        for line in (one for part in self.parts for one in part):
            balance += line.amount_cents
            found.append(replace(line, balance_cents=balance))
        return found

    def give(self, file: ReadStatement) -> None:
        self.waiting += (file,)
        while any(self._take(read) for read in self.waiting):
            pass

    def _take(self, read: ReadStatement) -> bool:
        if not self.parts:
            self.parts, self.opening = [list(read.lines)], read.opening_cents
        else:
            found = place(self._window(), read)
            if found is None:
                return False
            self.parts.insert(found.joint, list(found.between))
            self.parts = [part for part in ([*found.before], *self.parts, [*found.after]) if part]
            self.opening -= sum(line.amount_cents for line in found.before)
        self.waiting = tuple(other for other in self.waiting if other is not read)
        return True

    def _window(self) -> Window:
        known = tuple(
            Known(UUID(int=1), n, n, one.booked_on, one.label, one.amount_cents, one.balance_cents, None, "x", "x")
            for n, one in enumerate(self.lines, start=1)
        )
        joints = tuple((sum(map(len, self.parts[:nth])), nth) for nth in range(1, len(self.parts)))
        return Window(self.opening, known, at_start=True, at_end=True, joints=joints)


def piece(whole: Sequence[StatementLine], start: int, stop: int) -> ReadStatement:
    cut = tuple(replace(line, number=number) for number, line in enumerate(whole[start:stop], start=1))
    opening = cut[0].balance_cents - cut[0].amount_cents
    return ReadStatement("x", b"", "x", cut[0].booked_on, cut[-1].booked_on, opening, cut[-1].balance_cents, cut)


def _no_run_is_missed_by_its_balances(whole: Sequence[StatementLine], spans: Sequence[tuple[int, int]]) -> bool:
    """One file that comes to nothing finds its place between others later; several that only together do so wait."""
    ends = sorted({place_ for span in spans for place_ in span})
    at = {place_: whole[place_ - 1].balance_cents if place_ else 500 for place_ in ends}
    return all(at[low] != at[high] or (low, high) in spans for low in ends for high in ends if low < high)


@given(MOVES, st.integers(0, 2**32), st.integers(0, 4), st.booleans())
def test_no_cut_and_no_order_of_files_changes_what_is_known(
    moves: Sequence[Moved], seed: int, overlap: int, whole_days: bool
) -> None:
    mix = random.Random(seed)
    balance, whole = 500, []
    for number, move in enumerate(moves, start=1):
        balance += move.cents
        whole.append(StatementLine(number, move.day, move.label, move.cents, balance))
    if not whole_days:  # a day that comes back to a balance in the middle of it may be cut there in two ways
        for _, lines in groupby(whole, lambda one: one.booked_on):
            first, *others = lines
            balances = [first.balance_cents - first.amount_cents, first.balance_cents]
            balances += [one.balance_cents for one in others]
            assume(len(set(balances)) == len(balances))
    days = {nth for nth in range(1, len(whole)) if whole[nth].booked_on != whole[nth - 1].booked_on}
    places = sorted(days) if whole_days else list(range(1, len(whole)))
    cuts = [0, *sorted(mix.sample(places, min(len(places), mix.randint(0, 4)))), len(whole)]
    spans = [(max(start - mix.randint(0, overlap), 0), stop) for start, stop in pairwise(cuts)]
    assume(_no_run_is_missed_by_its_balances(whole, spans))
    files = [piece(whole, start, stop) for start, stop in spans]
    mix.shuffle(files)
    books = Books([])
    for file in files:
        books.give(file)
    assert not books.waiting
    assert [(one.booked_on, one.label, one.amount_cents, one.balance_cents) for one in books.lines] == [
        (one.booked_on, one.label, one.amount_cents, one.balance_cents) for one in whole
    ]
