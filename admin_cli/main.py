"""`bonpois`: the root of all commands, the language they speak, and how they end."""

from __future__ import annotations

import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import rich_click as click
from click.exceptions import Exit, NoArgsIsHelpError

from admin_cli import click_words, commands, refusals
from admin_cli.console import Session, help_option, json_option, operator_option, place_options
from ledger.errors import N_, BadUse, InternalError, Refusal
from ledger.texts import gettext as _
from ledger.texts import in_language

EXIT_INTERRUPTED = 130  # as shells say it: 128 + SIGINT


class Root(click.RichGroup):
    """The root group: it sets the language before anything is shown, and ends as the contract says."""

    def main(self, args: Sequence[str] | None = None, *_others: Any, **extra: Any) -> Any:
        arguments = list(sys.argv[1:] if args is None else args)
        with in_language(language_wished(arguments)):
            localise(self)
            self.context_settings["rich_help_config"] = click_words.panel_titles()
            self._main_shell_completion(extra, "bonpois")
            code = self._end(arguments)
        sys.exit(code)

    def _end(self, arguments: list[str]) -> int:
        try:
            code = self._carry_out(arguments)
            sys.stdout.flush()
            return code
        except Refusal as refusal:
            return refusals.tell(refusal, as_json="--json" in arguments)
        except (KeyboardInterrupt, EOFError, click.Abort):
            return EXIT_INTERRUPTED
        except BrokenPipeError:  # the reader has seen enough, as in `bonpois … | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except Exception as error:  # noqa: BLE001 - the last resort: people get a number, not our insides
            if os.environ.get("BONPOIS_DEBUG"):
                traceback.print_exc()
            failure = InternalError(error=type(error).__name__, details="BONPOIS_DEBUG=1")
            return refusals.tell(failure, as_json="--json" in arguments)

    def _carry_out(self, arguments: list[str]) -> int:
        try:
            with self.make_context("bonpois", list(arguments), obj=Session()) as context:
                return int(self.invoke(context) or 0)
        except Exit as end:
            return end.exit_code
        except NoArgsIsHelpError as error:
            click.echo(error.message)
            return BadUse.exit_code
        except click.ClickException as error:
            raise BadUse(reason=error.format_message(), usage=_usage(error)) from None


def _usage(error: click.ClickException) -> str | None:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return " ".join([context.command_path, *context.command.collect_usage_pieces(context)]) if context else None


def language_wished(arguments: Sequence[str]) -> str:
    """The language, read before the command line is: help and error messages need it too."""
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
    return os.environ.get("BONPOIS_LANG", "fr")


def localise(item: click.Command | click.Parameter) -> None:
    """Translate what a tree of commands shows; the English originals are kept for the next time."""
    for attribute in ("help", "metavar", "options_metavar", "subcommand_metavar"):
        english = vars(item).setdefault(f"english_{attribute}", getattr(item, attribute, None))
        if english:
            setattr(item, attribute, _(english))
    if isinstance(item, click.Argument):
        item.opts = []  # rich-click would show the English name beside the translated metavar
    for parameter in item.params if isinstance(item, click.Command) else ():
        localise(parameter)
    for command in item.commands.values() if isinstance(item, click.Group) else ():
        localise(command)


def build() -> Root:
    """The whole tree: each file of `commands` gives its `noun`."""
    click_words.speak()
    root = Root(
        name="bonpois",
        help=N_("The food-aid voucher ledger of Poitiers."),
        no_args_is_help=True,
        add_help_option=False,
    )
    root.params += [*place_options(hidden=False), operator_option("BONPOIS_OPERATOR")]
    root.params += [json_option(hidden=True), help_option()]
    for module in pkgutil.iter_modules(commands.__path__):
        root.add_command(import_module(f"{commands.__name__}.{module.name}").noun)
    return root


bonpois = build()


def main() -> None:
    """The console script."""
    bonpois.main()
