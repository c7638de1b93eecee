"""The words of reconciliation: accounts, rules, categories, reasons."""

from __future__ import annotations

from enum import StrEnum

from ledger.books.transaction import TransactionKind


class Account(StrEnum):
    """What a statement is about, as in `ledger.reconciled_account`."""

    POIS = "pois"
    RESERVE = "reserve"

    @property
    def currency(self) -> str:
        """The word that its statements use."""
        return "EUR" if self is Account.RESERVE else "POIS"


DAYS_APART_MAX = 3  # between a line and what it may be

PAYOUTS = frozenset(
    {TransactionKind.CONVERSION_PAID, TransactionKind.CONVERSION_RETURNED, TransactionKind.COUPONS_CONVERTED}
)
CORRECTIONS = frozenset(
    {
        TransactionKind.RESERVE_LOSS,
        TransactionKind.RESERVE_MADE_GOOD,
        TransactionKind.ADJUSTMENT,
        TransactionKind.REVERSAL,
    }
)


class Rule(StrEnum):
    """Why a match was made or suggested; in the order in which they are tried."""

    REMITTANCE = "remittance"
    PAYOUT_LOT = "payout-lot"
    REFERENCE = "reference"
    DAY_TOTAL = "day-total"
    AMOUNT_DATE_MERCHANT = "amount-date-merchant"
    EQUAL_SET = "equal-set"
    REVERSAL_PAIR = "reversal-pair"
    CORRECTION = "correction"
    SUBSET_SUM = "subset-sum"  # this one and the next are only ever suggested
    ALIKE = "alike"


class Category(StrEnum):
    """What kind of difference a break is."""

    TIMING_OURS_FIRST = "timing-ours-first"
    TIMING_THEIRS_FIRST = "timing-theirs-first"
    MISSING_AT_ASSOCIATION = "missing-at-association"
    MISSING_IN_LEDGER = "missing-in-ledger"
    AMOUNT_DIFFERS = "amount-differs"
    DUPLICATE_THEIRS = "duplicate-theirs"
    DUPLICATE_OURS = "duplicate-ours"
    WRONG_MERCHANT = "wrong-merchant"
    REVERSAL_NOT_MIRRORED = "reversal-not-mirrored"
    FEE = "fee"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """Why the nearest candidate of a break was not taken."""

    REMITTANCE_AMOUNT = "acknowledged-with-another-amount"
    LOT_AMOUNT = "payout-lot-with-another-amount"
    REFERENCE_AMOUNT = "reference-with-another-amount"
    REFERENCE_MATCHED = "reference-matched-already"
    REFERENCE_ELSEWHERE = "reference-of-another-merchant"
    REFERENCE_UNKNOWN = "reference-unknown"
    TOTAL_AMOUNT = "day-total-with-another-amount"
    ALONE_AMOUNT = "alone-that-day-with-another-amount"
    COPY = "copy-of-another-record"
    COPY_OURS = "copy-of-another-sale"
    BOOKED_LATER = "ours-booked-after-the-end"
    REVERSED = "reversal-without-its-like"
    NAMES_NOTHING = "names-nothing-known"
    NO_MERCHANT = "no-merchant"
    ANOTHER_REFERENCE = "equal-but-another-reference"
    BY_HAND = "equal-but-unmatched-by-hand"
    EQUAL_MATCHED = "equal-ones-matched-already"
    SEVERAL = "several-equal-candidates"
    TOO_FAR = "equal-amount-on-another-day"
    OTHER_AMOUNTS = "other-amounts-that-day"
    NOTHING_NEAR = "nothing-comparable"
