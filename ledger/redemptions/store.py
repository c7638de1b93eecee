"""The two round trips of the hot path. Only here SQL goes straight to asyncpg; only here are others' tables read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, cast
from uuid import UUID

import asyncpg
import msgspec

from ledger.books.journal import flatten
from ledger.calendar import paris_day
from ledger.cards.model import NIL, CardSecrets, FailureCount, FailureKey
from ledger.database import connect
from ledger.programmes.model import Rules, rules_from_json
from ledger.redemptions.model import (
    Approved,
    BalanceRequest,
    CardState,
    Line,
    NewSpending,
    Outcome,
    Redemption,
    RedemptionRequest,
    Spending,
    State,
    Till,
    VoucherBalance,
)

_LOAD = """
    SELECT
        t.id AS till_id, t.scope, t.merchant_id, m.account_id AS merchant_account,
        coalesce(ts.state, 'paired') = 'paired' AS till_active,
        coalesce(ms.state, 'approved') = 'approved' AS merchant_active,
        c.id AS card_id, c.kind, c.secret, c.pin_hmac, c.household_id,
        coalesce(cs.state, 'active') <> 'active' AS blocked, coalesce(cc.last_step, 0) AS last_step,
        sp.day, sp.spent_cents,
        v.accounts, v.balances, v.versions, v.programme_versions, v.ends,
        o.fate, o.fingerprint, o.result_id, o.refusal, o.facts::text AS facts,
        f.scopes, f.cards, f.tills, f.failures, f.since
    FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) WITH ORDINALITY AS r (token, key, number, nth)
    LEFT JOIN ledger.till AS t ON t.token_sha256 = r.token
    LEFT JOIN ledger.subject_state AS ts ON ts.subject_id = t.id
    LEFT JOIN ledger.merchant AS m ON m.id = t.merchant_id
    LEFT JOIN ledger.subject_state AS ms ON ms.subject_id = t.merchant_id
    LEFT JOIN ledger.card AS c ON c.number = r.number
    LEFT JOIN ledger.subject_state AS cs ON cs.subject_id = c.id
    LEFT JOIN ledger.card_clock AS cc ON cc.card_id = c.id
    LEFT JOIN ledger.card_spending AS sp ON sp.card_id = c.id
    LEFT JOIN ledger.request_outcome AS o ON o.merchant_id = t.merchant_id AND o.request_key = r.key
    LEFT JOIN LATERAL (
        SELECT array_agg(v.account_id) AS accounts, array_agg(-b.balance_cents) AS balances,
            array_agg(b.version) AS versions, array_agg(v.programme_version_id) AS programme_versions,
            array_agg(v.ends_on) AS ends
        FROM (
            SELECT v.account_id, v.programme_version_id, CASE WHEN v.valid_until >= $4 THEN v.valid_until ELSE (
                SELECT max(r.last_day) FROM ledger.voucher_reopening AS r WHERE r.voucher_id = v.id
            ) END AS ends_on
            FROM ledger.voucher AS v WHERE v.household_id = c.household_id AND v.valid_from <= $4
        ) AS v
        INNER JOIN ledger.balance AS b ON b.account_id = v.account_id
        WHERE v.ends_on >= $4
    ) AS v ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(f.scope) AS scopes, array_agg(f.card_id) AS cards, array_agg(f.till_id) AS tills,
            array_agg(f.failures) AS failures, array_agg(f.since) AS since
        FROM ledger.failure_count AS f WHERE f.card_id IN (c.id, $5) AND f.till_id IN (t.id, $5)
    ) AS f ON true
    ORDER BY r.nth
"""

# Merchants and vouchers in one go, hence in the order of the journal: nobody waits for each other for ever.
_LOCK = """
    SELECT count(*) FROM ledger.lock_balances(ARRAY(
        SELECT m.account_id FROM ledger.till AS t INNER JOIN ledger.merchant AS m ON m.id = t.merchant_id
        WHERE t.token_sha256 = ANY($1::bytea[])
        UNION ALL
        SELECT v.account_id FROM ledger.card AS c INNER JOIN ledger.voucher AS v ON v.household_id = c.household_id
        WHERE c.number = ANY($2::bigint[])
    ))
"""

_RULES = "SELECT id, rules::text AS rules FROM ledger.programme_version WHERE id = ANY($1::uuid[])"

_WRITE = f"SELECT ledger.record_batch({', '.join(f'${place}' for place in range(1, 35))})"

FIND = """
    SELECT r.id, r.merchant_id, r.receipt_year, r.receipt_number, r.reference, r.categories, r.asked_cents,
        r.approved_by_line_cents, r.occurred_at,
        coalesce((SELECT sum(amount_cents) FROM ledger.refund WHERE redemption_id = r.id), 0)::bigint AS refunded_cents
    FROM ledger.redemption AS r
"""
_FIND_IDS = FIND + " WHERE r.id = ANY($1::uuid[])"

# What another unit of work may have changed since the load: load again, decide again.
CONFLICTS = frozenset({"BPX01", "BPL03", "BPL04", "BPL06", "23505", "40001", "40P01"})


@dataclass(frozen=True, slots=True)
class Fate:
    """An outcome to be kept, and whose it is."""

    merchant_id: UUID
    key: bytes
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch adds to the books."""

    sales: Sequence[Approved]
    fates: Sequence[Fate]
    failures_before: Mapping[FailureKey, FailureCount]
    failures_after: Mapping[FailureKey, FailureCount]
    now: datetime

    @property
    def failures(self) -> list[FailureKey]:
        """The counters of wrong codes that moved."""
        return [key for key, count in self.failures_after.items() if self.failures_before.get(key) != count]

    @property
    def empty(self) -> bool:
        return not self.fates and not self.failures


def is_conflict(error: BaseException) -> bool:
    """Did the write find that something changed since the load?"""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in CONFLICTS


def is_disconnect(error: BaseException) -> bool:
    """Did the connection break, or was there none, so that nobody knows what happened? The keys will tell."""
    return isinstance(error, OSError) or connect.is_disconnect(error)


async def load(
    connection: asyncpg.Connection,
    requests: Sequence[RedemptionRequest | BalanceRequest],
    now: datetime,
    rules: dict[UUID, Rules],
) -> State:
    """Read all that a batch needs, as one snapshot. `rules` is a cache of programme versions, which never change."""
    rows = await connection.fetch(
        _LOAD,
        [request.bound.token_sha256 for request in requests],
        [request.bound.key for request in requests],
        [request.credential.number for request in requests],
        paris_day(now),
        NIL,
    )
    state = State(rules=rules)
    for request, row in zip(requests, rows, strict=True):
        _take_row(state, request, row)
    await _load_rules(connection, state)
    return state


async def lock(connection: asyncpg.Connection, requests: Sequence[RedemptionRequest]) -> None:
    """Hold the accounts that these requests may move until the transaction ends."""
    tokens = [request.bound.token_sha256 for request in requests]
    await connection.fetchval(_LOCK, tokens, [request.credential.number for request in requests])


async def write(connection: asyncpg.Connection, changes: Changes) -> list[int]:
    """Book a decided batch: all of it, or an exception and nothing. Returns the receipt numbers in order."""
    columns = (*_sale_columns(changes.sales), *_fate_columns(changes.fates), *_failure_columns(changes))
    return cast("list[int]", await connection.fetchval(_WRITE, changes.now, *columns))


async def try_write(connection: asyncpg.Connection, changes: Changes) -> bool:
    """As `write`; `False` where something changed since the load."""
    try:
        await write(connection, changes)
    except asyncpg.PostgresError as error:
        if not is_conflict(error):
            raise
        return False
    return True


async def find(connection: asyncpg.Connection, ids: Sequence[UUID]) -> dict[UUID, Redemption]:
    """Redemptions by id, with what was refunded of each."""
    return {row["id"]: redemption_of(row) for row in await connection.fetch(_FIND_IDS, list(ids))}


def redemption_of(row: Any) -> Redemption:
    """A redemption from its row, whichever driver brought it."""
    return Redemption(
        id=row["id"],
        merchant_id=row["merchant_id"],
        receipt_year=row["receipt_year"],
        receipt_number=row["receipt_number"],
        reference=row["reference"],
        lines=tuple(map(Line, row["categories"], row["asked_cents"])),
        approved_by_line=tuple(row["approved_by_line_cents"]),
        occurred_at=row["occurred_at"],
        refunded_cents=row["refunded_cents"],
    )


def _take_row(state: State, request: RedemptionRequest | BalanceRequest, row: Mapping[str, Any]) -> None:
    if row["till_id"] is not None:
        state.tills[request.bound.token_sha256] = Till(
            row["till_id"],
            row["scope"],
            row["till_active"],
            row["merchant_id"],
            row["merchant_account"],
            row["merchant_active"],
        )
    if row["fate"] is not None:
        facts = msgspec.json.decode(row["facts"]) if row["facts"] else None
        outcome = Outcome(row["fingerprint"], row["fate"], row["result_id"], row["refusal"], facts)
        state.outcomes[row["merchant_id"], request.bound.key] = outcome
    if row["card_id"] is not None:
        state.cards[request.credential.number] = _card_of(row)
        columns = (row["accounts"], row["balances"], row["versions"], row["programme_versions"], row["ends"])
        vouchers = map(VoucherBalance, *columns) if row["accounts"] else ()
        state.vouchers[row["household_id"]] = {voucher.account_id: voucher for voucher in vouchers}
    if row["scopes"]:
        keys = map(FailureKey, row["scopes"], row["cards"], row["tills"])
        state.failures.update(zip(keys, map(FailureCount, row["failures"], row["since"]), strict=True))


def _card_of(row: Mapping[str, Any]) -> CardState:
    secrets = CardSecrets(row["card_id"], row["kind"], row["secret"], row["pin_hmac"], row["last_step"])
    spending = Spending(row["day"], row["spent_cents"]) if row["day"] else None
    return CardState(secrets, row["household_id"], row["blocked"], spending)


async def _load_rules(connection: asyncpg.Connection, state: State) -> None:
    needed = {voucher.programme_version_id for held in state.vouchers.values() for voucher in held.values()}
    missing = needed - state.rules.keys()
    if missing:
        for row in await connection.fetch(_RULES, list(missing)):
            state.rules[row["id"]] = rules_from_json(row["rules"])


def _sale_columns(sales: Sequence[Approved]) -> list[Any]:
    """Per sale, per line of its basket, per posting, per one-time code, per spending of a paper card."""
    redemptions = [sale.redemption for sale in sales]
    lines = [line for redemption in redemptions for line in redemption.lines]
    last_lines = list(accumulate(len(redemption.lines) for redemption in redemptions))
    legs = flatten([sale.transaction for sale in sales])
    codes = [(place, sale.step) for place, sale in enumerate(sales, start=1) if sale.step is not None]
    spending = [(new.card_id, new.before_cents, new.after_cents) for new in _spending(sales)]
    return [
        [redemption.id for redemption in redemptions],
        [redemption.merchant_id for redemption in redemptions],
        [sale.till_id for sale in sales],
        [sale.card_id for sale in sales],
        [redemption.reference for redemption in redemptions],
        [last - len(redemption.lines) + 1 for redemption, last in zip(redemptions, last_lines, strict=True)],
        last_lines,
        [redemption.basket_cents for redemption in redemptions],
        [redemption.approved_cents for redemption in redemptions],
        [line.category for line in lines],
        [line.amount_cents for line in lines],
        [cents for redemption in redemptions for cents in redemption.approved_by_line],
        legs.positions,
        legs.accounts,
        legs.amounts,
        legs.versions,
        *_columns(codes, 2),
        *_columns(spending, 3),
    ]


def _spending(sales: Sequence[Approved]) -> list[NewSpending]:
    """Per card its first "before" and its last "after" of the batch."""
    merged: dict[UUID, NewSpending] = {}
    for new in (sale.spending for sale in sales if sale.spending):
        first = merged.get(new.card_id, new)
        merged[new.card_id] = NewSpending(new.card_id, new.day, first.before_cents, new.after_cents)
    return list(merged.values())


def _fate_columns(fates: Sequence[Fate]) -> list[Any]:
    outcomes = [fate.outcome for fate in fates]
    return [
        [fate.merchant_id for fate in fates],
        [fate.key for fate in fates],
        [outcome.fingerprint for outcome in outcomes],
        [outcome.result_id for outcome in outcomes],
        [outcome.refusal for outcome in outcomes],
        [None if outcome.facts is None else msgspec.json.encode(outcome.facts).decode() for outcome in outcomes],
    ]


def _failure_columns(changes: Changes) -> list[Any]:
    moved = [
        (key.scope, key.card_id, key.till_id, _failures(changes.failures_before, key), count.failures, count.since)
        for key in changes.failures
        for count in (changes.failures_after[key],)
    ]
    return _columns(moved, 6)


def _failures(counts: Mapping[FailureKey, FailureCount], key: FailureKey) -> int:
    return counts[key].failures if key in counts else 0


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
