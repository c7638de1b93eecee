"""The treasurer's side of conversions: the list to be paid, what the bank carried out, what it sent back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.bank_accounts.actions import effective_ibans
from ledger.books.balances import lock_balances
from ledger.books.journal import post
from ledger.calendar import paris_day
from ledger.conversions import rules, store
from ledger.conversions.actions.booking import (
    book_payouts,
    book_return,
    euro_accounts,
    free_reference,
    require_euros,
    require_present,
)
from ledger.conversions.actions.rates import rate_on
from ledger.conversions.actions.requests import cancellation
from ledger.conversions.model import Conversion, Payment, PayoutLot, ProposedLot, Rate
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import BadValue, ConversionNotOpen, UnknownConversion, UnknownPayout
from ledger.imported_files import record_file, refuse_repeated
from ledger.merchants.actions import merchant_with_siret
from ledger.people_files import Table, read_content, read_table

_FILE_KIND = "payouts"


async def list_conversions(ledger: Ledger, *, only_open: bool = False) -> list[Conversion]:
    """All conversions, or those that wait to be paid, the oldest first."""
    async with ledger.unit_of_work() as work:
        return await store.conversions(work, only_open=only_open)


async def paid_lots(ledger: Ledger) -> list[PayoutLot]:
    """What the bank carried out, the oldest lot first."""
    async with ledger.unit_of_work() as work:
        return await store.paid_lots(work)


async def propose_payouts(
    ledger: Ledger, operator: str, *, reference: str | None = None, day: date | None = None
) -> ProposedLot:
    """The list of all open conversions for the bank, with the bank accounts; nothing is recorded.

    By default today's, under the first free reference of its month. Refuses `UnknownOperator`, `RoleMissing`
    (treasurer), `BadValue` (a reference of another form, or used before).
    """
    async with ledger.unit_of_work() as work:
        await operator_named(work, operator, Role.TREASURER)
        paid_on = day or paris_day(work.now)
        chosen = await free_reference(work, reference, paid_on)
        waiting = await store.conversions(work, only_open=True)
        lot = rules.propose_lot(chosen, paid_on, waiting, (await rate_on(work, paid_on)).basis_points)
        sirets = {one.merchant_id: one.siret for one in waiting}
        ibans = await effective_ibans(work, list(sirets))
        return ProposedLot(lot, {sirets[merchant_id]: iban for merchant_id, iban in ibans.items()})


async def import_payouts(ledger: Ledger, path: Path, operator: str, *, dry_run: bool = False) -> list[PayoutLot]:
    """Book what the bank carried out, all of a file or nothing: each line pays an open conversion whole.

    Refuses `UnknownOperator`, `RoleMissing` (treasurer), `FileUnreadable`, `FileAlreadyImported`, `FileFaulty`
    (every fault at once), `AccountTooLow` (the reserve does not hold the euros).
    """
    table = _read(path)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.TREASURER)
        await store.take_lot_turn(work)
        await refuse_repeated(work, _FILE_KIND, b"", table.file, table.content)
        lots = rules.read_lots(table, paris_day(work.now))
        table.raise_faults()
        payments = await _assigned(work, table, lots)
        if not dry_run:
            await store.add_lots(work, lots, who.id)
            await book_payouts(work, payments, who.id)
            await record_file(work, _FILE_KIND, b"", table.content, row_count=len(table.rows), operator_id=who.id)
        return lots


async def return_payout(
    ledger: Ledger,
    siret: str,
    lot_reference: str,
    operator: str,
    *,
    amount_cents: int | None = None,
    commission_kept: bool = False,
) -> Conversion:
    """Book that the bank sent a payout back: the conversion is open again, to be paid or cancelled.

    The Pois come back as far as the euros do: whole, or the net alone where the association keeps its commission.
    Refuses `UnknownOperator`, `RoleMissing` (treasurer), `UnknownMerchant`, `UnknownPayout` (also where the lot
    paid several and no gross amount says which), `NotPossibleNow` (the merchant has left: its money is adjusted
    against suspense), `AccountTooLow` (an adjustment took what was paid out).
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.TREASURER)
        merchant = await merchant_with_siret(work, siret)
        accounts = await euro_accounts(work)
        balances = await lock_balances(work, [merchant.converting_account_id, *accounts])
        paid = await _paid(work, merchant.siret, lot_reference, amount_cents)
        await require_present(work, siret)
        await book_return(work, balances, paid, who.id, commission_kept=commission_kept)
        return await _conversion(work, paid.id)


async def withdraw_conversion(ledger: Ledger, conversion_id: UUID, operator: str) -> Conversion:
    """Cancel an open conversion for its merchant, who asked for it on paper or by telephone.

    Refuses `UnknownOperator`, `RoleMissing` (treasurer), `UnknownConversion`, `ConversionNotOpen`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.TREASURER)
        found = await _conversion(work, conversion_id)
        await lock_balances(work, [found.account_id, found.converting_account_id])
        found = await _conversion(work, conversion_id)
        if not found.is_free:
            state = found.state if found.ordered_in is None else "ordered"
            raise ConversionNotOpen(conversion=str(conversion_id), state=state, lot=found.ordered_in)
        booked = cancellation(work, found)
        await post(work, [booked])
        await store.add_cancellation(work, booked.id, found.id, till_id=None, operator_id=who.id)
        return await _conversion(work, conversion_id)


async def commission_rates(ledger: Ledger) -> list[Rate]:
    """The rates of commission, the oldest first."""
    async with ledger.unit_of_work() as work:
        return await store.rates(work)


async def set_commission_rate(ledger: Ledger, basis_points: int, operator: str, *, day: date | None = None) -> Rate:
    """Let the association keep another share of what is paid from a day on, by default from today.

    Refuses `UnknownOperator`, `RoleMissing` (treasurer), `BadValue` (not between 0 and 100 %).
    """
    if not 0 <= basis_points <= rules.BASIS:
        raise BadValue(field="basis_points", value=basis_points)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.TREASURER)
        await store.take_lot_turn(work)
        return await store.add_rate(work, basis_points, day or paris_day(work.now), who.id)


def _read(path: Path) -> Table:
    """The executed list, with or without the bank accounts that the proposal had."""
    header = read_content(path).partition(b"\n")[0].lower()
    return read_table(path, rules.PROPOSED_COLUMNS if b"iban" in header else rules.LOT_COLUMNS)


async def _assigned(work: UnitOfWork, table: Table, lots: list[PayoutLot]) -> list[Payment]:
    """The conversion that each line pays, locked; refuses the file where one pays none."""
    waiting = await store.conversions(work, only_open=True)
    sirets = {line.siret for lot in lots for line in lot.lines}
    accounts = {one.converting_account_id for one in waiting if one.siret in sirets}
    shared = await euro_accounts(work)
    balances = await lock_balances(work, [*accounts, *shared])
    waiting = [one for one in await store.conversions(work, only_open=True) if one.converting_account_id in accounts]
    basis_points = {lot.paid_on: (await rate_on(work, lot.paid_on)).basis_points for lot in lots}
    known = await store.known_lots(work, [lot.reference for lot in lots])
    payments, faults = rules.assign(lots, waiting, basis_points, known)
    table.faults.extend(faults)
    table.raise_faults()
    require_euros(balances, shared, sum(payment.line.gross_cents for payment in payments))
    return payments


async def _paid(work: UnitOfWork, siret: str, lot_reference: str, amount_cents: int | None) -> Conversion:
    """The one conversion of a merchant that a lot paid and that is paid still."""
    found = [
        one
        for one in await store.conversions(work, only_open=False)
        if (one.siret, one.lot, one.state) == (siret, lot_reference, "paid")
        and amount_cents in {None, (one.net_cents or 0) + (one.commission_cents or 0)}
    ]
    if not found or (len(found) > 1 and amount_cents is None):
        raise UnknownPayout(siret=siret, lot=lot_reference, amounts_cents=[one.amount_cents for one in found])
    return found[0]


async def _conversion(work: UnitOfWork, conversion_id: UUID) -> Conversion:
    found = await store.conversion_with(work, conversion_id)
    if found is None:
        raise UnknownConversion(conversion=str(conversion_id))
    return found
