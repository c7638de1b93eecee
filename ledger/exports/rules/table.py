"""The journal as a table for spreadsheets: one row per posting, `;` between fields, decimal comma, UTF-8 with BOM.

No cell starts with `=`, `+`, `-` or `@`: debit and credit have a column each, and no amount has a sign.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from io import StringIO

from ledger.exports.model import AccountState, Entry, Leg
from ledger.exports.rules.form import OPENING, Form, debit_and_credit
from ledger.exports.rules.letters import letters
from ledger.sheets import safe_cell

COLUMNS = (
    *("number", "transaction_id", "kind", "booked_on", "occurred_at", "posted_at", "sealed_at"),
    *("receipt", "reference", "line", "account", "account_kind", "asset", "debit", "credit"),
    *("match", "matched_at", "rehearsal"),
)


class Table(Form):
    suffix = ".csv"

    def head(self) -> str:
        return "\ufeff" + _row(COLUMNS)

    def opening(self, nth: int, account: AccountState) -> str:
        assert self.cover.opening_day is not None
        day = self.cover.opening_day.isoformat()
        named = (account.name, account.kind, account.asset, *debit_and_credit(account.opening_cents, ""))
        return _row(["", "", OPENING, day, "", "", "", "", "", str(nth + 1), *named, "", "", self._rehearsal])

    def entry(self, entry: Entry) -> str:
        common = (
            "" if entry.number is None else str(entry.number),
            str(entry.id),
            entry.kind,
            entry.booked_on.isoformat(),
            _instant(entry.occurred_at),
            _instant(entry.posted_at),
            _instant(entry.sealed_at),
            entry.receipt or "",
            entry.reference or "",
        )
        return "".join(
            _row([*common, str(line), *_cells(leg), self._rehearsal]) for line, leg in enumerate(entry.legs, start=1)
        )

    @property
    def _rehearsal(self) -> str:
        return "yes" if self.cover.rehearsal else "no"


def _cells(leg: Leg) -> tuple[str, ...]:
    match = "" if leg.match_number is None else letters(leg.match_number)
    amounts = debit_and_credit(leg.amount_cents, "")
    return leg.account, leg.account_kind, leg.asset, *amounts, match, _instant(leg.matched_at)


def _instant(instant: datetime | None) -> str:
    return "" if instant is None else instant.isoformat()


def _row(cells: Iterable[str]) -> str:
    text = StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return text.getvalue()
