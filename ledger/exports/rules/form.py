"""What every format has in common: the parts of a file in their order, amounts, and the natures of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ledger.exports.model import AccountState, Cover, Entry

OPENING, CLOSING = "opening", "closing"


class Nature(StrEnum):
    """What programs for accounting divide accounts into; each sums up to a side of a balance sheet."""

    ASSETS = "Assets"
    LIABILITIES = "Liabilities"
    EQUITY = "Equity"


NATURES = {
    "ccas:mandated": Nature.EQUITY,
    "ccas:returned": Nature.EQUITY,
    "association:in-transit": Nature.ASSETS,
    "association:guarantee-fund": Nature.ASSETS,
    "association:owes-reserve": Nature.ASSETS,
    "association:paid-out": Nature.EQUITY,
    "association:commission": Nature.EQUITY,
    "suspense:EUR": Nature.EQUITY,
    "association:issued": Nature.EQUITY,
    "programme:pool": Nature.LIABILITIES,
    "programme:returning": Nature.LIABILITIES,
    "voucher": Nature.LIABILITIES,
    "merchant": Nature.LIABILITIES,
    "merchant:converting": Nature.LIABILITIES,
    "coupons:circulating": Nature.LIABILITIES,
    "suspense:POIS": Nature.EQUITY,
}


@dataclass(frozen=True)
class Form:
    """One format. A file is its head, a declaration of each account, the opening balances, the entries and the
    closing balances; each part is text, and a format that has no such part leaves it empty.

    `declares`, `asserts`: whether accounts and closing balances are wanted at all. `sealed_only`: only what is sealed
    is in it, in the order of the seals; else everything, in the order of days.
    """

    suffix: ClassVar[str]
    declares: ClassVar[bool] = False
    asserts: ClassVar[bool] = False
    sealed_only: ClassVar[bool] = False

    cover: Cover

    @property
    def file_name(self) -> str:
        """The name of a file that nobody named."""
        days = f"{self.cover.first_day.isoformat()}-{self.cover.last_day.isoformat()}"
        return f"journal-{days}{self.suffix}"

    def head(self) -> str:
        return ""

    def declaration(self, account: AccountState) -> str:  # noqa: ARG002 - what a format has no use for
        return ""

    def opening(self, nth: int, account: AccountState) -> str:  # noqa: ARG002 - the same
        """The opening balance of the nth account (from 0) of those that have one."""
        return ""

    def entry(self, entry: Entry) -> str:
        raise NotImplementedError

    def closing(self, nth: int, account: AccountState) -> str:  # noqa: ARG002 - the same
        """The closing balance of the nth account (from 0)."""
        return ""


def units(cents: int, mark: str = ".") -> str:
    """Centimes in units with two decimals, without grouping: `-1234.50`."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}{mark}{rest:02}"


def debit_and_credit(cents: int, none: str) -> tuple[str, str]:
    """A signed amount in the two columns of bookkeepers, with decimal comma; `none` stands in the other one."""
    shown = units(abs(cents), ",")
    return (shown, none) if cents > 0 else (none, shown)
