"""How a review looks: a line that says where one is, both sides side by side, what is nearest, and the keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.rule import Rule as Ruled
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from admin_cli.display import amount
from admin_cli.explanations import agreed, failed
from admin_cli.review.help import help_screen, key_line
from admin_cli.review.state import Act, Item, Mode, Walk
from ledger.errors import N_
from ledger.reconciliation.model import Line, Miss, Rule, Statement, Suggestion, Unit
from ledger.reconciliation.model.breaks import BreakEvent, Life
from ledger.reconciliation.told import ACCOUNTS, CATEGORIES, RULES, standing, why
from ledger.texts import format_cents, format_date, ngettext
from ledger.texts import gettext as _

COLUMNS_MAX = 120
ENTRIES_MAX = 4
MISSES_MAX = 3
COMMENTS_MAX = 2
ID_CHARACTERS = 8

_QUESTIONS = {
    Act.COMMENT: N_("Comment"),
    Act.WAIT: N_("Wait until (2026-11-30, or +14 days)"),
    Act.CLAIM: N_("They correct it until (2026-11-30, or +14 days)"),
    Act.WRITE_OFF: N_("Programme"),
}
_COUNTED = {
    Act.ACCEPT: N_("{count} matched"),
    Act.ASSIGN: N_("{count} taken to look after"),
    Act.COMMENT: N_("{count} commented on"),
    Act.WAIT: N_("{count} to wait for"),
    Act.CLAIM: N_("{count} for them to correct"),
    Act.CORRECT: N_("{count} for us to correct"),
    Act.WRITE_OFF: N_("{count} to write off"),
}


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of one item besides itself."""

    statement: Statement
    misses: Sequence[Miss] = ()
    comments: Sequence[BreakEvent] = ()


@dataclass(frozen=True, slots=True)
class Screen:
    """What is drawn: where one is, what it is about, and the keys; the line that one types on comes below."""

    head: RenderableType
    body: RenderableType
    foot: RenderableType

    def __rich_console__(self, out: Console, options: ConsoleOptions) -> RenderResult:
        """Whole, however long; on a terminal with its height given, with the body cut to what there is room for."""
        yield self.head
        yield self.body if options.height is None else self._fitting(out, options.reset_height(), options.height)
        yield self.foot

    def _fitting(self, out: Console, options: ConsoleOptions, height: int) -> RenderableType:
        around = len(out.render_lines(Group(self.head, self.foot), options))
        lines, room = out.render_lines(self.body, options), max(height - around, 2)
        kept = lines if len(lines) <= room else [*lines[: room - 1], [Segment("…")]]
        return Group(*(Segments([*line, Segment.line()]) for line in kept))


def screen(walk: Walk, view: View) -> Screen:
    """Everything but the line that one types on."""
    if walk.mode is Mode.HELP:
        return Screen(Group(), help_screen(), Group())
    item = walk.item
    body = _end(walk) if item is None else _body(item, view)
    ruled = Ruled(style="dim")
    return Screen(Group(_head(walk, view.statement), ruled), body, Group(ruled, _foot(walk)))


def prompt(walk: Walk) -> str | None:
    """The line that one types on, where one does."""
    if walk.mode is not Mode.TYPE or walk.asked is None:
        return None
    return _("{name}: {value}").format(name=_(_QUESTIONS[walk.asked]), value=walk.typed)


def summary(walk: Walk) -> str:
    """What was done, and what is left."""
    acts = [step.done.act for step in walk.steps if step.done is not None]
    counts = [_(text).format(count=acts.count(act)) for act, text in _COUNTED.items() if act in acts]
    done = _("Done: {what}.").format(what=", ".join(counts)) if counts else _("Nothing was done.")
    return f"{done} {_left(walk)}"


def _left(walk: Walk) -> str:
    suggestions = sum(item.suggestion is not None for item in walk.open_items)
    if not walk.open_items:
        return _("Nothing is left.")
    text = _("Left: suggestions {suggestions}, differences {breaks} worth {amount}.")
    breaks, worth_cents = len(walk.open_items) - suggestions, _worth_cents(walk)
    return text.format(suggestions=suggestions, breaks=breaks, amount=format_cents(worth_cents))


def _worth_cents(walk: Walk) -> int:
    return sum(item.worth_cents for item in walk.open_items if item.found is not None)


def _head(walk: Walk, statement: Statement) -> RenderableType:
    where = _("{place} of {all}").format(place=min(walk.place + 1, len(walk.items)), all=len(walk.items))
    if walk.item is None:
        where = _("end of {all}").format(all=len(walk.items))
    worth = _("worth {amount}").format(amount=format_cents(walk.item.worth_cents)) if walk.item else ""
    left = Text(" · ".join(part for part in (where, worth) if part), style="bold")
    line = Table.grid(expand=True)
    line.add_column()
    line.add_column(justify="right")
    line.add_row(left, Text(f"{_(ACCOUNTS[statement.account])} · {statement.period}", style="dim"))
    return line


def _end(walk: Walk) -> RenderableType:
    return Group(Text(_("That was all."), style="bold"), Text(summary(walk)))


def _body(item: Item, view: View) -> RenderableType:
    if item.suggestion is not None:
        one = item.suggestion
        head = [_title(_("Suggestion"), item, _(RULES[one.rule])), Text(_score(one.score, one.reasons)), *_set(one)]
        return Group(*_gone(item), *head, Text(), sides(one.lines, one.units))
    found = item.found
    assert found is not None, "an item is a suggestion or a break"
    title = _title(_("Break"), item, _(CATEGORIES[found.category]))
    parts: list[RenderableType] = [title, Text(_reason(why(found))), *_standing(item.life), *_comments(view.comments)]
    parts += [Text(), sides(found.lines, found.units)]
    if view.misses:
        parts += [Text(), *_misses(view.misses, of_line=bool(found.lines))]
    return Group(*_gone(item), *parts)


def _title(kind: str, item: Item, words: str) -> Text:
    return Text.assemble((f"{kind} ", "bold"), (str(item.id)[:ID_CHARACTERS], "dim"), "  ", (words, "bold cyan"))


def _score(score: int, reasons: Sequence[str]) -> str:
    return _("Score {score} of 100, because of: {reasons}").format(score=score, reasons=agreed(reasons))


def _set(one: Suggestion) -> list[Text]:
    """Of equal ones, how many would be matched."""
    if one.rule is not Rule.EQUAL_SET:
        return []
    return [Text(_("As many as both sides have would be matched: {count}").format(count=len(one.match.lines)))]


def _reason(words: str) -> str:
    return _("Why: {reason}").format(reason=words)


def _gone(item: Item) -> list[RenderableType]:
    return [Text(_("No longer open: settled or changed meanwhile."), style="bold yellow")] if item.gone else []


def _standing(life: Life | None) -> Iterator[RenderableType]:
    """State, owner and age of a break, in a line."""
    if life is None:
        return
    owner = _("looked after by {name}").format(name=life.owner) if life.owner else _("looked after by nobody")
    ago = ngettext("first seen {days} day ago", "first seen {days} days ago", life.age_days)
    age = ago.format(days=life.age_days) if life.age_days else _("first seen today")
    style = "bold yellow" if life.is_flagged or life.overdue else ""
    yield Text(f"{standing(life)} · {owner} · {age}", style=style)


def _comments(events: Sequence[BreakEvent]) -> Iterator[RenderableType]:
    """The last ones."""
    for event in events[-COMMENTS_MAX:]:
        said = _("{name}: {value}").format(name=event.by, value=" ".join((event.comment or "").split()))
        yield Text(f"  {said}", style="italic", overflow="ellipsis", no_wrap=True)


def sides(lines: Sequence[Line], units: Sequence[Unit]) -> RenderableType:
    """Theirs to the left, ours to the right, each with its sum where it is of several."""
    made = Table(box=box.MINIMAL, expand=True, show_edge=False, pad_edge=False, padding=(0, 1))
    made.add_column(_("Theirs"), ratio=1)
    made.add_column(_("Ours"), ratio=1)
    made.add_row(_side(_line_entry(line) for line in lines), _side(_unit_entry(unit) for unit in units))
    if len(lines) > 1 or len(units) > 1:
        sums = (sum(line.amount_cents for line in lines), sum(unit.amount_cents for unit in units))
        made.add_section()
        made.add_row(*(_named_amount(Text(_("Sum"), style="bold"), cents) for cents in sums))
    return made


Entry = tuple[str, str, int]


def _line_entry(line: Line) -> Entry:
    return f"{format_date(line.booked_on)}  {_('record')} {line.record}", line.label, line.amount_cents


def _unit_entry(unit: Unit) -> Entry:
    named = f"{format_date(unit.booked_on)}  {unit.reference or str(unit.id)[:ID_CHARACTERS]}"
    return named, unit.merchant or unit.kind.code, unit.amount_cents


def _side(entries: Iterable[Entry]) -> RenderableType:
    every = list(entries)
    if not every:
        return Text(_("nothing"), style="dim")
    parts: list[RenderableType] = []
    for named, label, cents in every[:ENTRIES_MAX]:
        parts += [_named_amount(Text(named), cents), _label(label, whole=len(every) == 1)]
    if len(every) > ENTRIES_MAX:
        parts.append(Text(_("and {count} more").format(count=len(every) - ENTRIES_MAX), style="dim"))
    return Group(*parts)


def _label(label: str, *, whole: bool) -> Text:
    """In one line where there are several; statements break theirs where they like."""
    return Text(" ".join(label.split()), style="dim", no_wrap=not whole, overflow="fold" if whole else "ellipsis")


def _named_amount(named: Text, cents: int) -> RenderableType:
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row(named, amount(cents))
    return grid


def _misses(misses: Sequence[Miss], *, of_line: bool) -> Iterator[RenderableType]:
    """The nearest on the other side, with in what each does not agree."""
    yield Text(_("Nearest misses, and in what they do not agree"), style="bold")
    grid = Table.grid(expand=True, padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=5)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(ratio=4)
    for miss in misses[:MISSES_MAX]:
        named, label, cents = _unit_entry(miss.unit) if of_line else _line_entry(miss.line)
        grid.add_row(Text(named), Text(" ".join(label.split()), style="dim"), amount(cents), Text(failed(miss)))
    yield grid


def _foot(walk: Walk) -> RenderableType:
    """What is said to the last key, and the keys that mean something now."""
    parts: list[RenderableType] = []
    if walk.notice:
        parts.append(Text(_(walk.notice).format(**walk.facts), style="bold red" if walk.is_refused else "bold green"))
    return Group(*parts, key_line(walk))
