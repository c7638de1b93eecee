"""Sends each step to the product and to the model, and holds one against the other.

Steps that run at once may end in any order: one order of them has to explain every answer and every balance.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import permutations

from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.redemptions.desk import Desk
from tests.properties.machine import invariants, plans_aid, plans_moves, plans_sales, plans_trade
from tests.properties.machine.asking import Op, Told, told
from tests.properties.machine.books import Books, Differs
from tests.properties.machine.draws import Draw, Scene
from tests.properties.machine.ground import START, Ground

Single = Callable[[Scene, Draw], Op]
Plan = Callable[[Scene, Draw], Op | Iterable[Op]]

CHECK_EVERY = 40  # steps; and at the end of each life
_SECONDS_MAX = 60  # of one step: more is a deadlock


def _pass_time(scene: Scene, draw: Draw) -> Iterable[Op]:
    """Seconds to days."""
    spans = [timedelta(seconds=31), timedelta(minutes=5), timedelta(minutes=16), timedelta(hours=9)]
    scene.clock.instant += draw.choice([*spans * 3, timedelta(days=1), timedelta(days=4), timedelta(days=11)])
    return ()


def _many(draw: Draw) -> int:
    return draw.choice([2, 2, 3, 4])


# What each of them does, the usual things several times. All but what `ALONE` has may run beside others: it is one
# request, or several whose effects nobody else sees half done.
TILL: dict[str, tuple[Single, int]] = {
    "sell": (plans_sales.sell, 8),
    "refund": (plans_sales.give_back, 4),
    "give up": (plans_sales.give_up, 1),
    "look up": (plans_sales.look_up, 1),
}
OFFICE: dict[str, tuple[Single, int]] = {
    "mandate": (plans_aid.mandate, 1),
    "confirm": (plans_aid.confirm, 1),
    "cancel mandate": (plans_aid.cancel, 2),
    "prepare run": (plans_aid.prepare, 2),
    "approve run": (plans_aid.approve, 2),
    "lapse": (plans_aid.lapse, 1),
    "revoke": (plans_aid.revoke_one, 2),
    "erase": (plans_aid.erase, 2),
    "new card": (plans_sales.new_card, 1),
    "lose card": (plans_sales.lose_card, 2),
}
SHOP: dict[str, tuple[Single, int]] = {
    "convert": (plans_trade.convert, 3),
    "cancel own": (plans_trade.cancel_own, 1),
    "withdraw": (plans_trade.withdraw, 1),
    "pay": (plans_trade.pay, 2),
    "take coupons": (plans_trade.take_coupons, 2),
    "counter": (plans_trade.counter, 4),
    "pay lot": (plans_trade.pay_lot, 2),
    "send back": (plans_trade.send_back, 1),
    "suspend": (plans_trade.suspend, 1),
    "close": (plans_trade.close, 1),
    "lose device": (plans_trade.lose_device, 1),
}
PEOPLE: dict[str, tuple[Single, int]] = {
    "propose": (plans_moves.propose, 2),
    "adjust": (plans_moves.adjust, 4),
    "reverse": (plans_moves.reverse, 2),
    "approve move": (plans_moves.approve, 4),
    "reject": (plans_aid.reject, 1),
    "seal": (plans_moves.seal_books, 2),
}
ALONE: dict[str, tuple[Plan, int]] = {
    "month": (plans_aid.month, 4),
    "register": (plans_aid.register, 2),
    "decide again": (plans_aid.decide_again, 2),
    "change rules": (plans_aid.change_rules, 2),
    "settle": (plans_moves.settle, 2),
    "seal all": (plans_moves.seal_all, 2),
    "set rate": (plans_trade.set_rate, 1),
    "pay lot twice": (plans_trade.pay_lot_twice, 1),
    "new device": (plans_trade.new_device, 2),
    "stolen device": (plans_trade.stolen_device, 1),
    "too late": (plans_sales.too_late, 2),
    "guess": (plans_sales.guess, 1),
    "guess pairing": (plans_trade.guess_pairing, 1),
}
SINGLE = TILL | OFFICE | SHOP | PEOPLE
STEPS: dict[str, Mapping[str, tuple[Plan, int]]] = {
    "at_a_till": TILL,
    "at_the_office": OFFICE,
    "at_a_shop": SHOP,
    "by_two_people": PEOPLE,
    "one_by_one": ALONE,
    "at_once": SINGLE,
    "clumsily": SINGLE,
    "later": {"season": (plans_moves.season, 1), "pass time": (_pass_time, 6)},
}
# How usual each kind of step is.
USUAL = [
    *["at_a_till"] * 5,
    *["at_the_office"] * 2,
    *["at_a_shop"] * 4,
    *["by_two_people"] * 3,
    *["one_by_one"] * 4,
    *["at_once"] * 5,
    *["clumsily"] * 3,
    *["later"] * 2,
]


@dataclass
class Seen:
    """What a whole run came across."""

    steps: int = 0
    requests: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    together: Counter[int] = field(default_factory=Counter)
    failure: BaseException | None = None  # the first one


class Machine:
    """One life of the books: a database of its own and the model beside it."""

    def __init__(self, ground: Ground, seen: Seen) -> None:
        self._ground, self._seen = ground, seen
        self._stack = AsyncExitStack()
        self._done: list[str] = []
        self._taken, self._failed = 0, False
        self.scene: Scene

    async def open(self) -> Machine:
        urls = await self._stack.enter_async_context(self._ground.cloned())
        database = Database.at(urls.app)
        self._stack.push_async_callback(database.aclose)
        connection = await self._stack.enter_async_context(connected(urls.owner))
        clock, books = FixedClock(START), self._ground.fresh_books()
        ledger = Ledger(database, clock, self._ground.keys)
        self.scene = Scene(self._ground, ledger, clock, (Desk(ledger), Desk(ledger)), connection, books, [], [])
        for op in plans_aid.opening(self.scene, Draw("opening")):
            await self._together([op])
        return self

    async def close(self) -> None:
        """A last full check, and what happened goes into the sum."""
        try:
            if not self._failed:
                with self._telling():
                    await self._check()
        finally:
            self._seen.kinds.update(self.scene.books.kinds)
            for desk in self.scene.desks:
                await desk.close()
            await self._stack.aclose()

    async def step(self, name: str, roll: int) -> None:
        """One step; what went before is told with a failure."""
        self._seen.steps += 1
        self._taken += 1
        self._done.append(f"{name}(roll={roll})  # {self.scene.now:%d %b %H:%M:%S}")
        with self._telling():
            async with asyncio.timeout(_SECONDS_MAX):
                # Hypothesis likes some numbers better than others: the place of the step makes them different.
                await self._step(name, Draw(f"{self._taken} {name} {roll}"))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """All steps stand with a failure, and the first failure of a run is kept."""
        try:
            yield
        except BaseException as error:
            self._failed = True
            error.add_note("\n".join(["The steps, the last one failed:", *self._done]))
            self._seen.failure = self._seen.failure or error
            raise

    async def _step(self, name: str, draw: Draw) -> None:
        draw.clumsy = 6 if name == "clumsily" else 1
        if name == "at_once":
            plans = SINGLE if draw.slips(0.6) else TILL | SHOP
            await self._together([self._one_of(plans, draw) for _ in range(_many(draw))])
        else:
            planned = self._plan(STEPS[name], draw)
            for op in [planned] if isinstance(planned, Op) else planned:
                await self._together([op])
        if self._taken % CHECK_EVERY == 0:
            await self._check()

    def _plan(self, plans: Mapping[str, tuple[Plan, int]], draw: Draw) -> Op | Iterable[Op]:
        chosen = draw.choices(list(plans), [weight for _, weight in plans.values()])[0]
        return plans[chosen][0](self.scene, draw)

    def _one_of(self, plans: Mapping[str, tuple[Single, int]], draw: Draw) -> Op:
        planned = self._plan(plans, draw)
        assert isinstance(planned, Op)
        return planned

    async def _together(self, ops: Sequence[Op]) -> None:
        answers = await asyncio.gather(*(told(op.ask()) for op in ops))
        self._done += [f"    # {op.text}: {answer.code or 'yes'}" for op, answer in zip(ops, answers, strict=True)]
        self._seen.requests += len(ops)
        self._seen.together[len(ops)] += 1
        self._seen.refusals.update(answer.code for answer in answers if answer.code is not None)
        connection = self.scene.connection
        balances, kinds = await invariants.balances(connection), await invariants.kinds(connection)
        self.scene.books = explained(self.scene.books, list(zip(ops, answers, strict=True)), balances, kinds)
        broken = await invariants.faults(connection)
        assert not broken, broken

    async def _check(self) -> None:
        violations = await run_checks(self.scene.ledger)
        assert not violations, violations


def explained(books: Books, asked: Sequence[tuple[Op, Told]], balances: dict[str, int], kinds: dict[str, int]) -> Books:
    """The model after some requests in an order that explains every answer and every balance."""
    reasons = []
    for order in permutations(asked):
        after = deepcopy(books)
        try:
            for op, answer in order:
                op.judge(after, answer)
            agree(after, balances, kinds)
        except Differs as reason:
            reasons.append(f"{[op.text for op, _ in order]}: {reason}")
        else:
            return after
    raise Differs("\n".join(["no order explains the answers", *reasons]))


def agree(books: Books, balances: dict[str, int], kinds: dict[str, int]) -> None:
    """The model and the books hold the same, account by account, after as many transactions of each kind."""
    expected = {account: cents for account, cents in books.cents.items() if cents}
    if expected != balances:
        apart = {account for account, _ in expected.items() ^ balances.items()}
        raise Differs(f"balances: {[(name, expected.get(name, 0), balances.get(name, 0)) for name in sorted(apart)]}")
    if books.kinds != Counter(kinds):
        raise Differs(f"transactions: expected {dict(books.kinds)}, found {kinds}")
