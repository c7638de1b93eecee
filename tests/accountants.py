"""Programs and rules of others, by which our exports are judged. Nothing here knows how an export is written."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import TypeVar

import pytest
from beancount import loader
from beancount.core.data import Open, Transaction

FEC_COLUMNS = [
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum"),
    *("CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate"),
    *("Montantdevise", "Idevise"),
]
_MANDATORY = set(FEC_COLUMNS) - {"CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise"}
Key = TypeVar("Key")

_AMOUNT = re.compile(r"[0-9]+,[0-9]{2}")


def require_hledger() -> None:
    """Skip a test where there is no hledger, save on a machine for continuous integration."""
    if shutil.which("hledger") is None and not os.environ.get("CI"):
        pytest.skip("no hledger was installed by the system")


def hledger(*arguments: object) -> str:
    """Run hledger; what it refuses is a failure of the test."""
    command = ["hledger", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"LANG": "C.UTF-8"})
    assert done.returncode == 0, done.stderr[:2_000]
    return done.stdout


def hledger_balances(file: Path, *query: str) -> dict[str, int]:
    """The balances that hledger finds, in centimes, by our account names; its strict check goes first."""
    hledger("check", "--strict", "-f", file)
    shown = hledger("balance", "-f", file, "--flat", "--no-total", "--output-format", "csv", *query)
    rows = list(csv.reader(StringIO(shown)))[1:]
    return {account: cents(balance.split(" ")[0]) for account, balance in rows if balance != "0"}


def beancount_balances(file: Path) -> dict[str, int]:
    """The balances that beancount finds, in centimes, by our account names; `bean-check` goes first."""
    check = Path(sys.executable).with_name("bean-check")
    done = subprocess.run([check, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[:2_000]
    entries, errors, _ = loader.load_file(str(file))
    assert errors == []
    names = {entry.account: entry.meta["name"] for entry in entries if isinstance(entry, Open)}
    found: dict[str, int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            assert posting.units is not None
            found[names[posting.account]] += cents(str(posting.units.number))
    return without_zeros(found)


def csv_balances(file: Path) -> dict[str, int]:
    """The balances of the table, in centimes, by account."""
    found: dict[str, int] = defaultdict(int)
    with file.open(encoding="utf-8-sig", newline="") as text:
        for row in csv.DictReader(text, delimiter=";"):
            assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
            found[row["account"]] += cents(row["debit"] or "0") - cents(row["credit"] or "0")
    return without_zeros(found)


def fec_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a file, once each is what article A47 A-1 of the Livre des procédures fiscales asks for."""
    head, *lines = file.read_bytes().decode("utf-8").removesuffix("\r\n").split("\r\n")
    assert head.split("\t") == FEC_COLUMNS
    rows = [dict(zip(FEC_COLUMNS, line.split("\t"), strict=True)) for line in lines]
    for row in rows:
        _require_good_row(row)
    _require_good_entries(rows)
    return rows


def _require_good_row(row: Mapping[str, str]) -> None:
    assert not [column for column in _MANDATORY if not row[column].strip()], row
    assert bool(row["CompAuxNum"]) == bool(row["CompAuxLib"]), row
    assert bool(row["EcritureLet"]) == bool(row["DateLet"]), row
    for column in ("EcritureDate", "PieceDate", "ValidDate", "DateLet"):
        assert not row[column] or date.fromisoformat(row[column]).strftime("%Y%m%d") == row[column], row
    assert re.match(r"[1-9][0-9]{2}", row["CompteNum"]), row
    assert _AMOUNT.fullmatch(row["Debit"]), row
    assert _AMOUNT.fullmatch(row["Credit"]), row
    assert (cents(row["Debit"]) == 0) != (cents(row["Credit"]) == 0), row


def _require_good_entries(rows: list[dict[str, str]]) -> None:
    """Each entry balances and stands in one block; their numbers go up; a number of account has one label."""
    sums: dict[str, int] = {}
    heads: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    labels: dict[str, set[str]] = defaultdict(set)
    before = None
    for row in rows:
        number = row["EcritureNum"]
        assert number == before or number not in sums, f"entry {number} stands in two places"
        before = number
        sums[number] = sums.get(number, 0) + cents(row["Debit"]) - cents(row["Credit"])
        heads[number].add((row["JournalCode"], row["EcritureDate"], row["PieceRef"], row["ValidDate"]))
        labels[row["CompteNum"]].add(row["CompteLib"])
    assert not {number for number, total in sums.items() if total}
    assert not {number for number, found in heads.items() if len(found) > 1}
    assert not {number for number, found in labels.items() if len(found) > 1}
    assert list(map(int, sums)) == sorted(map(int, sums))


def fec_numbers(rows: list[dict[str, str]]) -> list[int]:
    """The numbers of the entries, in the order of the file."""
    return list(dict.fromkeys(int(row["EcritureNum"]) for row in rows))


def fec_balances(rows: list[dict[str, str]]) -> dict[tuple[str, str], int]:
    """Balances in centimes, by CompteNum and CompAuxNum."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        found[row["CompteNum"], row["CompAuxNum"]] += cents(row["Debit"]) - cents(row["Credit"])
    return without_zeros(found)


def cents(amount: str) -> int:
    """Units with a point or a comma as whole centimes; anything finer is a failure."""
    scaled = Decimal(amount.replace(",", ".")) * 100
    assert scaled == int(scaled), amount
    return int(scaled)


def without_zeros(balances: Mapping[Key, int]) -> dict[Key, int]:
    return {key: balance for key, balance in balances.items() if balance}
