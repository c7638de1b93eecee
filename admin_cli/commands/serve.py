"""`bonpois serve`: the HTTP service for tills, merchants and households."""

from __future__ import annotations

import os
import sys

import rich_click as click

from admin_cli.arguments import Whole
from admin_cli.console import Session, command
from ledger.errors import N_
from ledger.home import Settings
from ledger.texts import language

PORT_MAX = 65535


@command(None, "serve", help=N_("Run the HTTP service until it is interrupted."), opens=False)
@click.option("--host", metavar=N_("ADDRESS"), default="127.0.0.1", show_default=True, help=N_("Where to listen."))
@click.option(
    "--port",
    metavar=N_("PORT"),
    type=Whole(0, PORT_MAX),
    default=8080,
    show_default=True,
    help=N_("Its port."),
)
@click.option(
    "--metrics-port",
    metavar=N_("PORT"),
    type=Whole(0, PORT_MAX),
    default=0,
    help=N_("Port of /metrics, for this machine only; chosen by the system by default."),
)
async def serve(session: Session, host: str, port: int, metrics_port: int) -> None:
    """This process becomes the service: signals, process id and exit code are its own."""
    from ledger.opening import keys_of

    keys_of(Settings.from_environment(session.home), creates=False)  # an empty home is refused here, in words
    home = str(session.home.path)
    arguments = ["-m", "merchant_api", "--host", host, "--port", str(port)]
    arguments += ["--metrics-port", str(metrics_port), "--home", home]
    sys.stdout.flush()
    environment = os.environ | {"BONPOIS_LANG": language()}
    os.execve(sys.executable, [sys.executable, *arguments], environment)  # noqa: S606 - no shell is wanted


noun = serve
