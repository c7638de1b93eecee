"""The books of the sample month as a right desk would leave them, written without the desk: quickly and surely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from ledger.approvals.actions import approve, propose
from ledger.books.accounts import AccountKind, account_named, open_accounts
from ledger.books.journal import post
from ledger.books.transaction import Transaction, TransactionKind, transfer
from ledger.calendar import PARIS
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.identifiers import new_event_id
from ledger.merchants.actions import import_merchants, invite_till, list_merchants, pair_till
from ledger.merchants.model import Merchant
from tests import month
from tests.reconciled import rows

ISSUED_CENTS = 11_530_00
IMPORTED_AT = datetime(2026, 11, 2, 9, tzinfo=PARIS)


async def fill_with_october(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> None:
    """Funding on the 3rd, all Pois on one voucher, each sale and refund with its ticket; then it is November."""
    clock.instant = datetime(2026, 10, 3, 10, tzinfo=PARIS)
    await month.programme_with_money(ledger)
    await import_merchants(ledger, month.MERCHANTS_FILE, month.MAKER)
    merchants = {merchant.siret: merchant for merchant in await list_merchants(ledger)}
    voucher = await issue_one_voucher(ledger)
    sales = await sell(ledger, owner, voucher, merchants)
    await refund(ledger, owner, voucher, merchants, sales)
    clock.instant = IMPORTED_AT


async def issue_one_voucher(ledger: Ledger) -> int:
    async with ledger.unit_of_work() as work:
        [voucher] = await open_accounts(work, AccountKind.VOUCHER, ["voucher:AA-2026-2026-000001"])
        pool = await account_named(work, f"programme:{month.CODE}:pool")
        proposal = await propose(work, "aid-run", b"all of it", month.MAKER_SIGNER)
        approval = await approve(work, proposal, month.CHECKER_SIGNER)
        legs = transfer(pool, voucher, ISSUED_CENTS)
        await post(work, [Transaction(new_event_id(), TransactionKind.ISSUE, work.now, legs, approval)])
        return voucher


async def sell(
    ledger: Ledger, owner: asyncpg.Connection, voucher: int, merchants: dict[str, Merchant]
) -> dict[str, UUID]:
    """All approved purchases; gives the redemption of each ticket."""
    approved = [row for row in rows("achats.csv") if int(row["attendu_centimes"])]
    made = [
        Transaction(
            new_event_id(),
            TransactionKind.REDEMPTION,
            instant(row),
            transfer(voucher, merchants[row["siret"]].account_id, int(row["attendu_centimes"])),
        )
        for row in approved
    ]
    async with ledger.unit_of_work() as work:
        await post(work, made)
    await describe_sales(owner, made, approved, merchants)
    return {row["ticket"]: one.id for one, row in zip(made, approved, strict=True)}


async def describe_sales(
    owner: asyncpg.Connection,
    made: Sequence[Transaction],
    approved: Sequence[dict[str, str]],
    merchants: dict[str, Merchant],
) -> None:
    receipts = Counter[str]()
    values = []
    for one, row in zip(made, approved, strict=True):
        receipts[row["siret"]] += 1
        merchant, cents = merchants[row["siret"]], int(row["attendu_centimes"])
        number = receipts[row["siret"]]
        values.append((one.id, merchant.id, uuid4(), uuid4(), number, row["ticket"], cents, one.occurred_at))
    await owner.executemany(
        """
        INSERT INTO ledger.redemption (
            id, merchant_id, till_id, card_id, receipt_year, receipt_number, reference, categories, asked_cents,
            approved_by_line_cents, basket_cents, approved_cents, occurred_at
        ) VALUES ($1, $2, $3, $4, 2026, $5, $6, '{fruits-legumes}', ARRAY[$7::bigint], ARRAY[$7::bigint], $7, $7, $8)
        """,
        values,
    )


async def refund(
    ledger: Ledger,
    owner: asyncpg.Connection,
    voucher: int,
    merchants: dict[str, Merchant],
    sales: dict[str, UUID],
) -> None:
    till = await pair_till(ledger, (await invite_till(ledger, next(iter(merchants)), "till", month.MAKER)).code)
    for row in rows("remboursements.csv"):
        cents = int(row["montant_centimes"])
        legs = transfer(merchants[row["siret"]].account_id, voucher, cents)
        made = Transaction(new_event_id(), TransactionKind.REFUND, instant(row), legs)
        async with ledger.unit_of_work() as work:
            await post(work, [made])
        await owner.execute(
            """
            INSERT INTO ledger.refund (id, redemption_id, till_id, amount_cents, reason, occurred_at)
            VALUES ($1, $2, $3, $4, 'returned', $5)
            """,
            made.id,
            sales[row["ticket"]],
            till.till_id,
            cents,
            made.occurred_at,
        )


def instant(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["horodatage"]).replace(tzinfo=PARIS)
