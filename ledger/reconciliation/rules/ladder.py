"""The matching ladder: the surest rule first, and what a rule took is gone for the next ones.

Each rule groups both sides by key, so that the work grows with the number of lines, not with its square. No rule
guesses: where lines and units of equal amount cannot be told apart, the set is matched with the set.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import date

from ledger.reconciliation.model import DAYS_APART_MAX, Books, Match, Rule
from ledger.reconciliation.rules.board import Board, Item, Ours, Theirs, group_by, total_cents
from ledger.reconciliation.rules.corrections import match_corrections
from ledger.reconciliation.rules.lots import keep_lots, match_lots
from ledger.reconciliation.rules.pairs import match_reversals
from ledger.reconciliation.rules.remitted import keep_remitted, match_remitted
from ledger.reconciliation.rules.totals import match_other_days, match_parts_of_days, match_whole_days, sales_by_day

ReferenceKey = tuple[str | None, str | None, bool]
NamedKey = tuple[str | None, str | None, int, date | None]


def find_matches(books: Books) -> list[Match]:
    """Match what is still free on both sides; the result does not depend on the order of the input."""
    board = Board(books)
    match_remitted(board)
    keep_remitted(board)
    match_lots(board)
    keep_lots(board)
    match_references(board)
    match_sums_of_references(board)
    keep_for_each_other(board)
    keep_elsewhere(board)
    match_whole_days(board)
    match_parts_of_days(board, counted=True)
    match_other_days(board)
    match_amounts(board)
    match_parts_of_days(board, counted=False)
    match_days_apart(board)
    match_reversals(board)
    match_corrections(board)
    return board.matches


def match_references(board: Board) -> None:
    """The line names the ticket or mandate, and merchant, direction and amount agree: same day first."""
    match_named(board, "same-day", lambda item: item.day)
    match_named(board, "other-day", lambda _item: None)


def match_named(board: Board, reason: str, day: Callable[[Theirs | Ours], date | None]) -> None:
    units = [ours for ours in board.ours.values() if ours.reference is not None and ours.stands_alone]
    groups: dict[NamedKey, list[Ours]] = group_by(
        units, lambda ours: (ours.reference, ours.party, ours.cents, day(ours))
    )
    waiting = {key: deque(group) for key, group in groups.items()}
    several: list[tuple[Theirs, list[NamedKey]]] = []
    for theirs in list(board.theirs.values()):
        named: list[NamedKey] = [(claim, theirs.party, theirs.cents, day(theirs)) for claim in theirs.claims]
        keys = [key for key in named if key in waiting]
        if len(theirs.claims) > 1 and keys:
            several.append((theirs, keys))
        elif keys and waiting[keys[0]]:
            ours = waiting[keys[0]].popleft()
            board.take(Rule.REFERENCE, 100, [theirs], [ours], "reference", "amount", reason)
    for theirs, key in assigned(several, {key: len(queue) for key, queue in waiting.items()}):
        board.take(Rule.REFERENCE, 100, [theirs], [waiting[key].popleft()], "reference", "amount", reason)


def assigned(
    several: Sequence[tuple[Theirs, list[NamedKey]]], places: Mapping[NamedKey, int]
) -> list[tuple[Theirs, NamedKey]]:
    """Lines that name more than one ticket, each to one of them, so that as many as possible have one: a line moves
    on to another of its tickets where that makes room (augmenting paths).
    """
    held: dict[NamedKey, list[int]] = {key: [] for _, keys in several for key in keys}

    def seat(nth: int, tried: set[NamedKey]) -> bool:
        for key in several[nth][1]:
            if key not in tried:
                tried.add(key)
                if len(held[key]) < places[key]:
                    held[key].append(nth)
                    return True
                for place, other in enumerate(held[key]):
                    if seat(other, tried):
                        held[key][place] = nth
                        return True
        return False

    for nth in range(len(several)):
        seat(nth, set())
    return sorted(((several[nth][0], key) for key, group in held.items() for nth in group), key=_by_record)


def _by_record(seated: tuple[Theirs, NamedKey]) -> tuple[date, int]:
    return seated[0].line.closed_on, seated[0].line.record


def match_sums_of_references(board: Board) -> None:
    """Several lines or several refunds of one ticket that come to the same sum."""
    theirs, ours = claimed(board)
    for key in theirs:
        if key in ours and total_cents(theirs[key]) == total_cents(ours[key]):
            board.take(Rule.REFERENCE, 95, theirs[key], ours[key], "reference", "sum")


def keep_for_each_other(board: Board) -> None:
    """The same reference with another amount: a difference of that ticket, so neither is matched by amount."""
    theirs, ours = claimed(board)
    for key in theirs:
        if key in ours:
            board.set_aside(theirs[key], ours[key])


def keep_elsewhere(board: Board) -> None:
    """A ticket that the line puts to another merchant: a difference of that ticket, so its sale is matched with
    nothing else.
    """
    for theirs, ours in elsewhere(board):
        board.set_aside([theirs], [ours])


def elsewhere(board: Board) -> list[tuple[Theirs, Ours]]:
    """Lines and units of one reference, which only the unit's merchant uses, while the line names another one: one
    on each side, three days apart at most.
    """
    lines = [theirs for theirs in board.theirs.values() if len(theirs.claims) == 1 and theirs.party is not None]
    theirs = group_by(lines, lambda item: (item.claims[0], item.cents > 0))
    units = [ours for ours in board.ours.values() if ours.party is not None and ours.stands_alone]
    ours = group_by(units, lambda item: (item.reference, item.cents > 0))
    pairs = [(group[0], ours[key][0]) for key, group in theirs.items() if len(group) == len(ours.get(key, ())) == 1]
    return [
        (line, unit)
        for line, unit in pairs
        if line.party != unit.party and set(board.owners[line.claims[0]]) == {unit.party} and are_near(line, unit)
    ]


def claimed(board: Board) -> tuple[dict[ReferenceKey, list[Theirs]], dict[ReferenceKey, list[Ours]]]:
    """Free lines that name one reference, and free units that have one, by reference, merchant and direction."""
    lines = [theirs for theirs in board.theirs.values() if len(theirs.claims) == 1]
    units = [ours for ours in board.ours.values() if ours.reference is not None and ours.stands_alone]
    return (
        group_by(lines, lambda theirs: (theirs.claims[0], theirs.party, theirs.cents > 0)),
        group_by(units, lambda ours: (ours.reference, ours.party, ours.cents > 0)),
    )


def match_amounts(board: Board) -> None:
    """Merchant, amount and day agree. Equal ones on both sides are matched as a set, as far as both reach."""
    for lines, units in pools(board):
        theirs = group_by(lines, lambda item: (item.party, item.cents, item.day))
        ours = group_by(units, lambda item: (item.party, item.cents, item.day))
        for key, group in theirs.items():
            if key in ours:
                match_equal(board, group, ours[key])


def match_equal(board: Board, theirs: Sequence[Theirs], ours: Sequence[Ours]) -> None:
    """Copies come last on both sides, so that the first one of them is matched and the copy is left; of ours after
    what was never reversed, too.
    """
    in_order = copies_last(theirs, lambda line: line.copy_key)
    lasting = sorted(ours, key=lambda unit: unit.unit.id in board.reversed)
    ours = copies_last(lasting, lambda unit: unit.ticket_key or unit.unit.id)
    count = min(len(theirs), len(ours))
    if len({line.copy_key for line in theirs}) == 1 and len(ours) == 1:
        rule, score, last = Rule.AMOUNT_DATE_MERCHANT, 90, "alone-both-sides"
    else:
        rule, score, last = Rule.EQUAL_SET, 85, "equal-candidates"
    board.take(rule, score, in_order[:count], ours[:count], "merchant", "amount", "same-day", last)


def copies_last(items: Sequence[Item], key: Callable[[Item], Hashable]) -> list[Item]:
    """In their order, but the second of each kind after every first, the third after every second."""
    earlier: Counter[Hashable] = Counter()
    nth = []
    for item in items:
        nth.append(earlier[key(item)])
        earlier[key(item)] += 1
    return [item for _, item in sorted(zip(nth, items, strict=True), key=lambda pair: pair[0])]


def match_days_apart(board: Board) -> None:
    """As by amount, up to three days apart, where nothing else could be meant."""
    for lines, units in pools(board):
        fresh = [theirs for theirs in lines if not board.is_copy(theirs)]
        theirs = group_by(fresh, lambda item: (item.party, item.cents))
        ours = group_by(units, lambda item: (item.party, item.cents))
        for key, group in theirs.items():
            for near_lines, near_units in neighbours(group, ours.get(key, ())):
                rule, last = (
                    (Rule.AMOUNT_DATE_MERCHANT, "alone-both-sides")
                    if len(near_lines) == 1
                    else (Rule.EQUAL_SET, "equal-candidates")
                )
                board.take(rule, 70, near_lines, near_units, "merchant", "amount", "other-day", last)


def neighbours(theirs: Sequence[Theirs], ours: Sequence[Ours]) -> Iterator[tuple[list[Theirs], list[Ours]]]:
    """Runs of equal amounts, cut where more than three days are empty, that pair off one by one."""
    mixed: list[Theirs | Ours] = sorted([*theirs, *ours], key=lambda item: item.day)
    run: list[Theirs | Ours] = []
    for item in [*mixed, None]:
        if run and (item is None or (item.day - run[-1].day).days > DAYS_APART_MAX):
            lines = [one for one in run if isinstance(one, Theirs)]
            units = [one for one in run if isinstance(one, Ours)]
            if len(lines) == len(units) and all(map(are_near, lines, units)):
                yield lines, units
            run = []
        if item is not None:
            run.append(item)


def are_near(theirs: Theirs, ours: Ours) -> bool:
    return abs((theirs.day - ours.day).days) <= DAYS_APART_MAX


def pools(board: Board) -> Iterator[tuple[list[Theirs], list[Ours]]]:
    """What may be matched by amount: a line that names a ticket never goes to a unit that has another one, nor the
    total of a day with several sales to one of them.
    """
    sales = sales_by_day(board)
    single = [
        theirs
        for theirs in board.theirs.values()
        if theirs.tickets is None and not (theirs.says_total and len(sales.get((theirs.party, theirs.day), ())) > 1)
    ]
    units = [ours for ours in board.ours.values() if ours.stands_alone]
    yield [theirs for theirs in single if not theirs.claims], units
    nameless = [ours for ours in units if ours.reference is None and ours.unit.id in board.ours]
    yield [theirs for theirs in single if theirs.claims], nameless
