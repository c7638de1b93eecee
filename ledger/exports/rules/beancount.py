"""The journal for beancount (https://beancount.github.io/docs/beancount_language_syntax.html); `bean-check` accepts it.

An account of ours becomes one of beancount's by its nature and a capital at the head of each part:
`association:guarantee-fund` is `Assets:Association:Guarantee-fund`. What a merchant holds has `:Held` at its end: a
balance of beancount's takes in the accounts below. `our_name` leads back; the metadata of each `open` say it as well.
"""

from __future__ import annotations

from datetime import date, timedelta

from ledger.exports.model import AccountState, Entry, Leg
from ledger.exports.rules.form import CLOSING, NATURES, OPENING, Form, units

_ASSETS = ("EUR", "POIS")
_HELD = ":Held"  # for the kind of account that has others below it


class Beancount(Form):
    suffix = ".beancount"
    declares = True
    asserts = True

    def head(self) -> str:
        title = "Bonpois (REHEARSAL: nothing of this happened)" if self.cover.rehearsal else "Bonpois"
        options = [f'option "title" "{title}"', *(f'option "operating_currency" "{asset}"' for asset in _ASSETS)]
        commodities = [f"{self._begins_on} commodity {asset}" for asset in _ASSETS]
        return "\n".join([*options, "", *commodities, "", ""])

    def declaration(self, account: AccountState) -> str:
        name = their_name(account.name, account.kind)
        return f'{self._begins_on} open {name} {account.asset}\n  name: "{account.name}"\n'

    def opening(self, nth: int, account: AccountState) -> str:
        assert self.cover.opening_day is not None
        title = "" if nth else _title(self.cover.opening_day, OPENING)
        return f"{title}  {their_name(account.name, account.kind)}  {units(account.opening_cents)} {account.asset}\n"

    def entry(self, entry: Entry) -> str:
        return "".join([_title(entry.booked_on, entry.kind), *_metadata(entry), *map(_posting, entry.legs)])

    def closing(self, nth: int, account: AccountState) -> str:
        """A balance of beancount's is that at the beginning of a day; a tolerance of zero, else it lets 0.01 pass."""
        title = "" if nth else f"\n; {CLOSING}\n"
        name = their_name(account.name, account.kind)
        return f"{title}{self._asserted_on} balance {name}  {units(account.closing_cents)} ~ 0 {account.asset}\n"

    @property
    def _begins_on(self) -> str:
        return (self.cover.opening_day or self.cover.first_day).isoformat()

    @property
    def _asserted_on(self) -> str:
        last = self.cover.last_day
        return (last if last == date.max else last + timedelta(days=1)).isoformat()


def their_name(account: str, kind: str) -> str:
    """Beancount's name of an account of ours."""
    parts = (part[0].upper() + part[1:] for part in account.split(":"))
    return ":".join([NATURES[kind], *parts]) + (_HELD if kind == "merchant" else "")


def our_name(account: str) -> str:
    """Our name of an account of beancount's. Words are in lower case here; identifiers have no lower case at all."""
    parts = account.removesuffix(_HELD).split(":")[1:]
    return ":".join(part if part == part.upper() else part[0].lower() + part[1:] for part in parts)


def _title(day: date, words: str) -> str:
    return f'\n{day.isoformat()} * "{words}"\n'


def _metadata(entry: Entry) -> list[str]:
    """What is known besides; no value of ours has a quotation mark."""
    texts = {
        "id": str(entry.id),
        "occurred": entry.occurred_at.isoformat(),
        "posted": entry.posted_at.isoformat(),
        "receipt": entry.receipt,
        "reference": entry.reference,
    }
    number = [] if entry.number is None else [f"  number: {entry.number}\n"]
    return number + [f'  {name}: "{value}"\n' for name, value in texts.items() if value is not None]


def _posting(leg: Leg) -> str:
    return f"  {their_name(leg.account, leg.account_kind)}  {units(leg.amount_cents)} {leg.asset}\n"
