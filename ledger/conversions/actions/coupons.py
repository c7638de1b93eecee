"""Paper coupons at the association's counter: handed out, brought back, turned into euros. Whole Pois only."""

from __future__ import annotations

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Operator, Role
from ledger.books.accounts import account_named
from ledger.books.balances import lock_balances, require_held
from ledger.books.journal import post
from ledger.books.transaction import Posting, Transaction, TransactionKind, transfer
from ledger.calendar import paris_day
from ledger.conversions import rules, store
from ledger.conversions.actions.rates import rate_on
from ledger.conversions.model import CouponMovement
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import CouponsTooFew, MerchantBalanceTooLow, MerchantNotActive, NotWholePois
from ledger.identifiers import new_event_id
from ledger.merchants.actions import merchant_with_siret
from ledger.merchants.model import Merchant

_CIRCULATING = "coupons:circulating"


async def hand_out_coupons(ledger: Ledger, siret: str, amount_cents: int, operator: str) -> CouponMovement:
    """Hand paper Pois to a merchant: merchant → circulating.

    Refuses `UnknownOperator`, `RoleMissing` (finance, treasurer), `UnknownMerchant`, `NotWholePois`,
    `MerchantBalanceTooLow`.
    """
    async with ledger.unit_of_work() as work:
        who, merchant = await _begin(work, siret, amount_cents, operator)
        circulating = await account_named(work, _CIRCULATING)
        balances = await lock_balances(work, [merchant.account_id, circulating])
        if amount_cents > -balances[merchant.account_id]:
            raise MerchantBalanceTooLow(available_cents=-balances[merchant.account_id])
        legs = transfer(merchant.account_id, circulating, amount_cents)
        return await _book(work, TransactionKind.COUPONS, merchant, amount_cents, who, legs)


async def take_back_coupons(ledger: Ledger, siret: str, amount_cents: int, operator: str) -> CouponMovement:
    """Take paper Pois back onto a merchant's account: circulating → merchant.

    Refuses as `hand_out_coupons` does, `CouponsTooFew`, and `MerchantNotActive` where the merchant has left.
    """
    async with ledger.unit_of_work() as work:
        who, merchant = await _begin(work, siret, amount_cents, operator)
        circulating = await account_named(work, _CIRCULATING)
        balances = await lock_balances(work, [merchant.account_id, circulating])
        _require_circulating(-balances[circulating], amount_cents)
        if (await merchant_with_siret(work, siret)).state == "closed":
            raise MerchantNotActive(state="closed")
        legs = transfer(circulating, merchant.account_id, amount_cents)
        return await _book(work, TransactionKind.COUPONS_RETURNED, merchant, amount_cents, who, legs)


async def convert_coupons(ledger: Ledger, siret: str, amount_cents: int, operator: str) -> CouponMovement:
    """Take paper Pois from a merchant and pay their euros: circulating → issued, the euros as in a conversion.

    Refuses as `take_back_coupons` does, and `AccountTooLow` where the reserve does not hold the euros; a merchant
    that has left may still bring its coupons.
    """
    async with ledger.unit_of_work() as work:
        who, merchant = await _begin(work, siret, amount_cents, operator)
        names = (
            _CIRCULATING,
            "association:issued",
            "association:guarantee-fund",
            "association:paid-out",
            "association:commission",
        )
        circulating, issued, fund, paid_out, kept = [await account_named(work, name) for name in names]
        balances = await lock_balances(work, [circulating, issued, fund, paid_out, kept])
        _require_circulating(-balances[circulating], amount_cents)
        require_held(balances, fund, "association:guarantee-fund", amount_cents)
        require_held(balances, issued, "association:issued", amount_cents)
        rate = await rate_on(work, paris_day(work.now))
        commission = rules.commission_cents(amount_cents, rate.basis_points)
        net = (paid_out, amount_cents - commission)
        legs = rules.pois_into_euros(circulating, issued, fund, net, (kept, commission))
        kind = TransactionKind.COUPONS_CONVERTED
        return await _book(work, kind, merchant, amount_cents, who, legs, commission)


async def _begin(work: UnitOfWork, siret: str, amount_cents: int, operator: str) -> tuple[Operator, Merchant]:
    who = await operator_named(work, operator, Role.FINANCE, Role.TREASURER)
    merchant = await merchant_with_siret(work, siret)
    if not rules.is_whole(amount_cents):
        raise NotWholePois(amount_cents=amount_cents)
    return who, merchant


def _require_circulating(circulating_cents: int, amount_cents: int) -> None:
    if amount_cents > circulating_cents:
        raise CouponsTooFew(available_cents=circulating_cents)


async def _book(
    work: UnitOfWork,
    kind: TransactionKind,
    merchant: Merchant,
    amount_cents: int,
    who: Operator,
    legs: tuple[Posting, ...],
    commission_cents: int | None = None,
) -> CouponMovement:
    booked = Transaction(new_event_id(), kind, work.now, legs)
    await post(work, [booked])
    await store.add_coupons(
        work, booked.id, merchant.id, amount_cents, commission_cents=commission_cents, operator_id=who.id
    )
    return await store.coupons_with(work, booked.id)
