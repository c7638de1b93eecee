"""The two round trips of the hot path. Only here SQL goes straight to asyncpg; only here are others' tables read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import Uuid, bindparam, text

from ledger.books.journal import flatten
from ledger.calendar import paris_day
from ledger.cards.rules import NIL, CardSecrets, FailureCount, FailureKey

from ledger.database.unit_of_work import UnitOfWork
from ledger.programmes.model import Rules, rules_from_json
from ledger.redemptions.model import (
    Approved,
    BalanceRequest,
    Line,
    NewSpending,
    Outcome,
    Page,
    Redemption,
    RedemptionRequest,
    Refund,
    Spending,
    TakenFromVoucher,
    Till,
    VoucherBalance,
)
from ledger.redemptions.rules import CardState, State

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
            array_agg(v.valid_until) AS ends
        FROM ledger.voucher AS v INNER JOIN ledger.balance AS b ON b.account_id = v.account_id
        WHERE v.household_id = c.household_id AND v.valid_until >= $4 AND v.valid_from <= $4
    ) AS v ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(f.scope) AS scopes, array_agg(f.card_id) AS cards, array_agg(f.till_id) AS tills,
            array_agg(f.failures) AS failures, array_agg(f.since) AS since
        FROM ledger.failure_count AS f WHERE f.card_id IN (c.id, $5) AND f.till_id IN (t.id, $5)
    ) AS f ON true
    ORDER BY r.nth
"""

_RULES = "SELECT id, rules::text AS rules FROM ledger.programme_version WHERE id = ANY($1::uuid[])"

_WRITE = """
    SELECT ledger.record_redemptions(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21
    ) AS receipt_numbers, ledger.record_outcomes(
        $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35
    )
"""

_FIND = """
    SELECT r.id, r.merchant_id, r.receipt_year, r.receipt_number, r.reference, r.categories, r.asked_cents,
        r.approved_by_line_cents, r.occurred_at,
        coalesce((SELECT sum(amount_cents) FROM ledger.refund WHERE redemption_id = r.id), 0)::bigint AS refunded_cents
    FROM ledger.redemption AS r
"""
_FIND_IDS = _FIND + " WHERE r.id = ANY($1::uuid[])"

# What another unit of work may have changed since the load: load again, decide again.
CONFLICTS = frozenset({"BPX01", "BPL03", "BPL04", "BPL06", "23505", "23514", "40001", "40P01"})


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
    """Did the connection break, so that nobody knows whether the write happened? Its keys will tell."""
    broken = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError, OSError)
    return isinstance(error, broken)


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


async def write(connection: asyncpg.Connection, changes: Changes) -> list[int]:
    """Book a decided batch: all of it, or an exception and nothing. Returns the receipt numbers in order."""
    numbers = await connection.fetchval(_WRITE, *_redemption_columns(changes.sales), *_outcome_columns(changes))
    return cast(list[int], numbers)


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


_FIND_OWN = text(_FIND + " WHERE r.id = :id AND r.merchant_id = :merchant_id")
_LIST_OWN = text(
    _FIND
    + """ WHERE r.merchant_id = :merchant_id AND r.occurred_at >= :starts AND r.occurred_at < :ends
        AND (r.receipt_year, r.receipt_number) > (:year, :number)
    ORDER BY r.receipt_year, r.receipt_number LIMIT :rows_max"""
)
_OUTCOME = text("""
    SELECT fingerprint, fate, result_id, refusal, facts
    FROM ledger.request_outcome WHERE merchant_id = :merchant_id AND request_key = :key
""")
_KEEP_OUTCOME = text("""
    INSERT INTO ledger.request_outcome
        (merchant_id, request_key, fingerprint, fate, result_id, refusal, facts, decided_at)
    VALUES (:merchant_id, :key, :fingerprint, :fate, :result_id, :refusal, cast(:facts AS jsonb), :decided_at)
    ON CONFLICT DO NOTHING
""")
_TAKEN = text("""
    SELECT p.account_id, sum(p.amount_cents)::bigint AS left_cents, coalesce(s.state, 'active') AS state,
        g.pool_account
    FROM (
        SELECT :redemption_id AS id UNION ALL SELECT id FROM ledger.refund WHERE redemption_id = :redemption_id
    ) AS t
    INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
    INNER JOIN ledger.voucher AS v ON v.account_id = p.account_id
    INNER JOIN ledger.programme_version AS pv ON pv.id = v.programme_version_id
    INNER JOIN ledger.programme AS g ON g.id = pv.programme_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = v.id
    GROUP BY p.account_id, s.state, g.pool_account
    ORDER BY max(p.line) FILTER (WHERE p.transaction_id = :redemption_id) DESC
""").bindparams(bindparam("redemption_id", type_=Uuid))
_ADD_REFUND = text("""
    INSERT INTO ledger.refund (id, redemption_id, till_id, amount_cents, reason, occurred_at)
    VALUES (:id, :redemption_id, :till_id, :amount_cents, :reason, :occurred_at)
""")
_FIND_REFUND = text("""
    SELECT f.id, f.redemption_id, f.amount_cents, f.occurred_at, r.approved_cents - (
        SELECT sum(e.amount_cents) FROM ledger.refund AS e
        INNER JOIN ledger.ledger_transaction AS et ON et.id = e.id
        WHERE e.redemption_id = f.redemption_id AND et.posted_at <= t.posted_at
    )::bigint AS refundable_cents
    FROM ledger.refund AS f
    INNER JOIN ledger.ledger_transaction AS t ON t.id = f.id
    INNER JOIN ledger.redemption AS r ON r.id = f.redemption_id
    WHERE f.id = :id
""")


async def own_redemption(work: UnitOfWork, merchant_id: UUID, redemption_id: UUID) -> Redemption | None:
    """A merchant's own redemption; another's is as if it did not exist."""
    row = (await work.run(_FIND_OWN, id=redemption_id, merchant_id=merchant_id)).mappings().one_or_none()
    return None if row is None else redemption_of(row)


async def own_redemptions(work: UnitOfWork, page: Page) -> list[Redemption]:
    """A page of a merchant's redemptions, in the order of their receipts."""
    rows = await work.run(
        _LIST_OWN,
        merchant_id=page.merchant_id,
        starts=page.starts,
        ends=page.ends,
        year=page.after[0],
        number=page.after[1],
        rows_max=page.rows_max,
    )
    return [redemption_of(row) for row in rows.mappings()]


async def outcome_of_key(work: UnitOfWork, merchant_id: UUID, key: bytes) -> Outcome | None:
    """The one fate of a key, if it has one."""
    row = (await work.run(_OUTCOME, merchant_id=merchant_id, key=key)).one_or_none()
    return None if row is None else Outcome(**row._mapping)


async def keep_outcome(work: UnitOfWork, merchant_id: UUID, key: bytes, outcome: Outcome) -> bool:
    """Settle the fate of a key; `False` where it is settled already (after waiting for whoever is settling it)."""
    facts = None if outcome.facts is None else msgspec.json.encode(outcome.facts).decode()
    result = await work.run(
        _KEEP_OUTCOME,
        merchant_id=merchant_id,
        key=key,
        fingerprint=outcome.fingerprint,
        fate=outcome.fate,
        result_id=outcome.result_id,
        refusal=outcome.refusal,
        facts=facts,
        decided_at=work.now,
    )
    return result.rowcount == 1


async def taken_from_vouchers(work: UnitOfWork, redemption_id: UUID) -> list[TakenFromVoucher]:
    """What each voucher still misses of a sale, the last one taken from first."""
    rows = await work.run(_TAKEN, redemption_id=redemption_id)
    return [TakenFromVoucher(**row._mapping) for row in rows]


async def add_refund(work: UnitOfWork, refund: Refund, till_id: UUID, reason: str) -> None:
    """Record a refund beside its transaction."""
    await work.run(
        _ADD_REFUND,
        id=refund.id,
        redemption_id=refund.redemption_id,
        till_id=till_id,
        amount_cents=refund.amount_cents,
        reason=reason,
        occurred_at=refund.occurred_at,
    )


async def find_refund(work: UnitOfWork, refund_id: UUID) -> Refund:
    """A refund as it was answered: with what was refundable after it."""
    return Refund(**(await work.run(_FIND_REFUND, id=refund_id)).one()._mapping)


def redemption_of(row: Mapping[str, Any]) -> Redemption:
    """A redemption from its row."""
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


def _redemption_columns(sales: Sequence[Approved]) -> list[Any]:
    legs = flatten([sale.transaction for sale in sales])
    lines = [
        (position, line.category, line.amount_cents, approved)
        for position, sale in enumerate(sales, start=1)
        for line, approved in zip(sale.redemption.lines, sale.redemption.approved_by_line, strict=True)
    ]
    steps = [(sale.card_id, sale.step, place) for place, sale in enumerate(sales, start=1) if sale.step is not None]
    spending = [(new.card_id, new.day, new.before_cents, new.after_cents) for new in _spending(sales)]
    return [
        [sale.redemption.id for sale in sales],
        [sale.redemption.occurred_at for sale in sales],
        [sale.redemption.merchant_id for sale in sales],
        [sale.till_id for sale in sales],
        [sale.card_id for sale in sales],
        [sale.redemption.reference for sale in sales],
        *_columns(lines, 4),
        legs.positions,
        legs.accounts,
        legs.amounts,
        legs.versions,
        *_columns(steps, 3),
        *_columns(spending, 4),
    ]


def _spending(sales: Sequence[Approved]) -> list[NewSpending]:
    """Per card its first "before" and its last "after" of the batch."""
    merged: dict[UUID, NewSpending] = {}
    for new in (sale.spending for sale in sales if sale.spending):
        first = merged.get(new.card_id, new)
        merged[new.card_id] = NewSpending(new.card_id, new.day, first.before_cents, new.after_cents)
    return list(merged.values())


def _outcome_columns(changes: Changes) -> list[Any]:
    fates = changes.fates
    wrong = [
        (key.scope, key.card_id, key.till_id, _failures(changes.failures_before, key), count.failures, count.since)
        for key in changes.failures
        for count in (changes.failures_after[key],)
    ]
    return [
        [fate.merchant_id for fate in fates],
        [fate.key for fate in fates],
        [fate.outcome.fingerprint for fate in fates],
        [fate.outcome.fate for fate in fates],
        [fate.outcome.result_id for fate in fates],
        [fate.outcome.refusal for fate in fates],
        [None if fate.outcome.facts is None else msgspec.json.encode(fate.outcome.facts).decode() for fate in fates],
        [changes.now for _ in fates],
        *_columns(wrong, 6),
    ]


def _failures(counts: Mapping[FailureKey, FailureCount], key: FailureKey) -> int:
    return counts[key].failures if key in counts else 0


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
