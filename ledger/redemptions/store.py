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
from msgspec import Struct
from msgspec.structs import replace

from ledger.books.journal import flatten
from ledger.calendar import paris_day
from ledger.cards.model import NIL, CardSecrets, FailureCount, FailureKey
from ledger.cards.rules import stand_in
from ledger.database import connect
from ledger.keyring import Keyring
from ledger.programmes.model import rules_from_json
from ledger.redemptions.model import (
    Approved,
    BalanceRequest,
    CardState,
    Known,
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

# What never changes is asked once (see `Known`).
_TILLS = """
    SELECT t.token_sha256, t.id, t.scope, true AS active, t.merchant_id, m.account_id AS merchant_account,
        true AS merchant_active
    FROM ledger.till AS t INNER JOIN ledger.merchant AS m ON m.id = t.merchant_id
    WHERE t.token_sha256 = ANY($1::bytea[])
"""
_RULES = "SELECT id, rules::text AS rules FROM ledger.programme_version WHERE id = ANY($1::uuid[])"

# One row of arrays, one snapshot: the cards asked for, what their households may spend today, which keys have had their
# fate, who is no longer active, and the counts of wrong codes. *_of arrays name their request by position.
# LIMIT and OFFSET fence the look-ups: a plan made while a table was empty must not begin with that table when it is
# full.
_LOAD = """
    WITH asked AS MATERIALIZED (
        SELECT a.nth, a.till_id, a.merchant_id, a.key, c.id AS card_id, c.household_id, c.kind, c.secret,
            coalesce((
                SELECT p.pin_hmac FROM ledger.card_pin AS p WHERE p.card_id = c.id ORDER BY p.number DESC LIMIT 1
            ), c.pin_hmac) AS pin_hmac,
            coalesce(cc.last_step, 0) AS last_step, sp.day, sp.spent_cents, coalesce(c.id, a.stand_in) AS counted_for
        FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bigint[], $7::uuid[]) WITH ORDINALITY
            AS a (till_id, merchant_id, key, number, stand_in, nth)
        LEFT JOIN ledger.card AS c ON c.number = a.number
        LEFT JOIN ledger.card_clock AS cc ON cc.card_id = c.id
        LEFT JOIN ledger.card_spending AS sp ON sp.card_id = c.id
    ), spendable AS (
        SELECT v.household_id, v.account_id, -b.balance_cents AS balance_cents, b.version, v.programme_version_id,
            v.ends_on
        FROM (
            SELECT v.household_id, v.account_id, v.programme_version_id,
                CASE WHEN v.valid_until >= $5 THEN v.valid_until ELSE (
                    SELECT max(r.last_day) FROM ledger.voucher_reopening AS r WHERE r.voucher_id = v.id
                ) END AS ends_on
            FROM asked AS a INNER JOIN ledger.voucher AS v ON v.household_id = a.household_id AND v.valid_from <= $5
        ) AS v
        INNER JOIN ledger.balance AS b ON b.account_id = v.account_id
        WHERE v.ends_on >= $5
    ), settled AS (
        SELECT a.nth, o.fate, o.fingerprint, o.result_id, o.refusal, o.facts::text AS facts
        FROM asked AS a CROSS JOIN LATERAL (
            SELECT * FROM ledger.request_outcome AS o
            WHERE o.merchant_id = a.merchant_id AND o.request_key = a.key LIMIT 1
        ) AS o
    ), counted AS (
        SELECT f.* FROM asked AS a CROSS JOIN LATERAL (
            SELECT * FROM ledger.failure_count AS f
            WHERE f.card_id = a.counted_for AND f.till_id IN (a.till_id, $6) OFFSET 0
        ) AS f
        UNION ALL
        SELECT f.* FROM ledger.failure_count AS f WHERE f.card_id = $6 AND f.till_id = ANY($1)
    )
    SELECT asked.*, spendable.*, settled.*, counted.*, ARRAY(
        SELECT s.subject_id FROM ledger.subject_state AS s
        WHERE s.subject_id = ANY($1 || $2 || asked.cards) AND s.state NOT IN ('paired', 'approved', 'active')
    ) AS inactive
    FROM (
        SELECT array_agg(nth) AS card_of, array_agg(card_id) AS cards, array_agg(household_id) AS households,
            array_agg(kind) AS kinds, array_agg(secret) AS secrets, array_agg(pin_hmac) AS pins,
            array_agg(last_step) AS last_steps, array_agg(day) AS days, array_agg(spent_cents) AS spent
        FROM asked
    ) AS asked, (
        SELECT array_agg(household_id) AS holders, array_agg(account_id) AS accounts,
            array_agg(balance_cents) AS balances, array_agg(version) AS versions,
            array_agg(programme_version_id) AS programme_versions, array_agg(ends_on) AS ends
        FROM spendable
    ) AS spendable, (
        SELECT array_agg(nth) AS fate_of, array_agg(fate) AS fates, array_agg(fingerprint) AS fingerprints,
            array_agg(result_id) AS results, array_agg(refusal) AS refusals, array_agg(facts) AS facts
        FROM settled
    ) AS settled, (
        SELECT array_agg(scope) AS scopes, array_agg(card_id) AS failed_cards, array_agg(till_id) AS failed_tills,
            array_agg(failures) AS failures, array_agg(since) AS since
        FROM counted
    ) AS counted
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
_SPENT_MEANWHILE = "balance_keeps_its_side_l4"


class Fate(Struct, frozen=True):
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
    return isinstance(error, asyncpg.PostgresError) and (
        error.sqlstate in CONFLICTS or getattr(error, "constraint_name", None) == _SPENT_MEANWHILE
    )


def is_disconnect(error: BaseException) -> bool:
    """Did the connection break, or was there none, so that nobody knows what happened? The keys will tell."""
    return isinstance(error, OSError) or connect.is_disconnect(error)


async def load(
    connection: asyncpg.Connection,
    requests: Sequence[RedemptionRequest | BalanceRequest],
    now: datetime,
    known: Known,
    keys: Keyring,
) -> State:
    """Read all that a batch needs, as one snapshot."""
    await _load_tills(connection, requests, known)
    tills = [known.tills.get(request.bound.token_sha256) for request in requests]
    row = await connection.fetchrow(
        _LOAD,
        [till.id if till else NIL for till in tills],
        [till.merchant_id if till else NIL for till in tills],
        [request.bound.key for request in requests],
        [request.credential.number for request in requests],
        paris_day(now),
        NIL,
        [stand_in(keys, request.credential.number) for request in requests],
    )
    state = State(rules=known.rules)
    inactive = frozenset(row["inactive"])
    _take_tills(state, requests, tills, inactive)
    _take_cards(state, requests, row, inactive)
    _take_vouchers(state, row)
    _take_outcomes(state, requests, row)
    _take_failures(state, row)
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


def _take_tills(
    state: State,
    requests: Sequence[RedemptionRequest | BalanceRequest],
    tills: Sequence[Till | None],
    inactive: frozenset[UUID],
) -> None:
    for request, till in zip(requests, tills, strict=True):
        if till is not None:
            if till.id in inactive or till.merchant_id in inactive:
                active, approved = till.id not in inactive, till.merchant_id not in inactive
                till = replace(till, active=active, merchant_active=approved)  # noqa: PLW2901
            state.tills[request.bound.token_sha256] = till


def _take_cards(
    state: State,
    requests: Sequence[RedemptionRequest | BalanceRequest],
    row: Mapping[str, Any],
    inactive: frozenset[UUID],
) -> None:
    columns = ("card_of", "cards", "households", "kinds", "secrets", "pins", "last_steps", "days", "spent")
    for nth, card, household, kind, secret, pin, last_step, day, spent in zip(
        *map(row.__getitem__, columns), strict=True
    ):
        if card is not None:
            state.cards[requests[nth - 1].credential.number] = CardState(
                CardSecrets(card, kind, secret, pin, last_step),
                household,
                card in inactive,
                Spending(day, spent) if day else None,
            )
            state.vouchers[household] = {}


def _take_vouchers(state: State, row: Mapping[str, Any]) -> None:
    columns = ("accounts", "balances", "versions", "programme_versions", "ends")
    if row["holders"]:
        vouchers = map(VoucherBalance, *map(row.__getitem__, columns))
        for household, voucher in zip(row["holders"], vouchers, strict=True):
            state.vouchers[household][voucher.account_id] = voucher


def _take_outcomes(
    state: State, requests: Sequence[RedemptionRequest | BalanceRequest], row: Mapping[str, Any]
) -> None:
    columns = ("fate_of", "fates", "fingerprints", "results", "refusals", "facts")
    if row["fate_of"]:
        for nth, fate, fingerprint, result, refusal, facts in zip(*map(row.__getitem__, columns), strict=True):
            bound = requests[nth - 1].bound
            outcome = Outcome(fingerprint, fate, result, refusal, msgspec.json.decode(facts) if facts else None)
            state.outcomes[state.tills[bound.token_sha256].merchant_id, bound.key] = outcome


def _take_failures(state: State, row: Mapping[str, Any]) -> None:
    if row["scopes"]:
        keys = map(FailureKey, row["scopes"], row["failed_cards"], row["failed_tills"])
        state.failures.update(zip(keys, map(FailureCount, row["failures"], row["since"]), strict=True))


async def _load_tills(
    connection: asyncpg.Connection, requests: Sequence[RedemptionRequest | BalanceRequest], known: Known
) -> None:
    missing = {request.bound.token_sha256 for request in requests} - known.tills.keys()
    if missing:
        for token, *till in await connection.fetch(_TILLS, list(missing)):
            known.tills[token] = Till(*till)


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
