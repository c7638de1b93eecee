"""Several statements in one file, each with its own balances: a day or a page each, as many banks write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol

from ledger.errors import N_
from ledger.people_files import FaultKind
from ledger.reconciliation.formats.raw import Entry, RawStatement
from ledger.texts import format_cents

OTHER_ACCOUNT = FaultKind(
    "other-account",
    N_("The file holds statements of several accounts."),
    N_("Export the account of the reserve alone."),
)
OTHER_CURRENCY = FaultKind(
    "other-currency", N_("The account is kept in euros."), N_("Check that this is the account of the reserve.")
)
NOT_CONTINUED = FaultKind(
    "not-continued",
    N_("This part opens with another balance than the {expected} of the part before."),
    N_("A part is missing: download the whole month again."),
)
PART_BROKEN = FaultKind(
    "part-broken",
    N_("This part should close with {expected}."),
    N_("Entries are missing or changed: download the statement again."),
)


class Balanced(Protocol):
    """What is looked at in each part; balances that are not told are None."""

    row: int
    opening_cents: int | None
    closing_cents: int | None

    @property
    def moved_cents(self) -> int: ...


@dataclass
class Part:
    """One statement of a file, as far as it was read."""

    row: int
    account: str
    opened_on: date | None = None
    opening_cents: int | None = None
    closed_on: date | None = None
    closing_cents: int | None = None
    entries: list[Entry | None] = field(default_factory=list)

    @property
    def moved_cents(self) -> int:
        return sum(entry.amount_cents for entry in self.entries if entry is not None)


def join(raw: RawStatement, parts: Sequence[Part], where: str) -> None:
    """All parts as one statement, in the order of their days; faults name `where` they lie."""
    in_order = sorted(parts, key=lambda part: part.opened_on or date.min)
    for part in in_order:
        raw.entries.extend(part.entries)
    _refuse_several_accounts(raw, parts)
    if not in_order or raw.faults:
        return
    first, last = in_order[0], in_order[-1]
    raw.opening_cents, raw.closing_cents = first.opening_cents, last.closing_cents
    starts = _day_after_month_end(first.opened_on) if first.opened_on else None
    if starts and last.closed_on and starts <= last.closed_on:
        raw.covers = starts, last.closed_on
    require_continuity(raw, in_order, where)


def _day_after_month_end(opened_on: date) -> date:
    """Banks tell the day of the closing before, or the first day: at the end of a month it is the former."""
    next_day = opened_on + timedelta(days=1)
    return next_day if next_day.day == 1 else opened_on


def require_continuity(raw: RawStatement, parts: Sequence[Balanced], where: str) -> None:
    """Each part adds up by itself, and begins where the one before ended."""
    for part in parts:
        if part.opening_cents is not None and part.closing_cents is not None and len(parts) > 1:
            right = part.opening_cents + part.moved_cents
            if right != part.closing_cents:
                shown = format_cents(part.closing_cents)
                raw.faults.append(PART_BROKEN.at(part.row, where, shown, expected=format_cents(right)))
    for last, part in pairwise(parts):
        if None not in {last.closing_cents, part.opening_cents} and last.closing_cents != part.opening_cents:
            shown, expected = format_cents(part.opening_cents or 0), format_cents(last.closing_cents or 0)
            raw.faults.append(NOT_CONTINUED.at(part.row, where, shown, expected=expected))


def _refuse_several_accounts(raw: RawStatement, parts: Sequence[Part]) -> None:
    seen: dict[str, int] = {}
    for part in parts:
        seen.setdefault(part.account, part.row)
    raw.faults.extend(OTHER_ACCOUNT.at(row, "") for row in list(seen.values())[1:])
