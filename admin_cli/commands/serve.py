"""`bonpois serve`: the HTTP service for tills, merchants and households."""

from __future__ import annotations

import os
import sys

import rich_click as click

from admin_cli.console import Session, command
from ledger.errors import N_
from ledger.texts import language

PORT_MAX = 65535


@command(None, "serve", help=N_("Run the HTTP service until it is interrupted."), opens=False)
@click.option(
    "--host", metavar=N_("ADDRESS"), default="127.0.0.1", show_default=True, help=N_("Where to listen.")
)
@click.option(
    "--port", type=click.IntRange(0, PORT_MAX), default=8080, show_default=True, help=N_("Its port.")
)
async def serve(session: Session, host: str, port: int) -> None:
    """This process becomes the service: signals, process id and exit code are its own."""
    home = str(session.home.path)
    arguments = ["-m", "merchant_api", "--host", host, "--port", str(port), "--home", home]
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *arguments], os.environ | {"BONPOIS_LANG": language()})


noun = serve
