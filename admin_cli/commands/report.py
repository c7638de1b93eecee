"""`bonpois report`: what the books held at an instant or at the end of a day, and whether that may still change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.table import Table

from admin_cli.arguments import DAY, DAY_METAVAR, INSTANT, PROGRAMME
from admin_cli.commands.aid import RUN
from admin_cli.commands.reconcile import ACCOUNT, PERIOD
from admin_cli.console import Session, command, noun_group
from admin_cli.display import Cell, amount, facts, table
from admin_cli.papers import hand_over, own_accounts, paper_options
from ledger.calendar import PARIS
from ledger.errors import N_
from ledger.texts import format_cents, format_date
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.reports.model import Aid, Line, Moment, Standing, Total

noun = noun_group("report", help=N_("Answers about any instant or day, definitive or provisional."))
AT = click.option("--at", type=INSTANT, metavar=N_("INSTANT"), help=N_("By what had been posted then; default: now."))
ON = click.option("--on", type=DAY, metavar=DAY_METAVAR, help=N_("By what is booked up to the end of this day."))

_PAGE_ROWS = 1_000  # a table that is drawn takes a hundred times the memory of its figures


@command(noun, "balance", help=N_("Show what an account held."))
@click.argument("account", metavar=N_("ACCOUNT"), help=N_("Its name: voucher:SERIAL, merchant:SIRET and so on."))
@AT
@ON
async def balance(session: Session, account: str, at: datetime | None, on: date | None) -> None:
    from ledger.reports import actions

    found = await actions.balance_of(session.ledger, account, _moment(at, on))
    side = _("debit") if found.balance_cents > 0 else _("credit")
    held = f"{format_cents(abs(found.balance_cents))} {side if found.balance_cents else ''}".strip()
    last = [(_("Last posting"), _instant(found.posted_at))] if found.posted_at else []
    people = [(_("Account"), found.account), (_("Money"), found.asset), (_("Balance"), held), *last]
    session.show(found, facts([*people, *_standing(found)]))


@command(noun, "trial-balance", help=N_("Show debits, credits and balances; 1 unless their sums are equal."))
@AT
@ON
@click.option("--accounts", is_flag=True, help=N_("Account by account, not only by kind."))
async def trial_balance(session: Session, at: datetime | None, on: date | None, *, accounts: bool) -> int:
    from ledger.reports import actions

    found = await actions.trial_balance(session.ledger, _moment(at, on), accounts=accounts)
    verdict = _("sums are equal") if found.balanced else _("SUMS DIFFER")
    for page in _pages(found.accounts or ()):
        session.show_unless_json(_lines(_("Account"), page))
    by_kind = _lines(_("Kind of account"), found.kinds, found.totals)
    session.show(found, by_kind, facts([(_("Debits and credits"), verdict), *_standing(found)]))
    return 0 if found.balanced else 1


@command(noun, "aid", help=N_("Show where the Pois issued went; 1 unless it adds up to the centime."))
@click.argument("programme", required=False, metavar=N_("[PROGRAMME]"), help=N_("Only this programme; default: all."))
@AT
@ON
async def aid(session: Session, programme: str | None, at: datetime | None, on: date | None) -> int:
    from ledger.reports import actions

    found = await actions.aid_report(session.ledger, programme, _moment(at, on))
    verdict = _("holds") if found.holds else _("DOES NOT HOLD")
    identity = _("Issued = spent + lapsed + returned + adjusted + outstanding")
    session.show(found, _aid(found.programmes, found.total), facts([(identity, verdict), *_standing(found)]))
    return 0 if found.holds else 1


@command(noun, "liquidation", help=N_("Make the statement of aid granted by a run, for the accountant."))
@PROGRAMME
@RUN
@paper_options
async def liquidation(session: Session, programme: str, number: int, **wanted: Path | None) -> None:
    from ledger.public_accounting.actions import liquidate

    paper = await liquidate(session.ledger, programme, number, own_accounts(session, wanted.pop("accounts")))
    hand_over(session, paper, **wanted)


@command(noun, "slip", help=N_("Make the slip of the vouchers of a run, for the association."))
@PROGRAMME
@RUN
@paper_options
async def slip(session: Session, programme: str, number: int, **wanted: Path | None) -> None:
    from ledger.public_accounting.actions import issue_slip

    paper = await issue_slip(session.ledger, programme, number, own_accounts(session, wanted.pop("accounts")))
    hand_over(session, paper, **wanted)


@command(noun, "consumption", help=N_("Make the statement of aid spent by programme; 1 unless it adds up."))
@click.argument("programme", required=False, metavar=N_("[PROGRAMME]"), help=N_("Only this programme; default: all."))
@AT
@ON
@paper_options
async def consumption(
    session: Session, programme: str | None, at: datetime | None, on: date | None, **wanted: Path | None
) -> int:
    from ledger.public_accounting.actions import state_consumption

    accounts = own_accounts(session, wanted.pop("accounts"))
    paper = await state_consumption(session.ledger, programme, _moment(at, on), accounts)
    hand_over(session, paper, **wanted)
    return 0 if paper.holds else 1


@command(noun, "reconciliation", help=N_("Make the statement of reconciliation of a month; 1 while a break is open."))
@ACCOUNT
@PERIOD
@paper_options
async def reconciliation(session: Session, account: str, period: date | None, **wanted: Path | None) -> int:
    from ledger.public_accounting.actions import state_reconciliation
    from ledger.reconciliation.model import Account

    accounts = own_accounts(session, wanted.pop("accounts"))
    paper = await state_reconciliation(session.ledger, Account(account), period, accounts)
    hand_over(session, paper, **wanted)
    return 0 if paper.holds else 1


def _moment(at: datetime | None, on: date | None) -> Moment:
    from ledger.reports.model import Moment

    if at is not None and on is not None:
        raise click.UsageError(_("Give an instant or a day, not both."))
    return Moment(at, on)


def _standing(answer: Standing) -> list[tuple[str, Cell]]:
    """About when the answer is, and whether it is for good."""
    reasons = {
        "sealed": _("nothing can be posted any more up to then"),
        "not-sealed": _("not sealed yet"),
        "month-certified": _("the month is certified"),
        "month-open": _("the month is not certified yet"),
    }
    word = _("definitive") if answer.final else _("provisional")
    when = (_("At the end of"), answer.on) if answer.at is None else (_("At"), _instant(answer.at))
    reach = _instant(answer.final_until) if answer.final_until else None
    shown: list[tuple[str, Cell]] = [when, (_("Standing"), f"{word} ({reasons[answer.reason]})")]
    return [*shown, (_("Definitive up to"), reach)] if reach else shown


def _instant(instant: datetime) -> str:
    local = instant.astimezone(PARIS)
    return f"{format_date(local.date())} {local:%H:%M:%S}"


def _pages(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    return (lines[first : first + _PAGE_ROWS] for first in range(0, len(lines), _PAGE_ROWS))


def _lines(heading: str, lines: Iterable[Line], totals: Iterable[Total] = ()) -> Table:
    columns = [heading, _("Money"), _("Debits"), _("Credits"), _("Debit balance"), _("Credit balance")]
    rows = [
        (line.account, line.asset, line.debits_cents, line.credits_cents, *_sides(line.balance_cents)) for line in lines
    ]
    sums = [
        (_("Total"), of.asset, of.debits_cents, of.credits_cents, of.debit_balances_cents, of.credit_balances_cents)
        for of in totals
    ]
    return table(columns, [(*row[:2], *map(amount, row[2:])) for row in [*rows, *sums]])


def _sides(balance_cents: int) -> tuple[int | None, int | None]:
    """A balance in the column of its side."""
    return (balance_cents, None) if balance_cents > 0 else (None, -balance_cents or None)


def _aid(programmes: Sequence[Aid], total: Aid) -> Table:
    terms = [_("Spent"), _("Lapsed"), _("Returned"), _("Adjusted"), _("Outstanding")]
    rows = [
        (
            *(name, part.issued_cents, part.spent_cents, part.lapsed_cents, part.returned_cents),
            *(part.adjusted_cents, part.outstanding_cents, part.difference_cents),
        )
        for name, part in [*((part.programme or "-", part) for part in programmes), (_("Total"), total)]
    ]
    columns = [_("Programme"), _("Issued"), *terms, _("Difference")]
    return table(columns, [(row[0], *map(amount, row[1:])) for row in rows])
