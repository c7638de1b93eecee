"""The small world with a row in every table of the books, sealed; and a checkpoint that was kept before its end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from ledger.adjustments.actions import propose_reserve_loss
from ledger.approvals.actions import record_command, reject_proposal
from ledger.approvals.model import Reason
from ledger.bank_accounts.actions import approve_iban, propose_iban, withdraw_iban
from ledger.cards.actions import issue_card
from ledger.cards.rules import one_time_code, step_at
from ledger.clock import FixedClock
from ledger.conversions.actions import list_conversions, return_payout, withdraw_conversion
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.identifiers import new_event_id
from ledger.keyring import Keyring
from ledger.merchants.actions import list_merchants, till_by_token
from ledger.merchants.own_tills import invite_own_till
from ledger.payouts.actions import approve_lot, export_lot, prepare_lot, read_back, set_payer
from ledger.programmes.actions import cancel_mandate, erase_household, list_households, record_mandate
from ledger.reconciliation.actions import import_statement, match_statement, reconciliation_report, withdraw_file
from ledger.reconciliation.model import Account
from ledger.reconciliation.resolving import comment_break, propose_claim
from ledger.redemptions.actions import refund
from ledger.redemptions.model import Refund, RefundRequest
from ledger.sealing.actions import Older, rotate_key, seal
from ledger.sealing.rules import notes
from ledger.vouchers.actions import lapse_vouchers
from ledger.wallets.actions import change_pin, enrol, invite_wallet, wallet_by_token
from tests import month
from tests.bank_answers import status
from tests.closing_books import certify_nothing
from tests.conftest import NOW
from tests.databases import DatabaseUrls, TestServer
from tests.made import MadeWorld
from tests.owners import Owning
from tests.statement_files import Moved, platform, write
from tests.tampering import GUARDED, UNGUARDED
from tests.world import World, bound

OVER = datetime(2026, 12, 8, 9, tzinfo=UTC)
IBAN = "FR76 5136 1341 2524 2731 6723 255"
# What no action of these books writes: a mark made before the first entry, and what older versions left.
BEFORE_ALL = "INSERT INTO ledger.rehearsal (single) VALUES (true)"
STRAIGHT = [
    """INSERT INTO ledger.remittance_answer
        (remittance_id, number, nth, accepted, their_reference, answered_at, read_by)
    SELECT remittance_id, number, 1, true, 'R-1', now(), (SELECT id FROM ledger.operator LIMIT 1)
    FROM ledger.remittance_line""",
    "INSERT INTO ledger.unsigned_fact (id) VALUES (gen_random_uuid())",
]


@dataclass(frozen=True)
class FullWorld:
    """Where it is, with which keys it was sealed at last, and a checkpoint from before the key changed."""

    server: TestServer
    keys: Keyring
    world: World
    older: Older

    def clone(self) -> AbstractAsyncContextManager[DatabaseUrls]:
        """A database of one's own with all of it."""
        return self.server.clone()


@asynccontextmanager
async def full_world(made: MadeWorld, keys: Keyring, folder: Path) -> AsyncIterator[FullWorld]:
    """A database of its own; `folder` takes the key file."""
    async with made.server.clone() as urls, connected(urls.owner) as superuser:
        clock = FixedClock(NOW)
        ledger = Ledger(Database.at(urls.app), clock, keys)
        await superuser.execute(f"{UNGUARDED}; {BEFORE_ALL}; {GUARDED}")
        await seal(ledger)
        await _go_on(ledger, superuser, folder)
        await _enrol(ledger, made.world)
        await _own_till(ledger, clock)
        kept = await seal(ledger)
        assert kept is not None
        await _end(ledger, clock, made.world)
        (folder / "masters.json").write_text(json.dumps([master.hex() for master in keys.masters]))
        await rotate_key(ledger, folder, month.CHECKER)
        new_keys = Keyring.load(folder)
        await seal(Ledger(ledger.database, clock, new_keys))
        await ledger.database.aclose()
        await superuser.close()  # a database is cloned when nobody is in it
        server = replace(made.server, template=urlsplit(urls.app).path.removeprefix("/"))
        yield FullWorld(server, new_keys, made.world, Older(kept.note, notes.read_checkpoint(kept.note)))


async def _files(ledger: Ledger, folder: Path) -> None:
    """Statements of the bank: one, one that repeats some of it, one that waits for others and is given up."""
    moves = [Moved(date(2026, 10, 1 + nth), f"Virement {nth}", 1_00) for nth in range(9)]
    for start, stop in ((0, 3), (1, 5), (7, 9)):
        file = write(folder, f"{start}-{stop}.csv", platform(100 * start, moves[start:stop]))
        await import_statement(ledger, file, month.MAKER, Account.RESERVE)
    await withdraw_file(ledger, "7-9.csv", month.MAKER, Account.RESERVE)


async def _breaks(ledger: Ledger) -> None:
    """What the bank credited for nothing: somebody says something about it, and asks the bank to correct it."""
    await match_statement(ledger, month.MAKER, Account.RESERVE)
    found = (await reconciliation_report(ledger, Account.RESERVE)).breaks[0]
    await comment_break(ledger, found.id.hex, "asked by telephone", month.MAKER)
    await propose_claim(ledger, found.id.hex, date(2026, 12, 1), month.MAKER_SIGNER)


async def _order(ledger: Ledger, folder: Path) -> None:
    """A lot is written for the bank, which rejects it."""
    await set_payer(ledger, "Le Pois", IBAN, month.MAKER)
    order = (await prepare_lot(ledger, month.MAKER_SIGNER)).order
    await approve_lot(ledger, order.proposal_id, month.CHECKER_SIGNER)
    await export_lot(ledger, order.reference, folder / "lot.xml", month.MAKER)
    rejected = [(one.end_to_end, "RJCT", "AC04") for one in order.transfers]
    await read_back(ledger, status(folder, order.reference, rejected), month.MAKER)


async def _go_on(ledger: Ledger, superuser: asyncpg.Connection, folder: Path) -> None:
    """Something is rejected, cancelled, withdrawn, sent back or erased."""
    maker, checker = month.MAKER_SIGNER, month.CHECKER_SIGNER
    waiting = await propose_reserve_loss(ledger, 30, maker)
    await reject_proposal(ledger, waiting.proposal_id, checker, Reason.OTHER)
    await record_mandate(ledger, month.CODE, "2026-1108", 500, month.MAKER)
    await cancel_mandate(ledger, "2026-1108", month.MAKER)
    await _order(ledger, folder)
    for conversion in await list_conversions(ledger, only_open=True):
        await withdraw_conversion(ledger, conversion.id, month.MAKER)
    merchant = (await list_merchants(ledger))[4]
    change = await propose_iban(ledger, merchant.siret, IBAN, maker)
    await approve_iban(ledger, change.change.proposal_id, checker)
    await withdraw_iban(ledger, merchant.siret, month.MAKER)
    await record_command(ledger, month.MAKER, "merchant iban", "ok")
    await _files(ledger, folder)
    await _breaks(ledger)
    await certify_nothing(ledger)
    await superuser.execute(f"{UNGUARDED}; {';'.join(STRAIGHT)}; {GUARDED}")


async def _enrol(ledger: Ledger, world: World) -> None:
    """A telephone is enrolled, and gives the household's new paper card another PIN."""
    invitation = await invite_wallet(ledger, world.phone.number, month.MAKER)
    enrolled = await enrol(ledger, invitation.code, "a telephone's own number")
    wallet = await wallet_by_token(ledger, enrolled.token)
    paper = await issue_card(ledger, world.households[0], "paper", month.MAKER)
    await change_pin(ledger, wallet, paper.id, "2580", one_time_code(enrolled.secret, step_at(ledger.clock.now())))


async def _own_till(ledger: Ledger, clock: FixedClock) -> None:
    """An owner invites a till with a code of the telephone."""
    siret = (await list_merchants(ledger))[3].siret
    owning = await Owning.of(ledger, clock, siret, month.MAKER)
    await invite_own_till(ledger, owning.device, owning.asked().owner_code)


async def _end(ledger: Ledger, clock: FixedClock, world: World) -> None:
    """The vouchers end, one is reopened by a late refund, a payout comes back, a household is forgotten."""
    [paid] = [found for found in await list_conversions(ledger) if found.lot]
    await return_payout(ledger, paid.siret, "LOT-1", month.CHECKER)
    clock.instant = OVER
    await lapse_vouchers(ledger, month.CHECKER)
    till = await till_by_token(ledger, world.tills[0].token)
    asked = RefundRequest(bound(world.tills[0], new_event_id()), world.sales[1], 100, "returned")
    assert isinstance((await refund(ledger, till, asked)).result, Refund)
    silent = (await list_households(ledger, month.CODE))[-1]
    await erase_household(ledger, month.CODE, silent.case_number, month.CHECKER)
