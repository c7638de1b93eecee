"""The keys of a review as people read them, and the command that does the same without it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from admin_cli.review.state import Mode, Walk
from ledger.errors import N_
from ledger.texts import gettext as _

_ON_SUGGESTION = (("a", N_("accept")),)
_ON_BREAK = (("m", N_("mine")), ("c", N_("comment on it")), ("w", N_("wait")), ("p", N_("propose")))
_EVERYWHERE = (
    ("s", N_("skip")),
    ("b", N_("back")),
    ("u", N_("undo")),
    ("?", N_("help")),
    ("q", N_("quit")),
)
_PROPOSALS = (("t", N_("they correct")), ("o", N_("we correct")), ("x", N_("write off")))
_REASONS = (
    ("1", N_("booked twice")),
    ("2", N_("it never happened")),
    ("3", N_("wrong amount")),
    ("4", N_("wrong account")),
)
_TYPING = (("⏎", N_("keep")), ("Esc", N_("leave it")))

_HELP = (
    ("a", N_("accept the suggestion: it becomes a match"), "reconcile accept ID"),
    ("s →", N_("skip, go on to the next"), ""),
    ("b ←", N_("go back to the one before"), ""),
    ("u", N_("take the last step back"), "reconcile unmatch RECORD …"),
    ("m", N_("look after the difference yourself"), "break assign BREAK"),
    ("c", N_("comment on it; the words lie encrypted and may be erased"), "break comment BREAK …"),
    ("w", N_("wait until a day for it to settle by itself"), "break wait BREAK"),
    ("p t", N_("propose: they correct it, until a day"), "break claim BREAK"),
    ("p o", N_("propose: we correct it"), "break correct BREAK"),
    ("p x", N_("propose: write it off"), "break write-off BREAK"),
    ("q", N_("quit; what was done stays"), ""),
)


def key_line(walk: Walk) -> Text:
    """The keys that mean something now: those of the item, and those of the walk below."""
    if walk.mode is Mode.TYPE:
        return _keys(_TYPING)
    if walk.mode is Mode.PROPOSE:
        return _keys(_PROPOSALS, _("Propose:"))
    if walk.mode is Mode.REASON:
        return _keys(_REASONS, _("Take our transaction back, because:"))
    item = walk.item
    if item is None or item.gone:
        return _keys(_EVERYWHERE)
    own = _ON_SUGGESTION if item.suggestion is not None else _ON_BREAK
    return Text("\n").join([_keys(own), _keys(_EVERYWHERE)])


def help_screen() -> RenderableType:
    """Every key, what it does, and the command that does the same in a script."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="bold", no_wrap=True)
    made.add_column()
    made.add_column(style="dim", no_wrap=True)
    made.add_row("", Text(), Text(_("the same as a command")))
    for key, words, same in _HELP:
        made.add_row(key, Text(_(words)), Text(same))
    note = _("A proposal is signed with your key, and another person approves it: `bonpois approval approve NUMBER`.")
    return Group(Text(_("Keys"), style="bold"), made, Text(), Text(note), Text(_("Any key goes back."), style="dim"))


def _keys(keys: tuple[tuple[str, str], ...], before: str = "") -> Text:
    line = Text(f"{before} " if before else "")
    for place, (key, words) in enumerate(keys):
        line.append("  " if place else "").append(key, style="bold").append(f"\N{NO-BREAK SPACE}{_(words)}")
    return line
