"""What may be moved by two people, and what is refused, told before the database would refuse it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from uuid import UUID

from ledger.adjustments.model import Account, Booked, Draft, Leg, Reason
from ledger.books.transaction import TransactionKind
from ledger.errors import (
    AccountTooLow,
    AlreadyExists,
    BackingBroken,
    BadValue,
    MoveNotAllowed,
    MoveUnbalanced,
    NotPossibleNow,
    NotReversible,
    UnknownAccount,
)

AMOUNT_CENTS_MAX = 10**12
LEGS_MIN, LEGS_MAX = 2, 20

# Whoever is in one of these states holds nothing any more, and is given nothing.
ENDED = frozenset({"lapsed", "revoked", "closed"})

# What has an undo of its own: it keeps a record beside the books, which a bare mirror would leave behind.
INSTEAD = {
    TransactionKind.MANDATE: "fund cancel-mandate",
    TransactionKind.MANDATE_CANCELLED: "fund mandate",
    TransactionKind.ISSUE: "voucher revoke",
    TransactionKind.REDEMPTION: "refund",
    TransactionKind.REFUND: "redemption",
    TransactionKind.LAPSE: "aid prepare",
    TransactionKind.REVOCATION: "aid prepare",
    TransactionKind.CONVERSION_REQUEST: "conversion cancel",
    TransactionKind.CONVERSION_CANCELLED: "conversion request",
    TransactionKind.CONVERSION_PAID: "conversion returned",
    TransactionKind.CONVERSION_RETURNED: "conversion paid",
    TransactionKind.COUPONS: "coupons back",
    TransactionKind.COUPONS_RETURNED: "coupons out",
    TransactionKind.REVERSAL: "adjust propose",
}


# What a merchant has on its way to euros is what its open conversions are due, to the cent: nothing else moves it.
_CONVERTING = 14


def transfer_legs(debit: str, credit: str, amount_cents: int) -> tuple[Leg, Leg]:
    """The two legs of a transfer between accounts named. Refuses `BadValue`."""
    require_amount(max(amount_cents, 0))
    return Leg(debit, amount_cents), Leg(credit, -amount_cents)


def require_amount(amount_cents: int) -> None:
    """Refuse (`BadValue`) what is no amount of money."""
    if not 0 < abs(amount_cents) <= AMOUNT_CENTS_MAX:
        raise BadValue(field="amount_cents", value=amount_cents)


def adjustment(legs: Sequence[Leg], reason: Reason, break_id: UUID | None = None) -> Draft:
    """An adjustment of some accounts against suspense; each account stands in it once. Refuses `BadValue`."""
    if not LEGS_MIN <= len(legs) <= LEGS_MAX:
        raise BadValue(field="postings", value=len(legs), pattern=f"{LEGS_MIN}-{LEGS_MAX}")
    names = [leg.account for leg in legs]
    for leg in legs:
        require_amount(leg.amount_cents)
        if names.count(leg.account) > 1:
            raise BadValue(field="account", value=leg.account)
    return Draft(TransactionKind.ADJUSTMENT, reason, tuple(legs), break_id=break_id)


def mirror(booked: Booked, reason: Reason, break_id: UUID | None = None) -> Draft:
    """The exact mirror of a transaction. Refuses `NotReversible` with what to do instead, and `AlreadyExists`."""
    if booked.kind in INSTEAD:
        raise NotReversible(transaction=str(booked.id), kind=booked.kind.code, instead=INSTEAD[booked.kind])
    if booked.reversed_by is not None:
        raise AlreadyExists(transaction=str(booked.id), reversal=str(booked.reversed_by))
    legs = tuple(Leg(leg.account, -leg.amount_cents) for leg in booked.legs)
    return Draft(TransactionKind.REVERSAL, reason, legs, booked.id, break_id)


def require_bookable(
    kind: TransactionKind,
    legs: Sequence[Leg],
    accounts: Mapping[str, Account],
    shapes: frozenset[tuple[int, int]],
) -> None:
    """Would the books take it, as they stand? `shapes`: pairs of kinds that may be debited and credited (L14).

    Refuses `UnknownAccount`, `NotPossibleNow` (its voucher or merchant is no more), `MoveUnbalanced` (L1),
    `MoveNotAllowed` (L14), `BackingBroken` (L8) and `AccountTooLow` (L4).
    """
    for leg in legs:
        account = accounts.get(leg.account)
        if account is None:
            raise UnknownAccount(account=leg.account)
        if account.state in ENDED:
            raise NotPossibleNow(account=leg.account, state=account.state)
    _require_balance(legs, accounts)
    _require_shape(kind, legs, accounts, shapes)
    _require_backing(legs, accounts)
    _require_cover(legs, accounts)


def content(transaction_id: UUID, draft: Draft) -> bytes:
    """Everything that is signed: exactly what the tables hold of the proposal, in one form only."""
    head = [
        f"move {transaction_id}",
        f"kind {draft.kind.code}",
        f"reason {draft.reason}",
        f"reverses {draft.reverses_id or '-'}",
        f"break {draft.break_id or '-'}",
    ]
    body = [f"{line} {leg.account} {leg.amount_cents}" for line, leg in enumerate(draft.legs, start=1)]
    return "\n".join([*head, *body]).encode()


def amount_cents(legs: Iterable[Leg], accounts: Mapping[str, Account]) -> int:
    """How much is moved: its debits, of the asset of which it moves more (a return moves as much of both)."""
    sums: dict[str, int] = {}
    for leg in legs:
        asset = accounts[leg.account].asset
        sums[asset] = sums.get(asset, 0) + max(leg.amount_cents, 0)
    return max(sums.values())


def _require_balance(legs: Iterable[Leg], accounts: Mapping[str, Account]) -> None:
    sums: dict[str, int] = {}
    for leg in legs:
        asset = accounts[leg.account].asset
        sums[asset] = sums.get(asset, 0) + leg.amount_cents
    for asset, cents in sums.items():
        if cents:
            raise MoveUnbalanced(asset=asset, difference_cents=cents)


def _require_shape(
    kind: TransactionKind,
    legs: Sequence[Leg],
    accounts: Mapping[str, Account],
    shapes: frozenset[tuple[int, int]],
) -> None:
    debits = [accounts[leg.account] for leg in legs if leg.amount_cents > 0]
    credits_ = [accounts[leg.account] for leg in legs if leg.amount_cents < 0]
    for debit, credit in product(debits, credits_):
        promised = kind is TransactionKind.ADJUSTMENT and _CONVERTING in {debit.kind, credit.kind}
        if debit.asset == credit.asset and (promised or (debit.kind, credit.kind) not in shapes):
            raise MoveNotAllowed(kind=kind.code, debit=debit.name, credit=credit.name)


def _require_backing(legs: Iterable[Leg], accounts: Mapping[str, Account]) -> None:
    difference_cents = sum(accounts[leg.account].backing * leg.amount_cents for leg in legs)
    if difference_cents:
        raise BackingBroken(difference_cents=difference_cents)


def _require_cover(legs: Iterable[Leg], accounts: Mapping[str, Account]) -> None:
    left = {name: account.balance_cents for name, account in accounts.items()}
    for leg in legs:
        account = accounts[leg.account]
        left[leg.account] += leg.amount_cents
        if account.side * left[leg.account] < 0:
            needed, held = abs(leg.amount_cents), account.side * account.balance_cents
            raise AccountTooLow(account=account.name, available_cents=held, needed_cents=needed)
