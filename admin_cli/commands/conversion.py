"""`bonpois conversion`: Pois that merchants want in euros, and what the treasurer pays."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import rich_click as click

from admin_cli.arguments import AMOUNT, AMOUNT_METAVAR, DAY, DAY_METAVAR, DRY_RUN, FILE, FILE_METAVAR, SIRET
from admin_cli.console import Session, command
from admin_cli.display import amount, facts, table
from admin_cli.payouts import noun
from ledger.errors import N_, AlreadyExists, FileUnreadable
from ledger.money import parse_cents
from ledger.texts import format_cents
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ledger.conversions.model import Conversion, PayoutLot, Rate


class Percent(click.ParamType[int]):
    """A share in percent, given on in hundredths of a percent."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return parse_cents(value)
        except ValueError:
            text = _("{value!r} is not a percentage; write 2 or 2.50.").format(value=value)
            raise click.BadParameter(text, ctx, param) from None


@command(noun, "list", help=N_("List the conversions asked for."))
@click.option("--open", "only_open", is_flag=True, help=N_("Only those that wait to be paid."))
async def list_(session: Session, *, only_open: bool) -> None:
    from ledger.conversions.actions import list_conversions

    found = await list_conversions(session.ledger, only_open=only_open)
    columns = [_("Conversion"), _("Merchant"), _("Asked for on"), _("Amount"), _("State"), _("Lot"), _("Net")]
    rows = [
        (
            str(one.id),
            one.merchant_name,
            one.requested_at,
            amount(one.amount_cents),
            state("ordered" if one.ordered_in else one.state),
            one.ordered_in or one.lot,
            amount(one.net_cents),
        )
        for one in found
    ]
    session.show([document(one) for one in found], table(columns, rows))


@command(noun, "lot", help=N_("Show the lots paid, or make the treasurer's next list."), changes=True)
@click.option("--propose", is_flag=True, help=N_("List all open conversions for the bank; nothing is recorded."))
@click.option("--reference", metavar=N_("LOT"), help=N_("Of the transfer; by default LOT-, year and month."))
@click.option("--date", "day", type=DAY, metavar=DAY_METAVAR, help=N_("Day of the transfer; today by default."))
@click.option(
    "--output", type=FILE, metavar=FILE_METAVAR, help=N_("Write the list there with the bank accounts, for you alone.")
)
async def lot(session: Session, *, propose: bool, reference: str | None, day: date | None, output: Path | None) -> None:
    from ledger.conversions.actions import paid_lots, propose_payouts
    from ledger.conversions.rules import lot_file

    if not propose:
        lots = await paid_lots(session.ledger)
        session.show([lot_document(one) for one in lots], *(part for one in lots for part in lot_table(one)))
        return
    proposed = await propose_payouts(session.ledger, session.operator, reference=reference, day=day)
    notes = []
    if output is not None:
        _write_for_oneself(output, lot_file(proposed))
        notes.append(_("Written to {file}; it holds bank accounts, keep it to yourself.").format(file=output))
    session.show(lot_document(proposed.lot), *lot_table(proposed.lot), *notes)


@command(noun, "paid", help=N_("Book the list that the bank has carried out, whole or not at all."), changes=True)
@click.argument("file", type=FILE, metavar=FILE_METAVAR, help=N_("CSV, with or without the bank accounts."))
@DRY_RUN
async def paid(session: Session, *, file: Path, dry_run: bool) -> None:
    from ledger.conversions.actions import import_payouts

    lots = await import_payouts(session.ledger, file, session.operator, dry_run=dry_run)
    notes = [_("Checked; nothing is recorded.")] if dry_run else []
    people = [part for one in lots for part in lot_table(one)]
    session.show({"lots": [lot_document(one) for one in lots], "dry_run": dry_run}, *people, *notes)


@command(noun, "returned", help=N_("Book that the bank sent a payment back."), changes=True)
@SIRET
@click.argument("lot", metavar=N_("LOT"), help=N_("Reference of the lot that paid it."))
@click.option("--amount", "cents", type=AMOUNT, metavar=AMOUNT_METAVAR, help=N_("Gross, where the lot paid several."))
@click.option("--commission-kept", is_flag=True, help=N_("The association keeps its commission: the net comes back."))
async def returned(session: Session, *, siret: str, lot: str, cents: int | None, commission_kept: bool) -> None:
    from ledger.conversions.actions import return_payout

    found = await return_payout(
        session.ledger, siret, lot, session.operator, amount_cents=cents, commission_kept=commission_kept
    )
    session.show(document(found), conversion_facts(found))


@command(noun, "cancel", help=N_("Cancel an open conversion; the Pois are the merchant's again."), changes=True)
@click.argument("conversion", type=click.UUID, metavar=N_("CONVERSION"), help=N_("See `bonpois conversion list`."))
async def cancel(session: Session, conversion: UUID) -> None:
    from ledger.conversions.actions import withdraw_conversion

    found = await withdraw_conversion(session.ledger, conversion, session.operator)
    session.show(document(found), conversion_facts(found))


@command(noun, "rates", help=N_("List what the association has kept of conversions."))
async def rates(session: Session) -> None:
    from ledger.conversions.actions import commission_rates

    found = await commission_rates(session.ledger)
    session.show(found, table([_("From"), _("Commission")], [(one.from_day, _percent(one)) for one in found]))


@command(noun, "rate", help=N_("Let the association keep another share from a day on."), changes=True)
@click.argument("percent", type=Percent(), metavar=N_("PERCENT"), help=N_("As 2 or 2.50; 0 for nothing at all."))
@click.option("--from", "day", type=DAY, metavar=DAY_METAVAR, help=N_("Day of the first lot; today by default."))
async def rate(session: Session, *, percent: int, day: date | None) -> None:
    from ledger.conversions.actions import set_commission_rate

    found = await set_commission_rate(session.ledger, percent, session.operator, day=day)
    session.show(found, facts([(_("From"), found.from_day), (_("Commission"), _percent(found))]))


def state(code: str) -> str:
    """The state of a conversion, in words."""
    words = {
        "requested": _("asked for"),
        "ordered": _("in a lot"),
        "cancelled": _("cancelled"),
        "paid": _("paid"),
        "returned": _("sent back"),
    }
    return words.get(code, code)


def conversion_facts(found: Conversion) -> RenderableType:
    """What has become of a conversion."""
    return facts(
        [
            (_("Merchant"), found.merchant_name),
            (_("Amount"), amount(found.amount_cents)),
            (_("State"), state(found.state)),
            (_("To be paid"), amount(found.due_cents if found.is_open else 0)),
        ]
    )


def lot_table(lot: PayoutLot) -> list[RenderableType]:
    """What a lot pays, without the bank accounts."""
    columns = [_("SIRET"), _("Gross"), _("Commission"), _("Net")]
    rows = [
        (line.siret, amount(line.gross_cents), amount(line.commission_cents), amount(line.net_cents))
        for line in lot.lines
    ]
    total = (_("Total"), amount(lot.gross_cents), amount(lot.commission_cents), amount(lot.net_cents))
    return [facts([(_("Lot"), lot.reference), (_("Day"), lot.paid_on)]), table(columns, [*rows, total])]


def document(found: Conversion) -> dict[str, Any]:
    """A conversion for programs."""
    return {
        "id": str(found.id),
        "siret": found.siret,
        "merchant_name": found.merchant_name,
        "amount_cents": found.amount_cents,
        "due_cents": found.due_cents if found.is_open else 0,
        "state": found.state,
        "requested_at": found.requested_at,
        "lot": found.lot,
        "ordered_in": found.ordered_in,
        "paid_on": found.paid_on,
        "net_cents": found.net_cents,
        "commission_cents": found.commission_cents,
    }


def lot_document(lot: PayoutLot) -> dict[str, Any]:
    """A lot for programs, without the bank accounts."""
    return {
        "lot": lot.reference,
        "paid_on": lot.paid_on,
        "gross_cents": lot.gross_cents,
        "commission_cents": lot.commission_cents,
        "net_cents": lot.net_cents,
        "lines": [
            {
                "siret": line.siret,
                "gross_cents": line.gross_cents,
                "commission_cents": line.commission_cents,
                "net_cents": line.net_cents,
            }
            for line in lot.lines
        ],
    }


def _percent(rate: Rate) -> str:
    return f"{format_cents(rate.basis_points)} %"


def _write_for_oneself(path: Path, text: str) -> None:
    """A new file that nobody else may read; one that exists is left alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise AlreadyExists(file=str(path)) from None
    except OSError as error:
        raise FileUnreadable(file=str(path), reason=error.strerror) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
