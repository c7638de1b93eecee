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
from ledger.texts import gettext, ngettext
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
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("Choose from:\n\t{choices}"),
)
METAVARS = (N_("[OPTIONS]"), N_("COMMAND [ARGS]..."))


class HelpFormatter(RichHelpFormatter):
    """Says "Usage:" in the language of the command."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or _("Usage:"))


def plural_words(count: int) -> tuple[str, ...]:
    """Those that count something, in the form that goes with `count`."""
    return (
        ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", count),
        ngettext(
            "Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", count
        ),
        ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", count),
        ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", count),
    )


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
        vars(module).update({"_": gettext, "ngettext": ngettext})
