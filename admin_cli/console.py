"""How every command works: open the books, carry out one use case, show its answer, give the exit code.

A command is an `async` function that takes the `Session` first and its own arguments by name:

    @command(noun, "confirm", help=N_("Confirm that the euros arrived."), changes=True)
    @click.argument("number", help=N_("Number of the mandate."))
    async def confirm(session: Session, number: str) -> None:
        funding = await confirm_funding(session.ledger, number, session.operator)
        session.show(funding, facts([...]))

It returns nothing (0), or the exit code: 1 when it found something wrong. A refusal is raised, never caught
here. What `changes` something leaves an entry in the audit trail, however it ends, and is sealed. Help texts are
marked with `N_` and translated when they are shown; texts inside functions with `_`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate

import rich_click as click
from rich.console import RenderableType

from admin_cli.display import Advance, console, print_json, progress_bar
from ledger.errors import N_, BadUse, Refusal
from ledger.home import Home
from ledger.texts import LANGUAGES
from ledger.texts import gettext as _

if TYPE_CHECKING:  # loading the database's libraries takes longer than showing help
    from ledger.approvals.model import Signer
    from ledger.database.unit_of_work import Ledger

Action = Callable[Concatenate["Session", ...], Awaitable[int | None]]


@dataclass
class Session:
    """What the global options say, and the opened books."""

    home_folder: Path | None = None
    operator_name: str | None = None
    as_json: bool = False
    opened: Ledger | None = None

    @property
    def home(self) -> Home:
        return Home.resolve(self.home_folder)

    @property
    def ledger(self) -> Ledger:
        assert self.opened is not None, "the command was declared with opens=False"
        return self.opened

    @property
    def operator(self) -> str:
        """Who answers for what the command changes."""
        assert self.operator_name is not None, "the command was declared without changes=True"
        return self.operator_name

    async def signer(self) -> Signer:
        """The operator with the key unlocked; asks the passphrase. Refuses `KeyFileMissing`, `PassphraseRefused`."""
        from admin_cli.operator_keys import KeyFile

        return KeyFile.of(self.operator).unlock()

    def require_operator(self) -> None:
        """Refuse a command by nobody before anything is opened."""
        if self.operator_name is None:
            raise click.UsageError(_("Say who you are, with --operator NAME or BONPOIS_OPERATOR."))

    def show(self, document: object, *people: RenderableType) -> None:
        """Print the document with --json, else what is for people."""
        if self.as_json:
            print_json(document)
            return
        for renderable in people:
            console().print(renderable)

    def show_unless_json(self, *people: RenderableType) -> None:
        """Print what is for people only."""
        if not self.as_json:
            for renderable in people:
                console().print(renderable)

    def progress(self, label: str) -> AbstractContextManager[Advance]:
        """A bar for people who sit at a terminal; gives a function `(done, total)`."""
        return progress_bar(label, shown=not self.as_json)


def current_session() -> Session:
    """The session of the command that runs."""
    context = click.get_current_context()
    assert context is not None
    session: Session = context.find_root().obj
    return session


def command(
    group: click.Group | None,
    name: str,
    *,
    help: str,  # noqa: A002 - Click's own word
    changes: bool = False,
    opens: bool = True,
    creates: bool = False,
    first: bool = False,
) -> Callable[[Action], click.Command]:
    """Make a command of an async function.

    `changes`: it needs an operator, unless it is how the `first` one is made. `opens`: the session gets the opened
    books. `creates`: a home that does not exist yet is made; without it that is refused (`HomeEmpty`).
    """
    words = name if group is None else f"{group.name} {name}"

    def decorate(action: Action) -> click.Command:
        @wraps(action)
        def run(**values: Any) -> int:
            session = current_session()
            if changes and not first:
                session.require_operator()
            carried_out = audited(action, words) if changes and not values.get("dry_run") else action
            return asyncio.run(_carry_out(session, carried_out, values, opens=opens, creates=creates)) or 0

        made: click.Command = click.command(name, help=help, add_help_option=False)(run)
        taken = {name for parameter in made.params for name in parameter.opts}
        made.params += [option for option in shared_options(operator=changes) if taken.isdisjoint(option.opts)]
        if group is not None:
            group.add_command(made)
        return made

    return decorate


def noun_group(name: str, *, help: str) -> click.RichGroup:  # noqa: A002 - Click's own word
    """A group of verbs."""
    made = click.RichGroup(name=name, help=help, add_help_option=False, no_args_is_help=True)
    made.params += [help_option(), *place_options(hidden=True)]
    return made


def audited(action: Action, words: str) -> Action:
    """The same action, with an entry in the audit trail once it is known how it ended.

    The entry has a unit of work of its own, so that a refusal leaves one too. A process that is killed in between
    leaves none; what it changed stands in the books with its operator all the same.
    """

    async def run(session: Session, **values: Any) -> int | None:
        try:
            code = await action(session, **values)
        except BaseException as error:
            with suppress(Exception):  # what people are to hear is why it failed, not that the trail did as well
                await _leave_entry(session, words, _outcome(error))
            raise
        await _leave_entry(session, words, "ok")
        await _seal(session)
        return code

    return run


def _outcome(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return BadUse().label
    return error.label if isinstance(error, Refusal) else "failed"


async def _leave_entry(session: Session, words: str, outcome: str) -> None:
    from ledger.approvals.actions import record_command

    await record_command(session.ledger, session.operator_name, words, outcome)


async def _seal(session: Session) -> None:
    """What a command wrote is sealed at once where no service runs; if that cannot be, `check` says so in time."""
    from ledger.sealing.actions import seal

    with suppress(Refusal):
        await seal(session.ledger)


async def _carry_out(
    session: Session, action: Action, values: dict[str, Any], *, opens: bool, creates: bool
) -> int | None:
    if not opens:
        return await action(session, **values)
    from ledger.opening import opened_ledger

    async with opened_ledger(session.home, creates=creates) as session.opened:
        return await action(session, **values)


def shared_options(*, operator: bool) -> list[click.Parameter]:
    """What each command takes besides its own; place and language are shown by `bonpois --help` only."""
    return [operator_option(hidden=not operator), json_option(), help_option(), *place_options(hidden=True)]


def operator_option(envvar: str | None = None, *, hidden: bool = False) -> click.Parameter:
    text = N_("Who answers for it; see `bonpois operator list`.")
    settings = {"metavar": N_("NAME"), "help": text, "envvar": envvar, "hidden": hidden}
    return _remembered("operator_name", "--operator", **settings)


def json_option(*, hidden: bool = False) -> click.Parameter:
    text = N_("Print JSON, with stable keys.")
    return _remembered("as_json", "--json", is_flag=True, help=text, hidden=hidden)


def place_options(*, hidden: bool) -> list[click.Parameter]:
    """`--home` and `--lang` work before and after the noun and the verb."""
    home = N_("The folder of this installation (or BONPOIS_HOME).")
    language = N_("Language of all texts (or BONPOIS_LANG); French by default.")
    folder: click.ParamType[Path] = click.Path(path_type=Path)
    return [
        _remembered("home_folder", "--home", metavar=N_("FOLDER"), type=folder, help=home, hidden=hidden),
        click.RichOption(["--lang"], type=click.Choice(LANGUAGES), help=language, expose_value=False, hidden=hidden),
    ]


def help_option() -> click.Parameter:
    def show_help(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - Click's way
        if value and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()

    return click.RichOption(
        ["--help"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show_help,
        help=N_("Show this help."),
    )


def _remembered(attribute: str, *names: str, **settings: Any) -> click.Parameter:
    """An option whose value goes into the session instead of into the command's arguments."""

    def remember(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            setattr(ctx.ensure_object(Session), attribute, value)

    return click.RichOption(list(names), expose_value=False, callback=remember, **settings)
