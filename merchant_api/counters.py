"""What a till does beside selling: for real, or in training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from msgspec.structs import replace

from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger
from ledger.errors import CATALOGUE, NotFound, OutOfScope, Refusal
from ledger.identifiers import new_event_id
from ledger.merchants.actions import till_by_token
from ledger.merchants.model import TillSession
from ledger.redemptions import actions, rules
from ledger.redemptions.model import (
    Answered,
    DayTotals,
    Movements,
    Outcome,
    Page,
    Redemption,
    Refund,
    RefundRequest,
    Settled,
    Totals,
)
from merchant_api.dependencies import OneDesk, OpenedLedger
from merchant_api.security import bearer_token, token_digest
from merchant_api.training.books import TrainingBooks
from merchant_api.training.desk import SCOPE, practised
from merchant_api.training.model import TrainingRefund, TrainingSale

_ENOUGH_CENTS = 10**12  # a shop in training can always give back


@runtime_checkable  # the framework looks whether it was given one
class Counter(Protocol):
    """A till at work. Its sales are its merchant's; in training, its own."""

    @property
    def till(self) -> TillSession: ...

    async def find(self, redemption_id: UUID) -> Redemption: ...

    async def list(self, page: Page) -> Iterable[Redemption]: ...

    async def refund(self, asked: RefundRequest) -> Answered[Refund | Refusal]: ...

    async def abandon(self, key: bytes) -> Settled: ...

    async def day_totals(self, day: date) -> DayTotals: ...


AtCounter = NamedDependency[Counter]


@dataclass(frozen=True, slots=True)
class RealCounter:
    """In the books."""

    ledger: Ledger
    till: TillSession

    async def find(self, redemption_id: UUID) -> Redemption:
        return await actions.find_redemption(self.ledger, self.till, redemption_id)

    async def list(self, page: Page) -> Iterable[Redemption]:
        return await actions.list_redemptions(self.ledger, page)

    async def refund(self, asked: RefundRequest) -> Answered[Refund | Refusal]:
        return await actions.refund(self.ledger, self.till, asked)

    async def abandon(self, key: bytes) -> Settled:
        return await actions.abandon(self.ledger, self.till, key)

    async def day_totals(self, day: date) -> DayTotals:
        return await actions.day_totals(self.ledger, self.till, day)


@dataclass(frozen=True, slots=True)
class TrainingCounter:
    """In the memory of this process."""

    ledger: Ledger
    till: TillSession
    books: TrainingBooks

    async def find(self, redemption_id: UUID) -> Redemption:
        if redemption_id not in self.books.sales:
            raise practised(NotFound())
        return self.books.sales[redemption_id]

    async def list(self, page: Page) -> Iterable[Redemption]:
        sales = sorted(self.books.sales.values(), key=_receipt)
        found = [sale for sale in sales if page.starts <= sale.occurred_at < page.ends and _receipt(sale) > page.after]
        return found[: page.rows_max]

    async def refund(self, asked: RefundRequest) -> Answered[Refund | Refusal]:
        earlier = self.books.outcomes.get(asked.bound.key)
        if earlier is not None:
            return self._repeat(rules.repeat(earlier, asked.bound.fingerprint))
        sale = await self.find(asked.redemption_id)
        amount = sale.refundable_cents if asked.amount_cents is None else asked.amount_cents
        refusal = rules.why_not_given_back(sale, asked, amount, _ENOUGH_CENTS, self.ledger.clock.now())
        if refusal is not None:
            self.books.keep_outcome(asked.bound.key, rules.outcome_of(asked.bound, rules.Refused(refusal)))
            return Answered(practised(refusal))
        return Answered(self._give_back(sale, asked, amount))

    async def abandon(self, key: bytes) -> Settled:
        if key not in self.books.outcomes:
            self.books.keep_outcome(key, Outcome(None, "abandoned"))
        outcome = self.books.outcomes[key]
        if outcome.refusal is not None:
            refusal = CATALOGUE[outcome.refusal](**(outcome.facts or {}))
            return Settled("refused", refusal=practised(refusal))
        if outcome.result_id is None:
            return Settled("abandoned")
        refund, _ = self.books.refunds.get(outcome.result_id, (None, ""))
        return Settled("approved", redemption=self.books.sales.get(outcome.result_id), refund=refund)

    async def day_totals(self, day: date) -> DayTotals:
        sold = [Totals(sales=Movements(1, sale.approved_cents)) for sale in self.books.sales.values() if _on(sale, day)]
        back = [
            Totals(**{"voids" if reason == "void" else "refunds": Movements(1, refund.amount_cents)})
            for refund, reason in self.books.refunds.values()
            if _on(refund, day)
        ]
        return DayTotals(day, {self.till.till_id: sum([*sold, *back], Totals())})

    def _give_back(self, sale: Redemption, asked: RefundRequest, amount_cents: int) -> Refund:
        left = sale.refundable_cents - amount_cents
        made = TrainingRefund(new_event_id(), sale.id, amount_cents, self.ledger.clock.now(), left)
        kept = self.books.sales[sale.id]
        self.books.keep_sale(replace(kept, refunded_cents=kept.refunded_cents + amount_cents))
        self.books.keep_refund(made, asked.reason)
        self.books.keep_outcome(asked.bound.key, Outcome(asked.bound.fingerprint, "approved", result_id=made.id))
        return made

    def _repeat(self, again: rules.Refused | rules.Repeat) -> Answered[Refund | Refusal]:
        if isinstance(again, rules.Refused):
            return Answered(practised(again.refusal), again.repeated)
        return Answered(self.books.refunds[again.result_id][0], replayed=True)


async def selling_counter(request: Request[Any, Any, Any], ledger: OpenedLedger, desk: OneDesk) -> Counter:
    """A till of a shop that may sell; `OutOfScope` for any other device."""
    return _for_sales(await _counter(request, ledger, desk, although_suspended=False))


async def settling_counter(request: Request[Any, Any, Any], ledger: OpenedLedger, desk: OneDesk) -> Counter:
    """A till; a shop that was suspended meanwhile may still ask what became of a sale."""
    return _for_sales(await _counter(request, ledger, desk, although_suspended=True))


async def looking_counter(request: Request[Any, Any, Any], ledger: OpenedLedger, desk: OneDesk) -> Counter:
    """Any device of a shop, to look only."""
    return await _counter(request, ledger, desk, although_suspended=False)


async def _counter(
    request: Request[Any, Any, Any], ledger: Ledger, desk: OneDesk, *, although_suspended: bool
) -> Counter:
    token = bearer_token(request.headers)
    till = await till_by_token(ledger, token, although_suspended=although_suspended)
    if till.scope == SCOPE:
        return TrainingCounter(ledger, till, desk.books_of(token_digest(token)))
    return RealCounter(ledger, till)


def _for_sales(counter: Counter) -> Counter:
    if counter.till.scope not in {"till", SCOPE}:
        raise OutOfScope(scope=counter.till.scope)
    return counter


def _receipt(sale: TrainingSale) -> tuple[int, int]:
    return sale.receipt_year, sale.receipt_number


def _on(movement: Redemption | Refund, day: date) -> bool:
    return paris_day(movement.occurred_at) == day
