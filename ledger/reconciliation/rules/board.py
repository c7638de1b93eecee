"""The two sides while they are being compared: what is still free, in a fixed order, and what was taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from ledger.books.transaction import TransactionKind
from ledger.reconciliation.model import Books, Line, Match, Rule, Unit
from ledger.reconciliation.rules.labels import Clue, LabelReader, fold

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
CopyKey = tuple[date, str, int]
TicketKey = tuple[str | None, str, date, int]


@dataclass(frozen=True, slots=True)
class Theirs:
    """A line with what its label says. `total`: it is, or may be, the total of a merchant's day;
    `says_total`: it says so itself; `cancels`: it says
    that it takes something back; `sale`: it speaks of a sale or a refund.
    """

    line: Line
    party: str | None
    claims: tuple[str, ...]
    written: tuple[str, ...]
    total: bool
    tickets: int | None
    cancels: bool = False
    sale: bool = False
    says_total: bool = False

    @property
    def cents(self) -> int:
        return self.line.amount_cents

    @property
    def day(self) -> date:
        return self.line.booked_on

    @property
    def copy_key(self) -> CopyKey:
        """What a copy of a record has in common with it."""
        line = self.line
        return line.booked_on, line.label, line.amount_cents


@dataclass(frozen=True, slots=True)
class Ours:
    """A unit with its merchant and reference folded as in labels."""

    unit: Unit
    party: str | None
    reference: str | None

    @property
    def cents(self) -> int:
        return self.unit.amount_cents

    @property
    def day(self) -> date:
        return self.unit.booked_on

    @property
    def ticket_key(self) -> TicketKey | None:
        """What a sale that was entered twice has in common with itself."""
        if self.reference is None or self.unit.kind is not TransactionKind.REDEMPTION:
            return None
        return self.party, self.reference, self.day, self.cents

    @property
    def stands_alone(self) -> bool:
        """Is it one movement at theirs too? Payouts are not: they go by lots, net and commission apart."""
        return not self.unit.is_payout or not (self.reference or self.unit.commission_cents)


class Board:
    """Lines and units that no match holds yet, and of the matched ones those that may explain them.

    Whatever the order they came in, they stand in their own. `every_line`: matched ones that explain nothing, too.
    """

    def __init__(self, books: Books, *, every_line: bool = False) -> None:
        self.account = books.account
        self.rejected = books.rejected
        self.matches: list[Match] = []
        units = sorted(books.units, key=lambda unit: (unit.booked_on, unit.occurred_at, unit.id))
        names = {unit.merchant: unit.merchant and fold(unit.merchant) for unit in units}
        self.all_ours = [
            Ours(unit, names[unit.merchant], unit.reference and unit.reference.casefold()) for unit in units
        ]
        self.ours = {ours.unit.id: ours for ours in self.all_ours if ours.unit.match_id is None}
        self.owners = _owners(self.all_ours)
        reader = LabelReader(books.parties, self.owners)
        daily = {fold(party.name) for party in books.parties if party.daily}
        lines = sorted(books.lines if every_line else _worth_reading(books), key=_in_order)
        likely = _Likely(self.all_ours)
        self.all_theirs = [_theirs(line, likely.settled(line, reader.read(line.label)), daily) for line in lines]
        self.theirs = {theirs.line.key: theirs for theirs in self.all_theirs if theirs.line.match_id is None}
        self.sold = {ours.ticket_key for ours in self.all_ours if ours.unit.match_id is not None}
        self.reversed = {ours.unit.reverses for ours in self.all_ours if ours.unit.reverses is not None}
        self.accounted = {theirs.copy_key for theirs in self.all_theirs if theirs.line.match_id is not None}

    def take(self, rule: Rule, score: int, theirs: Sequence[Theirs], ours: Sequence[Ours], *reasons: str) -> bool:
        """Match them, unless an officer took this very match back before."""
        lines, units = tuple(item.line for item in theirs), tuple(item.unit for item in ours)
        match = Match(rule, score, reasons, lines, units)
        assert sum(item.cents for item in theirs) == sum(item.cents for item in ours)
        if self.rejected and match.ties in self.rejected:
            return False
        self.set_aside(theirs, ours)
        self.matches.append(match)
        return True

    def set_aside(self, theirs: Iterable[Theirs], ours: Iterable[Ours]) -> None:
        """They are no longer free: matched, or kept for each other."""
        for line in theirs:
            del self.theirs[line.line.key]
            self.accounted.add(line.copy_key)
        for unit in ours:
            del self.ours[unit.unit.id]
            self.sold.add(unit.ticket_key)

    def is_sold_twice(self, ours: Ours) -> bool:
        """Does the same ticket stand in our books once more, accounted for?"""
        return ours.ticket_key is not None and ours.ticket_key in self.sold

    def is_copy(self, theirs: Theirs) -> bool:
        """Does it repeat a record of the same day that is accounted for?"""
        return theirs.copy_key in self.accounted


def group_by(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """The items by key, each list and the keys in the order of the items."""
    groups: defaultdict[Key, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)


def total_cents(items: Iterable[Theirs | Ours]) -> int:
    return sum(item.cents for item in items)


class _Likely:
    """Which of several merchants a label means that fits them all: the only one with such a sale, or day, of ours."""

    def __init__(self, all_ours: Sequence[Ours]) -> None:
        self.all_ours = all_ours

    @cached_property
    def moved(self) -> set[tuple[str | None, date, int]]:
        """What we know of merchants and days: each amount, and the sum of the sales."""
        found = {(ours.party, ours.day, ours.cents) for ours in self.all_ours}
        sales = group_by((ours for ours in self.all_ours if ours.cents < 0), lambda ours: (ours.party, ours.day))
        return found | {(*key, total_cents(group)) for key, group in sales.items()}

    def settled(self, line: Line, clue: Clue) -> Clue:
        """Where it cannot be told, the party is a word of its own, which nothing of ours has."""
        if not clue.maybe:
            return clue
        fitting = [name for name in clue.maybe if (name, line.booked_on, line.amount_cents) in self.moved]
        return replace(clue, party=fitting[0] if len(fitting) == 1 else " | ".join(clue.maybe))


def _in_order(line: Line) -> tuple[date, int, UUID]:
    """As their months tell them, however many files these came in."""
    return line.closed_on.replace(day=1), line.record, line.statement_id


def _worth_reading(books: Books) -> Iterable[Line]:
    """The free lines, and the matched ones that something free could be compared with: same day, same amount."""
    free = {(line.booked_on, line.amount_cents) for line in books.lines if line.match_id is None}
    free |= {(unit.booked_on, unit.amount_cents) for unit in books.units if unit.match_id is None}
    return (line for line in books.lines if (line.booked_on, line.amount_cents) in free)


def _owners(all_ours: Iterable[Ours]) -> dict[str, Collection[str | None]]:
    owners: dict[str, set[str | None]] = {}
    for ours in all_ours:
        if ours.reference is not None:
            owners.setdefault(ours.reference, set()).add(ours.party)
    return dict(owners)


def _theirs(line: Line, clue: Clue, daily: Collection[str]) -> Theirs:
    is_sale = line.amount_cents < 0 and clue.party is not None and not clue.claims
    return Theirs(
        line,
        clue.party,
        clue.claims,
        clue.written,
        total=is_sale and (clue.total or clue.party in daily),
        tickets=clue.tickets,
        cancels=clue.cancels,
        sale=clue.sale,
        says_total=clue.total,
    )
