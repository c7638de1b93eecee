"""A random month with known differences: our sales, the association's lines, and what has to be found.

Written apart from the rules: it knows only what a platform does with sales. Half the lines carry no reference,
many sales of a merchant and day have equal amounts, some merchants are booked one by one and some by day totals.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from ledger.books.transaction import TransactionKind
from ledger.reconciliation.model import Books, Party, Unit
from tests.reconciled import LAST_DAY, day, line, refund, sale, unit

DETAIL = ["Épicerie du Pont", "Épicerie du Pont-Neuf", "Ferme des Prés", "Boulangerie Martin"]
DAILY = ["Coopérative de Saint-Éloi", "Primeur du Marché"]
USUAL_CENTS = [450, 900, 1_250]
ODD_CENTS = 1_000_000  # added to an amount, it makes one that nobody else has
LAST_SALES_DAY = 27  # later sales could be late only

Expected = tuple[str, str | None, date, int | None, int | None]


@dataclass
class Posting:
    """One line of the association."""

    booked_on: date
    label: str
    cents: int


@dataclass
class Month:
    """What is made, and the differences put in."""

    mix: random.Random
    ours: list[Unit] = field(default_factory=list)
    theirs: list[Posting] = field(default_factory=list)
    expected: Counter[Expected] = field(default_factory=Counter)

    def expect(
        self, category: str, merchant: str | None, booked_on: date, ours: int | None, theirs: int | None
    ) -> None:
        self.expected[category, merchant, booked_on, ours, theirs] += 1

    def books(self) -> Books:
        in_order = sorted(self.theirs, key=lambda posting: posting.booked_on)
        return Books(
            parties=tuple(Party(name, name in DAILY) for name in DETAIL + DAILY),
            lines=tuple(
                line(number, posting.booked_on, posting.label, posting.cents)
                for number, posting in enumerate(in_order, start=1)
            ),
            units=tuple(self.ours),
        )


def random_month(seed: int) -> Month:
    month = Month(random.Random(seed))
    mandate = unit(TransactionKind.FUNDING, day(3), 50_000_000, "2026-1107")
    month.ours.append(mandate)
    month.theirs.append(Posting(day(3), "Virement CCAS mandat 2026-1107", 50_000_000))
    for number in range(4, 32):
        for merchant in DETAIL:
            detail_day(month, merchant, day(number))
        for merchant in DAILY:
            daily_day(month, merchant, day(number))
    for number in month.mix.sample(range(4, 31), 3):
        month.theirs.append(Posting(day(number), "Frais de gestion plateforme", -350 - number))
        month.expect("fee", None, day(number), None, -350 - number)
    return month


def sales_of(month: Month, merchant: str, booked_on: date, most: int) -> list[Unit]:
    made = []
    for _ in range(month.mix.randint(0, most)):
        usual = month.mix.random() < 0.6
        cents = month.mix.choice(USUAL_CENTS) if usual else month.mix.randint(100, 6_000)
        made.append(sale(booked_on, merchant, cents, f"T{len(month.ours):05}"))
        month.ours.append(made[-1])
    return made


def detail_day(month: Month, merchant: str, booked_on: date) -> None:
    sales = sales_of(month, merchant, booked_on, 6)
    if booked_on == LAST_DAY:
        for one in sales:
            month.expect("timing-ours-first", merchant, booked_on, one.amount_cents, None)
        return
    postings = [booked(month, one) for one in sales]
    month.theirs += postings
    if sales and booked_on.day <= LAST_SALES_DAY and month.mix.random() < 0.4:
        month.mix.choice(DETAIL_FAULTS)(month, sales, postings)


def booked(month: Month, sold: Unit) -> Posting:
    ticket = f" ticket {sold.reference}" if month.mix.random() < 0.5 else ""
    return Posting(sold.booked_on, f"Paiement {sold.merchant}{ticket}", sold.amount_cents)


def leave_out(month: Month, sales: list[Unit], postings: list[Posting]) -> None:
    nth = month.mix.randrange(len(sales))
    month.theirs.remove(postings[nth])
    month.expect("missing-at-association", sales[nth].merchant, sales[nth].booked_on, sales[nth].amount_cents, None)


def book_twice(month: Month, sales: list[Unit], postings: list[Posting]) -> None:
    nth = month.mix.randrange(len(sales))
    copy = Posting(postings[nth].booked_on, postings[nth].label, postings[nth].cents)
    month.theirs.insert(month.theirs.index(postings[nth]) + 1, copy)
    month.expect("duplicate-theirs", sales[nth].merchant, copy.booked_on, None, copy.cents)


def book_wrongly(month: Month, sales: list[Unit], postings: list[Posting]) -> None:
    nth = month.mix.randrange(len(sales))
    postings[nth].cents -= ODD_CENTS
    month.expect(
        "amount-differs",
        sales[nth].merchant,
        sales[nth].booked_on,
        sales[nth].amount_cents,
        postings[nth].cents,
    )


def book_unknown(month: Month, sales: list[Unit], postings: list[Posting]) -> None:
    ticket = month.mix.choice(["", " ticket X99999"])
    posting = Posting(postings[0].booked_on, f"Paiement {sales[0].merchant}{ticket}", -ODD_CENTS - 77)
    month.theirs.append(posting)
    month.expect("missing-in-ledger", sales[0].merchant, posting.booked_on, None, posting.cents)


def refund_on_both(month: Month, sales: list[Unit], postings: list[Posting]) -> None:
    refund_here(month, sales)
    refund_there(month, sales, postings)


def refund_only_here(month: Month, sales: list[Unit], _postings: list[Posting]) -> None:
    made = refund_here(month, sales)
    month.expect("missing-at-association", made.merchant, made.booked_on, made.amount_cents, None)


def refund_only_there(month: Month, sales: list[Unit], postings: list[Posting]) -> None:
    posting = refund_there(month, sales, postings)
    month.expect("missing-in-ledger", sales[0].merchant, posting.booked_on, None, posting.cents)


def refund_here(month: Month, sales: list[Unit]) -> Unit:
    merchant = sales[0].merchant
    assert merchant is not None
    made = refund(sales[0].booked_on, merchant, 50, sales[0].reference)
    month.ours.append(made)
    return made


def refund_there(month: Month, sales: list[Unit], _postings: list[Posting]) -> Posting:
    label = f"Remboursement {sales[0].merchant} {sales[0].reference}"
    month.theirs.append(Posting(sales[0].booked_on, label, 50))
    return month.theirs[-1]


DETAIL_FAULTS: list[Callable[[Month, list[Unit], list[Posting]], None]] = [
    leave_out,
    book_twice,
    book_wrongly,
    book_unknown,
    refund_on_both,
    refund_only_here,
    refund_only_there,
]


def daily_day(month: Month, merchant: str, booked_on: date) -> None:
    sales = sales_of(month, merchant, booked_on, 5)
    if not sales:
        return
    fault = month.mix.choice(["none", "none", "none", "short", "wrong", "absent", "twice", "late"])
    late = booked_on.day > LAST_SALES_DAY
    category = "timing-ours-first" if late else "missing-at-association"
    if fault == "absent" or booked_on == LAST_DAY:
        for one in sales:
            month.expect(category, merchant, booked_on, one.amount_cents, None)
        return
    if fault == "short" and len(sales) > 1:
        left_out = sales.pop(month.mix.randrange(len(sales)))
        month.expect(category, merchant, booked_on, left_out.amount_cents, None)
    total = Posting(
        booked_on,
        f"Remise du jour {merchant} ({len(sales)} tickets)",
        sum(one.amount_cents for one in sales),
    )
    month.theirs.append(total)
    if fault == "wrong":
        month.expect("amount-differs", merchant, booked_on, total.cents, total.cents - ODD_CENTS)
        total.cents -= ODD_CENTS
    if fault == "twice":
        month.theirs.append(Posting(total.booked_on, total.label, total.cents))
        month.expect("duplicate-theirs", merchant, booked_on, None, total.cents)
