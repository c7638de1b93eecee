"""What people type: amounts as `12,50` or `12.50`, days as `2026-10-06` or `06/10/2026`, and files."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import rich_click as click

from ledger.errors import N_
from ledger.money import parse_cents
from ledger.texts import gettext as _

FILE = click.Path(path_type=Path)  # one that cannot be read is refused by the use case, as E5003
FILE_METAVAR = N_("FILE")


class Amount(click.ParamType[int]):
    """A positive amount in units, given on as whole centimes."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            cents = parse_cents(value)
        except ValueError:
            cents = 0
        if cents > 0:
            return cents
        text = _("{value!r} is not an amount; write 12,50 or 12.50.").format(value=value)
        raise click.BadParameter(text, ctx, param)


class Day(click.ParamType[date]):
    """A day, ISO 8601 or as people in France write it."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        for form in ("%Y-%m-%d", "%d/%m/%Y"):
            with suppress(ValueError):
                return datetime.strptime(value, form).date()  # noqa: DTZ007 - a day has no time zone
        text = _("{value!r} is not a day; write 2026-10-06 or 06/10/2026.").format(value=value)
        raise click.BadParameter(text, ctx, param)


AMOUNT = Amount()
AMOUNT_METAVAR = N_("AMOUNT")
DAY = Day()
DAY_METAVAR = N_("DAY")
