"""The chart of accounts. The numbers are those of `ledger.account_kind` and `ledger.transaction_kind` (a test
holds both sides together); what each kind means is told in `ledger/README.md`.
"""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import text

from ledger.database.unit_of_work import UnitOfWork


class AccountKind(IntEnum):
    """Kinds of account; `code` is the word used on screen and in SQL."""

    CCAS_MANDATED = 1
    CCAS_RETURNED = 2
    ASSOCIATION_IN_TRANSIT = 3
    ASSOCIATION_GUARANTEE_FUND = 4
    ASSOCIATION_OWES_RESERVE = 5
    ASSOCIATION_PAID_OUT = 6
    ASSOCIATION_COMMISSION = 7
    SUSPENSE_EUR = 8
    ASSOCIATION_ISSUED = 9
    PROGRAMME_POOL = 10
    PROGRAMME_RETURNING = 11
    VOUCHER = 12
    MERCHANT = 13
    MERCHANT_CONVERTING = 14
    COUPONS_CIRCULATING = 15
    SUSPENSE_POIS = 16

    @property
    def code(self) -> str:
        return _CODES.get(self) or self.name.lower().replace("_", ":", 1).replace("_", "-")


_CODES = {AccountKind.SUSPENSE_EUR: "suspense:EUR", AccountKind.SUSPENSE_POIS: "suspense:POIS"}

_OPEN = text("SELECT * FROM ledger.open_accounts(:code, :names)")
_FIND = text("SELECT id FROM ledger.account WHERE name = :name")


async def open_accounts(work: UnitOfWork, kind: AccountKind, names: list[str]) -> list[int]:
    """Open accounts of one kind, each at zero; their ids come in the order of the names."""
    return list((await work.run(_OPEN, code=kind.code, names=names)).scalars())


async def account_named(work: UnitOfWork, name: str) -> int:
    """The id of an account that exists once, such as `association:issued`."""
    return int((await work.run(_FIND, name=name)).scalar_one())
