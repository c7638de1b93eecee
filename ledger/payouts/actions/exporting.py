"""The file for the bank. That it is written is recorded first, with all that it says; so whoever is killed before it
is on the disk writes it again, the same to the byte, and never a second message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.bank_accounts.actions import payable_accounts
from ledger.bank_accounts.model import PayableAccount
from ledger.calendar import paris_day
from ledger.conversions.actions import take_lot_turn
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import AccountChanged, AccountCoolingDown, BadValue, LotNotApproved, PayerMissing, PayoutFileDiffers
from ledger.keyring import same
from ledger.new_files import new_file, require_new
from ledger.payouts import store
from ledger.payouts.actions.ordering import lot_with
from ledger.payouts.model import PayoutOrder, Transfer
from ledger.payouts.rules import pain001

_USE = "payout-file"
_AT_THE_BANK = {"exported", "sent", "accepted", "rejected", "paid", "returned"}


@dataclass(frozen=True, slots=True)
class ExportedLot:
    """A lot whose file was written; `again`: it had been written before, with the same bytes."""

    order: PayoutOrder
    again: bool


async def export_lot(
    ledger: Ledger, reference: str, path: Path, operator: str, *, execute_on: date | None = None
) -> ExportedLot:
    """Write the file of an approved lot into a new file, for its owner alone; by default to be carried out today.

    Refuses `UnknownOperator`, `RoleMissing` (treasurer), `FileThere`, `FileUnreadable`, `UnknownLot`, `LotNotApproved`,
    `BadValue` (a day that is over, or another one than the first time), `AccountCoolingDown`, `AccountChanged`,
    `PayoutFileDiffers` (it would not be the file that was written first).
    """
    require_new(path)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.TREASURER)
        await take_lot_turn(work)
        order = await lot_with(work, reference)
        _require_exportable(order)
        again = order.export is not None
        day, instant = _when(work, order, execute_on)
        content = await _content(work, order, execute_on=day, created_at=instant)
        content_hmac = work.keys.hmac(_USE, content)
        if order.export is None:
            await store.add_export(work, order, day, content_hmac, who.id)
        elif not same(order.export.content_hmac, content_hmac):
            raise PayoutFileDiffers(lot=reference)
        order = await lot_with(work, reference)
    with new_file(path, private=True) as file:
        file.write(content)
    return ExportedLot(order, again)


def _require_exportable(order: PayoutOrder) -> None:
    """Approved, or written before and not given up since."""
    states = {one.state for one in order.transfers}
    if states != {"approved"} and not (order.export is not None and states <= _AT_THE_BANK):
        raise LotNotApproved(lot=order.reference, state=order.transfers[0].state)


def _when(work: UnitOfWork, order: PayoutOrder, execute_on: date | None) -> tuple[date, datetime]:
    """The day for the bank and the instant of the message: those of the first time."""
    today = paris_day(work.now)
    if order.export is None:
        day = execute_on or today
        if day < today:
            raise BadValue(field="date", value=day.isoformat(), least=today.isoformat())
        return day, work.now
    if execute_on not in {None, order.export.execute_on}:
        raise BadValue(field="date", value=str(execute_on), first=order.export.execute_on.isoformat())
    return order.export.execute_on, order.export.exported_at


async def _content(work: UnitOfWork, order: PayoutOrder, *, execute_on: date, created_at: datetime) -> bytes:
    payer = await store.payer(work, order.payer)
    if payer is None:
        raise PayerMissing
    accounts = await payable_accounts(work, list({one.merchant_id for one in order.transfers}))
    for one in order.transfers:
        _require_account(order, one, accounts.get(one.merchant_id))
    ibans: dict[UUID, str] = {merchant_id: account.iban for merchant_id, account in accounts.items()}
    return pain001.render(order, payer, ibans, created_at=created_at, execute_on=execute_on)


def _require_account(order: PayoutOrder, one: Transfer, account: PayableAccount | None) -> None:
    """The account is the one that was approved; and for a first file, none that is about to change."""
    if account is None or not same(account.iban_hmac, one.iban_hmac):
        raise AccountChanged(lot=order.reference, siret=one.siret, end_to_end=one.end_to_end)
    if account.changes_at is not None and order.export is None:
        until = paris_day(account.changes_at).isoformat()
        raise AccountCoolingDown(lot=order.reference, siret=one.siret, until=until)
