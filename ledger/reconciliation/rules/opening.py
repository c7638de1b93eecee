"""Where history starts: what an account's statements tell of the time before our books began."""

from __future__ import annotations

from dataclasses import replace

from ledger.reconciliation.model import Books, Line, OpeningItems


def is_opening_item(books: Books, line: Line) -> bool:
    """Is it older than our first day, and matched with nothing? Then nothing of ours is ever to come for it."""
    return line.match_id is None and books.starts_on is not None and line.booked_on < books.starts_on


def opening_items(books: Books, theirs_cents: int, ours_cents: int) -> OpeningItems | None:
    """What is carried from before our books: their balance at the start of the first statement, if ours begin no
    earlier, and the lines up to our first day. Nothing, where there is nothing.
    """
    older = [line for line in books.lines if is_opening_item(books, line)]
    lines = tuple(sorted(older, key=lambda line: (line.booked_on, line.record)))
    begins_first = books.starts_on is not None and books.base_day is not None and books.base_day <= books.starts_on
    found = OpeningItems(theirs_cents - ours_cents if begins_first else 0, lines)
    return found if lines or found.balance_cents else None


def without_opening_items(books: Books) -> Books:
    """What is left to be explained."""
    lines = tuple(line for line in books.lines if not is_opening_item(books, line))
    return replace(books, lines=lines)
