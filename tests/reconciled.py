"""Both sides of a statement for tests: small ones by hand, and those of the sample month from its files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from itertools import count
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from ledger.books.transaction import TransactionKind
from ledger.calendar import PARIS
from ledger.errors import Refusal
from ledger.reconciliation.formats import Expected, read_statement
from ledger.reconciliation.model import Books, Break, Line, Match, Party, ReadStatement, Unit
from ledger.reconciliation.rules import find_breaks, find_matches
from tests.month import OCTOBER

STATEMENT = uuid5(NAMESPACE_OID, "statement")
LAST_DAY = date(2026, 10, 31)
_numbers = count(1)


def day(number: int, month: int = 10) -> date:
    return date(2026, month, number)


def line(number: int, booked_on: date, label: str, cents: int, statement: UUID = STATEMENT) -> Line:
    return Line(statement, number, booked_on, label, cents, LAST_DAY)


def sale(booked_on: date, merchant: str, cents: int, reference: str | None = None) -> Unit:
    """A sale of so many centimes; each one is a minute later than the one before."""
    return unit(TransactionKind.REDEMPTION, booked_on, -cents, reference, merchant)


def refund(booked_on: date, merchant: str, cents: int, reference: str | None = None) -> Unit:
    return unit(TransactionKind.REFUND, booked_on, cents, reference, merchant)


def unit(
    kind: TransactionKind, booked_on: date, cents: int, reference: str | None = None, merchant: str | None = None
) -> Unit:
    nth = next(_numbers)
    instant = datetime.combine(booked_on, time(8 + nth // 60 % 12, nth % 60), PARIS)
    return Unit(uuid5(NAMESPACE_OID, f"unit {nth}"), kind, booked_on, instant, cents, reference, merchant)


def reconciled(books: Books, last_day: date = LAST_DAY) -> tuple[list[Match], list[Break]]:
    """The matches, and the breaks that are left after them."""
    matches = find_matches(books)
    return matches, find_breaks(settled(books, matches), last_day)


def settled(books: Books, matches: list[Match]) -> Books:
    """The books with the matches in them."""
    held: dict[object, UUID] = {}
    for nth, match in enumerate(matches):
        held |= dict.fromkeys(match.ties, uuid5(NAMESPACE_OID, f"match {nth}"))
    return replace(
        books,
        lines=tuple(replace(one, match_id=held.get(one.key)) for one in books.lines),
        units=tuple(replace(one, match_id=held.get(one.id)) for one in books.units),
    )


def told(found: Break) -> tuple[str, list[int], list[str]]:
    """A break in short: category, records, tickets."""
    return found.category.value, [one.number for one in found.lines], list(found.references)


def october_statement() -> ReadStatement:
    return read_statement(OCTOBER / "releve-pois-2026-10.csv", Expected())


def october_books() -> Books:
    """The statement of the sample month, and our side as a right implementation books it."""
    merchants = {row["siret"]: row for row in rows("commercants.csv")}
    return Books(
        parties=tuple(Party(row["nom"], row["remise"] == "journaliere") for row in merchants.values()),
        lines=tuple(line(one.number, one.booked_on, one.label, one.amount_cents) for one in october_statement().lines),
        units=tuple(october_units({siret: row["nom"] for siret, row in merchants.items()})),
    )


def october_units(names: dict[str, str]) -> Iterator[Unit]:
    for row in rows("financements.csv"):
        yield unit(TransactionKind.FUNDING, day(3), int(row["montant_centimes"]), row["mandat"])
    for row in rows("achats.csv"):
        if int(row["attendu_centimes"]):
            yield sale(booked_on(row), names[row["siret"]], int(row["attendu_centimes"]), row["ticket"])
    for row in rows("remboursements.csv"):
        yield refund(booked_on(row), names[row["siret"]], int(row["montant_centimes"]), row["ticket"])


def booked_on(row: dict[str, str]) -> date:
    return datetime.fromisoformat(row["horodatage"]).date()


def rows(name: str) -> list[dict[str, str]]:
    with (OCTOBER / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def faults_of(refusal: Refusal) -> list[dict[str, Any]]:
    """The faults of a file, as they are told."""
    faults: Any = refusal.facts["faults"]
    return list(faults)
