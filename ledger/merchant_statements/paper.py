"""A merchant's month as tables: on the screen, in a spreadsheet, on paper. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.errors import N_
from ledger.merchant_statements.model import AccountMonth, MonthStatement
from ledger.sheets import Column, Kind, Sheet, Value
from ledger.texts import format_cents, format_date
from ledger.texts import gettext as _
from ledger.typesetting import blocks

# What a movement is to the merchant, by its kind: coming in, going out.
_IN = {
    "redemption": N_("Sales"),
    "merchant-payment": N_("Received from other merchants"),
    "conversion-cancelled": N_("Conversions cancelled"),
    "coupons-returned": N_("Coupons brought back"),
    "conversion-request": N_("Conversions asked for"),
    "conversion-returned": N_("Transfers that came back"),
}
_OUT = {
    "refund": N_("Refunds"),
    "merchant-payment": N_("Paid to other merchants"),
    "conversion-request": N_("Conversions asked for"),
    "coupons": N_("Coupons taken"),
    "conversion-paid": N_("Paid in euros, before commission"),
    "conversion-cancelled": N_("Conversions cancelled"),
}
_EITHER = {"adjustment": N_("Adjustments"), "reversal": N_("Corrections")}


def kind_label(kind: str, amount_cents: int) -> str:
    """A kind of movement, in words."""
    return _((_EITHER | (_IN if amount_cents > 0 else _OUT)).get(kind, kind))


def sheets(found: MonthStatement) -> list[Sheet]:
    """The tables of a statement; one without rows is left out."""
    every = [
        _account(_("Your Pois"), found.held),
        _account(_("On their way to euros"), found.converting),
        _categories(found),
        _neighbours(found),
        _conversions(found),
    ]
    return [one for one in every if one is not None]


def one_table(found: MonthStatement) -> Sheet:
    """All of them one below the other, for a program or a spreadsheet."""
    columns = [
        Column(_("Part")),
        Column(_("Line")),
        Column(_("Reference"), Kind.CODE),
        Column(_("Day"), Kind.DAY),
        Column(_("Count"), Kind.NUMBER),
        Column(_("Amount"), Kind.AMOUNT),
        Column(_("Commission"), Kind.AMOUNT),
        Column(_("Net"), Kind.AMOUNT),
    ]
    rows: list[Sequence[Value]] = []
    for label, account in ((_("Your Pois"), found.held), (_("On their way to euros"), found.converting)):
        rows.append((label, _("Opening"), None, found.first_day, None, account.opening_cents, None, None))
        rows += [
            (label, kind_label(one.kind, one.amount_cents), None, None, one.count, one.amount_cents, None, None)
            for one in account.moved
        ]
        rows.append((label, _("Closing"), None, found.last_day, None, account.closing_cents, None, None))
    part = _("Sales by category")
    rows += [(part, one.category, None, None, one.count, one.amount_cents, None, None) for one in found.categories]
    part = _("Other merchants")
    for other in found.neighbours:
        total = other.in_cents - other.out_cents
        rows.append((part, other.name, other.siret, None, None, total, None, None))
    part = _("Conversions paid")
    for paid in found.conversions:
        sums = (paid.gross_cents, paid.commission_cents, paid.net_cents)
        rows.append((part, "", paid.reference, paid.day, None, *sums))
    return Sheet(_("Statement"), columns, rows)


def facts(found: MonthStatement) -> list[tuple[str, Value]]:
    """Whose statement it is, and of which month."""
    return [(_("SIRET"), found.siret), (_("Period"), found.period)]


def paper(found: MonthStatement, checkpoint: str | None) -> dict[str, Any]:
    """The data of the paper. `checkpoint`: the last signed head of the books."""
    days = _("from {first} to {last}").format(first=format_date(found.first_day), last=format_date(found.last_day))
    parts = [
        blocks.title(_("Statement of {name}").format(name=found.name)),
        blocks.facts([(_("Merchant"), f"{found.name}, {found.town}"), (_("SIRET"), found.siret), (_("Period"), days)]),
    ]
    if not found.is_over:
        parts.append(blocks.paragraph(_("This month is not over: what is still booked in it changes the figures.")))
    for sheet in sheets(found):
        parts += [blocks.heading(sheet.title), blocks.listing(sheet)]
    parts += [blocks.heading(_("Proof")), blocks.certified("\n".join(proofs(found)))]
    foot = ""
    if checkpoint is not None:
        foot = _(
            "Keep this: its checkpoint proves to anybody later that the books were not rewritten (bonpois verify)."
        )
        parts += [blocks.heading(_("Checkpoint of the books")), blocks.code(checkpoint.strip())]
    return blocks.paper(parts, head=_("Statement in Pois"), reference=f"{found.siret} · {found.period}", foot=foot)


def proofs(found: MonthStatement) -> list[str]:
    """Opening + in − out = closing, in figures, for each of the two accounts."""
    text = _("{part}: {opening} + {incoming} − {outgoing} = {closing}")
    pairs = [(_("Your Pois"), found.held), (_("On their way to euros"), found.converting)]
    return [
        text.format(
            part=label,
            opening=format_cents(account.opening_cents),
            incoming=format_cents(account.in_cents),
            outgoing=format_cents(account.out_cents),
            closing=format_cents(account.closing_cents),
        )
        for label, account in pairs
    ]


def _account(label: str, account: AccountMonth) -> Sheet | None:
    if not account.moved and not account.opening_cents:
        return None
    columns = [Column(_("Movement"), width="1fr"), Column(_("Count"), Kind.NUMBER), Column(_("Amount"), Kind.AMOUNT)]
    rows: list[Sequence[Value]] = [(_("Opening"), None, account.opening_cents)]
    rows += [(kind_label(one.kind, one.amount_cents), one.count, one.amount_cents) for one in account.moved]
    return Sheet(label, columns, rows, [(_("Closing"), None, account.closing_cents)])


def _categories(found: MonthStatement) -> Sheet | None:
    columns = [Column(_("Category"), width="1fr"), Column(_("Count"), Kind.NUMBER), Column(_("Amount"), Kind.AMOUNT)]
    rows = [(one.category, one.count, one.amount_cents) for one in found.categories]
    return Sheet(_("Sales by category"), columns, rows, [(_("Total"), None, found.sold_cents)]) if rows else None


def _neighbours(found: MonthStatement) -> Sheet | None:
    columns = [
        Column(_("Merchant"), width="1fr"),
        Column(_("SIRET"), Kind.CODE),
        Column(_("Received"), Kind.AMOUNT),
        Column(_("Paid"), Kind.AMOUNT),
    ]
    rows = [(one.name, one.siret, one.in_cents or None, one.out_cents or None) for one in found.neighbours]
    return Sheet(_("Other merchants"), columns, rows) if rows else None


def _conversions(found: MonthStatement) -> Sheet | None:
    columns = [
        Column(_("Reference"), Kind.CODE, "1fr"),
        Column(_("Day"), Kind.DAY),
        Column(_("Gross"), Kind.AMOUNT),
        Column(_("Commission"), Kind.AMOUNT),
        Column(_("Net"), Kind.AMOUNT),
    ]
    rows = [(one.reference, one.day, one.gross_cents, one.commission_cents, one.net_cents) for one in found.conversions]
    if not rows:
        return None
    kept = sum(one.commission_cents for one in found.conversions)
    net = sum(one.net_cents for one in found.conversions)
    return Sheet(_("Conversions paid, in euros"), columns, rows, [(_("Total"), None, net + kept, kept, net)])
