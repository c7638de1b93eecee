"""The SQL of answers about the past. Sums are made in the database, in one pass over the postings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, TextClause, text

from ledger.books.accounts import AccountKind
from ledger.database.unit_of_work import UnitOfWork
from ledger.reports.model import Line, Moment, Moved

# Whatever was posted up to final_until had been committed before its seal: who sees the seal sees all of it.
_NOW = text("""
    SELECT clock_timestamp() AS now,
        (SELECT nullif(final_until, '-infinity') FROM ledger.seal ORDER BY number DESC LIMIT 1) AS final_until,
        ledger.certified_until() AS certified_until
""")

_BALANCE_AT = text("""
    SELECT k.asset, b.balance_cents, b.version, b.posted_at
    FROM ledger.account AS a
    INNER JOIN ledger.account_kind AS k ON k.id = a.kind
    CROSS JOIN LATERAL ledger.balance_at(a.id, coalesce(CAST(:at AS timestamptz), 'infinity')) AS b
    WHERE a.name = :account
""")
_BALANCE_ON = text("""
    SELECT k.asset, coalesce(sum(p.amount_cents) FILTER (WHERE t.booked_on <= :on), 0)::bigint AS balance_cents,
        NULL AS version, NULL AS posted_at
    FROM ledger.account AS a
    INNER JOIN ledger.account_kind AS k ON k.id = a.kind
    LEFT JOIN ledger.posting AS p ON p.account_id = a.id
    LEFT JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    WHERE a.name = :account
    GROUP BY k.asset
""")

_MOVED = """
    SELECT p.account_id,
        coalesce(sum(p.amount_cents) FILTER (WHERE p.amount_cents > 0), 0)::bigint AS debits_cents,
        coalesce(-sum(p.amount_cents) FILTER (WHERE p.amount_cents < 0), 0)::bigint AS credits_cents,
        sum(p.amount_cents)::bigint AS balance_cents
"""
_MOVED_AT = f"""{_MOVED}
    FROM ledger.posting AS p
    WHERE p.posted_at <= coalesce(CAST(:at AS timestamptz), 'infinity') GROUP BY p.account_id
"""
_MOVED_ON = f"""{_MOVED}
    FROM ledger.posting AS p INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    WHERE t.booked_on <= :on GROUP BY p.account_id
"""
_KINDS = """
    SELECT k.code AS account, k.asset, sum(m.debits_cents)::bigint AS debits_cents,
        sum(m.credits_cents)::bigint AS credits_cents, sum(m.balance_cents)::bigint AS balance_cents
    FROM ({moved}) AS m
    INNER JOIN ledger.account AS a ON a.id = m.account_id
    INNER JOIN ledger.account_kind AS k ON k.id = a.kind
    GROUP BY k.id, k.code, k.asset ORDER BY k.id
"""
_ACCOUNTS = """
    SELECT a.name AS account, k.asset, m.debits_cents, m.credits_cents, m.balance_cents
    FROM ({moved}) AS m
    INNER JOIN ledger.account AS a ON a.id = m.account_id
    INNER JOIN ledger.account_kind AS k ON k.id = a.kind
    ORDER BY k.id, a.id
"""

_PROGRAMMES = text("SELECT code FROM ledger.programme ORDER BY code")
# A voucher without its document, or a pool without its programme, belongs to none: its Pois count in the total.
_HOLDERS = """
    SELECT a.id AS account_id, false AS on_vouchers, g.code AS programme
    FROM ledger.account AS a LEFT JOIN ledger.programme AS g ON g.pool_account = a.id
    WHERE a.kind = :pool
    UNION ALL
    SELECT a.id, true, g.code
    FROM ledger.account AS a
    LEFT JOIN ledger.voucher AS v ON v.account_id = a.id
    LEFT JOIN ledger.programme_version AS pv ON pv.id = v.programme_version_id
    LEFT JOIN ledger.programme AS g ON g.id = pv.programme_id
    WHERE a.kind = :voucher
"""
_AID = """
    SELECT h.programme, h.on_vouchers, k.code AS kind,
        coalesce(sum(p.amount_cents) FILTER (WHERE {by_then}), 0)::bigint AS cents,
        coalesce(sum(p.amount_cents) FILTER (WHERE NOT {by_then}), 0)::bigint AS later_cents
    FROM ({holders}) AS h
    INNER JOIN ledger.posting AS p ON p.account_id = h.account_id
    INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    INNER JOIN ledger.transaction_kind AS k ON k.id = t.kind
    GROUP BY h.programme, h.on_vouchers, k.code
"""
_HELD = text(f"""
    SELECT h.programme, -sum(b.balance_cents)::bigint AS cents
    FROM ({_HOLDERS}) AS h INNER JOIN ledger.balance AS b ON b.account_id = h.account_id
    WHERE h.on_vouchers GROUP BY h.programme
""")  # noqa: S608 - made of constants

# Each statement twice: by instant, where none means now, and by day.
_BALANCE = {"at": _BALANCE_AT, "on": _BALANCE_ON}
_KINDS_MOVED = {"at": text(_KINDS.format(moved=_MOVED_AT)), "on": text(_KINDS.format(moved=_MOVED_ON))}
_ACCOUNTS_MOVED = {"at": text(_ACCOUNTS.format(moved=_MOVED_AT)), "on": text(_ACCOUNTS.format(moved=_MOVED_ON))}
_AID_MOVED = {
    "at": text(
        _AID.format(holders=_HOLDERS, by_then="(t.posted_at <= coalesce(CAST(:at AS timestamptz), 'infinity'))")
    ),
    "on": text(_AID.format(holders=_HOLDERS, by_then="(t.booked_on <= :on)")),
}
_HOLDING_KINDS = {"pool": int(AccountKind.PROGRAMME_POOL), "voucher": int(AccountKind.VOUCHER)}


async def now(work: UnitOfWork) -> tuple[datetime, datetime | None, date | None]:
    """The database's clock; up to which instant nothing can be posted any more, None where nothing is sealed; and up
    to which day nothing can be booked any more, None where no month is certified.
    """
    row = (await work.run(_NOW)).one()
    return row.now, row.final_until, row.certified_until


def _values(moment: Moment) -> tuple[str, dict[str, Any]]:
    """Which of both statements answers about this moment, and its value."""
    return ("at", {"at": moment.at}) if moment.on is None else ("on", {"on": moment.on})


async def balance(work: UnitOfWork, account: str, moment: Moment) -> Row[Any] | None:
    """asset, balance_cents, version, posted_at of an account; nothing where no account has this name."""
    which, values = _values(moment)
    return (await work.run(_BALANCE[which], account=account, **values)).one_or_none()


async def kinds_moved(work: UnitOfWork, moment: Moment) -> tuple[Line, ...]:
    """The kinds of account that had moved, in the order of the chart."""
    return await _lines(work, _KINDS_MOVED, moment)


async def accounts_moved(work: UnitOfWork, moment: Moment) -> tuple[Line, ...]:
    """The accounts that had moved, one by one."""
    return await _lines(work, _ACCOUNTS_MOVED, moment)


async def _lines(work: UnitOfWork, statements: Mapping[str, TextClause], moment: Moment) -> tuple[Line, ...]:
    which, values = _values(moment)
    return tuple(Line(**row._asdict()) for row in await work.run(statements[which], **values))


async def programmes(work: UnitOfWork) -> list[str]:
    """The codes of all programmes."""
    return list((await work.run(_PROGRAMMES)).scalars())


async def aid_moved(work: UnitOfWork, moment: Moment) -> list[Moved]:
    """What was moved on vouchers and pools, by programme and kind of transaction."""
    which, values = _values(moment)
    return [Moved(**row._asdict()) for row in await work.run(_AID_MOVED[which], **_HOLDING_KINDS, **values)]


async def held_cents(work: UnitOfWork) -> dict[str | None, int]:
    """What the vouchers of each programme hold now, as positive centimes."""
    return {row.programme: row.cents for row in await work.run(_HELD, **_HOLDING_KINDS)}
