"""What is left over, told apart: one break per ticket or line, and why its nearest candidate was not taken.

Ours without theirs is `duplicate-ours` when the same ticket is there once more, `reversal-not-mirrored` when it
takes back what theirs kept, `timing-ours-first` within three days of the end of the period, else
`missing-at-association`. Theirs without ours is `duplicate-theirs` when it repeats a record accounted for, `fee`
when it is no sale (of the reserve: a debit that names nothing), `reversal-not-mirrored` when it says that it takes a
ticket back, `timing-theirs-first` when we booked it within three days after the end, of the reserve `unknown` when it
is a credit that names nothing, else `missing-in-ledger`. Both left over with the same reference or lot, or alone on
both sides for the same merchant and day, are `amount-differs`; with reference and amount alike, but for another
merchant, `wrong-merchant`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid5

from ledger.reconciliation.model import Account, Books, Break, Category, Line, Unit, Why
from ledger.reconciliation.rules.board import Board, CopyKey, Ours, Theirs, group_by
from ledger.reconciliation.rules.early import booked_later
from ledger.reconciliation.rules.ladder import claimed, elsewhere
from ledger.reconciliation.rules.lots import differing_lots
from ledger.reconciliation.rules.nearest import Nearest
from ledger.reconciliation.rules.opening import without_opening_items
from ledger.reconciliation.rules.remitted import differing_remitted
from ledger.reconciliation.rules.totals import fresh_totals, sales_by_day, totals_by_day

TIMING_DAYS_MAX = 3
_NAMESPACE = UUID("6f1b3a52-0f0e-5c53-9a51-6b0f5f3f8a10")


def find_breaks(books: Books, last_day: date) -> list[Break]:
    """The differences on the last day of a period, in the order of their days.

    The id of a break is computed from the lines and units that it is about: it is the same in every run.
    """
    search = Search(without_opening_items(books), last_day)
    search.acknowledged()
    search.payout_lots()
    search.same_reference()
    search.elsewhere()
    search.theirs_first()
    search.day_totals()
    search.alone_that_day()
    search.theirs_only()
    search.ours_only()
    return sorted((_of_account(found, books.account) for found in search.found), key=_in_order)


def break_id(account: Account, lines: Sequence[Line], units: Sequence[Unit]) -> UUID:
    """Computed from what a break is about. A transaction may stand in both accounts, a line in one only."""
    made = _id(lines, units)
    return uuid5(made, account.value) if account is Account.RESERVE and not lines else made


class Search:
    """One pass over what no match holds; what is found is no longer free."""

    def __init__(self, books: Books, last_day: date) -> None:
        self.board = Board(books)
        self.last_day = last_day
        self.nearest = Nearest(self.board)
        self.lots = {ours.reference for ours in self.board.all_ours if not ours.stands_alone}
        self.originals = _references_of_records(self.board)
        self.later = books.later
        self.found: list[Break] = []

    def acknowledged(self) -> None:
        """Everything acknowledged with one reference is one difference."""
        for theirs, ours in differing_remitted(self.board):
            self.differs(theirs, ours, Why.REMITTANCE_AMOUNT)

    def payout_lots(self) -> None:
        """What is left of a lot on both sides is one difference."""
        for theirs, ours in differing_lots(self.board):
            self.differs(theirs, ours, Why.LOT_AMOUNT)

    def same_reference(self) -> None:
        """First with first, where both sides name the same ticket."""
        theirs, ours = claimed(self.board)
        for key in theirs:
            for line, unit in zip(theirs[key], ours.get(key, ()), strict=False):
                if line.cents != unit.cents:
                    self.differs([line], [unit], Why.REFERENCE_AMOUNT)

    def elsewhere(self) -> None:
        """The same ticket, put to another merchant; with another amount, that is what differs."""
        for line, unit in elsewhere(self.board):
            category = Category.WRONG_MERCHANT if line.cents == unit.cents else Category.AMOUNT_DIFFERS
            self.differs([line], [unit], Why.REFERENCE_ELSEWHERE, category)

    def theirs_first(self) -> None:
        """Lines of the last days that we booked in the first days of the next period."""
        for theirs in booked_later(self.board, self.later, self.last_day):
            self.alone(theirs, Category.TIMING_THEIRS_FIRST, Why.BOOKED_LATER)

    def day_totals(self) -> None:
        """The only total of a merchant's day, with another amount than the sales of that day."""
        sales = sales_by_day(self.board)
        for key, theirs in totals_by_day(self.board).items():
            fresh = self.fresh(fresh_totals(self.board, theirs))
            if len(fresh) == 1 and key in sales:
                self.differs(fresh, sales[key], Why.TOTAL_AMOUNT)

    def alone_that_day(self) -> None:
        """The only line and the only unit left of a merchant, or of the funding, that day and way."""
        lines = [theirs for theirs in self.board.theirs.values() if theirs.party or theirs.cents > 0]
        theirs = group_by(lines, lambda item: (item.party, item.day, item.cents > 0))
        units = [ours for ours in self.board.ours.values() if ours.stands_alone and not self.board.is_sold_twice(ours)]
        ours = group_by(units, lambda item: (item.party, item.day, item.cents > 0))
        for key, group in theirs.items():
            fresh, alone = self.fresh(group), ours.get(key, [])
            if len(fresh) == 1 and len(alone) == 1 and may_be_one_sale(fresh[0], alone[0]):
                self.differs(fresh, alone, Why.ALONE_AMOUNT)

    def theirs_only(self) -> None:
        for theirs in list(self.board.theirs.values()):
            if self.board.is_copy(theirs):
                self.alone(theirs, Category.DUPLICATE_THEIRS, Why.COPY, self.originals[theirs.copy_key])
            elif self.is_no_sale(theirs):
                self.alone(theirs, Category.FEE, Why.NO_MERCHANT)
            elif theirs.cancels and theirs.claims:
                self.alone(theirs, Category.REVERSAL_NOT_MIRRORED, Why.REVERSED)
            elif self.names_nothing(theirs):
                self.alone(theirs, Category.UNKNOWN, Why.NAMES_NOTHING)
            else:
                self.alone(theirs, Category.MISSING_IN_LEDGER)

    def alone(
        self, theirs: Theirs, category: Category, why: Why | None = None, references: tuple[str, ...] | None = None
    ) -> None:
        near, lines = self.nearest.of_line(theirs), (theirs.line,)
        told = theirs.written if references is None else references
        self.found.append(Break(_id(lines, ()), category, lines, (), told, why or near.why, near.line, near.unit))
        if category is Category.TIMING_THEIRS_FIRST:
            self.board.set_aside([theirs], [])
            self.originals[theirs.copy_key] = told

    def names_nothing(self, theirs: Theirs) -> bool:
        """Euros that came in at the bank for nobody knows what."""
        reserve = self.board.account is Account.RESERVE
        return reserve and theirs.cents > 0 and theirs.party is None and not theirs.claims

    def is_no_sale(self, theirs: Theirs) -> bool:
        """No merchant, and no ticket or funding either; a fee may name the mandate that it was taken for. A label that
        speaks of a sale is one, of a merchant that we do not know.
        """
        if theirs.party is not None or theirs.sale or (theirs.claims and theirs.cents > 0):
            return False
        if self.board.account is Account.RESERVE and (theirs.cents > 0 or not self.lots.isdisjoint(theirs.claims)):
            return False
        return all(self.board.owners.get(claim) == {None} for claim in theirs.claims)

    def ours_only(self) -> None:
        for ours in list(self.board.ours.values()):
            near = self.nearest.of_unit(ours)
            category, why = self.ours_is(ours, near.why)
            units, references = (ours.unit,), _references([ours])
            self.found.append(Break(_id((), units), category, (), units, references, why, near.line, near.unit))
            self.board.sold.add(ours.ticket_key)

    def ours_is(self, ours: Ours, why: Why) -> tuple[Category, Why]:
        if self.board.is_sold_twice(ours):
            return Category.DUPLICATE_OURS, Why.COPY_OURS
        if ours.unit.reverses is not None and ours.unit.reverses not in self.board.ours:
            return Category.REVERSAL_NOT_MIRRORED, Why.REVERSED
        is_late = (self.last_day - ours.day).days <= TIMING_DAYS_MAX
        return Category.TIMING_OURS_FIRST if is_late else Category.MISSING_AT_ASSOCIATION, why

    def differs(
        self,
        theirs: Sequence[Theirs],
        ours: Sequence[Ours],
        why: Why,
        category: Category = Category.AMOUNT_DIFFERS,
    ) -> None:
        lines, units = tuple(item.line for item in theirs), tuple(item.unit for item in ours)
        references = _references(ours)
        self.found.append(Break(_id(lines, units), category, lines, units, references, why))
        self.board.set_aside(theirs, ours)
        self.originals.update((item.copy_key, references) for item in theirs)

    def fresh(self, theirs: Sequence[Theirs]) -> list[Theirs]:
        """Those that repeat no record, matched or among themselves."""
        first = {item.copy_key: item for item in reversed(theirs) if not self.board.is_copy(item)}
        return [item for item in theirs if first.get(item.copy_key) is item]


def may_be_one_sale(theirs: Theirs, ours: Ours) -> bool:
    """Two that name different tickets are two sales; two of equal amount were kept apart for a reason."""
    return theirs.cents != ours.cents and not (theirs.claims and ours.reference)


def _references_of_records(board: Board) -> dict[CopyKey, tuple[str, ...]]:
    """The tickets behind each record that is matched."""
    by_match = group_by((ours for ours in board.all_ours if ours.unit.match_id), lambda ours: ours.unit.match_id)
    matched = [theirs for theirs in board.all_theirs if theirs.line.match_id is not None]
    return {
        theirs.copy_key: theirs.written or _references(by_match.get(theirs.line.match_id, ()))
        for theirs in reversed(matched)
    }


def _references(ours: Sequence[Ours]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.unit.reference for item in ours if item.unit.reference is not None))


def _of_account(found: Break, account: Account) -> Break:
    return replace(found, id=break_id(account, found.lines, found.units))


def _id(lines: Sequence[Line], units: Sequence[Unit]) -> UUID:
    keys = [f"{line.statement_id}/{line.number}" for line in lines] + [str(unit.id) for unit in units]
    return uuid5(_NAMESPACE, " ".join(sorted(keys)))


def _in_order(found: Break) -> tuple[date, bool, tuple[int, ...], tuple[str, ...], UUID]:
    numbers = tuple(line.record for line in found.lines)
    return found.booked_on, not found.lines, numbers, found.references, found.id
