"""The sample month's payouts in the books, for the reconciliation of the reserve."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import asyncpg

from ledger.books.journal import post
from ledger.books.transaction import Transaction, TransactionKind, transfer
from ledger.calendar import PARIS
from ledger.clock import FixedClock
from ledger.conversions.actions import import_payouts
from ledger.database.unit_of_work import Ledger
from ledger.identifiers import new_event_id
from ledger.merchants.actions import invite_till, list_merchants, pair_till
from ledger.merchants.model import Merchant
from tests import month
from tests.october_books import IMPORTED_AT, fill_with_october
from tests.reconciled import rows

LOT_FILE = month.OCTOBER / "lot-reconversions.csv"


async def fill_with_payouts(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> None:
    """October with its sales; the conversions asked for on the 30th, the lot paid on the 31st; then it is November."""
    await fill_with_conversions(ledger, clock, owner)
    await import_payouts(ledger, LOT_FILE, month.MAKER)
    clock.instant = IMPORTED_AT


async def fill_with_conversions(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> None:
    """The same up to the evening of the 31st: nothing is paid yet."""
    await fill_with_october(ledger, clock, owner)
    clock.instant = datetime(2026, 10, 30, 19, tzinfo=PARIS)
    merchants = {merchant.siret: merchant for merchant in await list_merchants(ledger)}
    await ask_for_conversions(ledger, owner, merchants)
    clock.instant = datetime(2026, 10, 31, 18, tzinfo=PARIS)


async def ask_for_conversions(ledger: Ledger, owner: asyncpg.Connection, merchants: Mapping[str, Merchant]) -> None:
    asked = [row for row in rows("mouvements-commercants.csv") if row["type"] == "reconversion"]
    till = await pair_till(ledger, (await invite_till(ledger, asked[0]["siret"], "merchant", month.MAKER)).code)
    for row in asked:
        await ask_for_conversion(ledger, owner, merchants[row["siret"]], int(row["montant_centimes"]), till.till_id)


async def ask_for_conversion(
    ledger: Ledger, owner: asyncpg.Connection, merchant: Merchant, cents: int, till_id: UUID
) -> None:
    legs = transfer(merchant.account_id, merchant.converting_account_id, cents)
    async with ledger.unit_of_work() as work:
        made = Transaction(new_event_id(), TransactionKind.CONVERSION_REQUEST, work.now, legs)
        await post(work, [made])
    await owner.execute(
        "INSERT INTO ledger.conversion (id, merchant_id, amount_cents, till_id) VALUES ($1, $2, $3, $4)",
        made.id,
        merchant.id,
        cents,
        till_id,
    )
