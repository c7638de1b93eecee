"""Steps of merchants and of the treasurer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from ledger.conversions import actions
from ledger.conversions.model import Asked
from ledger.merchants.actions import approve_merchant, invite_till, pair_till, revoke_till, suspend_merchant
from ledger.merchants.model import PairedTill, TillSession
from tests.properties.machine import plans_sales, trade
from tests.properties.machine.asking import Op
from tests.properties.machine.books import CIRCULATING, Till, day_of
from tests.properties.machine.draws import Draw, Scene, any_till, bound, new_key, owner_code
from tests.properties.machine.trade import Lot, LotLine, OwnerAsked

_NOBODY = "00000000000000"
_COLUMNS = "lot;date;siret;brut_centimes;commission_centimes;net_centimes"


def shop(scene: Scene, draw: Draw) -> str:
    return _NOBODY if draw.slips(0.03) else draw.choice(list(scene.books.shops))


def _device(scene: Scene, draw: Draw) -> Till:
    """The owner's, of a shop that has money if there is one."""
    shops = scene.books.shops.values()
    rich = [one.siret for one in shops if scene.books.held(one.account) and (one.owner_secret or draw.slips(0.3))]
    return any_till(scene, draw, "merchant", draw.one(rich, None) if not draw.slips(0.15) else None)


def _by_owner(
    scene: Scene, draw: Draw, till: Till, ask: Callable[[TillSession, Asked], Awaitable[Any]]
) -> tuple[Callable[[], Awaitable[Any]], OwnerAsked]:
    """How the owner's device asks, and what the model has to know of it."""
    code, step = owner_code(scene, draw, till.siret)
    asked = OwnerAsked(till.token, *new_key(scene, draw, till.token), step)
    request = Asked(bound(till.token, asked.key, asked.fingerprint), code)

    async def put() -> Any:
        return await ask(await scene.session(till.token), request)

    return put, asked


def convert(scene: Scene, draw: Draw) -> Op:
    till, now = _device(scene, draw), scene.now
    cents = draw.cents(scene.books.held(scene.books.shops[till.siret].account))
    put, asked = _by_owner(
        scene, draw, till, lambda device, asked: actions.request_conversion(scene.ledger, device, asked, cents)
    )
    return Op(f"{till.siret} converts {cents}", put, lambda books, told: trade.convert(books, asked, cents, now, told))


def cancel_own(scene: Scene, draw: Draw) -> Op:
    chosen = _some_conversion(scene, draw)
    found, now = scene.books.conversions.get(chosen), scene.now
    till = any_till(scene, draw, "merchant", found.siret if found and not draw.slips(0.1) else None)
    put, asked = _by_owner(
        scene, draw, till, lambda device, asked: actions.cancel_conversion(scene.ledger, device, asked, chosen)
    )
    return Op(
        f"{till.siret} cancels {chosen}", put, lambda books, told: trade.cancel_own(books, asked, chosen, now, told)
    )


def _some_conversion(scene: Scene, draw: Draw) -> UUID:
    waiting = [one.id for one in scene.books.conversions.values() if one.is_open]
    return draw.one(list(scene.books.conversions) if draw.slips(0.3) else waiting, draw.uuid())


def withdraw(scene: Scene, draw: Draw) -> Op:
    chosen, operator = _some_conversion(scene, draw), draw.who("tom")
    return Op(
        f"withdraw {chosen}",
        lambda: actions.withdraw_conversion(scene.ledger, chosen, operator),
        lambda books, told: trade.withdraw(books, chosen, operator, told),
    )


def pay(scene: Scene, draw: Draw) -> Op:
    till, to, now = _device(scene, draw), shop(scene, draw), scene.now
    away = [one.siret for one in scene.books.shops.values() if one.state != "approved"]
    to = draw.choice(away) if away and draw.slips(0.2) else to
    cents = draw.cents(scene.books.held(scene.books.shops[till.siret].account))
    put, asked = _by_owner(
        scene, draw, till, lambda device, asked: actions.pay_merchant(scene.ledger, device, asked, to, cents)
    )
    return Op(
        f"{till.siret} pays {cents} to {to}", put, lambda books, told: trade.pay(books, asked, to, cents, now, told)
    )


def take_coupons(scene: Scene, draw: Draw) -> Op:
    till, now = _device(scene, draw), scene.now
    cents = _coupons(draw, scene.books.held(scene.books.shops[till.siret].account))
    put, asked = _by_owner(
        scene, draw, till, lambda device, asked: actions.ask_for_coupons(scene.ledger, device, asked, cents)
    )
    return Op(
        f"{till.siret} takes coupons of {cents}",
        put,
        lambda books, told: trade.take_coupons(books, asked, cents, now, told),
    )


def _coupons(draw: Draw, available: int) -> int:
    """Whole Pois, mostly."""
    cents = draw.cents(available // 100 * 100)
    return cents if draw.slips(0.05) else max(cents // 100, 1) * 100


def counter(scene: Scene, draw: Draw) -> Op:
    """Coupons at the association's counter: handed out, brought back, turned into euros."""
    siret, operator, now = shop(scene, draw), draw.who("fay", "tom"), scene.now
    match draw.choice(["out", "back", "converted", "converted"]):
        case "out":
            cents = _coupons(draw, scene.books.held(f"merchant:{siret}"))
            return Op(
                f"hand coupons of {cents} to {siret}",
                lambda: actions.hand_out_coupons(scene.ledger, siret, cents, operator),
                lambda books, told: trade.hand_out(books, siret, cents, operator, told),
            )
        case "back":
            cents = _coupons(draw, scene.books.held(CIRCULATING))
            return Op(
                f"take coupons of {cents} back from {siret}",
                lambda: actions.take_back_coupons(scene.ledger, siret, cents, operator),
                lambda books, told: trade.take_back(books, siret, cents, operator, told),
            )
        case _:
            cents = _coupons(draw, scene.books.held(CIRCULATING))
            return Op(
                f"convert coupons of {cents} for {siret}",
                lambda: actions.convert_coupons(scene.ledger, siret, cents, operator),
                lambda books, told: trade.convert_coupons(books, siret, cents, operator, now, told),
            )


def set_rate(scene: Scene, draw: Draw) -> Op:
    basis_points = 10_001 if draw.slips() else draw.choice([0, 100, 250, 10_000])
    day, operator = day_of(scene.now) - timedelta(days=draw.choice([0, 0, 1, 4])), draw.who("tom")
    return Op(
        f"commission of {basis_points} from {day}",
        lambda: actions.set_commission_rate(scene.ledger, basis_points, operator, day=day),
        lambda books, told: trade.set_rate(books, basis_points, day, operator, told),
    )


def pay_lot(scene: Scene, draw: Draw) -> Op:
    """What the bank carried out; once in a while a file that was seen, or that does not fit."""
    lot = _lot(scene, draw)
    path, operator, now = scene.ground.file("lot.csv"), draw.who("tom"), scene.now
    if lot.readable:
        path.write_text(lot.content, encoding="utf-8")
    return Op(
        f"pay {lot.reference}: {lot.lines}",
        lambda: actions.import_payouts(scene.ledger, path, operator),
        lambda books, told: trade.pay_lot(books, lot, operator, now, told),
    )


def _lot(scene: Scene, draw: Draw) -> Lot:
    waiting = [one for one in scene.books.conversions.values() if one.is_open]
    reference = (
        draw.choice(sorted(scene.books.lots)) if scene.books.lots and draw.slips() else f"LOT-{draw.getrandbits(30)}"
    )
    day = day_of(scene.now) - timedelta(days=draw.choice([0, 0, 1, -1] if draw.slips(0.3) else [0]))
    wrong = int(draw.slips())
    lines = []
    for one in draw.sample(waiting, min(len(waiting), draw.randint(1, 3))):
        commission = one.due * trade.rate_on(scene.books, day) // 10_000 + wrong
        lines.append(LotLine(one.siret, one.due, commission, one.due - commission))
    if not lines:
        lines = [LotLine(draw.choice(list(scene.books.shops)), 100, 2, 98)]
    rows = [f"{reference};{day};{one.siret};{one.gross};{one.commission};{one.net}" for one in lines]
    content = "\n".join([_COLUMNS, *rows]) + "\n"
    return Lot(reference, day, tuple(lines), content, readable=not draw.slips(0.12))


def pay_lot_twice(scene: Scene, draw: Draw) -> list[Op]:
    """The treasurer imports the same file again."""
    first = pay_lot(scene, draw)
    return [first, first]


def send_back(scene: Scene, draw: Draw) -> Op:
    paid = [one for one in scene.books.conversions.values() if one.state == "paid"]
    one, operator = draw.one(paid, None), draw.who("tom")
    siret = shop(scene, draw) if one is None or draw.slips(0.05) else one.siret
    lot = "LOT-0" if one is None or one.lot is None or draw.slips(0.05) else one.lot
    cents = None if one is None or draw.slips(0.5) else one.net + one.commission
    kept = draw.slips(0.4)
    return Op(
        f"bank returned {lot} of {siret}, {cents}, commission {'kept' if kept else 'given back'}",
        lambda: actions.return_payout(scene.ledger, siret, lot, operator, amount_cents=cents, commission_kept=kept),
        lambda books, told: trade.send_back(books, siret, lot, cents, operator, kept=kept, answer=told),
    )


def suspend(scene: Scene, draw: Draw) -> Op:
    """Whoever is suspended comes back sooner than others go."""
    away = [one.siret for one in scene.books.shops.values() if one.state == "suspended"]
    back = bool(away) and not draw.slips(0.1)
    siret, operator = draw.one(away, _NOBODY) if back else shop(scene, draw), draw.who("ana", "fay")
    act = approve_merchant if back else suspend_merchant
    return Op(
        f"{'approve' if back else 'suspend'} {siret}",
        lambda: act(scene.ledger, siret, operator),
        lambda books, told: trade.suspend(books, siret, operator, back=back, answer=told),
    )


def close(scene: Scene, draw: Draw) -> Op:
    """The last two leave if they can; of the others it is asked only while they may not."""
    shops = list(scene.books.shops.values())
    held = [one.siret for one in shops[:-2] if scene.books.held(one.account)]
    siret = _NOBODY if draw.slips(0.05) else draw.choice([*held, shops[-1].siret, shops[-2].siret])
    operator = draw.who("ana", "fay")
    return Op(
        f"close {siret}",
        lambda: actions.close_merchant(scene.ledger, siret, operator),
        lambda books, told: trade.close(books, siret, operator, told),
    )


def new_device(scene: Scene, draw: Draw) -> Op:
    siret, scope, operator = shop(scene, draw), draw.choice(["till", "merchant"]), draw.who("ana", "fay")
    now = scene.now

    async def ask() -> PairedTill:
        invitation = await invite_till(scene.ledger, siret, "till" if scope == "till" else "merchant", operator)
        return await pair_till(scene.ledger, invitation.code)

    return Op(
        f"pair a {scope} of {siret}", ask, lambda books, told: trade.invite(books, siret, scope, operator, now, told)
    )


def lose_device(scene: Scene, draw: Draw) -> Op:
    """Only devices that were added: each shop keeps its first three."""
    added = list(scene.books.tills.values())[3 * len(scene.books.shops) :]
    till_id = draw.uuid() if not added or draw.slips() else draw.choice(added).id
    return _revoke(scene, till_id, draw.who("ana", "fay"))


def _revoke(scene: Scene, till_id: UUID, operator: str) -> Op:
    return Op(
        f"revoke device {till_id}",
        lambda: revoke_till(scene.ledger, till_id, operator),
        lambda books, told: trade.revoke_till(books, till_id, operator, told),
    )


def stolen_device(scene: Scene, draw: Draw) -> Iterator[Op]:
    """A device is retired, and still asks."""
    yield new_device(scene, draw)
    token = list(scene.books.tills)[-1]
    till_id = scene.books.tills[token].id
    if till_id not in {one.id for one in list(scene.books.tills.values())[: 3 * len(scene.books.shops)]}:
        yield _revoke(scene, till_id, "fay")
        yield plans_sales.give_back_at(scene, draw, token)


def guess_pairing(scene: Scene, draw: Draw) -> list[Op]:
    """Somebody types pairing codes that nobody gave out."""
    now = scene.now
    return [
        Op(
            "guess a pairing code",
            lambda: pair_till(scene.ledger, "00000-00000"),
            lambda books, told: trade.guess_pairing(books, now, told),
        )
        for _ in range(draw.choice([1, 1, 21]))
    ]
