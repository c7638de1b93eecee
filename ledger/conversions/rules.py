"""Commission, the treasurer's lists of payouts, and which conversion a line pays. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from ledger.books.transaction import Posting, transfer
from ledger.conversions.model import Conversion, Payment, PayoutLine, PayoutLot, ProposedLot
from ledger.errors import N_
from ledger.people_files import Cells, Fault, FaultKind, Table

LOT_COLUMNS = ("lot", "date", "siret", "brut_centimes", "commission_centimes", "net_centimes")
PROPOSED_COLUMNS = ("lot", "date", "siret", "iban", "brut_centimes", "commission_centimes", "net_centimes")
LOT_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,34}")
WHOLE_POIS_CENTS = 100

BASIS = 10_000
_CENTS_MAX = 10**9 - 1
_SIRET = re.compile(r"[0-9]{14}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

NOT_A_DAY = FaultKind("not-a-day", N_("This is not a day."), N_("Write 2026-10-31."))
NOT_YET = FaultKind(
    "not-yet", N_("This day is still to come."), N_("Import the list once the bank has carried it out.")
)
OTHER_DAY = FaultKind("other-day", N_("The same lot has another day in row {first}."), N_("Give each lot one day."))
DOES_NOT_ADD_UP = FaultKind(
    "does-not-add-up", N_("Net and commission do not make up the gross amount."), N_("Correct the amounts.")
)
WRONG_COMMISSION = FaultKind(
    "wrong-commission", N_("The commission should be {expected} centimes."), N_("Pay what the list proposed.")
)
KNOWN_LOT = FaultKind("known-lot", N_("This lot was imported before."), N_("Give each lot a reference of its own."))
NOT_OPEN = FaultKind(
    "not-open",
    N_("This merchant has no open conversion of this amount."),
    N_("Compare with `bonpois conversion list`."),
)


def commission_cents(gross_cents: int, basis_points: int) -> int:
    """What the association keeps of an amount, of a whole lot in one: rounded down to the centime."""
    return gross_cents * basis_points // BASIS


def share_commission(gross_cents: Sequence[int], basis_points: int) -> list[int]:
    """The commission of a lot, line by line: that of its sum, shared by the largest remainder (ties go to the earlier
    line). So the lines add up to it, and each has the commission of its own amount, rounded down or up.
    """
    shares = [commission_cents(cents, basis_points) for cents in gross_cents]
    left = commission_cents(sum(gross_cents), basis_points) - sum(shares)
    by_remainder = sorted(range(len(shares)), key=lambda line: (-(gross_cents[line] * basis_points % BASIS), line))
    for line in by_remainder[:left]:
        shares[line] += 1
    return shares


def is_whole(amount_cents: int) -> bool:
    """Coupons are printed in whole Pois only."""
    return amount_cents % WHOLE_POIS_CENTS == 0


Leg = tuple[int, int]  # an account and an amount


def pois_into_euros(pois: int, issued: int, fund: int, net: Leg, commission: Leg) -> tuple[Posting, ...]:
    """Pois destroyed, and the euros that leave the fund for them in two legs: net and commission."""
    euros = (transfer(account, fund, cents) for account, cents in (net, commission) if cents)
    return (*transfer(pois, issued, net[1] + commission[1]), *(leg for legs in euros for leg in legs))


def euros_into_pois(pois: int, issued: int, fund: int, net: Leg, commission: Leg) -> tuple[Posting, ...]:
    """The way back: euros return to the fund, net and what is given back of the commission, and as many Pois."""
    euros = (transfer(fund, account, cents) for account, cents in (net, commission) if cents)
    return (*transfer(issued, pois, net[1] + commission[1]), *(leg for legs in euros for leg in legs))


def propose_lot(reference: str, day: date, conversions: Iterable[Conversion], basis_points: int) -> PayoutLot:
    """All open conversions that are in no lot yet, the oldest first, with net and commission."""
    due = [conversion for conversion in conversions if conversion.is_free]
    kept = share_commission([one.due_cents for one in due], basis_points)
    pairs = enumerate(zip(due, kept, strict=True), start=2)
    lines = (PayoutLine(row, one.siret, one.due_cents, cents, one.due_cents - cents) for row, (one, cents) in pairs)
    return PayoutLot(reference, day, tuple(lines))


def lot_file(proposed: ProposedLot) -> str:
    """The list as the treasurer hands it to the bank: CSV with semicolons, amounts in centimes."""
    lot = proposed.lot
    rows = [
        (lot.reference, lot.paid_on, line.siret, proposed.ibans.get(line.siret, ""), line.gross_cents,
         line.commission_cents, line.net_cents)
        for line in lot.lines
    ]  # fmt: skip
    return "".join(";".join(map(str, row)) + "\n" for row in [PROPOSED_COLUMNS, *rows])


def read_lots(table: Table, today: date) -> list[PayoutLot]:
    """The lots of a file in their order; what is wrong in itself is added to the table's faults."""
    days: dict[str, tuple[int, date]] = {}
    lines: dict[str, list[PayoutLine]] = {}
    for row in table.rows:
        cells = Cells(row, table.faults)
        reference = cells.text("lot", LOT_REFERENCE, "LOT-2026-10")
        day = _day(cells, today)
        first, first_day = days.setdefault(reference, (row.number, day))
        if day != first_day:
            cells.fault(OTHER_DAY, "date", first=first)
        lines.setdefault(reference, []).append(_payout_line(cells))
    return [PayoutLot(reference, days[reference][1], tuple(found)) for reference, found in lines.items()]


def _payout_line(cells: Cells) -> PayoutLine:
    line = PayoutLine(
        cells.row.number,
        cells.text("siret", _SIRET, "62819482100078"),
        cells.whole("brut_centimes", 1, _CENTS_MAX),
        cells.whole("commission_centimes", 0, _CENTS_MAX),
        cells.whole("net_centimes", 0, _CENTS_MAX),
    )
    if line.gross_cents != line.net_cents + line.commission_cents:
        cells.fault(DOES_NOT_ADD_UP, "net_centimes")
    return line


def _day(cells: Cells, today: date) -> date:
    value = cells.text("date", _DAY, "2026-10-31")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        if _DAY.fullmatch(value):
            cells.fault(NOT_A_DAY, "date")
        return today
    if day > today:
        cells.fault(NOT_YET, "date")
    return day


def assign(
    lots: Sequence[PayoutLot], conversions: Sequence[Conversion], basis_points: dict[date, int], known: set[str]
) -> tuple[list[Payment], list[Fault]]:
    """Which open conversion each line pays: the oldest of this merchant and amount, each once; and what fits none."""
    waiting = [conversion for conversion in conversions if conversion.is_free]
    payments: list[Payment] = []
    faults: list[Fault] = []
    for lot in lots:
        if lot.reference in known:
            faults.append(KNOWN_LOT.at(lot.lines[0].row, "lot", lot.reference))
        for line in lot.lines:
            faults += _line_faults(line, basis_points[lot.paid_on])
            found = next((one for one in waiting if (one.siret, one.due_cents) == (line.siret, line.gross_cents)), None)
            if found is None:
                faults.append(NOT_OPEN.at(line.row, "siret", line.siret))
            else:
                waiting.remove(found)
                payments.append(Payment(lot, line, found))
    return payments, faults


def _line_faults(line: PayoutLine, basis_points: int) -> list[Fault]:
    """Of a lot, not all may have been paid: a line has its share rounded down, or up where a remainder fell to it."""
    expected = commission_cents(line.gross_cents, basis_points)
    rounded_up = -(-line.gross_cents * basis_points // BASIS)
    if line.commission_cents in {expected, rounded_up}:
        return []
    return [WRONG_COMMISSION.at(line.row, "commission_centimes", line.commission_cents, expected=expected)]
