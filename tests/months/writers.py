"""Puts a month into a file as the platform or the bank would give it, of any form; a balance file or a mapping goes
beside it where the form needs one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.months.model import Month
from tests.statement_files import FORMS, Moved, cyclos, cyclos_status, french

MAPPING = """separator = ";"
[columns]
date = "Date opération"
label = "Libellé de l'opération"
amount = "Montant"
balance = "Solde après"
"""
WRITTEN = [*FORMS, "cyclos", "mapped-csv"]


@dataclass(frozen=True)
class Written:
    """Where the file is; what an officer has to type or give with it."""

    path: Path
    opening_cents: int | None = None
    mapping: Path | None = None


def write_month(month: Month, folder: Path, form: str) -> Written:
    """The lines of the month, as they come after each other."""
    folded = form not in {"platform-csv", "cyclos"}  # only a CSV can quote a line break
    moves = [Moved(one.day, one.label.replace("\n", " ") if folded else one.label, one.cents) for one in month.theirs]
    name = f"{month.account}-{month.first:%Y-%m}-{month.seed}"
    if form == "cyclos":
        (folder / f"{name}.statut.json").write_text(cyclos_status(month.opening_cents, moves), encoding="utf-8")
        return Written(_put(folder / f"{name}.csv", cyclos(moves)))
    if form == "mapped-csv":
        mapping = _put(folder / f"{name}.toml", MAPPING)
        path = _put(folder / f"{name}.csv", _mapped(month, moves), "cp1252")
        return Written(path, opening_cents=month.opening_cents, mapping=mapping)
    text = FORMS[form](month.opening_cents, moves)
    typed = month.opening_cents if form.startswith("ofx") else None
    return Written(_put(folder / f"{name}.{form}", text), opening_cents=typed)


def _mapped(month: Month, moves: list[Moved]) -> str:
    """As a bank's web site gives it: its own headings, blanks in amounts, line breaks folded."""
    rows = ["Date opération;Libellé de l'opération;Montant;Solde après"]
    balance = month.opening_cents
    for move in moves:
        balance += move.cents
        rows.append(f"{move.day:%d/%m/%Y};{move.label};{french(move.cents, chr(160))};{french(balance, chr(160))}")
    return "\r\n".join(rows) + "\r\n"


def _put(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path
