"""The desk: every till comes here, and whoever waits while a batch commits goes into the next one.

One unit of work per batch: load (one round trip) → decide (pure, request by request) → write (one round trip).
A batch forms by itself, so an idle desk adds no delay. Two batches in flight never share a merchant or a card.
Reads take no locks: what changed since is found by the write, and the batch is loaded and decided again, once
together, then singly and in the end under locks. A broken connection is treated alike: the keys tell whether the
write had happened.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from ledger.cards.model import FailureCount, FailureKey
from ledger.database.unit_of_work import Ledger
from ledger.errors import InternalError, Refusal, Unavailable
from ledger.programmes.model import Rules
from ledger.redemptions import rules, store
from ledger.redemptions.model import Answered, Redemption, RedemptionRequest, State
from ledger.redemptions.rules import Decision, Refused, Repeat, Sale
from ledger.redemptions.tally import Tally

Answer = Answered[Redemption | Refusal]

_BATCH_MAX = 64
_WAITING_MAX = 1024
_LANES_MAX = 2
_ONE_LANE_UP_TO = 8  # waiting requests: fewer are served faster one batch after another
_SINGLE_TRIES = 6
_PAUSE_MS = 20  # before the second try, at most; doubled for each further one
_RETRY_AFTER_SECONDS = 2

_log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Waiting:
    """A request and whoever waits for its answer."""

    request: RedemptionRequest
    answer: asyncio.Future[Answer]
    occupies: frozenset[Hashable] = field(default_factory=frozenset)


class Desk:
    """Answers redemption requests; one per process. Several processes may share one database."""

    def __init__(self, ledger: Ledger, tally: Tally | None = None) -> None:
        self._ledger = ledger
        self._queue: deque[_Waiting] = deque()
        self._tally = tally or Tally()
        self._tally.queue = self._queue
        self._occupied: set[Hashable] = set()
        self._lanes: set[asyncio.Task[None]] = set()
        self._merchants: dict[bytes, UUID] = {}
        self._rules: dict[UUID, Rules] = {}

    async def redeem(self, request: RedemptionRequest) -> Answer:
        """Decide a redemption and book it. Refusals are answers; only our own faults are `InternalError`
        (the same key may be sent again) and `Unavailable` (full, or the database is away).
        """
        if len(self._queue) >= _WAITING_MAX:
            full: Answer = Answered(Unavailable(retry_after_seconds=_RETRY_AFTER_SECONDS))
            self._tally.answer(full)
            return full
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._start_lanes()
        return await waiting.answer

    async def close(self) -> None:
        """Finish what is in flight."""
        while self._lanes:
            await asyncio.wait(self._lanes)

    def _start_lanes(self) -> None:
        while self._queue and len(self._lanes) < (1 if len(self._queue) <= _ONE_LANE_UP_TO else _LANES_MAX):
            batch = self._next_batch()
            if not batch:
                return
            self._tally.batch(len(batch))
            lane = asyncio.create_task(self._serve(batch))
            self._lanes.add(lane)
            lane.add_done_callback(self._lane_done)

    def _lane_done(self, lane: asyncio.Task[None]) -> None:
        self._lanes.discard(lane)
        self._start_lanes()

    def _next_batch(self) -> list[_Waiting]:
        """Whoever waits and shares no merchant or card with a batch in flight, in order of arrival."""
        batch: list[_Waiting] = []
        passed: list[_Waiting] = []
        while self._queue and len(batch) < _BATCH_MAX:
            waiting = self._queue.popleft()
            waiting.occupies = self._things_of(waiting.request)
            (passed if waiting.occupies & self._occupied else batch).append(waiting)
        self._queue.extendleft(reversed(passed))
        for waiting in batch:
            self._occupied |= waiting.occupies
        return batch

    def _things_of(self, request: RedemptionRequest) -> frozenset[Hashable]:
        token = request.bound.token_sha256
        return frozenset((self._merchants.get(token, token), request.credential.number))

    async def _serve(self, batch: list[_Waiting]) -> None:
        try:
            await self._answer(batch)
        finally:
            for waiting in batch:
                self._occupied -= waiting.occupies

    async def _answer(self, batch: list[_Waiting]) -> None:
        """Together; on a conflict together again; then one by one, so that no request harms its neighbours."""
        for _ in range(2):
            try:
                return self._hand_out(batch, await self._decide_and_write([waiting.request for waiting in batch]))
            except Exception as error:  # noqa: BLE001 - sorted out below, request by request
                if not store.is_conflict(error):
                    break
        for place, waiting in enumerate(batch):
            answer = await self._answer_one(waiting.request)
            self._hand_out([waiting], [answer])
            if isinstance(answer.result, Unavailable):  # the database is away: the others need not find out singly
                return self._hand_out(batch[place + 1 :], [answer] * len(batch[place + 1 :]))
        return None

    async def _answer_one(self, request: RedemptionRequest) -> Answer:
        """Until it is through; from the second time on under locks, else whoever is faster might win each time."""
        for attempt in range(_SINGLE_TRIES):
            try:
                return (await self._decide_and_write([request], locked=attempt > 0))[0]
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

    async def _decide_and_write(self, requests: Sequence[RedemptionRequest], *, locked: bool = False) -> list[Answer]:
        """The unit of work of a batch; `locked`: nobody moves its accounts between load and write."""
        pool = await self._ledger.database.pool()
        async with pool.acquire() as connection:
            if not locked:
                return await self._serve_batch(connection, requests)
            async with connection.transaction():
                await store.lock(connection, requests)
                return await self._serve_batch(connection, requests)

    async def _serve_batch(self, connection: asyncpg.Connection, requests: Sequence[RedemptionRequest]) -> list[Answer]:
        now = self._ledger.clock.now()
        state = await store.load(connection, requests, now, self._rules, self._ledger.keys)
        self._merchants.update((token, till.merchant_id) for token, till in state.tills.items())
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
    fates = [
        store.Fate(
            state.tills[request.bound.token_sha256].merchant_id,
            request.bound.key,
            rules.outcome_of(request.bound, decision),
        )
        for request, decision in zip(requests, decisions, strict=True)
        if isinstance(decision, Sale) or (isinstance(decision, Refused) and decision.frozen)
    ]
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
