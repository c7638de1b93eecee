"""Does the whole add up? Statement form: theirs at close, plus and minus what is explained, gives ours at close."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.reconciliation.model import Break, OpeningItems, Proof, Side


def side(opening_cents: int, closing_cents: int, moved: Iterable[int]) -> Side:
    """What moved between opening and closing, both ways apart."""
    amounts = list(moved)
    return Side(
        opening_cents=opening_cents,
        in_cents=sum(cents for cents in amounts if cents > 0),
        out_cents=-sum(cents for cents in amounts if cents < 0),
        closing_cents=closing_cents,
    )


def prove(theirs_cents: int, ours_cents: int, breaks: Iterable[Break], opening: OpeningItems | None = None) -> Proof:
    """From their closing to ours by way of the breaks and of what is older than our books."""
    found = list(breaks)
    return Proof(
        theirs_cents=theirs_cents,
        ours_only_cents=sum(one.difference_cents for one in found if not one.lines),
        theirs_only_cents=-sum(one.difference_cents for one in found if not one.units),
        amounts_cents=sum(one.difference_cents for one in found if one.lines and one.units),
        ours_cents=ours_cents,
        opening_items_cents=opening.cents if opening else 0,
    )
