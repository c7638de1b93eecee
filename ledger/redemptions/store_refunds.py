"""The SQL of what tills do beside selling: look up, refund, settle the fate of a key. The hot path is in `store`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Uuid, bindparam, text

from ledger.calendar import PARIS
from ledger.database.unit_of_work import UnitOfWork
from ledger.programmes.model import rules_from_json
from ledger.redemptions.model import Movements, Outcome, Page, Redemption, Refund, Totals
from ledger.redemptions.store import FIND, redemption_of
from ledger.vouchers.model import Refundable

_FIND_OWN = text(FIND + " WHERE r.id = :id AND r.merchant_id = :merchant_id")
_LIST_OWN = text(
    FIND
    + """ WHERE r.merchant_id = :merchant_id AND r.occurred_at >= :starts AND r.occurred_at < :ends
        AND (r.receipt_year, r.receipt_number) > (:year, :number)
    ORDER BY r.receipt_year, r.receipt_number LIMIT :rows_max"""
)
# By the till that made the movement. A receipt's year is that of its local day, so one year's receipts are looked at.
_TOTALS = text("""
    SELECT till_id, 'sales' AS kind, count(*) AS movements, sum(approved_cents)::bigint AS cents FROM ledger.redemption
    WHERE merchant_id = :merchant_id AND receipt_year = :year AND occurred_at >= :starts AND occurred_at < :ends
    GROUP BY till_id
    UNION ALL
    SELECT f.till_id, CASE f.reason WHEN 'void' THEN 'voids' ELSE 'refunds' END, count(*), sum(f.amount_cents)::bigint
    FROM ledger.refund AS f INNER JOIN ledger.redemption AS r ON r.id = f.redemption_id
    WHERE r.merchant_id = :merchant_id AND f.occurred_at >= :starts AND f.occurred_at < :ends
    GROUP BY 1, 2
""")
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
_ACCOUNTS = text("""
    SELECT p.account_id FROM ledger.posting AS p INNER JOIN ledger.redemption AS r ON r.id = p.transaction_id
    WHERE r.id = :id AND r.merchant_id = :merchant_id
""")
# Every refund goes back in the reverse order of taking, wherever its shares ended: so the sum of all refunds tells
# what each voucher still misses.
_TAKEN = text("""
    SELECT t.voucher_id, t.account_id, g.pool_account, coalesce(s.state, 'active') AS state,
        least(t.taken_cents, greatest(t.last_taken_cents - f.refunded_cents, 0))::bigint AS missing_cents,
        -b.balance_cents AS balance_cents, t.ends_on, pv.rules::text AS rules,
        coalesce(hs.state, 'active') = 'active' AS holder_active
    FROM (
        SELECT v.id AS voucher_id, v.account_id, v.household_id, v.programme_version_id,
            p.amount_cents AS taken_cents, sum(p.amount_cents) OVER (ORDER BY p.line DESC) AS last_taken_cents, p.line,
            coalesce(
                (SELECT max(r.last_day) FROM ledger.voucher_reopening AS r WHERE r.voucher_id = v.id), v.valid_until
            ) AS ends_on
        FROM ledger.posting AS p INNER JOIN ledger.voucher AS v ON v.account_id = p.account_id
        WHERE p.transaction_id = :redemption_id
    ) AS t
    CROSS JOIN (
        SELECT coalesce(sum(amount_cents), 0) AS refunded_cents FROM ledger.refund WHERE redemption_id = :redemption_id
    ) AS f
    INNER JOIN ledger.balance AS b ON b.account_id = t.account_id
    INNER JOIN ledger.programme_version AS pv ON pv.id = t.programme_version_id
    INNER JOIN ledger.programme AS g ON g.id = pv.programme_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = t.voucher_id
    LEFT JOIN ledger.subject_state AS hs ON hs.subject_id = t.household_id
    ORDER BY t.line DESC
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


async def totals_by_till(work: UnitOfWork, merchant_id: UUID, day: date) -> dict[UUID, Totals]:
    """What each till of a merchant did on a local day."""
    starts, ends = (datetime.combine(one, time.min, PARIS) for one in (day, day + timedelta(days=1)))
    rows = await work.run(_TOTALS, merchant_id=merchant_id, year=day.year, starts=starts, ends=ends)
    found: dict[UUID, Totals] = {}
    for row in rows:
        one = Totals(**{row.kind: Movements(row.movements, row.cents)})
        found[row.till_id] = found.get(row.till_id, Totals()) + one
    return found


async def outcome_of_key(work: UnitOfWork, merchant_id: UUID, key: bytes) -> Outcome | None:
    """The one fate of a key, if it has one."""
    row = (await work.run(_OUTCOME, merchant_id=merchant_id, key=key)).one_or_none()
    return None if row is None else Outcome(**row._asdict())


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


async def accounts_of_sale(work: UnitOfWork, merchant_id: UUID, redemption_id: UUID) -> list[int]:
    """The accounts that a merchant's own sale moved."""
    return list((await work.run(_ACCOUNTS, id=redemption_id, merchant_id=merchant_id)).scalars())


async def taken_from_vouchers(work: UnitOfWork, redemption_id: UUID) -> list[Refundable]:
    """What each voucher still misses of a sale, the last one taken from first."""
    return [_refundable(row._asdict()) for row in await work.run(_TAKEN, redemption_id=redemption_id)]


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


async def find_refund(work: UnitOfWork, refund_id: UUID) -> Refund | None:
    """A refund as it was answered: with what was refundable after it."""
    row = (await work.run(_FIND_REFUND, id=refund_id)).one_or_none()
    return None if row is None else Refund(**row._asdict())


def _refundable(columns: dict[str, Any]) -> Refundable:
    rules = rules_from_json(columns.pop("rules"))
    return Refundable(**columns, grace_days=rules.validity.grace_days)
