"""Where a break stands, from what people did about it. Pure: today is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from ledger.calendar import paris_day
from ledger.reconciliation.model import Break
from ledger.reconciliation.model.breaks import BreakEvent, Course, Deed, Life, Resolution, State, Told


def life_of(found: Break, told: Told, today: date) -> Life:
    """Its state, owner, age and value on a day.

    A wait that is over leaves the break open again, and says so. What was decided before somebody reopened it
    counts no more; a proposal that waits for its second person does, whatever else happened.
    """
    first = paris_day(told.first_seen_at) if told.first_seen_at else today
    plain = Life(
        State.CLEARED if found.cleared else State.OPEN,
        age_days=max((today - first).days, 0),
        value_cents=abs(found.difference_cents),
        first_seen_at=told.first_seen_at,
        owner=_owner(told.events),
        comments=len(standing_comments(told.events)),
    )
    booked = _booked(told.resolutions)
    if found.cleared:
        return _with(plain, booked)
    pending = [one for one in told.resolutions if one.state == "pending"]
    if pending:
        return _with(plain, pending[-1], State.PROPOSED)
    if booked is not None:
        return _with(plain, booked, State.RESOLVED)
    return _waiting(plain, told, today)


def standing_comments(events: Iterable[BreakEvent]) -> list[BreakEvent]:
    """Comments that nobody erased."""
    every = list(events)
    erased = {(event.break_id, event.erases) for event in every if event.deed is Deed.ERASE}
    return [event for event in every if event.deed is Deed.COMMENT and (event.break_id, event.nth) not in erased]


def _booked(resolutions: Sequence[Resolution]) -> Resolution | None:
    """The last correction that is in the books and was not taken back; a reversal of another one is none."""
    ours = {one.transaction_id for one in resolutions}
    stands = [
        one
        for one in resolutions
        if one.state == "approved"
        and one.course in {Course.WE_CORRECT, Course.WRITE_OFF}
        and one.reversed_by is None
        and (one.takes_back is None or one.takes_back not in ours)
    ]
    return stands[-1] if stands else None


def _waiting(plain: Life, told: Told, today: date) -> Life:
    """The latest of a wait and an approved claim, unless it was reopened since."""
    since = max((event.at for event in told.events if event.deed is Deed.REOPEN), default=None)
    waits: list[tuple[datetime, Course, date, int | None]] = [
        (event.at, Course.WAIT, event.due_on, None)
        for event in told.events
        if event.deed is Deed.WAIT and event.due_on is not None
    ]
    waits += [
        (one.decided_at, Course.THEY_CORRECT, one.due_on, one.number)
        for one in told.resolutions
        if one.state == "approved" and one.decided_at is not None and one.due_on is not None
    ]
    counting = [wait for wait in waits if since is None or wait[0] > since]
    if not counting:
        return plain
    _, course, due_on, number = max(counting, key=lambda wait: wait[0])
    over = due_on < today
    return _changed(plain, State.OPEN if over else State.WAITING, course, due_on, number, overdue=over)


def _with(plain: Life, resolution: Resolution | None, state: State | None = None) -> Life:
    if resolution is None:
        return plain
    return _changed(plain, state or plain.state, resolution.course, resolution.due_on, resolution.number)


def _changed(
    plain: Life, state: State, course: Course, due_on: date | None, number: int | None, *, overdue: bool = False
) -> Life:
    return replace(plain, state=state, course=course, due_on=due_on, overdue=overdue, proposal=number)


def _owner(events: Iterable[BreakEvent]) -> str | None:
    """Whoever it was given to last."""
    given = [event for event in events if event.deed in {Deed.ASSIGN, Deed.RELEASE}]
    return max(given, key=lambda event: (event.at, event.nth)).owner if given else None
