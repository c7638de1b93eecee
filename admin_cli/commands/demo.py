"""`bonpois demo`: one month through the real service, reconciled to the cent."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import rich_click as click

from admin_cli.console import Session, command
from ledger.errors import N_
from ledger.home import Home
from ledger.texts import gettext as _


@command(
    None,
    "demo",
    help=N_(
        "Replay one month from a folder through the real service, then reconcile it; by default an October that "
        "ships with the product. Repeated on the same home, it goes on where it was cut."
    ),
    opens=False,
)
@click.argument(
    "folder",
    required=False,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar=N_("FOLDER"),
    help=N_("Programme, households, merchants, purchases and statement of a month."),
)
async def demo(session: Session, folder: Path | None) -> int:
    from admin_cli.display import print_json
    from admin_cli.rehearsal import story
    from admin_cli.rehearsal.folder import OCTOBER, read_month
    from admin_cli.rehearsal.rehearsal import rehearse

    month = read_month(folder or OCTOBER)
    home = _home(session)
    session.show_unless_json(*story.beginning(month, home))
    labels = {"set-up": _("Setting up"), "purchases": _("At the tills")}
    rehearsed = await rehearse(
        home,
        month,
        lambda stage: session.progress(labels[stage]),
        lambda service: session.show_unless_json(story.service_line(service)),
    )
    document = story.document(rehearsed)
    written = story.write_reports(home, rehearsed)
    if session.as_json:
        print_json(document)
    else:
        session.show_unless_json(*story.ending(rehearsed, written))
    return 0 if rehearsed.as_expected else 1


def _home(session: Session) -> Home:
    """A home of its own where none is named: never the one that is in use for real."""
    if session.home_folder is None and not os.environ.get("BONPOIS_HOME"):
        return Home(platformdirs.user_data_path("bonpois-demo"))
    return session.home


noun = demo
