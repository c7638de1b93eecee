"""How a lot is put together, what is signed of it, and how its transfers are named. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from ledger.bank_accounts.model import PayableAccount
from ledger.conversions.model import Conversion
from ledger.conversions.rules import share_commission
from ledger.errors import BadValue
from ledger.identifiers import new_event_id
from ledger.payouts.model import LeftOut, LeftOutReason, PayoutOrder, Transfer

KIND = "payout-lot"
REFERENCE = re.compile(r"[A-Za-z0-9]+(?:[/-][A-Za-z0-9]+)*")
REFERENCE_CHARACTERS_MAX = 29
TRANSFERS_MAX = 99_999


def require_reference(reference: str) -> None:
    """Refuse (`BadValue`) what a bank would not carry, or what leaves no room for the number of a transfer."""
    if not REFERENCE.fullmatch(reference) or len(reference) > REFERENCE_CHARACTERS_MAX:
        raise BadValue(field="lot", value=reference, pattern="LOT-2026-10", characters_max=REFERENCE_CHARACTERS_MAX)


def end_to_end(reference: str, number: int) -> str:
    """The reference of a transfer, `LOT-2026-10.003`: at most 35 characters (ISO 20022, Max35Text). A lot has no
    point in its own, so that neither is taken for the other.
    """
    return f"{reference}.{number:03d}"


def put_together(
    reference: str, waiting: Sequence[Conversion], accounts: Mapping[UUID, PayableAccount], basis_points: int
) -> tuple[list[Transfer], list[LeftOut]]:
    """The transfers of a lot, the oldest conversion first, and what stays out of it.

    The commission is that of the lot; a conversion of which nothing is left after it waits for another lot.
    """
    left_out = [found for one in waiting if (found := _left_out(one, accounts.get(one.merchant_id)))]
    sirets = {one.siret for one in left_out}
    payable = [one for one in waiting if one.siret not in sirets][:TRANSFERS_MAX]
    kept = share_commission([one.due_cents for one in payable], basis_points)
    while 0 in (nets := [one.due_cents - cents for one, cents in zip(payable, kept, strict=True)]):
        empty = payable.pop(nets.index(0))
        left_out.append(_out(empty, "nothing-after-commission"))
        kept = share_commission([one.due_cents for one in payable], basis_points)
    transfers = [
        _transfer(reference, number, one, cents, accounts[one.merchant_id])
        for number, (one, cents) in enumerate(zip(payable, kept, strict=True), start=1)
    ]
    return transfers, left_out


def _left_out(one: Conversion, account: PayableAccount | None) -> LeftOut | None:
    if account is None:
        return _out(one, "no-account")
    if account.changes_at is not None:
        return LeftOut(one.siret, one.merchant_name, one.due_cents, "account-cooling-down", account.changes_at)
    return None


def _out(one: Conversion, reason: LeftOutReason) -> LeftOut:
    return LeftOut(one.siret, one.merchant_name, one.due_cents, reason)


def _transfer(reference: str, number: int, one: Conversion, commission_cents: int, account: PayableAccount) -> Transfer:
    return Transfer(
        id=new_event_id(),
        number=number,
        conversion_id=one.id,
        merchant_id=one.merchant_id,
        siret=one.siret,
        merchant_name=one.merchant_name,
        end_to_end=end_to_end(reference, number),
        net_cents=one.due_cents - commission_cents,
        commission_cents=commission_cents,
        iban_hmac=account.iban_hmac,
    )


def content(reference: str, payer: int, transfers: Sequence[Transfer]) -> bytes:
    """What two people sign: whom, how much, kept how much, on which account (by its HMAC), from which account."""
    lines = [f"{KIND} {reference} payer {payer} transfers {len(transfers)}"]
    lines += [
        f"{one.end_to_end} {one.id} {one.conversion_id} {one.net_cents} {one.commission_cents} {one.iban_hmac.hex()}"
        for one in transfers
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def content_of(order: PayoutOrder) -> bytes:
    """The same of a lot that was recorded."""
    return content(order.reference, order.payer, order.transfers)
