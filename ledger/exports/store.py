"""The SQL of exports. Everything is read in order through cursors of the server, so that no more than a few rows are
here at a time; as the desk's, this store reads the tables of others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

from sqlalchemy import text

from ledger.calendar import paris_day
from ledger.database.unit_of_work import UnitOfWork
from ledger.exports.model import AccountState, Cover, Entry, Leg, Period

_ROWS_AT_ONCE = 1_000

# Each transaction with the instant of its seal. The seals of an epoch lie end to end, so that the place of an xid is
# found by bisection among their beginnings.
_DATED = """
    WITH era AS (
        SELECT epoch, array_agg(xid_from ORDER BY number) AS beginnings, array_agg(xid_upto ORDER BY number) AS ends,
            array_agg(observed_at ORDER BY number) AS instants
        FROM ledger.seal WHERE xid_from < xid_upto GROUP BY epoch
    ), dated AS (
        SELECT t.*,
            CASE WHEN t.xid < era.ends[seal.place] THEN era.instants[seal.place] END AS sealed_at
        FROM ledger.ledger_transaction AS t
        LEFT JOIN era ON era.epoch = t.epoch
        CROSS JOIN LATERAL (SELECT width_bucket(t.xid, era.beginnings) AS place) AS seal
        WHERE t.booked_on >= coalesce(CAST(:first AS date), '-infinity')
            AND t.booked_on <= coalesce(CAST(:last AS date), 'infinity')
    )
"""
# The merchant whose account it is; a join on either of two columns would compare each row with each merchant.
_HOLDER = """(
        SELECT account_id, name FROM ledger.merchant
        UNION ALL SELECT converting_account_id, name FROM ledger.merchant
    )"""
_COVER = text(f"""
    {_DATED}
    SELECT count(*) AS transactions, count(sealed_at) AS sealed, min(booked_on) AS first_booked,
        max(booked_on) AS last_booked, EXISTS (SELECT FROM ledger.rehearsal) AS rehearsal
    FROM dated
""")  # noqa: S608 - made of constants

# Closing and opening are what the account has now, less what was booked later: not the sum of what is exported, so that
# a reader who adds that up proves the balances of the books.
_STATES = text(f"""
    WITH moved AS (
        SELECT p.account_id, sum(p.amount_cents)::bigint AS since_cents,
            coalesce(sum(p.amount_cents) FILTER (WHERE t.booked_on > CAST(:last AS date)), 0)::bigint AS later_cents,
            bool_or((t.booked_on > CAST(:last AS date)) IS NOT TRUE) AS within
        FROM ledger.ledger_transaction AS t
        INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
        WHERE t.booked_on >= coalesce(CAST(:first AS date), '-infinity')
        GROUP BY p.account_id
    ), state AS (
        SELECT b.account_id, coalesce(m.within, false) AS within,
            b.balance_cents - coalesce(m.since_cents, 0) AS opening_cents,
            b.balance_cents - coalesce(m.later_cents, 0) AS closing_cents
        FROM ledger.balance AS b LEFT JOIN moved AS m ON m.account_id = b.account_id
    )
    SELECT a.name, k.code AS kind, k.asset, m.name AS holder, s.opening_cents, s.closing_cents
    FROM state AS s
    INNER JOIN ledger.account AS a ON a.id = s.account_id
    INNER JOIN ledger.account_kind AS k ON k.id = a.kind
    LEFT JOIN {_HOLDER} AS m ON m.account_id = a.id
    WHERE s.within OR s.opening_cents <> 0
    ORDER BY a.name COLLATE "C"
""")  # noqa: S608 - made of constants
_SEALED_OPENINGS = text(f"""
    {_DATED}, opening AS (
        SELECT p.account_id, sum(p.amount_cents)::bigint AS cents
        FROM dated AS t INNER JOIN ledger.posting AS p ON p.transaction_id = t.id
        WHERE t.sealed_at IS NOT NULL
        GROUP BY p.account_id HAVING sum(p.amount_cents) <> 0
    )
    SELECT a.name, k.code AS kind, k.asset, m.name AS holder, o.cents AS opening_cents, o.cents AS closing_cents
    FROM opening AS o
    INNER JOIN ledger.account AS a ON a.id = o.account_id
    INNER JOIN ledger.account_kind AS k ON k.id = a.kind
    LEFT JOIN {_HOLDER} AS m ON m.account_id = a.id
    ORDER BY a.name COLLATE "C"
""")  # noqa: S608 - made of constants

# A row per posting. Numbers and letters count all that there is, whatever the period; both are final once sealed.
_POSTINGS = f"""
    {_DATED}, entry AS (
        SELECT d.*, CASE WHEN sealed_at IS NOT NULL THEN row_number() OVER (
            PARTITION BY extract(year FROM booked_on), sealed_at IS NULL ORDER BY epoch, xid, id
        ) END AS number
        FROM dated AS d
    ), lettered AS (
        SELECT id, matched_at, row_number() OVER (ORDER BY epoch, xid, id) AS number FROM ledger.match
    )
    SELECT e.id, tk.code AS kind, e.occurred_at, e.booked_on, e.posted_at, e.number, e.sealed_at,
        CASE WHEN sale.id IS NOT NULL THEN sale.receipt_year || '-' || lpad(sale.receipt_number::text, 6, '0') END
            AS receipt,
        coalesce(sale.reference, mandate.number, payout.lot_reference) AS reference, e.posting_count,
        a.name AS account, ak.code AS account_kind, ak.asset, m.name AS holder, p.amount_cents,
        l.number AS match_number, l.matched_at
    FROM entry AS e
    INNER JOIN ledger.transaction_kind AS tk ON tk.id = e.kind
    INNER JOIN ledger.posting AS p ON p.transaction_id = e.id
    INNER JOIN ledger.account AS a ON a.id = p.account_id
    INNER JOIN ledger.account_kind AS ak ON ak.id = a.kind
    LEFT JOIN {_HOLDER} AS m ON m.account_id = a.id
    LEFT JOIN ledger.refund AS refund ON refund.id = e.id
    LEFT JOIN ledger.redemption AS sale ON sale.id = coalesce(refund.redemption_id, e.id)
    LEFT JOIN ledger.funding AS funding ON funding.transaction_id = e.id
    LEFT JOIN ledger.mandate_cancellation AS cancelled ON cancelled.transaction_id = e.id
    LEFT JOIN ledger.mandate AS mandate ON mandate.id = coalesce(funding.mandate_id, cancelled.mandate_id, e.id)
    LEFT JOIN ledger.payout_return AS back ON back.id = e.id
    LEFT JOIN ledger.payout AS payout ON payout.id = coalesce(back.payout_id, e.id)
    LEFT JOIN ledger.reconciled_account_kind AS rk ON rk.kind = a.kind
    LEFT JOIN ledger.live_match_unit AS u ON u.account = rk.account AND u.transaction_id = e.id
    LEFT JOIN lettered AS l ON l.id = u.match_id
    WHERE e.booked_on >= coalesce(CAST(:from_day AS date), '-infinity')
        AND e.booked_on <= coalesce(CAST(:upto_day AS date), 'infinity')
"""  # noqa: S608 - made of constants
_BY_DAYS = text(_POSTINGS + " ORDER BY e.booked_on, e.posted_at, e.id, p.line")
_BY_SEALS = text(_POSTINGS + " AND e.number IS NOT NULL ORDER BY e.epoch, e.xid, e.id, p.line")


async def cover(work: UnitOfWork, period: Period) -> Cover:
    """What there is in a period."""
    found = (await work.run(_COVER, first=period.first, last=period.last)).one()
    return Cover(period, today=paris_day(work.now), **found._asdict())


async def account_states(work: UnitOfWork, period: Period) -> AsyncIterator[AccountState]:
    """The accounts that have an opening balance or move in the period, by name."""
    async for row in _rows(work, _STATES, first=period.first, last=period.last):
        yield AccountState(*row)


async def sealed_openings(work: UnitOfWork, last: date) -> AsyncIterator[AccountState]:
    """The accounts with the balance that the sealed transactions booked until a day leave them, by name; both their
    balances are that one.
    """
    async for row in _rows(work, _SEALED_OPENINGS, first=None, last=last):
        yield AccountState(*row)


async def entries(work: UnitOfWork, period: Period, *, sealed_only: bool) -> AsyncIterator[Entry]:
    """The transactions of a period with their postings: in the order of days, or the sealed ones in that of seals."""
    first = None if period.first is None else period.first.replace(month=1, day=1)
    last = None if period.last is None else period.last.replace(month=12, day=31)
    days = {"first": first, "last": last, "from_day": period.first, "upto_day": period.last}
    facts: tuple[Any, ...] = ()
    legs: list[Leg] = []
    async for row in _rows(work, _BY_SEALS if sealed_only else _BY_DAYS, **days):
        facts = row[:9]
        legs.append(Leg(*row[10:]))
        if len(legs) == row[9]:
            yield Entry(*(*facts, tuple(legs)))
            legs = []
    assert not legs, "a transaction came without all its postings"


async def _rows(work: UnitOfWork, statement: Any, **values: Any) -> AsyncIterator[Any]:
    result = await work.connection.stream(statement, values)
    async for rows in result.partitions(_ROWS_AT_ONCE):
        for row in rows:
            yield row
