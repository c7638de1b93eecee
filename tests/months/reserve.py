"""A month of the reserve at the bank: euros of the mandate, payout lots with their commission, the bank's own fees."""

from __future__ import annotations

import calendar
import random
from datetime import date, timedelta

from tests.months.model import Month, Sold

COMMISSION_PARTS = 50  # one of so many parts of the gross is kept
LATE_DAYS = 3


def reserve_month(seed: int) -> Month:
    """One or two mandates, three to five lots, fees, and something unknown; a lot or a mandate may go wrong."""
    mix = random.Random(seed)
    first = date(mix.randint(2025, 2028), mix.randint(1, 12), 1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    month = Month(seed, "reserve", first, last, mix)
    for nth in range(mix.randint(1, 2)):
        _mandate(month, nth)
    for nth, number in enumerate(sorted(mix.sample(range(6, 24), mix.randint(3, 5)))):
        _lot(month, nth, month.day(number))
    for number in mix.sample(range(4, month.days), 2):
        posted = month.post(month.day(number), mix.choice(["FRAIS TENUE DE COMPTE", "COTISATION"]), -600 - number)
        month.expect("fee", None, posted.day, None, posted.cents)
    if mix.random() < 0.5:
        posted = month.post(month.day(12), "VIREMENT RECU", month.unusual())
        month.expect("unknown", None, posted.day, None, posted.cents)
    return month.finish()


def _mandate(month: Month, nth: int) -> None:
    number = f"{month.first:%Y}-{month.mix.randint(1000, 4999) + 5000 * nth}"
    sold = month.sell("funding", month.day(3 + nth), month.mix.randint(10_000, 20_000) * 100, None, number)
    how = month.mix.choice(["right", "right", "late", "wrong", "absent"])
    if how == "absent":
        month.ours_alone(sold)
        return
    day = sold.day + timedelta(days=2 if how == "late" else 0)
    posted = month.post(day, f"VIR CCAS POITIERS MANDAT {number}", sold.cents - (100 if how == "wrong" else 0))
    if how == "wrong":
        month.expect("amount-differs", None, sold.day, sold.cents, posted.cents)
    else:
        month.link([posted], [sold])


def _lot(month: Month, nth: int, day: date) -> None:
    """Net in one line or in several, the commission apart, or all in one."""
    name = f"LOT-{month.first:%Y-%m}-{nth + 1:02}"
    paid = [_payment(month, day, name) for _ in range(month.mix.randint(1, 6))]
    commission = sum(one.commission_cents for one in paid)
    net = sum(one.cents for one in paid) - commission
    how = month.mix.choice(["apart", "apart", "together", "wrong", "absent"])
    if how == "absent":
        for one in paid:
            month.ours_alone(one)
    elif how == "together":
        month.link([month.post(day, f"VIR RECONVERSION {name}", net + commission)], paid)
    elif how == "wrong":
        posted = month.post(day, f"VIR RECONVERSION {name}", net - month.unusual())
        month.expect("amount-differs", None, day, net + commission, posted.cents)
    else:
        posted = month.post(day, f"VIR SEPA RECONVERSION {name}", net)
        apart = month.post(day + timedelta(days=1), month.mix.choice(["COMMISSION", "PRLV COMMISSION"]), commission)
        month.link([posted, apart], paid)


def _payment(month: Month, day: date, lot: str) -> Sold:
    gross = month.mix.randint(2_000, 40_000)
    made = month.sell("payout", day, -gross, None, lot)
    made.commission_cents = -(gross // COMMISSION_PARTS)
    return made
