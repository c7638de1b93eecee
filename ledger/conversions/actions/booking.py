"""How a payout is booked, and its return: steps of the units of work of whoever learns of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from ledger.books.accounts import account_named
from ledger.books.balances import require_held
from ledger.books.journal import post
from ledger.books.transaction import Transaction, TransactionKind
from ledger.conversions import rules, store
from ledger.conversions.model import Conversion, Payment, PayoutLot
from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import BadValue, NotPossibleNow, UnknownPayout
from ledger.identifiers import new_event_id
from ledger.merchants.actions import merchant_with_siret

_EUROS = ("association:issued", "association:guarantee-fund", "association:paid-out", "association:commission")


async def euro_accounts(work: UnitOfWork) -> list[int]:
    """Issued Pois, guarantee fund, paid out, commission: what each payout touches besides its merchant."""
    return [await account_named(work, name) for name in _EUROS]


def require_euros(balances: Mapping[int, int], accounts: Sequence[int], gross_cents: int) -> None:
    """Refuse (`AccountTooLow`) what the reserve does not hold; the balances are locked."""
    for name, account in zip(_EUROS[:2], accounts[:2], strict=True):
        require_held(balances, account, name, gross_cents)


async def take_lot_turn(work: UnitOfWork) -> None:
    """Let one lot be prepared, exported, read or paid at a time."""
    await store.take_lot_turn(work)


async def open_conversions(work: UnitOfWork) -> list[Conversion]:
    """The conversions that wait to be paid, the oldest first."""
    return await store.conversions(work, only_open=True)


async def conversions_by_id(work: UnitOfWork) -> dict[UUID, Conversion]:
    """All conversions as they stand."""
    return {one.id: one for one in await store.conversions(work, only_open=False)}


async def conversion_by_id(work: UnitOfWork, conversion_id: UUID) -> Conversion:
    """A conversion that exists, as it stands."""
    found = await store.conversion_with(work, conversion_id)
    assert found is not None
    return found


async def begin_lots(work: UnitOfWork, lots: Sequence[PayoutLot], operator_id: UUID) -> None:
    """Record lots that the bank carries out, each once, however many of its answers tell of it."""
    begun = await store.lots_begun(work, [lot.reference for lot in lots])
    await store.add_lots(work, [lot for lot in lots if lot.reference not in begun], operator_id)


async def book_payouts(work: UnitOfWork, payments: Sequence[Payment], operator_id: UUID) -> None:
    """Converting → issued, and the euros out of the fund in two legs; one transaction for each line. Its lot is
    recorded; all balances are locked.
    """
    issued, fund, paid_out, kept = await euro_accounts(work)
    booked = []
    for payment in payments:
        net, commission = (paid_out, payment.line.net_cents), (kept, payment.line.commission_cents)
        legs = rules.pois_into_euros(payment.conversion.converting_account_id, issued, fund, net, commission)
        booked.append(Transaction(new_event_id(), TransactionKind.CONVERSION_PAID, work.now, legs))
    await post(work, booked)
    ids = [transaction.id for transaction in booked]
    await store.add_payouts(work, list(zip(ids, payments, strict=True)), operator_id)


async def book_return(
    work: UnitOfWork, balances: Mapping[int, int], paid: Conversion, operator_id: UUID, *, commission_kept: bool
) -> None:
    """The way back of the last payout of a conversion, under the locks of its accounts.

    Refuses `UnknownPayout` (nothing comes back), `AccountTooLow` (an adjustment took what was paid out).
    """
    assert paid.net_cents is not None
    issued, fund, paid_out, kept = await euro_accounts(work)
    given_back = 0 if commission_kept else paid.commission_cents or 0
    if not paid.net_cents + given_back:
        raise UnknownPayout(siret=paid.siret, lot=paid.lot)
    require_held(balances, paid_out, "association:paid-out", paid.net_cents)
    require_held(balances, kept, "association:commission", given_back)
    net, commission = (paid_out, paid.net_cents), (kept, given_back)
    legs = rules.euros_into_pois(paid.converting_account_id, issued, fund, net, commission)
    booked = Transaction(new_event_id(), TransactionKind.CONVERSION_RETURNED, work.now, legs)
    await post(work, [booked])
    await store.add_return(work, booked.id, paid, paid.net_cents + given_back, operator_id)


async def require_present(work: UnitOfWork, siret: str) -> None:
    """Refuse (`NotPossibleNow`) a merchant that has left: it holds nothing any more. Read under the locks that its
    leaving takes, too.
    """
    state = (await merchant_with_siret(work, siret)).state
    if state == "closed":
        raise NotPossibleNow(siret=siret, state=state)


async def free_reference(work: UnitOfWork, reference: str | None, day: date) -> str:
    """The reference asked for, or `LOT-2026-10`, `LOT-2026-10-2` and so on, whichever is free first.

    Refuses `BadValue`: one of another form, or used before.
    """
    if reference is not None:
        if not rules.LOT_REFERENCE.fullmatch(reference) or await store.known_lots(work, [reference]):
            raise BadValue(field="lot", value=reference, pattern=rules.LOT_REFERENCE.pattern)
        return reference
    month = f"LOT-{day:%Y-%m}"
    candidate, nth = month, 1
    while await store.known_lots(work, [candidate]):
        nth += 1
        candidate = f"{month}-{nth}"
    return candidate
