"""The desk of tills in training: the real rules on cards and books of its own.

It is asked only where the real desk refused a till because it is in training: a real sale never waits for it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from msgspec.structs import replace

from ledger.cards.model import Credential
from ledger.database.unit_of_work import Ledger
from ledger.errors import InternalError, OutOfScope, Refusal, TrainingTill, Unavailable
from ledger.programmes.actions import list_programmes
from ledger.programmes.model import Rules
from ledger.redemptions import actions, rules
from ledger.redemptions.desk import Answer, Desk
from ledger.redemptions.model import (
    Answered,
    BalanceRequest,
    CardBalance,
    Redemption,
    RedemptionRequest,
    State,
    Till,
)
from merchant_api.training import cards
from merchant_api.training.books import TILLS_MAX, TrainingBooks, keep
from merchant_api.training.model import TrainingBalance, TrainingSale

Result = TypeVar("Result")

SCOPE = "training"
_NOBODY = UUID(int=0)
_RETRY_AFTER_SECONDS = 2


def practised(refusal: Refusal) -> Refusal:
    """A refusal that says that it was only practised."""
    refusal.facts["training"] = True
    return refusal


class FrontDesk:
    """Where every till comes: those in training go on to their own desk."""

    def __init__(self, ledger: Ledger, desk: Desk) -> None:
        self._ledger = ledger
        self._desk = desk
        self._books: OrderedDict[bytes, TrainingBooks] = OrderedDict()

    async def redeem(self, request: RedemptionRequest) -> Answered[Redemption | Refusal]:
        """A sale, for real or in training."""
        answer = await self.begin(request)
        return await self.practise(request) if is_training(answer.result) else answer

    def begin(self, request: RedemptionRequest) -> asyncio.Future[Answer]:
        """A sale for real; a till in training is told to practise it."""
        return self._desk.redeem(request)

    async def card_balance(self, request: BalanceRequest) -> CardBalance | Refusal:
        """What is left on a card, for real or in training."""
        found = await actions.card_balance(self._ledger, request)
        return await self._look(request) if is_training(found) else found

    async def close(self) -> None:
        """Finish what is in flight."""
        await self._desk.close()

    def books_of(self, token_sha256: bytes) -> TrainingBooks:
        """What a till practised; the till that was away longest is forgotten first."""
        books = self._books.pop(token_sha256, None) or TrainingBooks()
        keep(self._books, token_sha256, books, TILLS_MAX)
        return books

    async def practise(self, request: RedemptionRequest) -> Answer:
        """A sale of a till in training."""
        if not request.credential.for_training:
            return Answered(practised(TrainingTill()))
        books, now = self.books_of(request.bound.token_sha256), self._ledger.clock.now()
        if request.credential.number == cards.BUSY.number and books.is_first(request.bound.key):
            return Answered(practised(Unavailable(retry_after_seconds=_RETRY_AFTER_SECONDS)))
        asked = replace(request, credential=_known(request.credential))
        state = await self._dealt(request.bound.token_sha256, books, now)
        state.outcomes.update(((_NOBODY, key), outcome) for key, outcome in books.outcomes.items())
        decision = rules.decide(asked, state, now, self._ledger.keys)
        rules.apply(asked, decision, state, now)
        answer = _answer(asked, decision, books)
        if request.credential.number == cards.LOST.number and not answer.replayed:
            return Answered(practised(InternalError()))
        return answer

    async def _look(self, request: BalanceRequest) -> CardBalance | Refusal:
        if not request.credential.for_training:
            return practised(TrainingTill())
        books, now = self.books_of(request.bound.token_sha256), self._ledger.clock.now()
        state = await self._dealt(request.bound.token_sha256, books, now)
        till = state.tills[request.bound.token_sha256]
        access = rules.open_card(_known(request.credential), state, till, now, self._ledger.keys)
        if isinstance(access, rules.Refused):
            rules.count_wrong(access, state, now)
            return practised(access.refusal)
        found = rules.balance_of(access, state, now)
        return TrainingBalance(found.balance_cents, found.ends, found.at_once_cents)

    async def _dealt(self, token_sha256: bytes, books: TrainingBooks, now: datetime) -> State:
        """What the rules read: this till at an approved shop, its wrong codes, and the cards as they are described."""
        till = Till(_NOBODY, "till", active=True, merchant_id=_NOBODY, merchant_account=0, merchant_active=True)
        state = State(tills={token_sha256: till}, failures=books.failures)
        return cards.dealt(state, self._ledger.keys, await self._rules(), books.last_step, now)

    async def _rules(self) -> Rules:
        """Those of the first programme, so that a basket is eligible as it is in the shop, with caps of their own."""
        programmes = await list_programmes(self._ledger)
        if not programmes:
            raise OutOfScope(scope=SCOPE)
        return replace_caps(programmes[0].rules)


def replace_caps(rules_of_programme: Rules) -> Rules:
    """The same rules with the caps of training."""
    return Rules(
        rules_of_programme.scale,
        rules_of_programme.eligibility,
        rules_of_programme.validity,
        rules_of_programme.basket,
        cards.CAPS,
    )


def _answer(asked: RedemptionRequest, decision: rules.Decision, books: TrainingBooks) -> Answered[Redemption | Refusal]:
    if isinstance(decision, rules.Repeat):
        return Answered(replace(books.sales[decision.result_id], refunded_cents=0), replayed=True)
    if isinstance(decision, rules.Sale) or decision.frozen:
        books.keep_outcome(asked.bound.key, rules.outcome_of(asked.bound, decision))
    if isinstance(decision, rules.Refused):
        return Answered(practised(decision.refusal), decision.repeated)
    books.last_number += 1
    books.last_step = decision.approved.step or books.last_step
    sale = TrainingSale.of(decision.approved.redemption, books.last_number)
    books.keep_sale(sale)
    return Answered(sale)


def _known(credential: Credential) -> Credential:
    return replace(credential, number=cards.real_number(credential.number))


def is_training(result: object) -> bool:
    """Was a till refused because it only practises?"""
    return isinstance(result, OutOfScope) and result.facts.get("scope") == SCOPE
