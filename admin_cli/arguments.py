"""What people type: amounts as `12,50` or `12.50`, days as `2026-10-06` or `06/10/2026`, instants, and files."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import rich_click as click

from ledger.calendar import paris_instant
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


class Instant(click.ParamType[datetime]):
    """An instant to the second or finer, ISO 8601; without an offset it is what clocks in Paris show."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        with suppress(ValueError, OverflowError):
            typed = datetime.fromisoformat(value)
            if ":" in value:  # a day alone is no instant
                return paris_instant(typed) if typed.tzinfo is None else typed.astimezone(UTC)
        text = _(
            "{value!r} is not one instant; write 2026-10-31T23:59:59, or with an offset 2026-10-31T23:59:59+01:00."
        )
        raise click.BadParameter(text.format(value=value), ctx, param)


AMOUNT = Amount()
AMOUNT_METAVAR = N_("AMOUNT")
DAY = Day()
DAY_METAVAR = N_("DAY")
INSTANT = Instant()


class Digits(click.ParamType[str]):
    """A number that people write in groups: SIRET, card. `count`: of its digits."""

    name = "digits"

    def __init__(self, count: int) -> None:
        self.count = count

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        digits = re.sub(r"[\s.-]", "", str(value))
        if re.fullmatch(rf"[0-9]{{{self.count}}}", digits):
            return digits
        text = _("{value!r} has not {count} digits.").format(value=value, count=self.count)
        raise click.BadParameter(text, ctx, param)


class CardNumber(Digits):
    """The number printed on a card, given on as a number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return int(super().convert(value, param, ctx))


class Whole(click.ParamType[int]):
    """A whole number within bounds."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        with suppress(ValueError):
            if self.least <= int(value) <= self.most:
                return int(value)
        text = _("{value!r} is not a whole number from {least} to {most}.")
        raise click.BadParameter(text.format(value=value, least=self.least, most=self.most), ctx, param)


class Address(click.ParamType[str]):
    """Where the service is reached: encrypted, save on this machine, and nothing behind it."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if re.fullmatch(r"(https://[A-Za-z0-9.-]+|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?/?", value):
            return str(value)
        text = _("{value!r} is not an address such as https://pois.example.org, without a path.").format(value=value)
        raise click.BadParameter(text, ctx, param)


PROGRAMME = click.argument("programme", metavar=N_("PROGRAMME"), help=N_("Code of the programme."))
CASE = click.argument("case", metavar=N_("CASE"), help=N_("Case number of the household."))
SIRET = click.argument("siret", type=Digits(14), metavar=N_("SIRET"), help=N_("SIRET of the merchant."))
CARD = click.argument("number", type=CardNumber(10), metavar=N_("NUMBER"), help=N_("The number printed on it."))
REASONS = ("mistake", "not-justified", "outdated", "withdrawn", "other")
REASON = click.option("--reason", type=click.Choice(REASONS), required=True, help=N_("Why; one of a few words."))
DRY_RUN = click.option("--dry-run", is_flag=True, help=N_("Check everything, and record nothing."))
TELEPHONE = click.option("--telephone", metavar=N_("NUMBER"), help=N_("Whom to call, as it is printed."))
ADDRESS = click.option(
    "--url",
    type=Address(),
    metavar=N_("URL"),
    envvar="BONPOIS_URL",
    help=N_("Address of the service, such as https://pois.example.org."),
)
