"""What can be printed: cards with their letters, a merchant's welcome. Secrets are in clear only while it lasts.

A batch is made in this order: cards are drawn that no book knows; their papers are written into a private folder
beside the one named; the cards are recorded, all in one unit of work; the folder takes its name. Who is killed before
the record has worthless papers, who is killed after it has cards that nobody holds: `block_batch` ends them, and the
next run prints for the same households.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.cards.batches import (
    batches_of,
    block_cards,
    cards_of_batch,
    draw_paper_cards,
    holders_of_paper,
    record_paper_cards,
)
from ledger.cards.model import CardBatch
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    FileThere,
    FileUnreadable,
    NoCardWanted,
    PapersLost,
    UnknownBatch,
    UnknownHousehold,
    UnknownMerchant,
)
from ledger.merchants.actions import invite_till, list_merchants
from ledger.new_files import new_file, new_folder, private_file
from ledger.papers import rules, store
from ledger.papers.model import BlockedBatch, CardOrder, CardPaper, Contact, PrintedCards, Recipient, Welcome
from ledger.programmes.actions import list_households
from ledger.programmes.model import HouseholdEntry, case_key
from ledger.texts import gettext as _
from ledger.typesetting.press import typeset
from ledger.wallets.actions import invite_telephone, with_telephone
from ledger.wallets.rules import new_code

Progress = Callable[[int, int], None]


async def print_cards(
    ledger: Ledger, order: CardOrder, operator: str, progress: Progress | None = None
) -> PrintedCards:
    """Make a paper card for each entitled household without an active one, and print cards and letters, all or none.
    Where a household asked for a telephone and has none, its letter enrols one, if the service's address is known.

    `progress` is told how many of how many are set. Refuses `UnknownOperator`, `UnknownProgramme`,
    `UnknownHousehold`, `NoCardWanted`, `CardsChanged`, `FileThere`, `FileUnreadable`; `PapersLost` where the cards
    are made and the disk then refuses the folder its name. After `DatabaseUnreachable` they may be made or not:
    `card_batches` tells.
    """
    if order.folder.exists():
        raise FileThere(file=str(order.folder))
    papers, rehearsal = await _drawn(ledger, order, operator)
    batch: datetime | None = None
    try:
        with new_folder(order.folder) as place:
            files = _write(papers, order.contact, place, ledger.clock.now(), progress, rehearsal=rehearsal)
            async with ledger.unit_of_work() as work:
                who = await operator_named(work, operator, Role.AGENT)
                await record_paper_cards(work, [(each.recipient.household_id, each.card) for each in papers])
                for each in papers:
                    if each.code is not None:
                        await invite_telephone(work, each.recipient.household_id, each.code, who.id)
                made_at = work.now
            batch = made_at
    except (FileThere, FileUnreadable) as refusal:
        if batch is None:
            raise
        raise PapersLost(batch=batch.isoformat(), cards=len(papers), **refusal.facts) from None
    languages = Counter(each.recipient.language for each in papers)
    return PrintedCards(batch, str(order.folder), files, len(papers), dict(sorted(languages.items())))


async def card_batches(ledger: Ledger, programme_code: str) -> list[CardBatch]:
    """When paper cards were made for a programme, the latest first. Refuses `UnknownProgramme`."""
    households = await list_households(ledger, programme_code)
    async with ledger.unit_of_work() as work:
        return await batches_of(work, [entry.household_id for entry in households])


async def block_batch(ledger: Ledger, programme_code: str, batch: datetime, operator: str) -> BlockedBatch:
    """Block whatever still pays of the cards that were made at an instant; the balances stay with the households.

    Refuses `UnknownOperator`, `UnknownProgramme`, `UnknownBatch`.
    """
    households = await list_households(ledger, programme_code)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator)
        cards = await cards_of_batch(work, [entry.household_id for entry in households], batch)
        if not cards:
            raise UnknownBatch(batch=batch.isoformat())
        await block_cards(work, cards, who.id)
        return BlockedBatch(batch, len(cards))


async def print_welcome(ledger: Ledger, siret: str, operator: str, file: Path, contact: Contact) -> Welcome:
    """Invite a till of a merchant, and print the sheet that pairs it; the code on it is good once, for 15 minutes.

    Refuses `UnknownOperator`, `UnknownMerchant`, `MerchantNotActive`, `FileThere`, `FileUnreadable`.
    """
    if file.exists():
        raise FileThere(file=str(file))
    merchant = next((each for each in await list_merchants(ledger) if each.siret == siret), None)
    if merchant is None:
        raise UnknownMerchant(siret=siret)
    async with ledger.unit_of_work() as work:
        rehearsal = await store.is_rehearsal(work)
    invitation = await invite_till(ledger, siret, "till", operator)
    data = rules.welcome(merchant, invitation, contact)
    title = _("Welcome of {merchant}").format(merchant=merchant.name)
    made_at = ledger.clock.now()
    pdf = typeset(rules.WELCOME_TEMPLATE, data, title=title, made_at=made_at, rehearsal=rehearsal)
    with new_file(file, private=True) as stream:
        stream.write(pdf)
    return Welcome(siret, merchant.name, str(file), invitation.expires_at)


async def _drawn(ledger: Ledger, order: CardOrder, operator: str) -> tuple[list[CardPaper], bool]:
    """The cards to print, in the order of case numbers, and whether it is a rehearsal."""
    entries = _asked_for(await list_households(ledger, order.programme_code), order)
    async with ledger.unit_of_work() as work:
        await operator_named(work, operator, Role.AGENT)
        holders = await holders_of_paper(work, [entry.household_id for entry in entries])
        without = [entry for entry in entries if entry.household_id not in holders]
        if not without or (order.cases and holders):
            held = [entry.case_number for entry in entries if order.cases and entry.household_id in holders]
            raise NoCardWanted(programme=order.programme_code, **({"cases": held} if held else {}))
        cards = await draw_paper_cards(work, len(without), rules.number_end)
        people = [Recipient(entry.household_id, entry.case_number, entry.language) for entry in without]
        codes = await _codes(work, without, order.contact)
        papers = [
            CardPaper(card, recipient, codes.get(recipient.household_id))
            for card, recipient in zip(cards, people, strict=True)
        ]
        return papers, await store.is_rehearsal(work)


async def _codes(work: UnitOfWork, entries: Sequence[HouseholdEntry], contact: Contact) -> dict[UUID, str]:
    """A code for each household that asked for a telephone and has none yet; they are no good without an address."""
    wanted = [entry.household_id for entry in entries if entry.medium == "phone" and contact.url]
    have = await with_telephone(work, wanted)
    return {household_id: new_code() for household_id in wanted if household_id not in have}


def _asked_for(entries: Sequence[HouseholdEntry], order: CardOrder) -> list[HouseholdEntry]:
    if not order.cases:
        return [entry for entry in entries if entry.granted]
    by_case = {case_key(entry.case_number): entry for entry in entries}
    wanted = dict.fromkeys(map(case_key, order.cases))
    for case in order.cases:
        if case_key(case) not in by_case:
            raise UnknownHousehold(case_number=case)
    return [by_case[key] for key in wanted]


def _write(
    papers: Sequence[CardPaper],
    contact: Contact,
    place: Path,
    made_at: datetime,
    progress: Progress | None,
    *,
    rehearsal: bool,
) -> tuple[str, ...]:
    """Set cards and letters, part by part, each in a file that only its owner reads; their names."""
    parts = rules.in_parts(papers)
    names = zip(rules.file_names(_("cards"), len(parts)), rules.file_names(_("letters"), len(parts)), strict=True)
    written: list[str] = []
    done = 0

    def put(name: str, template: Path, data: dict[str, Any], title: str) -> None:
        pdf = typeset(template, data, title=title, made_at=made_at, rehearsal=rehearsal)
        private_file(place / name, pdf)
        written.append(name)

    for part, (cards, letters) in zip(parts, names, strict=True):
        put(cards, rules.CARDS_TEMPLATE, rules.card_sheets(part), _("Cards"))
        put(letters, rules.LETTER_TEMPLATE, rules.letters(part, contact), _("Letters with the codes of the cards"))
        done += len(part)
        if progress is not None:
            progress(done, len(papers))
    return tuple(written)
