"""One day of a merchant whose sales are booked one by one, and the differences that may come together in it.

The rule for what two left-overs of a day are is the one of the samples: alone on both sides, they are one
difference of amount; else each is one of its own. So the truth is drawn up when the day closes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.months.model import Month, Posted, Sold
from tests.months.words import cancel_label, refund_label, sales_label

SPAN_DAYS = 3


@dataclass
class Booking:
    """A movement of ours and its line, as long as nothing went wrong with it."""

    sold: Sold
    posted: Posted


@dataclass
class TradingDay:
    """Sales first, then faults, each on bookings that no other fault touched; `close` says what is to be found."""

    month: Month
    merchant: str
    day: date
    free: list[Booking] = field(default_factory=list)
    settled: list[Booking] = field(default_factory=list)
    ours_left: list[Sold] = field(default_factory=list)
    theirs_left: list[Posted] = field(default_factory=list)

    @property
    def faults(self) -> list[Callable[[], None]]:
        return [
            self.leave_out,
            self.leave_out,
            self.book_twice,
            self.book_wrongly,
            self.book_unknown,
            self.sell_twice,
            self.book_elsewhere,
            self.book_late,
            self.book_early,
            self.refund_on_both,
            self.refund_here,
            self.refund_there,
            self.cancel_here,
            self.cancel_there,
            self.take_back_here,
            self.take_back_there,
        ]

    def sell(self, cents: int, ticket: str) -> None:
        sold = self.month.sell("sale", self.day, cents, self.merchant, ticket)
        names_ticket = self.month.mix.random() < 0.5
        self.free.append(Booking(sold, self._line(sold, ticket if names_ticket else None)))

    def book_nothing(self) -> None:
        for booking in self.free:
            self._remove(booking.posted)
            self.ours_left.append(booking.sold)
        self.free = []

    def leave_out(self) -> None:
        for booking in self._chosen():
            self._remove(booking.posted)
            self.ours_left.append(booking.sold)

    def book_twice(self) -> None:
        for booking in self._chosen():
            posted = booking.posted
            self.month.post(posted.day, posted.label, posted.cents, self.merchant, names_ticket=posted.names_ticket)
            self.settled.append(booking)
            self.month.expect("duplicate-theirs", self.merchant, self.day, None, posted.cents)

    def book_wrongly(self) -> None:
        """With the ticket it is that ticket's difference; without, whatever is left over that day decides."""
        for booking in self._chosen():
            ours, posted = booking.sold, booking.posted
            posted.cents -= self.month.unusual()
            if posted.names_ticket:
                self.month.expect("amount-differs", self.merchant, self.day, ours.cents, posted.cents)
            else:
                self.ours_left.append(ours)
                self.theirs_left.append(posted)

    def book_unknown(self) -> None:
        ticket = self.month.mix.choice([None, "T999999"])
        label = sales_label(self.month.mix, self.merchant, ticket, (), may_cut=False)
        self.theirs_left.append(
            self.month.post(self.day, label, -self.month.unusual(), self.merchant, names_ticket=ticket is not None)
        )

    def sell_twice(self) -> None:
        """The same ticket twice in our books."""
        for booking in self._chosen():
            sold = booking.sold
            self.month.sell("sale", sold.day, sold.cents, self.merchant, sold.reference)
            self.settled.append(booking)
            self.month.expect("duplicate-ours", self.merchant, self.day, sold.cents)

    def book_elsewhere(self) -> None:
        """The association credits another merchant; the ticket tells."""
        others = [name for name, daily in self.month.merchants.items() if name != self.merchant and not daily]
        for booking in self._chosen():
            self._remove(booking.posted)
            sold, other = booking.sold, self.month.mix.choice(others)
            label = sales_label(self.month.mix, other, sold.reference, ())
            posted = self.month.post(self.day, label, sold.cents, other, names_ticket=True)
            self.month.expect("wrong-merchant", self.merchant, self.day, sold.cents, posted.cents)

    def book_late(self) -> None:
        """Some days later: with its ticket, or with an amount that nobody else has."""
        for booking in self._chosen():
            mix, sold = self.month.mix, booking.sold
            day = self.day + timedelta(days=mix.randint(1, SPAN_DAYS))
            if day > self.month.last:
                self.free.append(booking)
                return
            self._remove(booking.posted)
            if not booking.posted.names_ticket:
                sold.cents -= self.month.unusual()
            posted = self._line(sold, sold.reference if booking.posted.names_ticket else None, day)
            self.settled.append(Booking(sold, posted))

    def book_early(self) -> None:
        """Theirs on the last days, ours on the first of the next month."""
        if (self.month.last - self.day).days < SPAN_DAYS:
            ticket = self.month.next_ticket()
            written = self.month.mix.choice([ticket, None])
            day = self.month.last + timedelta(days=1)
            sold = self.month.sell("sale", day, -self.month.unusual(), self.merchant, ticket)
            posted = self._line(sold, written, self.day)
            self.month.expect("timing-theirs-first", self.merchant, self.day, None, posted.cents)

    def refund_on_both(self) -> None:
        self._refund(ours=True, theirs=True)

    def refund_here(self) -> None:
        self._refund(ours=True, theirs=False)

    def refund_there(self) -> None:
        self._refund(ours=False, theirs=True)

    def cancel_here(self) -> None:
        """Two people reversed the sale; the association did not."""
        for booking in self._chosen():
            made = self._reversal(booking.sold)
            self.settled.append(booking)
            self.month.expect("reversal-not-mirrored", self.merchant, self.day, made.cents)

    def cancel_there(self) -> None:
        """The association takes the sale back; we did not."""
        for booking in self._chosen():
            sold = booking.sold
            label = cancel_label(self.month.mix, self.merchant, sold.reference or "")
            self.month.post(self.day, label, -sold.cents, self.merchant, names_ticket=True)
            self.settled.append(booking)
            self.month.expect("reversal-not-mirrored", self.merchant, self.day, None, -sold.cents)

    def take_back_here(self) -> None:
        """Booked by us and reversed; the association never saw it."""
        for booking in self._chosen():
            self._remove(booking.posted)
            booking.sold.cents -= self.month.unusual()
            self.month.link([], [booking.sold, self._reversal(booking.sold)])

    def take_back_there(self) -> None:
        """Booked by the association and taken back; we never saw it."""
        cents = -self.month.unusual()
        label = sales_label(self.month.mix, self.merchant, "T999998", ())
        posted = self.month.post(self.day, label, cents, self.merchant, names_ticket=True)
        label = cancel_label(self.month.mix, self.merchant, "T999998")
        back = self.month.post(self.day, label, -cents, self.merchant, names_ticket=True)
        self.month.link([posted, back], [])

    def close(self) -> None:
        for booking in [*self.free, *self.settled]:
            self.month.link([booking.posted], [booking.sold])
        for incoming in (False, True):
            ours = [one for one in self.ours_left if (one.cents > 0) == incoming]
            theirs = [one for one in self.theirs_left if (one.cents > 0) == incoming]
            if len(ours) == len(theirs) == 1 and not theirs[0].names_ticket:
                self.month.expect("amount-differs", self.merchant, self.day, ours[0].cents, theirs[0].cents)
            else:
                for sold in ours:
                    self.month.ours_alone(sold)
                for posted in theirs:
                    self.month.expect("missing-in-ledger", self.merchant, self.day, None, posted.cents)

    def _refund(self, *, ours: bool, theirs: bool) -> None:
        for booking in self._chosen():
            sale, cents = booking.sold, self.month.mix.randint(1, abs(booking.sold.cents))
            self.settled.append(booking)
            sold = self.month.sell("refund", self.day, cents, self.merchant, sale.reference) if ours else None
            posted = None
            if theirs:
                label = refund_label(self.month.mix, self.merchant, sale.reference)
                posted = self.month.post(self.day, label, cents, self.merchant, names_ticket=True)
            if sold and posted:
                self.month.link([posted], [sold])
            elif sold:
                self.ours_left.append(sold)
            elif posted:
                self.theirs_left.append(posted)

    def _reversal(self, sold: Sold) -> Sold:
        made = self.month.sell("reversal", self.day, -sold.cents, self.merchant, sold.reference)
        made.reverses = sold.key
        return made

    def _chosen(self) -> list[Booking]:
        """One booking that is free and of whose amount no other fault of the day has taken one; or none."""
        touched = {booking.sold.cents for booking in self.settled} | {sold.cents for sold in self.ours_left}
        good = [booking for booking in self.free if booking.sold.cents not in touched]
        if not good:
            return []
        chosen = self.month.mix.choice(good)
        self.free.remove(chosen)
        return [chosen]

    def _line(self, sold: Sold, ticket: str | None, day: date | None = None) -> Posted:
        label = sales_label(self.month.mix, self.merchant, ticket, self.month.merchants)
        return self.month.post(day or self.day, label, sold.cents, self.merchant, names_ticket=ticket is not None)

    def _remove(self, posted: Posted) -> None:
        self.month.theirs.remove(posted)
