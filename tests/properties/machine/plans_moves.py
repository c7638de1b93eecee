"""Steps of two people: returns, the reserve, adjustments, reversals; and time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from ledger.adjustments.actions import (
    approve_move,
    propose_adjustment,
    propose_reserve_loss,
    propose_reserve_made_good,
    propose_return_paid,
    propose_return_request,
    propose_reversal,
)
from ledger.adjustments.model import Leg, Reason
from ledger.approvals.model import Signer
from ledger.sealing.actions import seal
from tests.people import signer
from tests.properties.machine import moves, plans_aid, plans_sales
from tests.properties.machine.asking import Op, same
from tests.properties.machine.books import FUND, IN_TRANSIT, ISSUED, OWES, PAID_OUT, SUSPENSE_EUR, SUSPENSE_POIS
from tests.properties.machine.books import Leg as ModelLeg
from tests.properties.machine.draws import Draw, Scene
from tests.properties.machine.invariants import sealing_faults
from tests.properties.machine.plans_aid import programme

Ask = Callable[[], Awaitable[Any]]


def propose(scene: Scene, draw: Draw) -> Op:
    """One of the kinds that have only one form."""
    kind = draw.choice(["return-requested", "return-paid", "reserve-loss", "reserve-made-good"])
    code, name = programme(scene, draw), draw.who("fay", "tom", "lim", "dual")
    cents = 0 if draw.slips(0.03) else draw.cents(_there(scene, kind), 30_00)
    return _propose(scene, kind, code, cents, name, draw.signer(name))


def _there(scene: Scene, kind: str) -> int:
    """What such a move can take."""
    books = scene.books
    source = {"return-requested": books.pool, "return-paid": books.returning, "reserve-loss": FUND}.get(kind, OWES)
    return books.held(source)


def _propose(scene: Scene, kind: str, code: str, cents: int, name: str, signed: tuple[Signer, bool]) -> Op:
    key, own = signed
    now, of = scene.now, code if kind.startswith("return") else None
    legs = moves.legs_of(scene.books, kind, cents)
    return Op(
        f"{name} proposes {kind} of {cents}",
        _asked(scene, kind, code, cents, key),
        lambda books, told: moves.propose(books, kind, legs, name, own, now, told, of),
    )


def settle(scene: Scene, draw: Draw) -> Iterator[Op]:
    """There and back, each proposed and approved at once by whom it concerns."""
    for kind in draw.choice([("return-requested", "return-paid"), ("reserve-loss", "reserve-made-good")]):
        before, there = set(scene.books.proposals), _there(scene, kind)
        if not there:
            return
        yield _propose(scene, kind, scene.books.code, min(there, draw.randint(1, 9_00)), "fay", (signer("fay"), True))
        for proposal in set(scene.books.proposals) - before:
            yield _approve(scene, proposal, "rex", signer("rex"), own=True)


def seal_books(scene: Scene, _draw: Draw) -> Op:
    """What is finished is sealed, while others write."""
    return Op("seal", lambda: seal(scene.ledger), lambda _books, told: same(told.code, None, "sealing"))


def seal_all(scene: Scene, _draw: Draw) -> Op:
    """Nobody writes: all is sealed then, each fact once."""

    async def ask() -> list[str]:
        await seal(scene.ledger)
        return await sealing_faults(scene.connection)

    return Op("seal all", ask, lambda _books, told: same(told.result, [], "what is not sealed"))


def season(scene: Scene, draw: Draw) -> Iterator[Op]:
    """Weeks later, what nobody spent goes back to the pool; or nobody saw to it yet, and somebody gives back."""
    scene.clock.instant += timedelta(days=draw.choice([10, 21]))
    if draw.slips(0.5):
        yield plans_aid.lapse(scene, draw)
    for _ in range(2):
        yield plans_sales.give_back(scene, draw)


def _asked(scene: Scene, kind: str, code: str, cents: int, key: Signer) -> Ask:
    match kind:
        case "return-requested":
            return lambda: propose_return_request(scene.ledger, code, cents, key)
        case "return-paid":
            return lambda: propose_return_paid(scene.ledger, code, cents, key)
        case "reserve-loss":
            return lambda: propose_reserve_loss(scene.ledger, cents, key)
        case _:
            return lambda: propose_reserve_made_good(scene.ledger, cents, key)


def adjust(scene: Scene, draw: Draw) -> Op:
    legs, name, now = _legs(scene, draw), draw.who("fay", "tom", "lim", "dual"), scene.now
    key, own = draw.signer(name)
    return Op(
        f"{name} proposes to adjust {legs}",
        lambda: propose_adjustment(scene.ledger, [Leg(*leg) for leg in legs], Reason.UNEXPLAINED, key),
        lambda books, told: moves.propose(books, "adjustment", legs, name, own, now, told),
    )


def _legs(scene: Scene, draw: Draw) -> tuple[ModelLeg, ...]:
    """What the books take, mostly: euros alone, or Pois and euros so that the backing holds."""
    held = scene.books.held
    pois = draw.choice([ISSUED, scene.books.pool, scene.books.returning, *_owned(scene, draw)])
    euros = draw.choice([FUND, OWES, IN_TRANSIT, PAID_OUT])
    if draw.slips(0.35):
        return _junk(draw, pois, euros, draw.randint(1, 9_00))
    if pois == ISSUED:
        suspense, account = draw.choice([(SUSPENSE_EUR, FUND), (SUSPENSE_EUR, OWES), (SUSPENSE_POIS, ISSUED)])
        cents = draw.cents(held(account), 9_00) if draw.slips(0.6) else -draw.randint(1, 9_00)
        return (suspense, cents), (account, -cents)
    outside = draw.choice([IN_TRANSIT, PAID_OUT])
    cents = draw.cents(held(outside), 9_00) if draw.slips(0.5) else -draw.cents(held(pois), 9_00)
    return (SUSPENSE_POIS, cents), (pois, -cents), (SUSPENSE_EUR, cents), (outside, -cents)


def _owned(scene: Scene, draw: Draw) -> list[str]:
    """An account of a shop and of a voucher, whatever became of them."""
    siret = draw.choice(list(scene.books.shops))
    vouchers = [one.account for one in scene.books.vouchers.values()]
    return [f"merchant:{siret}", f"merchant:{siret}:converting", draw.one(vouchers, f"merchant:{siret}")]


def _junk(draw: Draw, pois: str, euros: str, cents: int) -> tuple[ModelLeg, ...]:
    return draw.choice(
        [
            ((pois, cents), (pois, -cents)),
            ((SUSPENSE_POIS, cents), (pois, -cents)),
            ((SUSPENSE_POIS, cents), (pois, -cents - 1)),
            ((FUND, cents), (OWES, -cents)),
            ((SUSPENSE_EUR, cents), (euros, -cents)),
            ((SUSPENSE_POIS, cents), ("merchant:1", -cents)),
            ((SUSPENSE_POIS, cents),),
        ]
    )


def reverse(scene: Scene, draw: Draw) -> Op:
    """Take back what can be, mostly."""
    fit = [id_ for id_, one in scene.books.booked.items() if one.kind in moves.REVERSIBLE and not one.reversed]
    chosen = (
        draw.uuid() if draw.slips(0.1) else draw.one(list(scene.books.booked) if draw.slips(0.3) else fit, draw.uuid())
    )
    name, now = draw.who("fay", "tom", "lim", "dual"), scene.now
    key, own = draw.signer(name)
    return Op(
        f"{name} proposes to take back {chosen}",
        lambda: propose_reversal(scene.ledger, chosen, Reason.NEVER_HAPPENED, key),
        lambda books, told: moves.propose_reversal(books, chosen, name, own, now, told),
    )


def approve(scene: Scene, draw: Draw) -> Op:
    proposals = scene.books.proposals.values()
    pending = [one.id for one in proposals if one.state == "pending" and one.kind != "aid-run"]
    everything: list[UUID] = list(scene.books.proposals)
    chosen = draw.one(everything if draw.slips(0.1) else pending, draw.uuid())
    name = draw.who("omar", "rex", "dual")
    if chosen in scene.books.proposals and draw.slips(0.15):  # who proposed it tries, too
        name = scene.books.proposals[chosen].by
    key, own = draw.signer(name)
    return _approve(scene, chosen, name, key, own=own)


def _approve(scene: Scene, chosen: UUID, name: str, key: Signer, *, own: bool) -> Op:
    return Op(
        f"{name} approves {chosen}",
        lambda: approve_move(scene.ledger, chosen, key),
        lambda books, told: moves.approve(books, chosen, name, own, told),
    )
