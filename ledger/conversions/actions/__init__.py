"""What can be done with merchants' money: by the owner's device, and by the people of CCAS and association."""

from __future__ import annotations

from ledger.conversions.actions.booking import (
    begin_lots,
    book_payouts,
    book_return,
    conversion_by_id,
    conversions_by_id,
    euro_accounts,
    free_reference,
    open_conversions,
    require_euros,
    take_lot_turn,
)
from ledger.conversions.actions.coupons import convert_coupons, hand_out_coupons, take_back_coupons
from ledger.conversions.actions.leaving import close_merchant
from ledger.conversions.actions.lookups import (
    merchant_balance,
    merchant_statement,
    more_of_statement,
    own_conversions,
)
from ledger.conversions.actions.lots import (
    commission_rates,
    import_payouts,
    list_conversions,
    paid_lots,
    propose_payouts,
    return_payout,
    set_commission_rate,
    withdraw_conversion,
)
from ledger.conversions.actions.rates import rate_on
from ledger.conversions.actions.requests import (
    ask_for_coupons,
    cancel_conversion,
    pay_merchant,
    request_conversion,
)

__all__ = [
    "ask_for_coupons",
    "begin_lots",
    "book_payouts",
    "book_return",
    "cancel_conversion",
    "close_merchant",
    "commission_rates",
    "conversion_by_id",
    "conversions_by_id",
    "convert_coupons",
    "euro_accounts",
    "free_reference",
    "hand_out_coupons",
    "import_payouts",
    "list_conversions",
    "merchant_balance",
    "merchant_statement",
    "more_of_statement",
    "open_conversions",
    "own_conversions",
    "paid_lots",
    "pay_merchant",
    "propose_payouts",
    "rate_on",
    "request_conversion",
    "require_euros",
    "return_payout",
    "set_commission_rate",
    "take_back_coupons",
    "take_lot_turn",
    "withdraw_conversion",
]
