"""A month as a folder (the shape of `october-2026`): who, where, what was tried at the tills, what was right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

from ledger.calendar import PARIS, paris_day
from ledger.errors import N_, FileUnreadable
from ledger.people_files import Cells, Fault, FaultKind, Table, read_table

OCTOBER = Path(__file__).parent / "october-2026"

_TEXT = re.compile(r"[^\s;|]{1,40}")
_LINES = re.compile(r"[a-z][a-z0-9-]*=[0-9]+(\|[a-z][a-z0-9-]*=[0-9]+)*")
_CENTS_MAX = 10**9
_OUTCOMES = {"approuve": "approved", "partiel": "partial", "refuse": "refused"}
NOT_A_TIME = FaultKind("not-a-time", N_("This is not a date or a time."), N_("Write 2026-10-06T09:56:00."))

_FUNDED_AFTER = timedelta(days=2)  # where no statement shows when the euros arrived
_MORNING = time(9, 0)

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Mandate:
    """Euros mandated, and the day on which the association's statement shows them."""

    at: datetime
    number: str
    amount_cents: int
    funded_at: datetime


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was tried at a till, and what a right implementation answers."""

    at: datetime
    case_number: str
    siret: str
    ticket: str
    basket: tuple[tuple[str, int], ...]
    expected_cents: int
    expected: str
    expected_code: str | None


@dataclass(frozen=True, slots=True)
class RefundOfTicket:
    """A refund of an earlier ticket."""

    at: datetime
    ticket: str
    siret: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Month:
    """The folder, read whole before anything is done."""

    folder: Path
    mandates: tuple[Mandate, ...]
    purchases: tuple[Purchase, ...]
    refunds: tuple[RefundOfTicket, ...]
    statement: Path

    @property
    def programme_file(self) -> Path:
        return self.folder / "programme.toml"

    @property
    def merchants_file(self) -> Path:
        return self.folder / "commercants.csv"

    @property
    def households_file(self) -> Path:
        return self.folder / "menages.csv"

    @property
    def reserve_statement(self) -> Path | None:
        """The bank's statement of the reserve, where the folder has one."""
        return next(iter(sorted(self.folder.glob("releve-reserve-*"))), None)

    @property
    def sirets(self) -> list[str]:
        """The merchants that sell or refund."""
        return sorted({sale.siret for sale in self.purchases} | {refund.siret for refund in self.refunds})

    @property
    def starts_at(self) -> datetime:
        """When the set-up happens: an hour before the first mandate."""
        return self.mandates[0].at - timedelta(hours=1)

    @property
    def aid_run_at(self) -> datetime:
        """Between the receipt of the euros and the first sale."""
        first_sale = self.purchases[0].at
        funded = [mandate.funded_at for mandate in self.mandates if mandate.funded_at < first_sale]
        return funded[-1] + (first_sale - funded[-1]) / 2 if funded else first_sale - timedelta(hours=1)

    @property
    def first_day(self) -> date:
        """Of the month that is played."""
        return paris_day(self.purchases[0].at).replace(day=1)

    @property
    def statements(self) -> list[Path]:
        """Those that there are."""
        return [file for file in (self.statement, self.reserve_statement) if file is not None]

    @property
    def closes_at(self) -> datetime:
        """When the statement is read: the morning of the first day of the next month."""
        return datetime.combine((self.first_day + timedelta(days=32)).replace(day=1), _MORNING, PARIS).astimezone(UTC)


def read_month(folder: Path) -> Month:
    """Read a folder. Refuses `FileUnreadable` and `FileFaulty`, naming file, row and column."""
    statements = sorted(folder.glob("releve-pois-*.csv"))
    if not statements:
        raise FileUnreadable(file=str(folder / "releve-pois-*.csv"))
    return Month(
        folder,
        tuple(sorted(_mandates(folder, statements[0]), key=lambda mandate: mandate.at)),
        tuple(sorted(_purchases(folder), key=lambda purchase: purchase.at)),
        tuple(sorted(_refunds(folder), key=lambda refund: refund.at)),
        statements[0],
    )


def _mandates(folder: Path, statement: Path) -> list[Mandate]:
    table = read_table(folder / "financements.csv", ("date", "mandat", "montant_centimes"))
    received = statement.read_text(encoding="utf-8-sig", errors="replace")
    return _checked(table, [_mandate(cells, received) for cells in _cells(table)])


def _mandate(cells: Cells, statement: str) -> Mandate:
    at = _instant(cells, "date") + timedelta(hours=_MORNING.hour)
    number = cells.text("mandat", _TEXT, "2026-1107")
    shown = re.search(rf"^(\d\d)/(\d\d)/(\d{{4}});[^\n]*{re.escape(number)}", statement, re.MULTILINE)
    funded_at = at + _FUNDED_AFTER
    if shown:
        day = datetime(int(shown[3]), int(shown[2]), int(shown[1]), _MORNING.hour, tzinfo=PARIS)
        funded_at = max(day.astimezone(UTC), at)
    return Mandate(at, number, cells.whole("montant_centimes", 1, _CENTS_MAX), funded_at)


def _purchases(folder: Path) -> list[Purchase]:
    columns = (
        "horodatage",
        "dossier",
        "siret",
        "ticket",
        "lignes_centimes",
        "attendu_centimes",
        "issue",
        "code",
    )
    table = read_table(folder / "achats.csv", columns)
    return _checked(table, [_purchase(cells) for cells in _cells(table)])


def _purchase(cells: Cells) -> Purchase:
    lines = cells.text("lignes_centimes", _LINES, "fruits-legumes=850|huiles=120")
    pairs = (line.partition("=") for line in lines.split("|"))
    return Purchase(
        _instant(cells, "horodatage"),
        cells.text("dossier", _TEXT, "D26-19215"),
        cells.text("siret", _TEXT, "62819482100078"),
        cells.text("ticket", _TEXT, "T00001"),
        tuple((category, int(cents)) for category, _, cents in pairs if cents.isdigit()),
        cells.whole("attendu_centimes", 0, _CENTS_MAX),
        cells.choice("issue", _OUTCOMES),
        cells.row.values["code"] or None,
    )


def _refunds(folder: Path) -> list[RefundOfTicket]:
    if not (folder / "remboursements.csv").exists():
        return []
    table = read_table(folder / "remboursements.csv", ("horodatage", "ticket", "siret", "montant_centimes"))
    refunds = [
        RefundOfTicket(
            _instant(cells, "horodatage"),
            cells.text("ticket", _TEXT, "T00001"),
            cells.text("siret", _TEXT, "62819482100078"),
            cells.whole("montant_centimes", 1, _CENTS_MAX),
        )
        for cells in _cells(table)
    ]
    return _checked(table, refunds)


def _instant(cells: Cells, column: str) -> datetime:
    try:
        local = datetime.fromisoformat(cells.row.values[column])
    except ValueError:
        cells.fault(NOT_A_TIME, column)
        return datetime(2000, 1, 1, tzinfo=UTC)
    return (local if local.tzinfo else local.replace(tzinfo=PARIS)).astimezone(UTC)


def _cells(table: Table) -> Iterator[Cells]:
    faults: list[Fault] = table.faults
    return (Cells(row, faults) for row in table.rows)


def _checked(table: Table, read: list[Read]) -> list[Read]:
    table.raise_faults()
    return read
