"""`bonpois seal`: make what is finished part of the sealed books, and show their head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click
from rich.console import RenderableType
from rich.text import Text

from admin_cli.console import Session, command
from admin_cli.display import facts
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.sealing.model import Lag, Seal


@command(None, "seal", help=N_("Seal what is finished, and show the last checkpoint; `serve` does it by itself."))
async def seal(session: Session) -> None:
    from ledger.sealing.actions import last_seal, seal_lag
    from ledger.sealing.actions import seal as seal_books

    new = await seal_books(session.ledger)
    last, lag = new or await last_seal(session.ledger), await seal_lag(session.ledger)
    if last is None:
        raise click.UsageError(_("Another process is sealing for the first time; try again."))
    session.show(document(last, lag, new=new is not None), people(last, lag), Text(last.note))


def document(last: Seal, lag: Lag, *, new: bool) -> dict[str, Any]:
    """The JSON of the last seal. `lag_seconds`: since when a transaction waits to be sealed."""
    return {
        "seal": last.number,
        "new": new,
        "leaves": last.size,
        "root": last.root.hex(),
        "sealed_at": last.observed_at,
        "final_until": last.final_until,
        "lag_seconds": lag.seconds,
        "checkpoint": last.note,
    }


def people(last: Seal, lag: Lag) -> RenderableType:
    """The same for people."""
    return facts(
        [
            (_("Seal"), last.number),
            (_("Facts sealed"), last.size),
            (_("Sealed at"), last.observed_at),
            (_("The past is final until"), last.final_until),
            (_("Seconds that a transaction waits"), lag.seconds),
        ]
    )


noun = seal
