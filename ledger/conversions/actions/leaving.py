"""A merchant leaves: with nothing on either account, or not at all."""

from __future__ import annotations

from ledger.approvals.actions import operator_named
from ledger.books.balances import lock_balances
from ledger.conversions import store
from ledger.conversions.actions.lookups import CONVERSIONS_MAX
from ledger.database.unit_of_work import Ledger
from ledger.errors import MerchantNotEmpty
from ledger.merchants.actions import merchant_with_siret, record_closing
from ledger.merchants.model import Merchant


async def close_merchant(ledger: Ledger, siret: str, operator: str) -> Merchant:
    """Let a merchant leave for good. Its tills stop; its statement stays readable.

    Refuses `UnknownOperator`, `UnknownMerchant`, `NotPossibleNow` (left before), and `MerchantNotEmpty`, which
    names both balances and the conversions that are open.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator)
        merchant = await merchant_with_siret(work, siret)
        held = await lock_balances(work, [merchant.account_id, merchant.converting_account_id])
        waiting = [one for one in await store.conversions_of(work, merchant.id, CONVERSIONS_MAX) if one.is_open]
        if any(held.values()) or waiting:
            raise MerchantNotEmpty(
                siret=merchant.siret,
                balance_cents=-held[merchant.account_id],
                converting_cents=-held[merchant.converting_account_id],
                open_conversions=[str(one.id) for one in waiting],
            )
        await record_closing(work, merchant.id, who.id)
        return await merchant_with_siret(work, siret)
