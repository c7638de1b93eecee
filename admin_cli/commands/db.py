"""`bonpois db`: make, upgrade, look at, back up and restore the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.console import RenderableType

from admin_cli.arguments import FILE, FILE_METAVAR
from admin_cli.console import Session, command, noun_group
from admin_cli.display import facts
from ledger.errors import N_
from ledger.home import Settings
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.maintenance import DatabaseState

noun = noun_group("db", help=N_("The database and its backups."))


@command(noun, "init", help=N_("Make keys, roles and tables where they are missing."), opens=False)
async def init(session: Session) -> None:
    from ledger.maintenance import initialise

    state = await initialise(Settings.from_environment(session.home))
    session.show(state, _state(state))


@command(noun, "upgrade", help=N_("Bring the tables to the version of this program."), opens=False)
async def upgrade(session: Session) -> None:
    from ledger.maintenance import upgrade as upgrade_tables

    state = await upgrade_tables(Settings.from_environment(session.home))
    session.show(state, _state(state))


@command(noun, "status", help=N_("Say which version the database has; 1 if it has to be upgraded."), opens=False)
async def status(session: Session) -> int:
    from ledger.maintenance import database_state

    state = await database_state(Settings.from_environment(session.home))
    session.show(state, _state(state))
    return 0 if state.up_to_date else 1


@command(noun, "backup", help=N_("Write the database into a file, while the service goes on."), opens=False)
@click.argument("file", type=FILE, metavar=FILE_METAVAR, help=N_("A new file."))
async def backup(session: Session, file: Path) -> None:
    from ledger.maintenance import back_up

    size = await back_up(Settings.from_environment(session.home), file)
    keys = session.home.keys
    session.show(
        {"file": str(file), "bytes": size, "keys": str(keys)},
        _("{file} is written.").format(file=file),
        _("The keys are not in it. Back up {folder} apart: one is useless without the other.").format(folder=keys),
    )


@command(noun, "restore", help=N_("Fill an empty database from a backup."), opens=False)
@click.argument("file", type=FILE, metavar=FILE_METAVAR, help=N_("A file written by `bonpois db backup`."))
async def restore(session: Session, file: Path) -> None:
    from ledger.maintenance import restore as restore_database

    state = await restore_database(Settings.from_environment(session.home), file)
    session.show(state, _state(state))


@command(noun, "vacuum-identity", help=N_("Take what was erased out of the files of the database."), opens=False)
async def vacuum(session: Session) -> None:
    from ledger.maintenance import vacuum_identity

    await vacuum_identity(Settings.from_environment(session.home))
    kept = _("Backups made before still hold it, and the key file opens them: throw them away in time.")
    session.show({"done": True}, _("Nothing that was erased is left in the tables."), kept)


@command(noun, "rotate-keys", help=N_("Add a key; from now on it encrypts and seals."), changes=True)
async def rotate_keys(session: Session) -> None:
    from ledger.sealing.actions import rotate_key

    keys = session.home.keys
    key = await rotate_key(session.ledger, keys, session.operator)
    session.show(
        {"keys": str(keys), "sealing_key": key.number, "public_key": key.public_key.hex()},
        _("A key was added; the one before it has endorsed it."),
        _("Back up {folder} anew, and start every service again: until then it cannot seal.").format(folder=keys),
    )


def _state(state: DatabaseState) -> RenderableType:
    return facts(
        [
            (_("Database"), _("embedded") if state.embedded else _("by URL")),
            (_("Version"), state.database_version),
            (_("Version of this program"), state.program_version),
            (_("Up to date"), state.up_to_date),
            (_("Rehearsal"), state.rehearsal),
        ]
    )
