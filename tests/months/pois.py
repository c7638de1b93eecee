"""A month of the dedicated account: sales booked one by one or as day totals, and what goes wrong with them."""

from __future__ import annotations

import calendar
import random
from collections import Counter
from datetime import date, timedelta
from itertools import combinations

from tests.months.day import TradingDay
from tests.months.model import Month, Posted, Sold
from tests.months.words import DAILY, DETAIL, fee_label, sales_label, total_label

USUAL_CENTS = (450, 900)
LATE_DAYS = 3
MANDATE_DAY = 3


def pois_month(seed: int, merchants: int = 5, busy: int = 4) -> Month:
    """So many merchants that are booked one by one, with up to so many sales a day; and one or two with totals."""
    mix = random.Random(seed)
    first = date(mix.randint(2025, 2028), mix.randint(1, 12), 1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    month = Month(seed, "pois", first, last, mix)
    detail, daily = mix.sample(DETAIL, merchants), mix.sample(DAILY, mix.randint(1, 2))
    month.merchants = dict.fromkeys(detail, False) | dict.fromkeys(daily, True)
    month.opening_cents = mix.choice([0, mix.randint(-100_000, 900_000)])
    _fund(month)
    traded: set[tuple[str, date]] = set()
    for number in range(MANDATE_DAY, month.days + 1):
        for merchant in mix.sample(detail, mix.randint(1, min(3, merchants))):
            traded.add((merchant, month.day(number)))
            _detail_day(month, merchant, month.day(number), busy)
        for merchant in daily:
            _daily_day(month, merchant, month.day(number), busy)
    for merchant in detail:
        _untold(month, merchant, traded)
    for number in mix.sample(range(4, month.days + 1), 2):
        posted = month.post(month.day(number), fee_label(mix), -300 - number)
        month.expect("fee", None, posted.day, None, posted.cents)
    return month.finish()


def amount(month: Month) -> int:
    return month.mix.choice(USUAL_CENTS) if month.mix.random() < 0.75 else month.mix.randint(100, 6_000)


def _fund(month: Month) -> None:
    number = f"{month.first:%Y}-{month.mix.randint(1000, 9999)}"
    sold = month.sell("funding", month.day(MANDATE_DAY), 50_000_000, None, number)
    label = month.mix.choice(["Virement CCAS mandat {}", "VIR CCAS POITIERS MANDAT {}", "Virement CCAS réf. {}"])
    month.link([month.post(sold.day, label.format(number), sold.cents)], [sold])


def _detail_day(month: Month, merchant: str, day: date, busy: int) -> None:
    trading = TradingDay(month, merchant, day)
    for _ in range(month.mix.randint(1, busy)):
        trading.sell(-amount(month), month.next_ticket())
    if day == month.last or (day > month.last - timedelta(LATE_DAYS) and month.mix.random() < 0.3):
        trading.book_nothing()
    else:
        for _ in range(month.mix.choice([0, 0, 0, 1, 1, 2])):
            month.mix.choice(trading.faults)()
    trading.close()


def _untold(month: Month, merchant: str, traded: set[tuple[str, date]]) -> None:
    """What nobody can be sure of, on days on which nothing else happens."""
    for number in range(MANDATE_DAY + 1, month.days - 2 * LATE_DAYS):
        days = {(merchant, month.day(number + gap)) for gap in range(3)}
        if not days & traded and month.mix.random() < 0.3:
            traded |= days
            month.mix.choice([_several_in_one, _between_two])(month, merchant, month.day(number))


def _several_in_one(month: Month, merchant: str, day: date) -> None:
    """Sales that the association put into one line without a word: nobody can be sure."""
    sales = [
        month.sell("sale", day, -month.unusual() - nth, merchant, month.next_ticket())
        for nth in range(month.mix.randint(2, 4))
    ]
    label = sales_label(month.mix, merchant, None, month.merchants)
    posted = month.post(day, label, sum(one.cents for one in sales), merchant)
    month.offer([posted], sales)
    month.expect("missing-in-ledger", merchant, day, None, posted.cents)
    for one in sales:
        month.ours_alone(one)


def _between_two(month: Month, merchant: str, day: date) -> None:
    """Two equal sales, and one line on the day between them: either may be meant."""
    cents = -month.unusual()
    sales = [month.sell("sale", day + timedelta(days=gap), cents, merchant, month.next_ticket()) for gap in (0, 2)]
    posted = month.post(
        day + timedelta(days=1), sales_label(month.mix, merchant, None, month.merchants), cents, merchant
    )
    month.offer([posted], sales[:1])
    month.expect("missing-in-ledger", merchant, posted.day, None, cents)
    for one in sales:
        month.ours_alone(one)


def _daily_day(month: Month, merchant: str, day: date, busy: int) -> None:
    mix = month.mix
    sales = [
        month.sell("sale", day, -amount(month), merchant, month.next_ticket()) for _ in range(mix.randint(0, busy))
    ]
    if not sales:
        return
    how = "absent" if day == month.last else mix.choice(["right"] * 6 + ["absent", "short", "wrong", "twice", "split"])
    if how == "absent":
        for one in sales:
            month.ours_alone(one)
    elif how == "split" and len(sales) > 1:
        _split(month, merchant, sales)
    elif how == "short" and len(sales) > 1:
        _short(month, merchant, sales)
    elif how == "wrong":
        posted = _total(month, merchant, sales, counted=mix.random() < 0.5)
        right, posted.cents = posted.cents, posted.cents - month.unusual()
        month.expect("amount-differs", merchant, day, right, posted.cents)
    else:
        posted = _total(month, merchant, sales, counted=mix.random() < 0.7)
        month.link([posted], sales)
        if how == "twice":
            month.post(day, posted.label, posted.cents, merchant)
            month.expect("duplicate-theirs", merchant, day, None, posted.cents)


def _total(month: Month, merchant: str, sales: list[Sold], *, counted: bool) -> Posted:
    label = total_label(month.mix, merchant, len(sales) if counted else None)
    return month.post(sales[0].day, label, sum(one.cents for one in sales), merchant)


def _split(month: Month, merchant: str, sales: list[Sold]) -> None:
    """Two totals for the day, which only together come to its sum."""
    at = month.mix.randint(1, len(sales) - 1)
    parts = [sales[:at], sales[at:]]
    posted = [_total(month, merchant, part, counted=True) for part in parts]
    month.link(posted, sales)


def _short(month: Month, merchant: str, sales: list[Sold]) -> None:
    """A total that leaves a sale out: told by its count, or where only one sale can be the one left out."""
    left_out = month.mix.choice(sales)
    part = [one for one in sales if one is not left_out]
    counted = month.mix.random() < 0.7
    if not counted:
        part[0].cents -= month.unusual()
    posted = _total(month, merchant, part, counted=counted)
    explained = {
        tuple(sorted(one.cents for one in kept))
        for size in ([len(part)] if counted else range(1, len(sales)))
        for kept in combinations(sales, size)
        if sum(one.cents for one in kept) == posted.cents
    }
    if len(explained) == 1:
        month.link([posted], part)
        month.ours_alone(left_out)
    else:
        month.offer([posted], part)
        month.expect("amount-differs", merchant, posted.day, sum(one.cents for one in sales), posted.cents)


def shared_share(month: Month) -> float:
    """How many of the lines share merchant, day and amount with another."""
    alike = Counter((one.merchant, one.day, one.cents) for one in month.theirs)
    return sum(count for count in alike.values() if count > 1) / len(month.theirs)
