"""What the model says of sales, refunds, given up keys, cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tests.properties.machine.asking import Told, freeze, repeated, same
from tests.properties.machine.books import Books, Card, Differs, Fate, Sale, Voucher, day_of
from tests.properties.machine.codes import Shown, card_code, count

REQUEST_AGE_MAX, VOID_AGE_MAX = timedelta(seconds=60), timedelta(minutes=15)
Line = tuple[str, int]


@dataclass(frozen=True)
class SaleAsked:
    """A sale as the till asks for it."""

    id: UUID
    token: str
    key: bytes
    fingerprint: bytes
    shown: Shown
    basket: tuple[Line, ...]
    partial: bool = True
    initiated_at: datetime | None = None


def sell(books: Books, asked: SaleAsked, now: datetime, answer: Told) -> None:
    till = books.tills.get(asked.token)
    if till is None or till.revoked:
        answer.was("unauthorised")
        return
    if till.scope != "till":
        answer.was("out-of-scope", scope=till.scope)
        return
    if repeated(books, till.siret, asked.key, asked.fingerprint, answer):
        return
    if books.shops[till.siret].state != "approved":
        answer.was("merchant-not-active")
        return
    refusal, counters = _refused(books, asked, now)
    if refusal == "too-many-attempts":
        answer.was(refusal)
        return
    count(books, counters, now)
    if refusal is None:
        refusal, taken = _taken(books, asked, now)
        if refusal is None:
            _book_sale(books, asked, till.siret, taken, now, answer)
            return
    answer.was(refusal)
    freeze(books, till.siret, asked.key, Fate(asked.fingerprint, refusal))


def _refused(books: Books, asked: SaleAsked, now: datetime) -> tuple[str | None, list[tuple[object, ...]]]:
    if asked.initiated_at is not None and now - asked.initiated_at > REQUEST_AGE_MAX:
        return "stale-request", []
    return card_code(books, asked.shown, asked.token, now)


def spendable(books: Books, household: UUID, now: datetime) -> list[Voucher]:
    """The vouchers that count today, in the order in which they are taken: the most restricted, the first to end."""
    day = day_of(now)
    own = [one for one in books.vouchers.values() if one.household == household]
    valid = [one for one in own if one.valid_from <= day <= max(one.valid_until, one.last_day)]
    return sorted(valid, key=lambda one: (len(one.rules.eligible), one.last_day, one.serial))


def _taken(books: Books, asked: SaleAsked, now: datetime) -> tuple[str | None, list[Line]]:
    """What each voucher pays. The programme's baskets are nested, so taking greedily is as much as possible."""
    card = books.cards[asked.shown.number]
    vouchers = spendable(books, card.household, now)
    eligible = {category for one in vouchers for category in one.rules.eligible}
    demand = {category: 0 for category, _ in asked.basket if category in eligible}
    for category, cents in asked.basket:
        if category in eligible:
            demand[category] += cents
    wanted = sum(demand.values())
    if vouchers and not wanted:
        return "nothing-eligible", []
    if not any(books.held(one.account) for one in vouchers):
        return "insufficient-balance", []
    cap = _cap(books, card, vouchers, now)
    if cap is not None and cap <= 0:
        return "cap-reached", []
    taken = _greedy(books, vouchers, demand, wanted if cap is None else min(cap, wanted))
    approved = sum(cents for _, cents in taken)
    if approved == 0 or (approved < wanted and not asked.partial):
        return "cap-reached" if approved == cap else "insufficient-balance", []
    return None, taken


def _greedy(books: Books, vouchers: Sequence[Voucher], demand: dict[str, int], limit: int) -> list[Line]:
    """Narrow baskets lie within wide ones: what a narrow voucher pays, it takes from what it may pay only."""
    paid: dict[frozenset[str], int] = {}
    taken = []
    for one in vouchers:
        room = sum(cents for category, cents in demand.items() if category in one.rules.eligible)
        room -= sum(cents for narrow, cents in paid.items() if narrow <= one.rules.eligible)
        cents = min(books.held(one.account), room, limit)
        if cents:
            paid[one.rules.eligible] = paid.get(one.rules.eligible, 0) + cents
            limit -= cents
            taken.append((one.serial, cents))
    return taken


def _cap(books: Books, card: Card, vouchers: Sequence[Voucher], now: datetime) -> int | None:
    if card.kind != "paper":
        return None
    spent = card.spent[1] if card.spent and card.spent[0] == day_of(now) else 0
    rules = [one.rules for one in vouchers if books.held(one.account)]
    return min(min(one.sale_cap, one.day_cap - spent) for one in rules)


def _book_sale(books: Books, asked: SaleAsked, siret: str, taken: list[Line], now: datetime, answer: Told) -> None:
    answer.was(None)
    approved = sum(cents for _, cents in taken)
    same(answer.result.id, asked.id, "id")
    same(answer.result.approved_cents, approved, "approved")
    same(answer.result.remainder_cents, sum(cents for _, cents in asked.basket) - approved, "remainder")
    legs = [(books.vouchers[serial].account, cents) for serial, cents in taken]
    books.move("redemption", *legs, (books.shops[siret].account, -approved), transaction=asked.id)
    card = books.cards[asked.shown.number]
    if card.kind == "phone":
        card.last_step = asked.shown.step
    else:
        before = card.spent[1] if card.spent and card.spent[0] == day_of(now) else 0
        card.spent = (day_of(now), before + approved)
    books.sales[asked.id] = Sale(asked.id, siret, taken, approved, now)
    freeze(books, siret, asked.key, Fate(asked.fingerprint, None, asked.id))


@dataclass(frozen=True)
class RefundAsked:
    token: str
    key: bytes
    fingerprint: bytes
    sale: UUID
    cents: int | None
    void: bool = False


def at_a_device(books: Books, token: str, answer: Told, *, although_suspended: bool = False) -> str | None:
    """The shop of whoever asks with a token, or nothing where it is refused."""
    till = books.tills.get(token)
    if till is None or till.revoked:
        answer.was("unauthorised")
        return None
    if books.shops[till.siret].state != "approved" and not although_suspended:
        answer.was("merchant-not-active")
        return None
    return till.siret


def refund(books: Books, asked: RefundAsked, now: datetime, answer: Told) -> None:
    siret = at_a_device(books, asked.token, answer)
    if siret is None or repeated(books, siret, asked.key, asked.fingerprint, answer):
        return
    sale = books.sales.get(asked.sale)
    if sale is None or sale.siret != siret:
        answer.was("not-found")
        return
    left = sale.approved - sale.refunded
    cents = left if asked.cents is None else asked.cents
    code = _not_voided(sale, now) if asked.void else None
    if code is None and not 0 < cents <= left:
        code = "refund-too-large"
    elif code is None and cents > books.held(books.shops[siret].account):
        code = "merchant-balance-too-low"
    if answer.was(code):
        freeze(books, siret, asked.key, Fate(asked.fingerprint, code))
        return
    same((answer.result.amount_cents, answer.result.refundable_cents), (cents, left - cents), "refund")
    shares = [_give_back(books, serial, share, now) for serial, share in _shares(sale, cents)]
    books.move("refund", (books.shops[siret].account, cents), *shares)
    sale.refunded += cents
    freeze(books, siret, asked.key, Fate(asked.fingerprint, None, answer.result.id))


def _not_voided(sale: Sale, now: datetime) -> str | None:
    """A void is for the whole of a sale that was made just now."""
    if sale.refunded:
        return "already-refunded"
    return "void-too-late" if now - sale.at > VOID_AGE_MAX else None


def _shares(sale: Sale, cents: int) -> list[Line]:
    """In the reverse order of taking, after what was given back before."""
    before, shares = sale.refunded, []
    for serial, taken in reversed(sale.taken):
        gone = min(before, taken)
        before -= gone
        share = min(cents, taken - gone)
        cents -= share
        if share:
            shares.append((serial, share))
    return shares


def _give_back(books: Books, serial: str, cents: int, now: datetime) -> tuple[str, int]:
    """Where a share goes; a voucher that is over comes back for the grace of its programme."""
    voucher, day = books.vouchers[serial], day_of(now)
    if voucher.state == "active" and day <= voucher.last_day:
        return voucher.account, -cents
    if voucher.state == "revoked" or not books.households[voucher.household].active:
        return books.pool, -cents
    if voucher.state == "active":
        end_voucher(books, voucher, "lapse")
    voucher.state, voucher.reopened_until = "active", day + timedelta(days=voucher.rules.grace_days)
    return voucher.account, -cents


def end_voucher(books: Books, voucher: Voucher, kind: str) -> None:
    """One voucher that ends by itself: what is left goes to the pool."""
    left = books.held(voucher.account)
    if left:
        books.transfer(kind, voucher.account, books.pool, left)
    voucher.state = "lapsed" if kind == "lapse" else "revoked"


def abandon(books: Books, token: str, key: bytes, answer: Told) -> None:
    siret = at_a_device(books, token, answer, although_suspended=True)
    if siret is None or answer.was(None):
        return
    fate = books.fates.setdefault((siret, key), Fate(None))
    if fate.fingerprint is None:
        same(answer.result.fate, "abandoned", "fate")
    elif fate.code is not None:
        same((answer.result.fate, answer.result.refusal.code), ("refused", fate.code), "fate")
    else:
        same(answer.result.fate, "approved", "fate")
        told = answer.result.redemption or answer.result.refund
        if told is not None:
            same(told.id, fate.result, "what was approved")


def look_up(books: Books, token: str, shown: Shown, now: datetime, answer: Told) -> None:
    """The balance of a card, asked for at a till."""
    till = books.tills.get(token)
    if till is None or till.revoked:
        answer.was("unauthorised")
        return
    if till.scope != "till":
        answer.was("out-of-scope")
        return
    code, counters = card_code(books, shown, token, now)
    count(books, counters, now)
    if not answer.was(code):
        household = books.cards[shown.number].household
        held = sum(books.held(one.account) for one in spendable(books, household, now))
        same(answer.result.balance_cents, held, "balance of the card")


def add_card(books: Books, household: UUID, kind: str, operator: str, answer: Told) -> None:
    if answer.was(books.bars(operator, "agent") or unknown_household(books, household)):
        return
    _remember_card(books, household, kind, answer)


def unknown_household(books: Books, household: UUID) -> str | None:
    found = books.households.get(household)
    return None if found is not None and found.active else "unknown-household"


def block_card(books: Books, number: int, operator: str, answer: Told) -> None:
    card = books.cards.get(number)
    code = books.bars(operator) or ("unknown-card" if card is None else None)
    if not answer.was(code or ("not-possible-now" if card and card.blocked else None)) and card:
        card.blocked = True


def replace_card(books: Books, number: int, operator: str, answer: Told) -> None:
    """Whoever was erased gets no other card."""
    card = books.cards.get(number)
    code = books.bars(operator, "agent") or ("unknown-card" if card is None else None)
    if answer.was(code or (unknown_household(books, card.household) if card else None)) or card is None:
        return
    card.blocked = True
    _remember_card(books, card.household, card.kind, answer)


def _remember_card(books: Books, household: UUID, kind: str, answer: Told) -> None:
    made = answer.result
    if made.number in books.cards or made.kind != kind:
        raise Differs(f"card {made}")
    books.cards[made.number] = Card(made.number, household, kind, made.secret, made.pin)
