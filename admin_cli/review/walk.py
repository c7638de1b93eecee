"""Where one is in a review, and what a key does there. Pure: nothing is read, drawn or recorded here.

A key gives the next state, and sometimes an order: something to be carried out in a unit of work of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from admin_cli.review.state import (
    END_OF_INPUT,
    ENTER,
    ERASE,
    ESCAPE,
    INTERRUPT,
    LEFT,
    RIGHT,
    Act,
    Done,
    Item,
    Mode,
    Order,
    Step,
    Walk,
)
from ledger.adjustments.rules import INSTEAD
from ledger.errors import N_
from ledger.reconciliation.model import Break

WORDS_CHARACTERS_MAX = 1000
_DAYS_AHEAD_MAX = 9999


Pressed = tuple[Walk, Order | None]

REASON_KEYS = {"1": "booked-twice", "2": "never-happened", "3": "wrong-amount", "4": "wrong-account"}


def press(walk: Walk, key: str) -> Pressed:
    """What becomes of the walk when a key is pressed. Any key that means nothing here changes nothing, and says so."""
    if key in {END_OF_INPUT, INTERRUPT}:
        return replace(walk, is_over=True, is_cut=key == INTERRUPT), None
    return _MODES[walk.mode](replace(walk, notice="", facts={}, is_refused=False), key)


def asked_for(walk: Walk, act: Act) -> Walk:
    """The same walk, where one now types what an order lacks."""
    return replace(walk, mode=Mode.TYPE, asked=act, typed="")


def carried_out(walk: Walk, done: Done) -> Walk:
    """After an order was carried out: one may take it back, and goes on where it decided something."""
    told = replace(walk, steps=(*walk.steps, Step(walk.place, done)), notice=_SAID[done.act])
    return _onward(told) if done.act.decides else told


def taken_back(walk: Walk) -> Walk:
    """After the last step was taken back: one stands where it was made."""
    last = walk.steps[-1]
    return replace(walk, steps=walk.steps[:-1], place=last.place, notice=N_("Taken back."))


def renewed(walk: Walk, items: Sequence[Item]) -> Walk:
    """The same walk over what waits now: everything keeps its place, what is new comes last."""
    now = {item.id: item for item in items}
    kept = [now.pop(item.id) if item.id in now else replace(item, gone=True) for item in walk.items]
    return replace(walk, items=(*kept, *now.values()))


def settled(walk: Walk) -> Walk:
    """Past what is gone, where one just came."""
    return replace(walk, place=_next_open(walk, walk.place))


def day_typed(text: str, today: date) -> date | None:
    """A day as people write it, or `+14`: so many days from today."""
    if text.startswith("+") and text[1:].isascii() and text[1:].isdigit() and int(text[1:]) <= _DAYS_AHEAD_MAX:
        return today + timedelta(days=int(text[1:]))
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    return None


def _look(walk: Walk, key: str) -> Pressed:
    action = _KEYS.get(key.lower() if len(key) == 1 else key)
    if action is None and key == ENTER:  # over a pipe each key may stand on a line of its own
        return walk, None
    if action is None:
        return replace(walk, notice=N_("No such key here; ? shows them.")), None
    return action(walk)


def _accept(walk: Walk) -> Pressed:
    item = walk.item
    if item is None or item.gone or item.suggestion is None:
        return replace(walk, notice=N_("There is nothing to accept here: a is for suggestions.")), None
    return walk, Order(Act.ACCEPT, item)


def _on_break(next_step: Callable[[Walk, Item], Pressed]) -> Callable[[Walk], Pressed]:
    def act(walk: Walk) -> Pressed:
        item = walk.item
        if item is None or item.gone or item.found is None:
            return replace(walk, notice=N_("This is for differences: accept the suggestion, or skip it.")), None
        return next_step(walk, item)

    return act


def _ask(act: Act) -> Callable[[Walk, Item], Pressed]:
    return lambda walk, _item: (asked_for(walk, act), None)


def _assign(walk: Walk, item: Item) -> Pressed:
    return walk, Order(Act.ASSIGN, item)


def _propose(walk: Walk, _item: Item) -> Pressed:
    return replace(walk, mode=Mode.PROPOSE), None


def _skip(walk: Walk) -> Pressed:
    if walk.item is None:
        return replace(walk, notice=N_("This is the end; q ends the review, b goes back.")), None
    return _onward(replace(walk, steps=(*walk.steps, Step(walk.place)))), None


def _back(walk: Walk) -> Pressed:
    before = [place for place in range(walk.place) if not walk.items[place].gone]
    if not before:
        return replace(walk, notice=N_("This is the first one.")), None
    return replace(walk, place=before[-1], steps=(*walk.steps, Step(walk.place))), None


def _undo(walk: Walk) -> Pressed:
    if not walk.steps:
        return replace(walk, notice=N_("There is nothing to take back.")), None
    last = walk.steps[-1]
    if last.done is None:
        return replace(walk, place=last.place, steps=walk.steps[:-1]), None
    item = next(item for item in walk.items if item.id == last.done.item_id)
    return walk, Order(Act.UNDO, item, done=last.done)


def _help(walk: Walk) -> Pressed:
    return replace(walk, mode=Mode.HELP), None


def _quit(walk: Walk) -> Pressed:
    return replace(walk, is_over=True), None


def _from_help(walk: Walk, _key: str) -> Pressed:
    return replace(walk, mode=Mode.LOOK), None


def _proposing(walk: Walk, key: str) -> Pressed:
    looking = replace(walk, mode=Mode.LOOK)
    item, key = walk.item, key.lower()
    if item is None or item.found is None:
        return looking, None
    if key == "t":
        return _ask(Act.CLAIM)(looking, item)
    if key == "o":
        return _correcting(looking, item.found)
    if key == "x":
        return _ordered(looking, Act.WRITE_OFF)
    return replace(looking, notice=N_("Nothing was proposed.")), None


def _reasoning(walk: Walk, key: str) -> Pressed:
    looking = replace(walk, mode=Mode.LOOK)
    if key not in REASON_KEYS:
        return replace(looking, notice=N_("Nothing was proposed.")), None
    return _ordered(looking, Act.CORRECT, REASON_KEYS[key])


def _ordered(walk: Walk, act: Act, words: str = "") -> Pressed:
    assert walk.item is not None, "an order is about something"
    return walk, Order(act, walk.item, words)


def _correcting(walk: Walk, found: Break) -> Pressed:
    """One transaction of ours may be taken back, if its kind has no undo of its own; else it has to follow from the
    difference.
    """
    if len(found.units) != 1 or found.lines:
        return _ordered(walk, Act.CORRECT)
    instead = INSTEAD.get(found.units[0].kind)
    if instead is None:
        return replace(walk, mode=Mode.REASON), None
    notice = N_("Not like this: it has an undo of its own ({instead}).")
    return replace(walk, notice=notice, facts={"instead": instead}, is_refused=True), None


def _typing(walk: Walk, key: str) -> Pressed:
    if key == ESCAPE:
        return replace(walk, mode=Mode.LOOK, asked=None, typed="", notice=N_("Nothing was recorded.")), None
    if key == ERASE:
        return replace(walk, typed=walk.typed[:-1]), None
    if key == ENTER:
        return _typed(walk)
    if len(key) == 1 and len(walk.typed) < WORDS_CHARACTERS_MAX:
        return replace(walk, typed=walk.typed + key), None
    return walk, None


def _typed(walk: Walk) -> Pressed:
    words, item, act = walk.typed.strip(), walk.item, walk.asked
    if not words or item is None or act is None:
        return walk, None
    looking = replace(walk, mode=Mode.LOOK, asked=None, typed="")
    if act in {Act.COMMENT, Act.WRITE_OFF}:
        return looking, Order(act, item, words)
    day = day_typed(words, walk.today)
    if day is None:
        notice = N_("“{value}” is no day: write 2026-11-30, 30/11/2026, or +14 for in fourteen days.")
        return replace(walk, typed="", notice=notice, facts={"value": words[:40]}, is_refused=True), None
    return looking, Order(act, item, day=day)


def _onward(walk: Walk) -> Walk:
    return replace(walk, place=_next_open(walk, walk.place + 1))


def _next_open(walk: Walk, start: int) -> int:
    ahead = (place for place in range(start, len(walk.items)) if not walk.items[place].gone)
    return next(ahead, len(walk.items))


_SAID = {
    Act.ACCEPT: N_("Matched; u takes it back."),
    Act.ASSIGN: N_("You look after it now."),
    Act.COMMENT: N_("The comment is kept."),
    Act.WAIT: N_("It waits."),
    Act.CLAIM: N_("Proposed: they correct. Another person now approves it."),
    Act.CORRECT: N_("Proposed: we correct. Another person now approves it."),
    Act.WRITE_OFF: N_("Proposed: write off. Another person now approves it."),
}
_KEYS: dict[str, Callable[[Walk], Pressed]] = {
    "a": _accept,
    "s": _skip,
    " ": _skip,
    RIGHT: _skip,
    "b": _back,
    LEFT: _back,
    "u": _undo,
    "m": _on_break(_assign),
    "c": _on_break(_ask(Act.COMMENT)),
    "w": _on_break(_ask(Act.WAIT)),
    "p": _on_break(_propose),
    "?": _help,
    "h": _help,
    "q": _quit,
}
_MODES: dict[Mode, Callable[[Walk, str], Pressed]] = {
    Mode.LOOK: _look,
    Mode.HELP: _from_help,
    Mode.PROPOSE: _proposing,
    Mode.REASON: _reasoning,
    Mode.TYPE: _typing,
}
