"""The review as it runs: look, draw, wait for a key, carry out what it orders, and look again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from rich.console import Console

from admin_cli.display import console
from admin_cli.refusals import in_one_line
from admin_cli.review.deeds import COMMANDS, Desk
from admin_cli.review.drawing import COLUMNS_MAX, View, prompt, screen
from admin_cli.review.keys import PipedKeys, TerminalKeys, keyboard
from admin_cli.review.state import Act, Item, Order, Walk
from admin_cli.review.walk import asked_for, carried_out, press, renewed, settled, taken_back
from ledger.errors import N_, Refusal
from ledger.reconciliation.model import Account
from ledger.reconciliation.model.breaks import BreakEvent, State
from ledger.reconciliation.resolving import break_file
from ledger.reconciliation.reviewing import Waiting, what_waits

if TYPE_CHECKING:
    from admin_cli.console import Session


async def review(session: Session, account: Account, period: date | None) -> tuple[Walk, View]:
    """Walk through what waits until somebody quits. Refuses `NoStatement`; all else is told on the screen."""
    waiting = await what_waits(session.ledger, account, period=period)
    walk, view = Walk(tuple(_items(waiting)), waiting.today), View(waiting.statement)
    if not walk.items:
        return walk, view
    out = console(errors=session.as_json)  # the answer of --json is all that standard output has
    with keyboard(out.file) as keys, _canvas(out, keys, silent=session.as_json) as canvas:
        desk = Desk(session, account, period, keys)
        walk, view = await _looked(desk, walk)
        while not walk.is_over:
            canvas.draw(walk, view)
            walk, view = await _after(desk, walk, view, keys.next_key())
    return walk, view


def document(walk: Walk, view: View) -> dict[str, object]:
    """The JSON of a review: what was done and not taken back, and what is left."""
    suggestions = [item for item in walk.open_items if item.suggestion is not None]
    return {
        "period": view.statement.period,
        "account": view.statement.account.value,
        "done": [
            {"command": COMMANDS[step.done.act], "id": str(step.done.item_id)} for step in walk.steps if step.done
        ],
        "left": {"suggestions": len(suggestions), "breaks": len(walk.open_items) - len(suggestions)},
        "waiting": [{"id": str(item.id), "worth_cents": item.worth_cents} for item in walk.open_items],
    }


async def _after(desk: Desk, walk: Walk, view: View, key: str) -> tuple[Walk, View]:
    """What follows from a key."""
    now, order = press(walk, key)
    if order is not None:
        now = await _ordered(desk, now, order)
    elif now.place == walk.place:
        return now, view
    return await _looked(desk, now, onward=order is not None and order.act.decides and now.place != walk.place)


async def _ordered(desk: Desk, walk: Walk, order: Order) -> Walk:
    """Carry it out, unless what it is about is no longer what was shown; a refusal is told, and nothing was done."""
    if order.act is not Act.UNDO:
        fresh = renewed(walk, _items(await _waiting(desk)))
        if fresh.item != order.item:
            notice = N_("This has changed meanwhile: look again. Nothing was done.")
            return replace(fresh, notice=notice, is_refused=True)
    try:
        done = await desk.carry_out(order)
    except Refusal as refusal:
        if order.act is Act.WRITE_OFF and not order.words and refusal.facts.get("programmes"):
            return asked_for(walk, order.act)
        return replace(walk, notice="{refusal}", facts={"refusal": in_one_line(refusal)}, is_refused=True)
    return taken_back(walk) if done is None else carried_out(walk, done)


async def _looked(desk: Desk, walk: Walk, *, onward: bool = False) -> tuple[Walk, View]:
    """The same walk over what waits now, and what is shown beside its item; `onward`: past what is settled with it."""
    waiting = await _waiting(desk, walk.item)
    walk = renewed(walk, _items(waiting))
    if onward and walk.item is not None and walk.item.gone:
        return await _looked(desk, settled(walk))
    return walk, View(waiting.statement, waiting.misses, await _comments(desk, walk.item))


async def _waiting(desk: Desk, item: Item | None = None) -> Waiting:
    near = item.id if item is not None and item.found is not None else None
    return await what_waits(desk.session.ledger, desk.account, period=desk.period, near=near)


async def _comments(desk: Desk, item: Item | None) -> list[BreakEvent]:
    if item is None or item.gone or item.life is None or not item.life.comments:
        return []
    return [event for event in (await break_file(desk.session.ledger, item.id.hex)).events if event.comment]


_TURNS = (State.OPEN, State.WAITING, State.PROPOSED)


def _items(waiting: Waiting) -> list[Item]:
    """Suggestions, the surest first; then breaks: those that nobody decided about first, and of these the dearest."""
    suggestions = [Item(one.id, suggestion=one) for one in waiting.suggestions]
    breaks = [Item(found.id, found=found, life=waiting.lives[found.id]) for found in waiting.breaks]
    breaks.sort(key=lambda item: (_turn(item), -item.worth_cents, item.id))
    return suggestions + breaks


def _turn(item: Item) -> int:
    return _TURNS.index(item.life.state) if item.life is not None else 0


@dataclass
class _Canvas:
    """Where it is drawn: over and over on a terminal, one below the other in a pipe, unless --json was asked for."""

    out: Console
    is_terminal: bool
    silent: bool
    typing: bool = False

    def draw(self, walk: Walk, view: View) -> None:
        asked = prompt(walk)
        if self.is_terminal:
            self._draw_over(walk, view, asked)
        elif not self.silent and not (self.typing and asked is not None and not walk.notice):
            self.out.print(screen(walk, view), width=COLUMNS_MAX)
        self.typing = asked is not None

    def _draw_over(self, walk: Walk, view: View, asked: str | None) -> None:
        """As wide and as high as the terminal is now; while one types, only the line that grows."""
        if asked is None or not self.typing or walk.notice:
            self.out.clear()
            self.out.print(
                screen(walk, view), width=min(self.out.width, COLUMNS_MAX), height=self.out.height - 1, end=""
            )
        if asked is not None:
            room = self.out.width - 2
            shown = asked if len(asked) <= room else f"…{asked[1 - room :]}"
            self.out.file.write(f"\r\x1b[2K{shown}")
        self.out.file.flush()


@contextmanager
def _canvas(out: Console, keys: PipedKeys | TerminalKeys, *, silent: bool) -> Iterator[_Canvas]:
    """A screen of its own on a terminal, so that what stood there before is there again afterwards."""
    try:
        if keys.is_terminal:
            out.set_alt_screen(True)
        yield _Canvas(out, keys.is_terminal, silent)
    finally:
        if keys.is_terminal:
            out.set_alt_screen(False)
