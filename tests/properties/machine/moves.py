"""What the model says of moves that two people answer for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import product
from uuid import UUID

from tests.properties.machine.aid import limited, reserved, signing
from tests.properties.machine.asking import Told, same
from tests.properties.machine.books import (
    CHART,
    FUND,
    ISSUED,
    OWES,
    RETURNED,
    SUSPENSE_EUR,
    SUSPENSE_POIS,
    Booked,
    Books,
    Leg,
    Proposal,
    kind_of,
)

SUSPENSE = {SUSPENSE_EUR, SUSPENSE_POIS}
REVERSIBLE = {"funding", "merchant-payment", "coupons-converted", "return-requested", "return-paid", "reserve-loss",
    "reserve-made-good", "adjustment"}  # fmt: skip


def legs_of(books: Books, kind: str, cents: int) -> tuple[Leg, ...]:
    """The postings of the kinds that have only one form."""
    pairs = {
        "return-requested": ((books.pool, books.returning),),
        "return-paid": ((books.returning, ISSUED), (RETURNED, FUND)),
        "reserve-loss": ((OWES, FUND),),
        "reserve-made-good": ((FUND, OWES),),
    }[kind]
    return tuple(leg for debit, credit in pairs for leg in ((debit, cents), (credit, -cents)))


def propose(
    books: Books,
    kind: str,
    legs: tuple[Leg, ...],
    operator: str,
    own_key: bool,
    now: datetime,
    answer: Told,
    programme: str | None = None,
) -> None:
    """`kind` of one form, or an adjustment."""
    code = "unknown-programme" if programme not in {None, books.code} else None
    code = code or _strange(kind, legs)
    if code is None and kind == "return-requested":
        code = _unreserved(books, legs)
    _propose(books, Proposal(UUID(int=0), kind, operator, 0, now, legs), code, own_key, answer)


def propose_reversal(
    books: Books,
    transaction: UUID,
    operator: str,
    own_key: bool,
    now: datetime,
    answer: Told,
) -> None:
    found = books.booked.get(transaction)
    code = _why_not_reversed(found)
    legs = tuple((account, -cents) for account, cents in found.legs) if found else ()
    _propose(books, Proposal(UUID(int=0), "reversal", operator, 0, now, legs, transaction), code, own_key, answer)


def _why_not_reversed(found: Booked | None) -> str | None:
    if found is None:
        return "unknown-transaction"
    if found.kind not in REVERSIBLE:
        return "not-reversible"
    return "already-exists" if found.reversed else None


def _propose(books: Books, draft: Proposal, code: str | None, own_key: bool, answer: Told) -> None:
    code = code or bookable(books, draft.kind, draft.legs)
    if code is None:
        draft.cents = _moved(draft.legs)
        code = signing(books, draft.by, own_key, "finance", "treasurer")
        code = code or limited(books, draft.by, draft.cents, draft.at)
    if answer.was(code):
        return
    move = answer.result
    same(_per_account((leg.account, leg.amount_cents) for leg in move.draft.legs), _per_account(draft.legs), "proposed")
    draft.id, draft.transaction = move.proposal_id, move.transaction_id
    books.proposals[draft.id] = draft


def _per_account(legs: Iterable[Leg]) -> Counter[str]:
    sums = Counter[str]()
    for account, cents in legs:
        sums[account] += cents
    return sums


def approve(books: Books, proposal: UUID, operator: str, own_key: bool, answer: Told) -> None:
    found = books.proposals.get(proposal)
    if found is None or found.kind == "aid-run":
        answer.was("unknown-proposal")
        return
    code = "not-pending" if found.state != "pending" else signing(books, operator, own_key, "approver", "reviewer")
    code = code or ("same-person" if operator == found.by else None)
    code = code or bookable(books, found.kind, found.legs)
    if code is None and found.kind == "return-requested":
        code = _unreserved(books, found.legs)
    if code is None and found.reverses is not None and books.booked[found.reverses].reversed:
        code = "already-exists"
    if answer.was(code):
        return
    found.state = "approved"
    books.move(found.kind, *found.legs, transaction=found.transaction)
    if found.reverses is not None:
        books.booked[found.reverses].reversed = True
        for mandate in books.mandates.values():
            if mandate.funding == found.reverses:
                mandate.state = "taken-back"


def _strange(kind: str, legs: tuple[Leg, ...]) -> str | None:
    """What is no amount, or names an account twice."""
    amounts_right = all(0 < abs(cents) <= 10**12 for _, cents in legs)
    if kind != "adjustment":
        return None if amounts_right and legs[0][1] > 0 else "bad-value"
    once = len({account for account, _ in legs}) == len(legs)
    return None if amounts_right and once and 2 <= len(legs) <= 20 else "bad-value"


def bookable(books: Books, kind: str, legs: tuple[Leg, ...]) -> str | None:
    """Why the books do not take it as they stand, in the order in which it is told."""
    return _unusable(books, legs) or _misshapen(kind, legs) or _uncovered(books, legs)


def _unusable(books: Books, legs: tuple[Leg, ...]) -> str | None:
    for account, _ in legs:
        if not _exists(books, account):
            return "unknown-account"
        if _ended(books, account):
            return "not-possible-now"
    return None


def _misshapen(kind: str, legs: tuple[Leg, ...]) -> str | None:
    for asset in ("EUR", "POIS"):
        if sum(cents for account, cents in legs if CHART[kind_of(account)][0] == asset):
            return "move-unbalanced"
    if kind == "adjustment" and not _shaped(legs):
        return "move-not-allowed"
    if sum(CHART[kind_of(account)][2] * cents for account, cents in legs):
        return "backing-broken"
    return None


def _uncovered(books: Books, legs: tuple[Leg, ...]) -> str | None:
    after = books.cents.copy()
    for account, cents in legs:
        after[account] += cents
        if CHART[kind_of(account)][1] * after[account] < 0:
            return "account-too-low"
    return None


def _exists(books: Books, account: str) -> bool:
    match kind_of(account):
        case "voucher":
            return account.removeprefix("voucher:") in books.vouchers
        case "merchant" | "converting":
            return account.split(":")[1] in books.shops
        case "pool" | "returning":
            return account.split(":")[1] == books.code
        case kind:
            return kind in CHART


def _ended(books: Books, account: str) -> bool:
    kind = kind_of(account)
    if kind == "voucher":
        return books.vouchers[account.removeprefix("voucher:")].state != "active"
    return kind in {"merchant", "converting"} and books.shops[account.split(":")[1]].state == "closed"


def _shaped(legs: tuple[Leg, ...]) -> bool:
    """Suspense against any other kind of the same asset, except what conversions promise; nothing else."""
    debits = [kind_of(account) for account, cents in legs if cents > 0]
    credited = [kind_of(account) for account, cents in legs if cents < 0]
    return all(
        debit != credit and not SUSPENSE.isdisjoint({debit, credit}) and "converting" not in {debit, credit}
        for debit, credit in product(debits, credited)
        if CHART[debit][0] == CHART[credit][0]
    )


def _moved(legs: tuple[Leg, ...]) -> int:
    """Its debits, of the asset of which it moves more."""
    return max(
        sum(cents for account, cents in legs if cents > 0 and CHART[kind_of(account)][0] == asset)
        for asset in ("EUR", "POIS")
    )


def _unreserved(books: Books, legs: tuple[Leg, ...]) -> str | None:
    """What runs were prepared for stays in the pool."""
    free = books.held(books.pool) - reserved(books, pending_too=True)
    return "pool-too-low" if legs[0][1] > free else None
