"""What a month is made of, as plain data. Amounts are signed centimes in the view of the account's holder.

A key is a number that nothing else in the month has.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

PEOPLE_LATE_DAYS = 3


@dataclass
class Sold:
    """One movement of ours: `kind` is funding, sale, refund, reversal or payout; `reverses`: the key of another."""

    key: int
    kind: str
    day: date
    cents: int
    merchant: str | None = None
    reference: str | None = None
    commission_cents: int = 0
    reverses: int | None = None


@dataclass
class Posted:
    """One line of theirs; `number` is its record in the file."""

    key: int
    day: date
    label: str
    cents: int
    merchant: str | None = None
    names_ticket: bool = False
    number: int = 0


@dataclass(frozen=True)
class Expected:
    """A difference that has to be told, in terms that do not depend on which of equal ones is taken."""

    category: str
    merchant: str | None
    day: date
    ours_cents: int | None
    theirs_cents: int | None


@dataclass(frozen=True)
class Link:
    """What belongs together in truth, by keys."""

    theirs: tuple[int, ...]
    ours: tuple[int, ...]


@dataclass
class Month:
    """Both sides and the truth. `later`: ours, booked after the month; `offered`: true links that no rule can tell,
    so that they may only be suggested.
    """

    seed: int
    account: str
    first: date
    last: date
    mix: random.Random
    merchants: dict[str, bool] = field(default_factory=dict)
    ours: list[Sold] = field(default_factory=list)
    later: list[Sold] = field(default_factory=list)
    theirs: list[Posted] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    offered: list[Link] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    opening_cents: int = 0
    counter: count[int] = field(default_factory=count)

    def day(self, number: int) -> date:
        return self.first + timedelta(days=number - 1)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def sell(self, kind: str, day: date, cents: int, merchant: str | None = None, reference: str | None = None) -> Sold:
        """Something of ours; a sale is negative."""
        made = Sold(next(self.counter), kind, day, cents, merchant, reference)
        (self.ours if day <= self.last else self.later).append(made)
        return made

    def post(
        self, day: date, label: str, cents: int, merchant: str | None = None, *, names_ticket: bool = False
    ) -> Posted:
        made = Posted(next(self.counter), day, label, cents, merchant, names_ticket)
        self.theirs.append(made)
        return made

    def next_ticket(self) -> str:
        return f"T{self.seed % 90 + 10}{len(self.ours) + len(self.later):04}"

    def unusual(self) -> int:
        """An amount that nobody else has, even when added to one."""
        return 700_000 + 10_000 * next(self.counter)

    def link(self, theirs: list[Posted], ours: list[Sold]) -> None:
        self.links.append(Link(tuple(one.key for one in theirs), tuple(one.key for one in ours)))

    def offer(self, theirs: list[Posted], ours: list[Sold]) -> None:
        self.offered.append(Link(tuple(one.key for one in theirs), tuple(one.key for one in ours)))

    def expect(
        self, category: str, merchant: str | None, day: date, ours: int | None = None, theirs: int | None = None
    ) -> None:
        self.expected.append(Expected(category, merchant, day, ours, theirs))

    def ours_alone(self, sold: Sold) -> None:
        """Late near the end of the month, else missing."""
        late = (self.last - sold.day).days <= PEOPLE_LATE_DAYS
        category = "timing-ours-first" if late else "missing-at-association"
        self.expect(category, sold.merchant, sold.day, sold.cents)

    def finish(self) -> Month:
        """Lines in the order of their days, numbered."""
        self.theirs.sort(key=lambda posted: (posted.day, posted.key))
        for number, posted in enumerate(self.theirs, start=1):
            posted.number = number
        return self
