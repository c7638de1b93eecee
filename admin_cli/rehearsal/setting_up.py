"""The set-up of a rehearsal: what people would do by `bonpois` commands before the first sale.

Each step looks whether it is done already, so that a rehearsal that was cut goes on from there.
"""

from __future__ import annotations

from contextlib import suppress

from admin_cli.display import Advance
from admin_cli.rehearsal.folder import Month
from admin_cli.rehearsal.staff import AGENT, APPROVER, FINANCE, Staff
from admin_cli.rehearsal.wallets import Wallets
from ledger.cards.actions import issue_card
from ledger.clock import RehearsalClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import AlreadyExists, FileAlreadyImported, NothingToIssue, NotPending, Refusal
from ledger.merchants.actions import import_merchants
from ledger.programmes.actions import (
    approve_aid_run,
    confirm_funding,
    import_households,
    import_programme,
    list_aid_runs,
    list_households,
    prepare_aid_run,
    record_mandate,
)
from ledger.programmes.model import AidRun

_DONE_BEFORE: tuple[type[Refusal], ...] = (AlreadyExists, FileAlreadyImported)


async def set_up(
    ledger: Ledger, clock: RehearsalClock, month: Month, staff: Staff, wallets: Wallets, advance: Advance
) -> AidRun:
    """Operators, programme, merchants, households, euros, the aid run, and a card for each household."""
    clock.set(month.starts_at)
    await staff.take_office(ledger)
    programme = await import_programme(ledger, month.programme_file, FINANCE)
    with suppress(*_DONE_BEFORE):
        await import_merchants(ledger, month.merchants_file, AGENT)
    with suppress(*_DONE_BEFORE):
        await import_households(ledger, programme.code, month.households_file, AGENT)
    await _fund(ledger, clock, month, programme.code)
    clock.set(month.aid_run_at)
    run = await _issue(ledger, programme.code, staff)
    await _hand_out_cards(ledger, programme.code, month, wallets, advance)
    return run


async def _fund(ledger: Ledger, clock: RehearsalClock, month: Month, programme: str) -> None:
    for mandate in month.mandates:
        clock.set(mandate.at)
        with suppress(*_DONE_BEFORE):
            await record_mandate(ledger, programme, mandate.number, mandate.amount_cents, FINANCE)
        clock.set(mandate.funded_at)
        with suppress(*_DONE_BEFORE):
            await confirm_funding(ledger, mandate.number, FINANCE)


async def _issue(ledger: Ledger, programme: str, staff: Staff) -> AidRun:
    """Prepared by one, approved by another; a half-issued run goes on."""
    runs = await list_aid_runs(ledger)
    run = runs[0] if runs else await prepare_aid_run(ledger, programme, staff.signer(AGENT))
    with suppress(NotPending, NothingToIssue):
        run = await approve_aid_run(ledger, programme, run.number, staff.signer(APPROVER))
    return run


async def _hand_out_cards(ledger: Ledger, programme: str, month: Month, wallets: Wallets, advance: Advance) -> None:
    """A card of its kind to every household that was granted aid or comes to a till."""
    shopping = {purchase.case_number for purchase in month.purchases}
    households = await list_households(ledger, programme)
    expected = [entry for entry in households if entry.granted or entry.case_number in shopping]
    for place, entry in enumerate(expected, start=1):
        if entry.case_number not in wallets.cards:
            wallets.hand_out(entry.case_number, await issue_card(ledger, entry.household_id, entry.medium, AGENT))
            wallets.save()
        advance(place, len(expected))
