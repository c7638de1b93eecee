"""What the model says of merchants' money: conversions, payouts, coupons, payments; and of merchants who leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tests.properties.machine.asking import Told, freeze, repeated, same
from tests.properties.machine.books import (
    CIRCULATING,
    COMMISSION,
    FUND,
    ISSUED,
    PAID_OUT,
    Books,
    Conversion,
    Fate,
    Leg,
    Shop,
    Till,
    day_of,
)
from tests.properties.machine.codes import count, paused, step_of
from tests.properties.machine.sales import at_a_device


@dataclass(frozen=True)
class OwnerAsked:
    """What binds a request of an owner's device; `step`: of the code shown, none where it is not the owner's."""

    token: str
    key: bytes
    fingerprint: bytes
    step: int | None


def _consent(books: Books, siret: str, asked: OwnerAsked, now: datetime) -> str | None:
    """Why the owner's code is not taken; a wrong one is counted."""
    shop, counter = books.shops[siret], ("owner", asked.token)
    if paused(books, [counter], now):
        return "too-many-attempts"
    if shop.owner_secret is None:
        return "owner-code-not-set"
    if asked.step is None or abs(asked.step - step_of(now)) > 1:
        count(books, [counter], now)
        return "code-refused"
    return "code-already-used" if asked.step <= shop.owner_step else None


def _settle(books: Books, siret: str, asked: OwnerAsked, code: str | None, answer: Told) -> bool:
    """Whether the answer is the yes expected; its key has its fate then, and the code is used up."""
    if answer.was(code):
        if code != "too-many-attempts":
            freeze(books, siret, asked.key, Fate(asked.fingerprint, code))
        return False
    assert asked.step is not None
    books.shops[siret].owner_step = asked.step
    freeze(books, siret, asked.key, Fate(asked.fingerprint, None, answer.result.id))
    return True


def _unless_covered(books: Books, account: str, cents: int) -> str | None:
    return "merchant-balance-too-low" if cents > books.held(account) else None


def convert(books: Books, asked: OwnerAsked, cents: int, now: datetime, answer: Told) -> None:
    siret = at_a_device(books, asked.token, answer)
    if siret is None or repeated(books, siret, asked.key, asked.fingerprint, answer):
        return
    shop = books.shops[siret]
    code = _consent(books, siret, asked, now) or _unless_covered(books, shop.account, cents)
    if _settle(books, siret, asked, code, answer):
        books.transfer("conversion-request", shop.account, shop.converting, cents)
        same((answer.result.due_cents, answer.result.state), (cents, "requested"), "conversion")
        books.conversions[answer.result.id] = Conversion(answer.result.id, siret, cents)


def cancel_own(books: Books, asked: OwnerAsked, conversion: UUID, now: datetime, answer: Told) -> None:
    siret = at_a_device(books, asked.token, answer)
    if siret is None or repeated(books, siret, asked.key, asked.fingerprint, answer):
        return
    code = _consent(books, siret, asked, now)
    found = books.conversions.get(conversion)
    if code is None and (found is None or found.siret != siret):
        answer.was("not-found")
        return
    code = code or (None if found and found.is_open else "conversion-not-open")
    if _settle(books, siret, asked, code, answer) and found:
        _cancel(books, found)


def _cancel(books: Books, found: Conversion) -> None:
    shop = books.shops[found.siret]
    books.transfer("conversion-cancelled", shop.converting, shop.account, found.due)
    found.state = "cancelled"


def withdraw(books: Books, conversion: UUID, operator: str, answer: Told) -> None:
    found = books.conversions.get(conversion)
    code = books.bars(operator, "treasurer") or ("unknown-conversion" if found is None else None)
    if not answer.was(code or (None if found and found.is_open else "conversion-not-open")) and found:
        _cancel(books, found)


def pay(books: Books, asked: OwnerAsked, to_siret: str, cents: int, now: datetime, answer: Told) -> None:
    siret = at_a_device(books, asked.token, answer)
    if siret is None:
        return
    if siret == to_siret or to_siret not in books.shops:
        answer.was("invalid-request" if siret == to_siret else "unknown-merchant")
        return
    if repeated(books, siret, asked.key, asked.fingerprint, answer):
        return
    payer, payee = books.shops[siret], books.shops[to_siret]
    code = _consent(books, siret, asked, now) or ("payee-not-active" if payee.state != "approved" else None)
    if _settle(books, siret, asked, code or _unless_covered(books, payer.account, cents), answer):
        same((answer.result.payee_siret, answer.result.amount_cents), (to_siret, cents), "payment")
        books.transfer("merchant-payment", payer.account, payee.account, cents, answer.result.id)


def take_coupons(books: Books, asked: OwnerAsked, cents: int, now: datetime, answer: Told) -> None:
    siret = at_a_device(books, asked.token, answer)
    if siret is None or repeated(books, siret, asked.key, asked.fingerprint, answer):
        return
    account = books.shops[siret].account
    code = _consent(books, siret, asked, now) or ("not-whole-pois" if cents % 100 else None)
    if _settle(books, siret, asked, code or _unless_covered(books, account, cents), answer):
        books.transfer("coupons", account, CIRCULATING, cents, answer.result.id)


def _at_the_counter(books: Books, siret: str, cents: int, operator: str) -> str | None:
    code = books.bars(operator, "finance", "treasurer") or (None if siret in books.shops else "unknown-merchant")
    return code or ("not-whole-pois" if cents % 100 else None)


def hand_out(books: Books, siret: str, cents: int, operator: str, answer: Told) -> None:
    code = _at_the_counter(books, siret, cents, operator)
    if not answer.was(code or _unless_covered(books, books.shops[siret].account, cents)):
        books.transfer("coupons", books.shops[siret].account, CIRCULATING, cents, answer.result.id)


def take_back(books: Books, siret: str, cents: int, operator: str, answer: Told) -> None:
    code = _at_the_counter(books, siret, cents, operator) or _too_few(books, cents)
    code = code or ("merchant-not-active" if books.shops[siret].state == "closed" else None)
    if not answer.was(code):
        books.transfer("coupons-returned", CIRCULATING, books.shops[siret].account, cents, answer.result.id)


def convert_coupons(books: Books, siret: str, cents: int, operator: str, now: datetime, answer: Told) -> None:
    code = _at_the_counter(books, siret, cents, operator) or _too_few(books, cents)
    if answer.was(code or _unless_funded(books, cents)):
        return
    commission = cents * rate_on(books, day_of(now)) // 10_000
    same(answer.result.commission_cents, commission, "commission")
    books.move("coupons-converted", *_euros(CIRCULATING, cents - commission, commission), transaction=answer.result.id)


def _too_few(books: Books, cents: int) -> str | None:
    return "coupons-too-few" if cents > books.held(CIRCULATING) else None


def _unless_funded(books: Books, cents: int) -> str | None:
    """Nothing is paid out of a reserve, nor destroyed of Pois, that are not there."""
    return "account-too-low" if cents > min(books.held(FUND), books.held(ISSUED)) else None


def rate_on(books: Books, day: date) -> int:
    return [basis_points for since, basis_points in books.rates if since <= day][-1]


def _euros(pois: str, net: int, commission: int) -> list[Leg]:
    """Pois destroyed, and euros out of the fund for them."""
    legs = [(pois, net + commission), (ISSUED, -net - commission), (FUND, -net - commission)]
    return legs + [(account, cents) for account, cents in ((PAID_OUT, net), (COMMISSION, commission)) if cents]


def set_rate(books: Books, basis_points: int, day: date, operator: str, answer: Told) -> None:
    code = "bad-value" if not 0 <= basis_points <= 10_000 else books.bars(operator, "treasurer")
    if not answer.was(code):
        books.rates.append((day, basis_points))


@dataclass(frozen=True)
class LotLine:
    siret: str
    gross: int
    commission: int
    net: int


@dataclass(frozen=True)
class Lot:
    """A file of one lot, as the treasurer gives it."""

    reference: str
    paid_on: date
    lines: tuple[LotLine, ...]
    content: str
    readable: bool = True


def pay_lot(books: Books, lot: Lot, operator: str, now: datetime, answer: Told) -> None:
    code = None if lot.readable else "file-unreadable"
    code = code or books.bars(operator, "treasurer")
    code = code or ("file-already-imported" if lot.content in books.files else None)
    chosen = _chosen(books, lot)
    if code is None and (chosen is None or lot.paid_on > day_of(now) or lot.reference in books.lots):
        code = "file-faulty"
    if answer.was(code or _unless_funded(books, sum(line.gross for line in lot.lines))):
        return
    assert chosen is not None
    books.files.add(lot.content)
    books.lots.add(lot.reference)
    for line, conversion in zip(lot.lines, chosen, strict=True):
        books.move("conversion-paid", *_euros(books.shops[line.siret].converting, line.net, line.commission))
        conversion.state, conversion.lot = "paid", lot.reference
        conversion.net, conversion.commission = line.net, line.commission


def _chosen(books: Books, lot: Lot) -> list[Conversion] | None:
    """The conversion that each line pays, the oldest first; nothing where one pays none, or the wrong commission."""
    waiting = [one for one in books.conversions.values() if one.is_open]
    chosen = []
    for line in lot.lines:
        found = next((one for one in waiting if (one.siret, one.due) == (line.siret, line.gross)), None)
        exact = line.gross * rate_on(books, lot.paid_on)
        right = {exact // 10_000, -(-exact // 10_000)}  # a share of what its lot is due, rounded down or up
        if found is None or line.commission not in right or line.commission + line.net != line.gross:
            return None
        waiting.remove(found)
        chosen.append(found)
    return chosen


def send_back(
    books: Books, siret: str, lot: str, cents: int | None, operator: str, *, kept: bool, answer: Told
) -> None:
    """The bank returned a payout."""
    paid = [one for one in books.conversions.values() if (one.siret, one.lot, one.state) == (siret, lot, "paid")]
    fitting = [one for one in paid if cents in {None, one.net + one.commission}]
    code = books.bars(operator, "treasurer") or (None if siret in books.shops else "unknown-merchant")
    ambiguous = not fitting or (len(fitting) > 1 and cents is None)
    code = code or ("unknown-payout" if ambiguous else None)
    code = code or ("not-possible-now" if books.shops[siret].state == "closed" else None)
    given_back = 0 if kept or not fitting else fitting[0].commission
    code = code or (None if fitting and fitting[0].net + given_back else "unknown-payout")
    if code is None and (books.held(PAID_OUT) < fitting[0].net or books.held(COMMISSION) < given_back):
        code = "account-too-low"
    if answer.was(code):
        return
    legs = [(account, -cents) for account, cents in _euros(books.shops[siret].converting, fitting[0].net, given_back)]
    books.move("conversion-returned", *legs)
    fitting[0].state, fitting[0].due = "returned", fitting[0].net + given_back


def suspend(books: Books, siret: str, operator: str, *, back: bool, answer: Told) -> None:
    """Let a merchant take no more Pois, or again."""
    shop = books.shops.get(siret)
    code = books.bars(operator, "agent", "finance", "treasurer") or ("unknown-merchant" if shop is None else None)
    possible = shop and shop.state == ("suspended" if back else "approved")
    if not answer.was(code or (None if possible else "not-possible-now")) and shop:
        shop.state = "approved" if back else "suspended"


def close(books: Books, siret: str, operator: str, answer: Told) -> None:
    shop = books.shops.get(siret)
    code = books.bars(operator) or ("unknown-merchant" if shop is None else None)
    if answer.was(code or (_why_not_empty(books, shop) if shop else None)) or shop is None:
        return
    shop.state = "closed"


def _why_not_empty(books: Books, shop: Shop) -> str | None:
    waiting = any(one.siret == shop.siret and one.is_open for one in books.conversions.values())
    if waiting or books.held(shop.account) or books.held(shop.converting):
        return "merchant-not-empty"
    return "not-possible-now" if shop.state == "closed" else None


def invite(books: Books, siret: str, scope: str, operator: str, now: datetime, answer: Told) -> None:
    """A new device is invited and paired; `answer.result` is the paired one."""
    shop = books.shops.get(siret)
    code = books.bars(operator, "agent", "finance", "treasurer") or ("unknown-merchant" if shop is None else None)
    code = code or ("merchant-not-active" if shop and shop.state != "approved" else None)
    if not answer.was(code or ("too-many-requests" if paused(books, [("pairing",)], now) else None)):
        made = answer.result
        books.tills[made.token] = Till(made.token, siret, scope, made.till_id)


def guess_pairing(books: Books, now: datetime, answer: Told) -> None:
    """Somebody types a pairing code that was never given out."""
    counter = ("pairing",)
    if paused(books, [counter], now):
        answer.was("too-many-requests")
        return
    answer.was("pairing-code-refused")
    count(books, [counter], now)


def revoke_till(books: Books, till_id: UUID, operator: str, answer: Told) -> None:
    till = next((one for one in books.tills.values() if one.id == till_id), None)
    code = books.bars(operator) or ("unknown-till" if till is None else None)
    if not answer.was(code or ("not-possible-now" if till and till.revoked else None)) and till:
        till.revoked = True
