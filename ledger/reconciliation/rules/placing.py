"""Where a file belongs among what is imported already: behind it, before it, within it, over its ends, or between.

The balance decides: what a file tells again begins where a balance of ours is the file's own. From there on each known
line must stand in the file, the same one as often as it is known (occurrences count: twice in one file is two lines,
once in each of two files is one). What is left is new, and must lie beyond what is known.

The same format writes the same line alike, down to its wording and its number; another format words it its own way, so
that day, amount and balance have to do. Of several places that fit, the one that repeats most is the right one.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from ledger.reconciliation.model import Chain, Gap, Known, Pair, Placement, ReadStatement, StatementLine, Window


def place(window: Window, read: ReadStatement) -> Placement | None:
    """The place of a file, or nothing where it does not join on."""
    search = _Search(window, read)
    for found in (search.within(), search.behind(), search.around(), search.in_front(), search.between()):
        if found is not None:
            return found
    return None


def beside(window: Window, read: ReadStatement) -> tuple[list[Known], list[StatementLine]]:
    """What disagrees on the days that both tell: known lines that the file has not, lines of it that are not known."""
    if not read.lines or not window.lines:
        return [], []
    told, known = _span(read.lines), _span(window.lines)
    first, last = max(told[0], known[0]), min(told[1], known[1])
    ours = [line for line in window.lines if first <= line.booked_on <= last]
    theirs = [line for line in read.lines if first <= line.booked_on <= last]
    pairs = _pairs(ours, theirs, read.format)
    known_again = {id(line) for _, line in pairs}
    told_again = {line.number for line, _ in pairs}
    missing = [line for line in ours if id(line) not in known_again]
    return missing, [line for line in theirs if line.number not in told_again]


def gap_of(chain: Chain, window: Window, read: ReadStatement) -> Gap | None:
    """What a file waits for that joins on nowhere yet; nothing where no other file can lie between."""
    first, last = chain.statements[0], chain.statements[-1]
    begins, ends = _span(read.lines) if read.lines else (read.first_day, read.last_day)
    if window.lines:
        is_later = window.at_end and begins >= window.lines[-1].booked_on
        is_earlier = window.at_start and ends <= window.lines[0].booked_on
    else:
        is_later = window.at_end and (read.first_day - last.last_day).days > 1
        is_earlier = window.at_start and (first.first_day - read.last_day).days > 1
    if is_later:
        return Gap(chain.closing_cents, read.opening_cents)
    return Gap(chain.opening_cents, read.closing_cents, is_earlier=True) if is_earlier else None


class _Search:
    def __init__(self, window: Window, read: ReadStatement) -> None:
        self.known, self.told, self.format = window.lines, read.lines, read.format
        self.at_start, self.at_end, self.joints = window.at_start, window.at_end, window.joints
        self.ours = window.balances
        self.theirs = [read.opening_cents, *(line.balance_cents for line in read.lines)]

    def within(self) -> Placement | None:
        """Everything is known."""
        count = len(self.told)
        for start in _where(self.ours, self.theirs[0]):
            if count and start + count < len(self.ours) and self.ours[start + count] == self.theirs[-1]:
                pairs = _pairs(self.known[start : start + count], self.told, self.format)
                if len(pairs) == count:
                    return Placement(known=tuple(pairs))
        return None

    def behind(self) -> Placement | None:
        """It goes on after the last known line, the first ones told perhaps again."""
        for start in _where(self.ours, self.theirs[0]) if self.at_end else ():
            again = self.known[start:]
            if len(again) > len(self.told):
                continue
            pairs = _pairs(again, self.told, self.format)
            after = _without(self.told, pairs)
            if len(pairs) == len(again) and _follow(self.known, after):
                return Placement(after=after, known=tuple(pairs))
        return None

    def in_front(self) -> Placement | None:
        """It ends before the first known line, the last ones told perhaps again."""
        ends = reversed(list(_where(self.ours, self.theirs[-1]))) if self.at_start else iter(())
        for end in ends:
            again = self.known[:end]
            if len(again) > len(self.told):
                continue
            pairs = _pairs(again[::-1], self.told[::-1], self.format)
            before = _without(self.told, pairs)
            if len(pairs) == len(again) and _precede(before, self.known):
                return Placement(before=before, known=tuple(sorted(pairs, key=lambda pair: pair[0].number)))
        return None

    def around(self) -> Placement | None:
        """It tells more on both sides."""
        count = len(self.known)
        if not (self.at_start and self.at_end and count):
            return None
        for start in _where(self.theirs, self.ours[0]):
            stop = start + count
            if stop < len(self.theirs) and self.theirs[stop] == self.ours[-1]:
                pairs = _pairs(self.known, self.told[start:stop], self.format)
                before, after = self.told[:start], self.told[stop:]
                if len(pairs) == count and _precede(before, self.known) and _follow(self.known, after):
                    return Placement(before, after, tuple(pairs))
        return None

    def between(self) -> Placement | None:
        """It tells what was missed between two statements and came to nothing, so that no balance missed it."""
        for joint, statements_before in self.joints:
            for start in _where(self.ours[: joint + 1], self.theirs[0]):
                for stop in reversed([joint + end for end in _where(self.ours[joint:], self.theirs[-1])]):
                    found = self._put_between(start, joint, stop)
                    if found is not None:
                        return replace(found, joint=statements_before)
        return None

    def _put_between(self, start: int, joint: int, stop: int) -> Placement | None:
        again = self.known[start:stop]
        if len(again) >= len(self.told):
            return None
        pairs = _pairs(again, self.told, self.format)
        new = _without(self.told, pairs)
        fits = _follow(self.known[:joint], new) and _precede(new, self.known[joint:])
        return Placement(known=tuple(pairs), between=new) if len(pairs) == len(again) and fits else None


def _where(balances: Sequence[int], cents: int) -> Iterator[int]:
    return (place for place, balance in enumerate(balances) if balance == cents)


def _pairs(known: Sequence[Known], told: Sequence[StatementLine], told_format: str) -> list[Pair]:
    """Each line told with the known one that it repeats, the first with the first; first those worded alike."""
    alike = _paired([line for line in known if line.format == told_format], told, _exact)
    others = [line for line in known if line.format != told_format]
    loose = _paired(others, _without(told, alike), _day_and_amount) if others else []
    return sorted([*alike, *loose], key=lambda pair: pair[0].number)


def _paired(
    known: Sequence[Known], told: Sequence[StatementLine], key: Callable[[Known | StatementLine], Hashable]
) -> list[Pair]:
    free: defaultdict[Hashable, deque[StatementLine]] = defaultdict(deque)
    for line in told:
        free[key(line)].append(line)
    return [(free[key(line)].popleft(), line) for line in known if free[key(line)]]


def _day_and_amount(line: Known | StatementLine) -> Hashable:
    return line.booked_on, line.amount_cents


def _exact(line: Known | StatementLine) -> Hashable:
    return line.booked_on, line.amount_cents, line.label.casefold(), line.their_reference


def _without(told: Sequence[StatementLine], pairs: Sequence[Pair]) -> tuple[StatementLine, ...]:
    again = {line.number for line, _ in pairs}
    return tuple(line for line in told if line.number not in again)


def _follow(known: Sequence[Known], after: Sequence[StatementLine]) -> bool:
    return not known or not after or _span(after)[0] >= known[-1].booked_on


def _precede(before: Sequence[StatementLine], known: Sequence[Known]) -> bool:
    return not known or not before or _span(before)[1] <= known[0].booked_on


def _span(lines: Sequence[Known] | Sequence[StatementLine]) -> tuple[date, date]:
    days = [line.booked_on for line in lines]
    return min(days), max(days)
