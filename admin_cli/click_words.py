"""Click's and rich-click's own words in our catalogue: help and complaints speak the command's language.

Click asks the system's compiled catalogues, of which there are none. Its messages are listed here so that
they are translated and found complete like our own; a test holds the list against Click's source.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import click.core
import click.decorators
import click.exceptions
import click.parser
import click.types
from rich_click import RichContext, RichHelpFormatter

from ledger.errors import N_
from ledger.texts import gettext
from ledger.texts import gettext as _

MODULES: tuple[ModuleType, ...] = (
    click.core,
    click.decorators,
    click.exceptions,
    click.parser,
    click.types,
)

WORDS = (
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("No such command {name!r}."),
    N_("No such option {name!r}."),
    N_("Option {name!r} does not take a value."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Choose from:\n\t{choices}"),
    N_("Got unexpected extra argument ({args})"),
    N_("Got unexpected extra arguments ({args})"),
    N_("Option {name!r} requires an argument."),
    N_("{value!r} is not {choice}."),
    N_("{value!r} is not one of {choices}."),
    N_("Did you mean {possibility}?"),
    N_("(Did you mean one of: {possibilities}?)"),
)
METAVARS = (N_("[OPTIONS]"), N_("COMMAND [ARGS]..."))


class HelpFormatter(RichHelpFormatter):
    """Says "Usage:" in the language of the command."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or _("Usage:"))


def one_or_many(one: str, many: str, count: int) -> str:
    """Click's two forms name different facts, so each is a text of its own."""
    return gettext(one if count == 1 else many)


def panel_titles() -> dict[str, Any]:
    """How rich-click heads the parts of a help page."""
    return {
        "arguments_panel_title": _("Arguments"),
        "options_panel_title": _("Options"),
        "commands_panel_title": _("Commands"),
        "required_long_string": _("(required)"),
        "default_string": _("(default: {})"),
        "options_table_column_types": ["required", "opt_long", "metavar", "help"],
    }


def speak() -> None:
    """Let Click ask our catalogue."""
    RichContext.formatter_class = HelpFormatter
    for module in MODULES:
        vars(module).update({"_": gettext, "ngettext": one_or_many})
