"""The desk: every till comes here, and whoever waits while a batch commits goes into the next one.

One unit of work per batch: load (one round trip) → decide (pure, request by request) → write (one round trip).
A batch forms by itself, so an idle desk adds no delay. Two batches in flight never share a merchant or a household.
Reads take no locks: what changed since is found by the write, and the batch is loaded and decided again, once
together, then singly and in the end under locks. A broken connection is treated alike: the keys tell whether the
write had happened.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Hashable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog
from msgspec.structs import replace

from ledger.cards.model import FailureCount, FailureKey
from ledger.database.unit_of_work import Ledger
from ledger.errors import InternalError, Refusal, Unavailable
from ledger.redemptions import rules, store
from ledger.redemptions.model import Answered, Known, Redemption, RedemptionRequest, State
from ledger.redemptions.rules import Decision, Refused, Repeat, Sale
from ledger.redemptions.tally import Tally

Answer = Answered[Redemption | Refusal]

_BATCH_MAX = 128
_BATCH_MIN = 8  # fewer are served faster one batch after another than in two side by side
_WAITING_MAX = 1024
_WAIT_MS_MAX = 1000  # then one is sent away; and nobody joins a queue in which somebody has waited so long
_TURN_MS = 400  # whoever is sent away hears it after a moment, else all would be back at once and stop the others
_LANES = 2
_SINGLE_TRIES = 6
_PAUSE_MS = 20  # before the second try, at most; doubled for each further one
_RETRY_AFTER_SECONDS = 2

_log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Waiting:
    """A request and whoever waits for its answer, since when. `household`: known once it was loaded."""

    request: RedemptionRequest
    answer: asyncio.Future[Answer]
    since_ms: int
    household: UUID | None = None


@dataclass(eq=False, slots=True)
class _Batch:
    """Requests in flight together. `occupies`: their merchants and, once loaded, households, which no other batch
    has meanwhile. `overtaken`: what others had when they ended since this one began to load.
    """

    waiting: list[_Waiting]
    occupies: set[Hashable]
    overtaken: set[Hashable] = field(default_factory=set)


class Desk:
    """Answers redemption requests; one per process. Several processes may share one database."""

    def __init__(self, ledger: Ledger, tally: Tally | None = None) -> None:
        self._ledger = ledger
        self._known = Known()
        self._queue: deque[_Waiting] = deque()
        self._held: list[_Waiting] = []  # they need what a batch in flight has
        self._in_flight: dict[asyncio.Task[None], _Batch] = {}
        self._tally = tally or Tally()
        self._tally.queue = self

    def __len__(self) -> int:
        """Who waits for a batch."""
        return len(self._queue) + len(self._held)

    def redeem(self, request: RedemptionRequest) -> asyncio.Future[Answer]:
        """Decide a redemption and book it. Refusals are answers; only our own faults are `InternalError`
        (the same key may be sent again) and `Unavailable` (full, or the database is away).
        """
        loop = asyncio.get_running_loop()
        now_ms = int(loop.time() * 1000)
        waiting = _Waiting(request, loop.create_future(), now_ms)
        if self._too_many_wait(now_ms):
            loop.call_later(_TURN_MS / 1000, self._send_away, waiting)
        else:
            self._queue.append(waiting)
            self._start_batches()
        return waiting.answer

    async def close(self) -> None:
        """Finish what is in flight."""
        while self._in_flight:
            await asyncio.wait(self._in_flight)

    def _too_many_wait(self, now_ms: int) -> bool:
        """Better sent away at once than answered too late."""
        if len(self) >= _WAITING_MAX:
            return True
        return any(waits and now_ms - waits[0].since_ms > _WAIT_MS_MAX for waits in (self._queue, self._held))

    def _send_away(self, waiting: _Waiting) -> None:
        self._hand_out([waiting], [Answered(Unavailable(retry_after_seconds=_RETRY_AFTER_SECONDS))])

    def _start_batches(self) -> None:
        """At once where nothing is in flight; beside another batch when half of all who can go are here."""
        while self._queue and len(self._in_flight) < _LANES:
            size = self._batch_size()
            if self._in_flight and len(self._queue) < size:
                return
            batch = self._next_batch(size)
            if batch.waiting:
                lane = asyncio.create_task(self._answer(batch))
                self._in_flight[lane] = batch
                lane.add_done_callback(self._end)

    def _batch_size(self) -> int:
        present = len(self._queue) + sum(len(batch.waiting) for batch in self._in_flight.values())
        return min(max(-(-present // _LANES), _BATCH_MIN), _BATCH_MAX)

    def _next_batch(self, size: int) -> _Batch:
        """Whoever waits and needs nothing that another batch has, in order of arrival; not who waited too long."""
        batch = _Batch([], set())
        taken = self._taken_beside(batch)
        too_long_since_ms = asyncio.get_running_loop().time() * 1000 - _WAIT_MS_MAX
        while self._queue and len(batch.waiting) < size:
            waiting = self._queue.popleft()
            needs = self._needs_of(waiting)
            if waiting.since_ms < too_long_since_ms:
                self._send_away(waiting)
            elif taken.isdisjoint(needs):
                batch.waiting.append(waiting)
                batch.occupies.update(needs)
            else:
                self._held.append(waiting)
        return batch

    def _needs_of(self, waiting: _Waiting) -> tuple[Hashable, ...]:
        token = waiting.request.bound.token_sha256
        till = self._known.tills.get(token)
        shop = till.merchant_id if till else token
        return (shop,) if waiting.household is None else (shop, waiting.household)

    def _taken_beside(self, batch: _Batch) -> set[Hashable]:
        """What the other batches in flight have."""
        return set().union(*(other.occupies for other in self._in_flight.values() if other is not batch))

    def _end(self, lane: asyncio.Task[None]) -> None:
        ended = self._in_flight.pop(lane)
        for other in self._in_flight.values():
            other.overtaken |= ended.occupies
        self._queue.extendleft(reversed(self._held))
        self._held.clear()
        self._start_batches()

    async def _answer(self, batch: _Batch) -> None:
        """Together; on a conflict together again; then one by one, so that no request harms its neighbours."""
        for _ in range(2):
            try:
                return await self._answer_together(batch)
            except Exception as error:  # noqa: BLE001 - sorted out below, request by request
                if not store.is_conflict(error):
                    break
        self._tally.batch(len(batch.waiting))
        for place, waiting in enumerate(batch.waiting):
            answer = await self._answer_one(waiting.request)
            self._hand_out([waiting], [answer])
            if isinstance(answer.result, Unavailable):  # the database is away: the others need not find out singly
                left = batch.waiting[place + 1 :]
                return self._hand_out(left, [answer] * len(left))
        return None

    async def _answer_together(self, batch: _Batch) -> None:
        """The unit of work of a batch."""
        pool = await self._ledger.database.pool()
        async with pool.acquire() as connection:
            batch.overtaken.clear()
            now, state = await self._load(connection, [waiting.request for waiting in batch.waiting])
            self._set_aside(batch, state)
            if not batch.waiting:
                return
            answers = await self._decide_and_write(
                connection, [waiting.request for waiting in batch.waiting], state, now
            )
        self._tally.batch(len(batch.waiting))
        self._hand_out(batch.waiting, answers)

    def _set_aside(self, batch: _Batch, state: State) -> None:
        """Hold back whoever shares a household with another batch: it is being moved, or was moved after it was read
        here. Only now one knows whose the cards are.
        """
        taken = self._taken_beside(batch) | batch.overtaken
        stays: list[_Waiting] = []
        for waiting in batch.waiting:
            card = state.cards.get(waiting.request.credential.number)
            waiting.household = card.household_id if card else None
            (self._held if waiting.household in taken else stays).append(waiting)
        batch.waiting = stays
        batch.occupies.update(waiting.household for waiting in stays if waiting.household)

    async def _answer_one(self, request: RedemptionRequest) -> Answer:
        """Until it is through; from the second time on under locks, else whoever is faster might win each time."""
        for attempt in range(_SINGLE_TRIES):
            try:
                return await self._alone(request, locked=attempt > 0)
            except Exception as error:  # noqa: BLE001 - told apart below; ours are logged
                broken = store.is_disconnect(error)
                if not (broken or store.is_conflict(error)) or (not broken and attempt + 1 == _SINGLE_TRIES):
                    _log.exception("redemption failed", sqlstate=getattr(error, "sqlstate", None))
                    return Answered(InternalError())
                await asyncio.sleep(random.randrange(_PAUSE_MS << attempt) / 1000)  # noqa: S311 - jitter, not a secret
        return Answered(Unavailable(retry_after_seconds=_RETRY_AFTER_SECONDS))

    def _hand_out(self, batch: Sequence[_Waiting], answers: Sequence[Answer]) -> None:
        for waiting, answer in zip(batch, answers, strict=True):
            self._tally.answer(answer)
            if not waiting.answer.done():  # the till may have hung up
                waiting.answer.set_result(answer)

    async def _alone(self, request: RedemptionRequest, *, locked: bool) -> Answer:
        """The unit of work of one request; `locked`: nobody moves its accounts between load and write."""
        pool = await self._ledger.database.pool()
        async with pool.acquire() as connection, AsyncExitStack() as stack:
            if locked:
                await stack.enter_async_context(connection.transaction())
                await store.lock(connection, [request])
            now, state = await self._load(connection, [request])
            return (await self._decide_and_write(connection, [request], state, now))[0]

    async def _load(
        self, connection: asyncpg.Connection, requests: Sequence[RedemptionRequest]
    ) -> tuple[datetime, State]:
        now = self._ledger.clock.now()
        return now, await store.load(connection, requests, now, self._known, self._ledger.keys)

    async def _decide_and_write(
        self, connection: asyncpg.Connection, requests: Sequence[RedemptionRequest], state: State, now: datetime
    ) -> list[Answer]:
        failures_before = dict(state.failures)
        decisions = [self._decide(request, state, now) for request in requests]
        changes = _changes(requests, decisions, state, failures_before, now)
        numbers = [] if changes.empty else await store.write(connection, changes)
        return await _answers(connection, decisions, numbers)

    def _decide(self, request: RedemptionRequest, state: State, now: datetime) -> Decision:
        decision = rules.decide(request, state, now, self._ledger.keys)
        rules.apply(request, decision, state, now)
        return decision


def _changes(
    requests: Sequence[RedemptionRequest],
    decisions: Sequence[Decision],
    state: State,
    failures_before: dict[FailureKey, FailureCount],
    now: datetime,
) -> store.Changes:
    frozen = [
        (state.tills[request.bound.token_sha256].merchant_id, request.bound.key)
        for request, decision in zip(requests, decisions, strict=True)
        if isinstance(decision, Sale) or (isinstance(decision, Refused) and decision.frozen)
    ]
    fates = [store.Fate(merchant, key, state.outcomes[merchant, key]) for merchant, key in frozen]
    sales = [decision.approved for decision in decisions if isinstance(decision, Sale)]
    return store.Changes(sales, fates, failures_before, state.failures, now)


async def _answers(
    connection: asyncpg.Connection, decisions: Sequence[Decision], numbers: Sequence[int]
) -> list[Answer]:
    """Give the sales their receipt numbers and look up what is repeated; a repeated answer is the first one again."""
    numbered = iter(numbers)
    repeated = [decision.result_id for decision in decisions if isinstance(decision, Repeat)]
    found = await store.find(connection, repeated) if repeated else {}
    answers: list[Answer] = []
    for decision in decisions:
        match decision:
            case Sale(approved):
                answers.append(Answered(replace(approved.redemption, receipt_number=next(numbered))))
            case Repeat(result_id):
                answers.append(Answered(replace(found[result_id], refunded_cents=0), replayed=True))
            case Refused(refusal, repeated=repeated_before):
                answers.append(Answered(refusal, repeated_before))
    return answers
