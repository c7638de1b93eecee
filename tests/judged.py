"""A month's truth against what the rules find: matches within the true set, everything found or offered, each
difference by its right name. Used by the properties and by the benchmark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from uuid import NAMESPACE_OID, UUID, uuid5

from ledger.books.transaction import TransactionKind
from ledger.calendar import PARIS
from ledger.reconciliation.formats import Expected as Given
from ledger.reconciliation.formats import read_mapping, read_statement
from ledger.reconciliation.model import Account, Books, Break, Line, Match, Party, ReadStatement, Suggestion, Unit
from ledger.reconciliation.rules import find_breaks, find_matches, find_suggestions, prove
from tests.months.model import Expected, Link, Month, Posted, Sold
from tests.months.writers import Written
from tests.reconciled import STATEMENT, settled

KINDS = {
    "funding": TransactionKind.FUNDING,
    "sale": TransactionKind.REDEMPTION,
    "refund": TransactionKind.REFUND,
    "reversal": TransactionKind.REVERSAL,
    "payout": TransactionKind.CONVERSION_PAID,
}

Alike = tuple[str | None, date, int]  # merchant, or else the reference; day; amount: what is interchangeable


def unit_id(month: Month, key: int) -> UUID:
    return uuid5(NAMESPACE_OID, f"{month.account} {month.seed} {key}")


def read(written: Written) -> ReadStatement:
    mapping = read_mapping(written.mapping) if written.mapping else None
    return read_statement(written.path, Given(opening_cents=written.opening_cents), mapping)


def books_of(month: Month, statement: ReadStatement) -> Books:
    """What the product would load for a statement."""
    lines = tuple(
        Line(STATEMENT, one.number, one.booked_on, one.label, one.amount_cents, month.last) for one in statement.lines
    )
    parties = tuple(Party(name, daily) for name, daily in month.merchants.items())
    units = [_unit(month, sold) for sold in sorted([*month.ours, *month.later], key=lambda sold: sold.key)]
    return Books(
        parties,
        lines,
        tuple(unit for unit in units if unit.booked_on <= month.last),
        account=Account(month.account),
        base_day=month.first,
        later=tuple(unit for unit in units if unit.booked_on > month.last),
    )


def _unit(month: Month, sold: Sold) -> Unit:
    minutes = 8 * 60 + sold.key % 600
    instant = datetime.combine(sold.day, time(minutes // 60, minutes % 60), PARIS)
    return Unit(
        unit_id(month, sold.key),
        KINDS[sold.kind],
        sold.day,
        instant,
        sold.cents,
        sold.reference,
        sold.merchant,
        commission_cents=sold.commission_cents,
        reverses=None if sold.reverses is None else unit_id(month, sold.reverses),
    )


@dataclass
class Judged:
    """What was found of a month, and what is wrong with it."""

    month: Month
    matches: Sequence[Match]
    breaks: Sequence[Break]
    suggestions: Sequence[Suggestion]
    statement: ReadStatement
    wrong: list[str] = field(default_factory=list)

    @cached_property
    def sold(self) -> dict[UUID, Sold]:
        return {unit_id(self.month, one.key): one for one in [*self.month.ours, *self.month.later]}

    @cached_property
    def found(self) -> Counter[Expected]:
        """The breaks in the words of the truth."""
        return Counter(self._told(one) for one in self.breaks)

    @cached_property
    def expected(self) -> Counter[Expected]:
        return Counter(self.month.expected)

    def _told(self, found: Break) -> Expected:
        merchant = (
            self.sold[found.units[0].id].merchant if found.units else self._posted_merchant(found.lines[0].number)
        )
        return Expected(found.category.value, merchant, found.booked_on, found.ours_cents, found.theirs_cents)

    def _posted_merchant(self, number: int) -> str | None:
        return self.month.theirs[number - 1].merchant

    def judge(self) -> list[str]:
        """Every fault in words, with the seed."""
        self._matches_are_true()
        self._everything_is_found()
        self._breaks_are_named()
        self._it_adds_up()
        return [f"seed {self.month.seed} ({self.month.account}): {text}" for text in self.wrong]

    def _matches_are_true(self) -> None:
        """Each line brings the units of its true match, or of that of an equal line; a match of several lines once."""
        for match in self.matches:
            links: list[Link | None] = [self._link_of(self.month.theirs[line.number - 1]) for line in match.lines]
            if not match.lines:
                links = [link for link in self.month.links if not link.theirs and link.ours[0] in self._keys(match)]
            once: dict[int, Link] = {id(link): link for link in links if link and len(link.theirs) != 1}
            each = [link for link in links if link and len(link.theirs) == 1]
            true = Counter(self._kind(key) for link in [*once.values(), *each] for key in link.ours)
            if true != Counter(self._kind(key) for key in self._keys(match)):
                told = [(line.number, line.label, line.amount_cents) for line in match.lines]
                self.wrong.append(f"{match.rule} ties {told} to {[self._by_key[key] for key in self._keys(match)]}")

    def _everything_is_found(self) -> None:
        """Or an equal one in its place."""
        made: list[Match | Suggestion] = [*self.matches, *self.suggestions]
        lines = {_alike(self.month.theirs[line.number - 1]) for one in made for line in one.lines}
        units = {self._kind(self.sold[unit.id].key) for one in made for unit in one.units}
        for link in [*self.month.links, *self.month.offered]:
            theirs = [one for one in self.month.theirs if one.key in link.theirs and _alike(one) not in lines]
            ours = [self._by_key[key] for key in link.ours if self._kind(key) not in units]
            if theirs or ours:
                self.wrong.append(f"neither found nor offered: {theirs} {ours}")

    def _breaks_are_named(self) -> None:
        for one, count in (self.expected - self.found).items():
            self.wrong.append(f"{count} × not told: {one}")
        for one, count in (self.found - self.expected).items():
            self.wrong.append(f"{count} × told wrongly: {one}")

    def _it_adds_up(self) -> None:
        ours = self.month.opening_cents + sum(one.cents for one in self.month.ours)
        proof = prove(self.statement.closing_cents, ours, self.breaks)
        if proof.proof_cents:
            self.wrong.append(f"proof {proof.proof_cents}")
        held = [tie for match in self.matches for tie in match.ties]
        held += [line.key for found in self.breaks for line in found.lines]
        held += [unit.id for found in self.breaks for unit in found.units]
        if len(held) != len(set(held)) or len(held) != len(self.month.theirs) + len(self.month.ours):
            self.wrong.append("something is held twice or not at all")

    def _keys(self, match: Match) -> list[int]:
        return [self.sold[unit.id].key for unit in match.units]

    def _link_of(self, posted: Posted) -> Link | None:
        return self._links.get(posted.key) or self._links_alike.get(_alike(posted))

    @cached_property
    def _links(self) -> dict[int, Link]:
        return {key: link for link in self.month.links for key in link.theirs}

    @cached_property
    def _links_alike(self) -> dict[Alike, Link]:
        return {_alike(one): self._links[one.key] for one in self.month.theirs if one.key in self._links}

    @cached_property
    def _by_key(self) -> dict[int, Sold]:
        return {one.key: one for one in self.sold.values()}

    def _kind(self, key: int) -> Alike:
        one = self._by_key[key]
        return one.merchant or one.reference, one.day, one.cents


def _alike(posted: Posted) -> Alike:
    return posted.merchant, posted.day, posted.cents


def judged(month: Month, statement: ReadStatement) -> Judged:
    """What the rules find of a month, from what its file says."""
    books = books_of(month, statement)
    matches = find_matches(books)
    left = settled(books, matches)
    breaks = find_breaks(left, month.last)
    return Judged(month, matches, breaks, find_suggestions(left, breaks), statement)
