"""How answers look to people, and what they may type."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest
import rich_click as click

from admin_cli import display, refusals
from admin_cli.arguments import AMOUNT, DAY, CardNumber, Digits, Whole
from ledger.errors import Fact, FileFaulty, PoolTooLow
from ledger.texts import in_language


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(capsys: pytest.CaptureFixture[str], thing: object) -> str:
    display.console().print(thing)
    return capsys.readouterr().out


def test_cells_are_written_as_the_reader_writes_them(capsys: pytest.CaptureFixture[str]) -> None:
    noon = datetime(2026, 10, 6, 10, 0, tzinfo=UTC)

    def shown(language: str) -> str:
        with in_language(language):
            row = (display.amount(-123_456), display.amount(None), 7, True, date(2026, 10, 6), noon, None, "[bold]x")
            return printed(capsys, display.table([str(number) for number in range(len(row))], [row]))

    french, english = shown("fr"), shown("en")
    for text in ("-1\u202f234,56", "oui", "06/10/2026 ", "06/10/2026 12:00", "[bold]x"):
        assert text in french
    for text in ("-1,234.56", "yes", "6 Oct 2026 ", "6 Oct 2026 12:00"):
        assert text in english


def test_nothing_is_cut_off_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert "x" * 200 in printed(capsys, display.table(["column"], [["x" * 200]]))


def test_a_progress_bar_is_drawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, shown, drawn in (
        (FakeTerminal(), True, True),
        (FakeTerminal(), False, False),
        (io.StringIO(), True, False),
    ):
        monkeypatch.setattr(sys, "stderr", stream)
        with display.progress_bar("Vouchers", shown=shown) as advance:
            advance(5, 10)
        assert ("Vouchers" in stream.getvalue()) is drawn


def test_a_fault_is_told_as_file_row_and_column(capsys: pytest.CaptureFixture[str]) -> None:
    fault: dict[str, Fact] = {
        "row": 12,
        "column": "adultes",
        "value": "x",
        "code": "c",
        "fault": "Wrong.",
        "remedy": "Mend it.",
    }
    refusal = FileFaulty(file="menages.csv", faults=[fault, {**fault, "row": None, "value": ""}])
    with in_language("en"):
        told = printed(capsys, refusals.for_people(refusal)).splitlines()
    assert told[2].strip() == "menages.csv:12:adultes: « x »: Wrong. Mend it."
    assert told[3].strip() == "menages.csv:adultes: Wrong. Mend it."


def test_amounts_of_a_refusal_are_centimes_for_programs_and_pois_for_people(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refusal = PoolTooLow(available_cents=100, needed_cents=1_234_567)
    with in_language("fr"):
        assert "nécessaire : 12\u202f345,67" in printed(capsys, refusals.for_people(refusal))
        assert refusals.document(refusal)["needed_cents"] == 1_234_567


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        (AMOUNT, "12,50", 1250),
        (AMOUNT, "12.5", 1250),
        (AMOUNT, "1 234,00", 123_400),
        (DAY, "2026-10-06", date(2026, 10, 6)),
        (DAY, "06/10/2026", date(2026, 10, 6)),
        (Digits(14), "628 194 821 00078", "62819482100078"),
        (CardNumber(10), "1234 567 890", 1_234_567_890),
        (Whole(1, 9), "9", 9),
    ],
)
def test_people_type_values_in_more_than_one_way(kind: click.ParamType[object], typed: str, value: object) -> None:
    assert kind.convert(typed, None, None) == value


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        *((AMOUNT, typed) for typed in ("0", "-1", "12,345", "twelve", "")),
        *((DAY, typed) for typed in ("2026-13-01", "10/06", "tomorrow")),
        *((Digits(14), typed) for typed in ("123", "6281948210007x", "")),
        *((Whole(1, 9), typed) for typed in ("0", "10", "1.5", "")),
    ],
)
def test_what_cannot_be_read_is_refused(kind: click.ParamType[object], typed: str) -> None:
    with pytest.raises(click.BadParameter):
        kind.convert(typed, None, None)


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "admin_cli", "--help"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
        assert (process.wait(), errors) == (0, b"")
