"""When an answer about the past is final, and the identities that it has to fulfil."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime

from ledger.books.transaction import TransactionKind
from ledger.errors import BadValue
from ledger.reports.model import Aid, Line, Moment, Moved, Reason, Standing, Total

_ISSUE, _REDEMPTION, _REFUND, _LAPSE, _REVOCATION = _OF_THE_LIFE_OF_A_VOUCHER = (
    TransactionKind.ISSUE.code,
    TransactionKind.REDEMPTION.code,
    TransactionKind.REFUND.code,
    TransactionKind.LAPSE.code,
    TransactionKind.REVOCATION.code,
)


def require_past(moment: Moment, now: datetime, today: date) -> None:
    """Refuse `BadValue` for what is still to come: whatever would be answered is about now, under a later date."""
    if moment.at is not None and moment.at > now:
        raise BadValue(field="at", value=moment.at.isoformat(), latest=now.isoformat(), reason="future")
    if moment.on is not None and moment.on > today:
        raise BadValue(field="on", value=moment.on.isoformat(), latest=today.isoformat(), reason="future")


def standing(
    moment: Moment, now: datetime, final_until: datetime | None, certified_until: date | None = None
) -> Standing:
    """Whether an answer is final: an instant once it is sealed, a day once its month is certified.

    A certified month takes no booking any more, but a day of an open one does, however far the seals reach.
    """
    if moment.on is not None:
        final = certified_until is not None and moment.on <= certified_until
        reason = Reason.MONTH_CERTIFIED if final else Reason.MONTH_OPEN
        return Standing(None, moment.on, final, None, reason)
    at = moment.at or now
    final = final_until is not None and at <= final_until
    return Standing(at, None, final, final_until, Reason.SEALED if final else Reason.NOT_SEALED)


def totals(lines: Iterable[Line]) -> tuple[Total, ...]:
    """What the lines add up to, asset by asset."""
    per_asset: dict[str, list[Line]] = {}
    for line in lines:
        per_asset.setdefault(line.asset, []).append(line)
    return tuple(_total(asset, per_asset[asset]) for asset in sorted(per_asset))


def _total(asset: str, lines: Sequence[Line]) -> Total:
    return Total(
        asset,
        sum(line.debits_cents for line in lines),
        sum(line.credits_cents for line in lines),
        sum(max(line.balance_cents, 0) for line in lines),
        sum(max(-line.balance_cents, 0) for line in lines),
    )


def aid_by_programme(codes: Sequence[str], moved: Sequence[Moved], held_cents: Mapping[str | None, int]) -> list[Aid]:
    """Where the Pois of each programme went, and of none, where some stand beside all programmes."""
    holders: list[str | None] = [*codes]
    if None in held_cents or any(one.programme is None for one in moved):
        holders.append(None)
    return [aid(code, [one for one in moved if one.programme == code], held_cents.get(code, 0)) for code in holders]


def aid(programme: str | None, moved: Iterable[Moved], held_cents: int) -> Aid:
    """Where the Pois of one programme went. `held_cents`: the balances of its vouchers now, as positive centimes.

    Each term is read where it left a trace of its own: issued, lapsed and returned from the pool, spent from the
    vouchers, outstanding from their balances less what came since. So a posting that was changed on one side only
    makes the identity fail, though each side adds up by itself.
    """
    vouchers, pool = Counter[str](), Counter[str]()
    for one in moved:
        (vouchers if one.on_vouchers else pool)[one.kind] += one.cents
        held_cents += one.later_cents if one.on_vouchers else 0
    refunded_to_pool_cents = -pool[_REFUND]
    return _compared(
        programme,
        issued_cents=pool[_ISSUE],
        spent_cents=vouchers[_REDEMPTION] + vouchers[_REFUND] - refunded_to_pool_cents,
        lapsed_cents=-pool[_LAPSE],
        returned_cents=refunded_to_pool_cents - pool[_REVOCATION],
        adjusted_cents=sum(cents for kind, cents in vouchers.items() if kind not in _OF_THE_LIFE_OF_A_VOUCHER),
        outstanding_cents=held_cents,
    )


_SUMMED = [field.name for field in fields(Aid) if field.name.endswith("_cents") and field.name != "difference_cents"]


def aid_in_all(programmes: Sequence[Aid]) -> Aid:
    """All programmes together."""
    return _compared(None, **{name: sum(getattr(one, name) for one in programmes) for name in _SUMMED})


def _compared(programme: str | None, *, issued_cents: int, **terms: int) -> Aid:
    difference_cents = issued_cents - sum(terms.values())
    return Aid(programme, issued_cents, **terms, difference_cents=difference_cents, holds=difference_cents == 0)
