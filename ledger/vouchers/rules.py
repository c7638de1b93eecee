"""Which voucher pays for what, and which takes a refund back. Pure.

First approve as much as possible; then spend the most restricted voucher first, then the one that ends first.
A refund goes the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from ledger.money import share_cents
from ledger.vouchers.model import Refundable, Share


class Spendable(Struct, frozen=True):
    """A voucher as allocation sees it: what is left of it, for which categories, until when."""

    account_id: int
    balance_cents: int
    categories: frozenset[str]
    valid_until: date


class Allocation(Struct, frozen=True):
    """What each voucher pays (in order of taking) and what is approved of each line."""

    taken: tuple[tuple[int, int], ...]
    approved_by_line: tuple[int, ...]

    @property
    def approved_cents(self) -> int:
        return sum(self.approved_by_line)


def allocate(lines: Sequence[tuple[str, int]], vouchers: Sequence[Spendable], limit_cents: int) -> Allocation:
    """Share a basket (category, cents) over vouchers, at most `limit_cents` in all.

    Taking each voucher in the order of preference and enlarging its part as far as re-routing the earlier ones
    allows gives the largest possible total and, among those, the preferred use (augmenting paths: Ford-Fulkerson).
    """
    demand: dict[str, int] = {}
    for category, amount in lines:
        demand[category] = demand.get(category, 0) + amount
    flow = _Flow(demand)
    ordered = sorted(vouchers, key=lambda voucher: (len(voucher.categories), voucher.valid_until, voucher.account_id))
    left = limit_cents
    for voucher in ordered:
        left -= flow.pay(voucher, min(voucher.balance_cents, left))
    taken = flow.taken()
    payers = {account for account, _ in taken}
    return Allocation(taken, _by_line(lines, [voucher for voucher in ordered if voucher.account_id in payers], flow))


def give_back(taken: Sequence[Refundable], amount_cents: int, today: date) -> list[Share]:
    """Share a refund over the vouchers that paid, the last one taken from first."""
    shares, left = [], amount_cents
    for voucher in taken:
        cents = min(left, voucher.missing_cents)
        if cents:
            shares.append(_share(voucher, cents, today))
            left -= cents
    return shares


def _share(voucher: Refundable, cents: int, today: date) -> Share:
    """Onto the voucher while it can be spent; once it is over, onto it with a grace, if anybody can still use it."""
    if voucher.state == "active" and today <= voucher.ends_on:
        return Share(voucher, voucher.account_id, cents)
    if voucher.state == "revoked" or not voucher.holder_active:
        return Share(voucher, voucher.pool_account, cents)
    return Share(voucher, voucher.account_id, cents, today + timedelta(days=voucher.grace_days))


def _by_line(lines: Sequence[tuple[str, int]], payers: Sequence[Spendable], flow: _Flow) -> tuple[int, ...]:
    """The approved part of each line, by largest remainder: over all lines where one set of categories rules."""
    used = {voucher.categories for voucher in payers}
    if len(used) == 1:
        eligible = next(iter(used))
        weights = [amount if category in eligible else 0 for category, amount in lines]
        return tuple(share_cents(sum(flow.paid.values()), weights))
    approved = [0 for _ in lines]
    for category in flow.demand:
        places = [place for place, line in enumerate(lines) if line[0] == category]
        shares = share_cents(flow.paid_for(category), [lines[place][1] for place in places])
        for place, share in zip(places, shares, strict=True):
            approved[place] = share
    return tuple(approved)


class _Flow:
    """Who pays how much of which category; baskets have a handful of both. `open`: what nobody pays yet."""

    def __init__(self, demand: Mapping[str, int]) -> None:
        self.demand = demand
        self.open = dict(sorted(demand.items()))
        self.paid: dict[tuple[int, str], int] = {}
        self.vouchers: dict[int, Spendable] = {}

    def taken(self) -> tuple[tuple[int, int], ...]:
        """Who pays how much in all, in the order of taking."""
        by_voucher = dict.fromkeys(self.vouchers, 0)
        for (account, _), cents in self.paid.items():
            by_voucher[account] += cents
        return tuple((account, cents) for account, cents in by_voucher.items() if cents)

    def paid_for(self, category: str) -> int:
        return self.demand[category] - self.open[category]

    def pay(self, voucher: Spendable, amount_cents: int) -> int:
        """Let a voucher pay as much as possible of an amount; earlier vouchers keep what they pay in all."""
        earlier = bool(self.vouchers)
        self.vouchers[voucher.account_id] = voucher
        left = amount_cents
        for category, open_cents in self.open.items():
            if open_cents and left and category in voucher.categories:
                left -= self._pay(voucher.account_id, category, min(left, open_cents))
        while left and earlier and (path := self._path(voucher.account_id)):
            left -= self._reroute(path, left)
        return amount_cents - left

    def _pay(self, account: int, category: str, cents: int) -> int:
        self.paid[account, category] = self.paid.get((account, category), 0) + cents
        self.open[category] -= cents
        return cents

    def _reroute(self, path: list[tuple[int, str]], cents_max: int) -> int:
        """Along a path: the first voucher takes over what others paid, the last one pays what was open."""
        cents = min([cents_max, self.open[path[-1][1]], *(self.paid[back] for back in path[1::2])])
        for place, (account, category) in enumerate(path):
            self._pay(account, category, cents if place % 2 == 0 else -cents)
        return cents

    def _path(self, account: int) -> list[tuple[int, str]]:
        """Edges from a voucher to a category with room: forward, back along what another pays, and so on."""
        seen: set[str] = set()
        waiting: list[tuple[int, list[tuple[int, str]]]] = [(account, [])]
        while waiting and any(self.open.values()):
            payer, path = waiting.pop(0)
            for category in self.open:
                if category in seen or category not in self.vouchers[payer].categories:
                    continue
                seen.add(category)
                forward = [*path, (payer, category)]
                if self.open[category]:
                    return forward
                others = [other for (other, paid), cents in self.paid.items() if paid == category and cents]
                waiting.extend((other, [*forward, (other, category)]) for other in others if other != payer)
        return []
