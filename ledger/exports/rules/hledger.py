"""The journal for hledger (https://hledger.org/hledger.html#journal); `hledger check --strict` accepts it.

Accounts keep our own names. After the last entry, every account asserts the balance that our books have, so that
hledger proves them from the postings.
"""

from __future__ import annotations

from datetime import date

from ledger.exports.model import AccountState, Entry, Leg
from ledger.exports.rules.form import CLOSING, NATURES, OPENING, Form, units

_ASSETS = ("EUR", "POIS")


class Hledger(Form):
    suffix = ".journal"
    declares = True
    asserts = True

    def head(self) -> str:
        lines = ["; Journal of Bonpois. Amounts: debit positive, credit negative."]
        if self.cover.rehearsal:
            lines.append("; REHEARSAL: nothing of this happened.")
        return "\n".join([*lines, "decimal-mark .", *(f"commodity 1000.00 {asset}" for asset in _ASSETS), "", ""])

    def declaration(self, account: AccountState) -> str:
        return f"account {account.name}  ; type: {NATURES[account.kind][0]}\n"

    def opening(self, nth: int, account: AccountState) -> str:
        assert self.cover.opening_day is not None
        title = "" if nth else _title(self.cover.opening_day, OPENING)
        return f"{title}    {account.name}  {units(account.opening_cents)} {account.asset}\n"

    def entry(self, entry: Entry) -> str:
        return "".join([_title(entry.booked_on, entry.kind), *_tags(entry), *map(_posting, entry.legs)])

    def closing(self, nth: int, account: AccountState) -> str:
        title = "" if nth else _title(self.cover.last_day, CLOSING)
        zero, balance = units(0), units(account.closing_cents)
        return f"{title}    {account.name}  {zero} {account.asset} = {balance} {account.asset}\n"


def _title(day: date, words: str) -> str:
    return f"\n{day.isoformat()} * {words}\n"


def _tags(entry: Entry) -> list[str]:
    """What is known besides; a value of ours has neither comma nor line break, which would end it."""
    tags = {
        "id": str(entry.id),
        "occurred": entry.occurred_at.isoformat(),
        "posted": entry.posted_at.isoformat(),
        "number": entry.number,
        "receipt": entry.receipt,
        "reference": entry.reference,
    }
    return [f"    ; {name}: {value}\n" for name, value in tags.items() if value is not None]


def _posting(leg: Leg) -> str:
    return f"    {leg.account}  {units(leg.amount_cents)} {leg.asset}\n"
