"""The journal as a "fichier des écritures comptables": the 18 columns of article A47 A-1 of the Livre des procédures
fiscales (the form for commercial accounting), tab-separated, in the order in which the entries were sealed.

A CCAS has no duty to hand one in; it is what the accountant of the association reads. Both assets are in euros (1 Pois
is 1 euro) on accounts of their own; Montantdevise and Idevise stay empty, because Idevise is a code of ISO 4217 and the
Pois has none. EcritureLet marks what is matched with a line of a statement: the other side of that letter is the
statement, so that one letter does not sum to zero here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.calendar import paris_day
from ledger.exports.model import AccountState, Entry, Leg
from ledger.exports.rules.chart import Chart, Operation
from ledger.exports.rules.form import OPENING, Form, debit_and_credit
from ledger.exports.rules.letters import letters

COLUMNS = (
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib"),
    *("PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate"),
    *("Montantdevise", "Idevise"),
)
OPENING_NUMBER = 0  # before 1, the first entry of a year: the sequence has no gap, and no later entry moves
_REHEARSAL = " (répétition)"


@dataclass(frozen=True)
class Fec(Form):
    suffix = ".txt"
    sealed_only = True

    chart: Chart

    @property
    def file_name(self) -> str:
        """SIREN, FEC, and the last day (A47 A-1, X)."""
        if self.chart.siren is None:
            return super().file_name
        return f"{self.chart.siren}FEC{_day(self.cover.last_day)}{self.suffix}"

    def head(self) -> str:
        return _row(COLUMNS)

    def opening(self, nth: int, account: AccountState) -> str:  # noqa: ARG002 - each line stands for itself
        assert self.cover.period.first is not None
        day = _day(self.cover.period.first)
        return _row(
            [
                *self._journal(self.chart.operations[OPENING]),
                str(OPENING_NUMBER),
                day,
                *self._account(account.kind, account.identifier, account.holder),
                self.chart.operations[OPENING].label,
                day,
                self.chart.operations[OPENING].label,
                *debit_and_credit(account.opening_cents, "0,00"),
                *("", "", day, "", ""),
            ]
        )

    def entry(self, entry: Entry) -> str:
        assert entry.number is not None
        assert entry.sealed_at is not None
        operation = self.chart.operations[entry.kind]
        before = [*self._journal(operation), str(entry.number), _day(entry.booked_on)]
        piece = [entry.receipt or entry.reference or str(entry.id), _day(paris_day(entry.occurred_at)), operation.label]
        valid = _day(paris_day(entry.sealed_at))
        return "".join(
            _row(
                [
                    *before,
                    *self._account(leg.account_kind, leg.identifier, leg.holder),
                    *piece,
                    *debit_and_credit(leg.amount_cents, "0,00"),
                    *_lettering(leg),
                    *(valid, "", ""),
                ]
            )
            for leg in entry.legs
        )

    def _journal(self, operation: Operation) -> tuple[str, str]:
        label = self.chart.journals[operation.journal]
        return operation.journal, label + (_REHEARSAL if self.cover.rehearsal else "")

    def _account(self, kind: str, identifier: str, holder: str | None) -> tuple[str, str, str, str]:
        """Number and label, and those of the one whose account it is: SIRET and name, serial, or programme."""
        numbered = self.chart.accounts[kind]
        return numbered.number, numbered.label, identifier, holder or identifier


def _lettering(leg: Leg) -> tuple[str, str]:
    if leg.match_number is None or leg.matched_at is None:
        return "", ""
    return letters(leg.match_number), _day(paris_day(leg.matched_at))


def _day(day: date) -> str:
    return day.isoformat().replace("-", "")


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return "\t".join(cells) + "\r\n"
