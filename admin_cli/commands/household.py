"""`bonpois household`: who receives aid. What identifies a household is shown here and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import rich_click as click

from admin_cli.arguments import CASE, DRY_RUN, FILE, FILE_METAVAR, PROGRAMME
from admin_cli.console import Session, command, noun_group
from admin_cli.display import amount, facts, table
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ledger.programmes.model import SilentHousehold
    from ledger.redemptions.model import Dispute

noun = noun_group("household", help=N_("The households and the decisions on record."))


@command(noun, "import", help=N_("Register households from a CSV file and decide on each."), changes=True)
@PROGRAMME
@click.argument("file", type=FILE, metavar=FILE_METAVAR, help=N_("One household a row, with case number, no name."))
@DRY_RUN
async def import_(session: Session, *, programme: str, file: Path, dry_run: bool) -> None:
    from ledger.programmes.actions import import_households

    with session.progress(_("Households")) as progress:
        done = await import_households(
            session.ledger, programme, file, session.operator, dry_run=dry_run, progress=progress
        )
    people = facts(
        [
            (_("Households"), done.rows),
            (_("Granted"), done.granted),
            (_("Refused"), done.refused),
            (_("Total granted"), amount(done.total_cents)),
        ]
    )
    session.show(done, people)


@command(noun, "renew", help=N_("Decide again on households that are known, for their next voucher."), changes=True)
@PROGRAMME
@click.argument(
    "file",
    type=FILE,
    metavar=FILE_METAVAR,
    required=False,
    help=N_("Rows that replace what is on record; without it, all households as they are on record."),
)
@DRY_RUN
async def renew(session: Session, *, programme: str, file: Path | None, dry_run: bool) -> None:
    from ledger.programmes.actions import renew_decisions

    done = await renew_decisions(session.ledger, programme, session.operator, file, dry_run=dry_run)
    people = facts(
        [
            (_("Households"), done.households),
            (_("Granted"), done.granted),
            (_("Refused"), done.refused),
            (_("Total granted"), amount(done.total_cents)),
            (_("Still waiting for a voucher"), done.waiting),
        ]
    )
    session.show(done, people)


@command(noun, "list", help=N_("List the households of a programme."))
@PROGRAMME
async def list_(session: Session, programme: str) -> None:
    from ledger.programmes.actions import list_households

    households = await list_households(session.ledger, programme)
    columns = [_("Case number"), _("Card"), _("Language"), _("Granted"), _("Amount")]
    rows = [
        (entry.case_number, medium(entry.medium), entry.language, entry.granted, amount(entry.amount_cents))
        for entry in households
    ]
    session.show(households, table(columns, rows))


@command(noun, "show", help=N_("Show what is known of a household, and the decision."))
@PROGRAMME
@CASE
async def show(session: Session, programme: str, case: str) -> None:
    from ledger.programmes.actions import household_profile

    found = await household_profile(session.ledger, programme, case)
    profile, decision = found.profile, found.decision
    people = facts(
        [
            (_("Case number"), profile.case_number),
            (_("Adults"), profile.adults),
            (_("Children of 14 and more"), profile.children_14_plus),
            (_("Children under 14"), profile.children_under_14),
            (_("Resources per month"), amount(profile.resources_cents)),
            (_("Charges per month"), amount(profile.charges_cents)),
            (_("Derogation"), profile.derogation),
            (_("Card"), medium(profile.medium)),
            (_("Language"), profile.language),
            (_("Granted"), decision.granted),
            (_("Reason"), reason(decision.reason)),
            (_("Amount"), amount(decision.amount_cents)),
            (_("Decided on"), found.decided_at),
            (_("Version of the rules"), found.rules_version),
        ]
    )
    session.show(found, people)


@command(noun, "erase", help=N_("Forget a household for good: who it was, not what was paid."), changes=True)
@PROGRAMME
@CASE
@click.option("--give-up", is_flag=True, help=N_("What is left on its vouchers returns to the programme."))
async def erase(session: Session, *, programme: str, case: str, give_up: bool) -> None:
    from ledger.programmes.actions import erase_household

    done = await erase_household(session.ledger, programme, case, session.operator, give_up=give_up)
    people = facts(
        [
            (_("Cards blocked"), done.cards_blocked),
            (_("Vouchers revoked"), done.vouchers_revoked),
            (_("Given up"), amount(done.given_up_cents)),
            (_("Still known in"), ", ".join(done.also_in)),
        ]
    )
    session.show(done, _("The household is forgotten."), people, _disk_hint())


@command(noun, "retention", help=N_("List the households silent for too long, and erase them."), changes=True)
@PROGRAMME
@click.option("--erase", "erases", is_flag=True, help=N_("Erase them, one by one; without it, only list them."))
async def retention(session: Session, *, programme: str, erases: bool) -> int:
    from ledger.programmes.actions import erase_silent_households, silent_households

    if not erases:
        silent = await silent_households(session.ledger, programme)
        session.show([_silent(found) for found in silent], _silent_table(silent))
        return 0
    with session.progress(_("Households")) as progress:
        run = await erase_silent_households(session.ledger, programme, session.operator, progress)
    kept = [{**_silent(each.household), "code": each.refusal, "left_cents": each.left_cents} for each in run.retained]
    rows = [(each.household.case_number, each.refusal, amount(each.left_cents)) for each in run.retained]
    people = [table([_("Case number"), _("Not erased"), _("Left")], rows)] if rows else []
    session.show({"erased": len(run.erased), "retained": kept}, facts([(_("Erased"), len(run.erased))]), *people)
    session.show_unless_json(_disk_hint())
    return 1 if kept else 0


@command(noun, "disputes", help=N_("List the sales that households say not to have bought."))
@PROGRAMME
@click.option("--all", "answered", is_flag=True, help=N_("Also those that were answered."))
async def disputes(session: Session, programme: str, *, answered: bool) -> None:
    from ledger.cards.model import grouped
    from ledger.programmes.actions import list_households
    from ledger.redemptions.holders import list_disputes

    cases = {entry.household_id: entry.case_number for entry in await list_households(session.ledger, programme)}
    found = await list_disputes(session.ledger, programme, answered=answered)
    columns = [
        _("Sale"),
        _("Case number"),
        _("Card"),
        _("Merchant"),
        _("Receipt"),
        _("Sold on"),
        _("Amount"),
        _("State"),
    ]
    rows = [
        (
            str(each.redemption_id),
            cases.get(each.household_id, _("(erased)")),
            grouped(each.card_number),
            each.shop,
            each.receipt,
            each.occurred_at,
            amount(each.approved_cents),
            {"disputed": _("to look into"), "answered": _("answered")}[each.state],
        )
        for each in found
    ]
    documents = [_disputed(each, cases.get(each.household_id)) for each in found]
    session.show(documents, table(columns, rows) if rows else _("Nobody disputes a sale."))


@command(noun, "answer", help=N_("Say that a disputed sale was looked into and the household answered."), changes=True)
@click.argument("sale", type=click.UUID, metavar=N_("SALE"), help=N_("Its id; see `bonpois household disputes`."))
async def answer(session: Session, sale: UUID) -> None:
    from ledger.redemptions.holders import answer_dispute

    await answer_dispute(session.ledger, sale, session.operator)
    session.show({"sale": str(sale), "state": "answered"}, _("The dispute is answered."))


def _disputed(each: Dispute, case_number: str | None) -> dict[str, object]:
    """A dispute as the agent knows it; the household's id in the books would tie the two together."""
    return {
        "sale": str(each.redemption_id),
        "case_number": case_number,
        "card": each.card_number,
        "merchant": each.shop,
        "siret": each.siret,
        "receipt": each.receipt,
        "sold_at": each.occurred_at,
        "amount_cents": each.approved_cents,
        "disputed_at": each.disputed_at,
        "state": each.state,
    }


def _silent(found: SilentHousehold) -> dict[str, object]:
    """A household as the agent knows it; its id in the books would tie the two together."""
    return {"case_number": found.case_number, "last_contact_at": found.last_contact_at}


def _silent_table(silent: list[SilentHousehold]) -> RenderableType:
    return table([_("Case number"), _("Last contact")], [(each.case_number, each.last_contact_at) for each in silent])


def _disk_hint() -> str:
    return _("It leaves the files of the database with `bonpois db vacuum-identity`.")


def medium(code: str) -> str:
    """What carries the QR code, in words."""
    return {"paper": _("paper"), "phone": _("telephone")}.get(code, code)


def reason(code: str) -> str:
    """The reason of a decision, in words."""
    words = {
        "below-ceiling": _("rest to live below the ceiling"),
        "above-ceiling": _("rest to live not below the ceiling"),
        "derogation": _("derogation"),
        "no-proof": _("no proof of resources"),
    }
    return words.get(code, code)
