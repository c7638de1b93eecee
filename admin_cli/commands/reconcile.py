"""`bonpois reconcile`: the statements of the association and the bank, held against our books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import rich_click as click

from admin_cli.arguments import AMOUNT_METAVAR, DRY_RUN, FILE, FILE_METAVAR, Whole
from admin_cli.console import Session, command, noun_group
from admin_cli.display import facts
from ledger.errors import N_
from ledger.money import parse_cents
from ledger.texts import gettext as _

STATES = ("open", "waiting", "proposed", "resolved", "cleared")
DAYS_MAX = 36_500


class Balance(click.ParamType[int]):
    """A balance in units, of either sign, given on as whole centimes."""

    name = "balance"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return parse_cents(value)
        except ValueError:
            text = _("{value!r} is not an amount; write 12,50 or 12.50.").format(value=value)
            raise click.BadParameter(text, ctx, param) from None


class Month(click.ParamType[date]):
    """A month, given on as its first day."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return datetime.strptime(value, "%Y-%m").date()  # noqa: DTZ007 - a month has no time zone
        except ValueError:
            text = _("{value!r} is not a month; write 2026-10.").format(value=value)
            raise click.BadParameter(text, ctx, param) from None


noun = noun_group("reconcile", help=N_("The statements of the association and the bank against our books."))

ACCOUNT = click.option(
    "--account",
    type=click.Choice(["pois", "reserve"]),
    default="pois",
    show_default=True,
    help=N_("The dedicated account in Pois, or the reserve in euros."),
)
PERIOD = click.option(
    "--period", type=Month(), metavar=N_("MONTH"), help=N_("As 2026-10; by default the last one imported.")
)


@command(
    noun,
    "import",
    help=N_("Take a statement file, whole or not at all; lines that are known are skipped."),
    changes=True,
)
@click.argument("file", type=FILE, metavar=FILE_METAVAR, help=N_("As the association or the bank exports it."))
@ACCOUNT
@click.option("--period", type=Month(), metavar=N_("MONTH"), help=N_("As 2026-10; by default the month of its rows."))
@click.option(
    "--opening", type=Balance(), metavar=AMOUNT_METAVAR, help=N_("Opening balance, where the file tells none.")
)
@click.option(
    "--closing", type=Balance(), metavar=AMOUNT_METAVAR, help=N_("Closing balance, which proves the end of the file.")
)
@click.option("--mapping", type=FILE, metavar=FILE_METAVAR, help=N_("How a CSV is to be read, as --guess writes it."))
@click.option("--guess", is_flag=True, help=N_("Propose how a CSV is to be read, and show ten lines; record nothing."))
@click.option("--output", type=FILE, metavar=FILE_METAVAR, help=N_("Where --guess writes the mapping."))
@DRY_RUN
async def import_(
    session: Session,
    *,
    file: Path,
    account: str,
    period: date | None,
    opening: int | None,
    closing: int | None,
    mapping: Path | None,
    guess: bool,
    output: Path | None,
    dry_run: bool,
) -> None:
    from admin_cli.imports import import_for_people
    from ledger.reconciliation.actions import import_statement
    from ledger.reconciliation.document import import_document
    from ledger.reconciliation.model import Account

    if guess:
        _propose(session, file, mapping, output)
        return
    made = await import_statement(
        session.ledger,
        file,
        session.operator,
        Account(account),
        period=period,
        opening_cents=opening,
        closing_cents=closing,
        mapping=mapping,
        dry_run=dry_run,
    )
    notes = [_("Checked; nothing is recorded.")] if dry_run else []
    session.show({**import_document(made), "dry_run": dry_run}, *import_for_people(made), *notes)


def _propose(session: Session, file: Path, mapping: Path | None, output: Path | None) -> None:
    """Show how a CSV would be read; with a place to write to, keep the mapping there."""
    from admin_cli.imports import proposal_for_people
    from ledger.new_files import new_file
    from ledger.reconciliation.actions import propose_mapping
    from ledger.reconciliation.document import proposal_document
    from ledger.reconciliation.formats import written

    proposed, raw = propose_mapping(file, mapping)
    if output is not None:
        with new_file(output) as stream:
            stream.write(written(proposed).encode())
    session.show(proposal_document(proposed, raw), *proposal_for_people(proposed, raw))


@command(noun, "list", help=N_("List the files imported, and those that wait for another one."))
@ACCOUNT
async def list_(session: Session, account: str) -> None:
    from admin_cli.imports import files_table
    from ledger.reconciliation.actions import list_files
    from ledger.reconciliation.document import file_document
    from ledger.reconciliation.model import Account

    files = await list_files(session.ledger, Account(account))
    session.show([file_document(one) for one in files], files_table(files))


@command(noun, "withdraw", help=N_("Give up a file that waits; the same may then be given again."), changes=True)
@click.argument("name", metavar=FILE_METAVAR, help=N_("Its name, or the beginning of its SHA-256."))
@ACCOUNT
async def withdraw(session: Session, name: str, account: str) -> None:
    from ledger.reconciliation.actions import withdraw_file
    from ledger.reconciliation.document import file_document
    from ledger.reconciliation.model import Account

    file = await withdraw_file(session.ledger, name, session.operator, Account(account))
    session.show(file_document(file), _("{file} waits no longer.").format(file=file.file_name))


@command(noun, "match", help=N_("Match what belongs together, and note the breaks."), changes=True)
@ACCOUNT
@PERIOD
async def match(session: Session, account: str, period: date | None) -> None:
    from ledger.reconciliation.actions import match_statement
    from ledger.reconciliation.model import Account
    from ledger.reconciliation.told import RULES

    run = await match_statement(session.ledger, session.operator, Account(account), period=period)
    by_rule = Counter(made.rule for made in run.matches)
    rows = [(_(text), by_rule[rule]) for rule, text in RULES.items() if by_rule[rule]]
    document = {
        "period": run.statement.period,
        "account": account,
        "matches": len(run.matches),
        "by_rule": {rule.value: by_rule[rule] for rule in RULES if by_rule[rule]},
        "breaks": len(run.breaks),
    }
    people = facts([(_("Period"), run.statement.period), (_("Matches made"), len(run.matches)), *rows])
    session.show(document, people, facts([(_("Breaks"), len(run.breaks))]))


@command(noun, "unmatch", help=N_("Take back the match of a record; nothing is deleted."), changes=True)
@click.argument("record", type=click.IntRange(1), metavar=N_("RECORD"), help=N_("Its number in the statement."))
@ACCOUNT
@PERIOD
async def unmatch(session: Session, record: int, account: str, period: date | None) -> None:
    from ledger.reconciliation.actions import unmatch_line
    from ledger.reconciliation.model import Account

    match_id = await unmatch_line(session.ledger, record, session.operator, Account(account), period=period)
    session.show({"record": record, "match": str(match_id)}, _("Record {record} is free again.").format(record=record))


@command(noun, "why", help=N_("Explain a match, or what is nearest to something open and why it was not taken."))
@click.argument("what", metavar=N_("WHAT"), help=N_("The number of a record, a ticket, or the id of a match or sale."))
@ACCOUNT
@PERIOD
async def why(session: Session, what: str, account: str, period: date | None) -> None:
    from admin_cli.explanations import explanation_for_people
    from ledger.reconciliation.choices import explain
    from ledger.reconciliation.document import explanation_document
    from ledger.reconciliation.model import Account

    found = await explain(session.ledger, what, Account(account), period=period)
    people = [part for one in found for part in explanation_for_people(one)]
    session.show([explanation_document(one) for one in found], *people)


@command(noun, "suggestions", help=N_("List what may belong together but only a person can say."))
@ACCOUNT
@PERIOD
async def suggestions(session: Session, account: str, period: date | None) -> None:
    from admin_cli.explanations import suggestions_table
    from ledger.reconciliation.choices import list_suggestions
    from ledger.reconciliation.document import suggestion_document
    from ledger.reconciliation.model import Account

    found = await list_suggestions(session.ledger, Account(account), period=period)
    people = [suggestions_table(found)] if found else [_("Nothing to suggest.")]
    session.show([suggestion_document(one) for one in found], *people)


@command(noun, "accept", help=N_("Make a suggestion a match; a set of equal ones as a set."), changes=True)
@click.argument("suggestion", metavar=N_("ID"), help=N_("Its id, or the beginning of it, as `suggestions` lists it."))
@ACCOUNT
@PERIOD
async def accept(session: Session, suggestion: str, account: str, period: date | None) -> None:
    from admin_cli.explanations import sides_table
    from ledger.reconciliation.choices import accept_suggestion
    from ledger.reconciliation.document import suggestion_document
    from ledger.reconciliation.model import Account

    made = await accept_suggestion(session.ledger, suggestion, session.operator, Account(account), period=period)
    match = made.suggestion.match
    document = {"match": str(made.match_id), "suggestion": suggestion_document(made.suggestion)}
    session.show(document, sides_table(match.lines, match.units), _("Matched."))


@command(
    noun,
    "review",
    help=N_("Walk through suggestions and differences one by one, with single keys; ? shows them."),
    changes=True,
)
@ACCOUNT
@PERIOD
async def review(session: Session, account: str, period: date | None) -> int:
    from admin_cli.main import EXIT_INTERRUPTED
    from admin_cli.review.drawing import summary
    from admin_cli.review.loop import document, review
    from ledger.reconciliation.model import Account

    walk, view = await review(session, Account(account), period)
    session.show(document(walk, view), summary(walk) if walk.items else _("Nothing waits for anybody."))
    return EXIT_INTERRUPTED if walk.is_cut else 0


@command(noun, "breaks", help=N_("List the differences and why nothing nearer was taken; 1 while any is open."))
@ACCOUNT
@PERIOD
@click.option("--state", type=click.Choice(STATES), multiple=True, help=N_("Only those that stand so."))
@click.option("--owner", metavar=N_("NAME"), help=N_("Only those that this operator looks after."))
@click.option("--older", type=Whole(0, DAYS_MAX), metavar=N_("DAYS"), help=N_("Only those seen more days ago."))
async def breaks(
    session: Session,
    *,
    account: str,
    period: date | None,
    state: Sequence[str],
    owner: str | None,
    older: int | None,
) -> int:
    from admin_cli.breaks import ageing_table
    from admin_cli.reconciliation import breaks_table
    from ledger.reconciliation.actions import reconciliation_report
    from ledger.reconciliation.document import explained
    from ledger.reconciliation.model import Account

    made = await reconciliation_report(session.ledger, Account(account), period=period)
    shown = [
        found
        for found in made.breaks
        if (not state or made.state_of(found) in state)
        and (owner is None or made.lives[found.id].owner == owner)
        and (older is None or made.ages_days[found.id] > older)
    ]
    ageing = ageing_table(made.lives[found.id] for found in shown)
    people = [breaks_table(made, shown), ageing] if shown else [_("None.")]
    session.show([explained(found, made) for found in shown], *people)
    return 1 if made.open_breaks else 0


@command(noun, "report", help=N_("Prove the month to the cent, every difference named; 1 while any is open."))
@ACCOUNT
@PERIOD
async def report(session: Session, account: str, period: date | None) -> int:
    from admin_cli.reconciliation import report_for_people
    from ledger.reconciliation.actions import reconciliation_report
    from ledger.reconciliation.document import document
    from ledger.reconciliation.model import Account

    made = await reconciliation_report(session.ledger, Account(account), period=period)
    session.show(document(made), *report_for_people(made))
    return 0 if made.is_clean else 1


@command(noun, "prove", help=N_("Prove the five identities of the books; 1 when one does not hold."))
async def prove(session: Session) -> int:
    from admin_cli.reconciliation import identity_table
    from ledger.reconciliation.actions import prove_identities
    from ledger.reconciliation.document import identities_document

    found = await prove_identities(session.ledger)
    session.show(identities_document(found), *(identity_table(one) for one in found))
    return 0 if all(one.holds for one in found) else 1
