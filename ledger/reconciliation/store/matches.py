"""Matches and the matches taken back, as events; and when each break was seen first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Integer, SmallInteger, Text, Uuid, bindparam, text
from sqlalchemy.exc import DBAPIError

from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import MatchedMeanwhile, MonthCertified
from ledger.reconciliation.model import Account, Break, Match, Matched, Statement

_ADD_MATCHES = text("""
    INSERT INTO ledger.match (
        id, account, rule, score, reasons, line_count, unit_count, complete_on, matched_by, matched_at
    )
    SELECT m.id, :account, m.rule, m.score, string_to_array(m.reasons, ' '), m.line_count, m.unit_count,
        m.complete_on, :matched_by, :matched_at
    FROM unnest(:ids, :rules, :scores, :reasons, :line_counts, :unit_counts, :complete_ons)
        AS m (id, rule, score, reasons, line_count, unit_count, complete_on)
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("rules", type_=ARRAY(Text)),
    bindparam("scores", type_=ARRAY(SmallInteger)),
    bindparam("reasons", type_=ARRAY(Text)),
    bindparam("line_counts", type_=ARRAY(Integer)),
    bindparam("unit_counts", type_=ARRAY(Integer)),
    bindparam("complete_ons", type_=ARRAY(Date)),
)
_ADD_MATCH_LINES = text("""
    INSERT INTO ledger.match_line (match_id, statement_id, number)
    SELECT * FROM unnest(:matches, :statements, :numbers)
""").bindparams(
    bindparam("matches", type_=ARRAY(Uuid)),
    bindparam("statements", type_=ARRAY(Uuid)),
    bindparam("numbers", type_=ARRAY(Integer)),
)
_ADD_MATCH_UNITS = text("""
    INSERT INTO ledger.match_unit (match_id, transaction_id, amount_cents)
    SELECT * FROM unnest(:matches, :units, :amounts)
""").bindparams(
    bindparam("matches", type_=ARRAY(Uuid)),
    bindparam("units", type_=ARRAY(Uuid)),
    bindparam("amounts", type_=ARRAY(BigInteger)),
)

# The last day of the last certified month; before all days, where no month is.
_CERTIFIED_UNTIL = text("SELECT coalesce(ledger.certified_until(), '0001-01-01')")
_MATCH_OF = text("""
    SELECT match_id FROM ledger.live_match_line WHERE statement_id = :statement_id AND number = :number
""")
_UNMATCH = text("""
    INSERT INTO ledger.unmatch (match_id, unmatched_by, unmatched_at)
    VALUES (:match_id, :unmatched_by, :unmatched_at)
""")

_MATCHED_LINES = text("""
    SELECT m.rule, count(*) AS lines, sum(abs(l.amount_cents)) AS cents
    FROM ledger.live_match_line AS live
    INNER JOIN ledger.match AS m ON m.id = live.match_id
    INNER JOIN ledger.statement_line AS l USING (statement_id, number)
    WHERE live.statement_id = ANY(:statement_ids) AND m.complete_on <= :last_day
    GROUP BY m.rule
""").bindparams(bindparam("statement_ids", type_=ARRAY(Uuid)))
_MATCHED_UNITS = text("""
    SELECT count(*)
    FROM ledger.live_match_unit AS u
    INNER JOIN ledger.match AS m ON m.id = u.match_id
    WHERE m.complete_on <= :last_day AND u.match_id IN (
        SELECT match_id FROM ledger.live_match_line WHERE statement_id = ANY(:statement_ids)
    )
""").bindparams(bindparam("statement_ids", type_=ARRAY(Uuid)))

_SEE_BREAKS = text("""
    INSERT INTO ledger.break_seen (id, account, category, first_seen_at)
    SELECT b.id, :account, b.category, :first_seen_at FROM unnest(:ids, :categories) AS b (id, category)
    ON CONFLICT (id) DO NOTHING
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("categories", type_=ARRAY(Text)))


async def add_matches(work: UnitOfWork, account: Account, matches: Mapping[UUID, Match], operator_id: UUID) -> None:
    """Matches with their lines and units. Refuses `MatchedMeanwhile` when another run was faster, `MonthCertified`
    when a month was certified meanwhile.
    """
    if not matches:
        return
    line_rows = [(id_, *line.key) for id_, match in matches.items() for line in match.lines]
    unit_rows = [(id_, unit.id, unit.amount_cents) for id_, match in matches.items() for unit in match.units]
    with _refusing_doubles():
        await work.run(
            _ADD_MATCHES,
            account=account.value,
            matched_by=operator_id,
            matched_at=work.now,
            ids=list(matches),
            rules=[match.rule.value for match in matches.values()],
            scores=[match.score for match in matches.values()],
            reasons=[" ".join(match.reasons) for match in matches.values()],
            line_counts=[len(match.lines) for match in matches.values()],
            unit_counts=[len(match.units) for match in matches.values()],
            complete_ons=[match.complete_on for match in matches.values()],
        )
        await work.run(_ADD_MATCH_LINES, **_columns(("matches", "statements", "numbers"), line_rows))
        await work.run(_ADD_MATCH_UNITS, **_columns(("matches", "units", "amounts"), unit_rows))


async def certified_until(work: UnitOfWork) -> date:
    """The last day of the last certified month, `date.min` where none is: matches that were complete by then are
    neither made nor taken back.
    """
    found: date = (await work.run(_CERTIFIED_UNTIL)).scalar_one()
    return found


async def match_of(work: UnitOfWork, statement_id: UUID, number: int) -> UUID | None:
    """The live match that holds a record."""
    found: UUID | None = (await work.run(_MATCH_OF, statement_id=statement_id, number=number)).scalar_one_or_none()
    return found


async def unmatch(work: UnitOfWork, match_id: UUID, operator_id: UUID, period: str) -> None:
    """Take back a match of a line of this month. Refuses `MonthCertified` where it was complete in a certified one."""
    with _refusing_doubles(period=period):
        await work.run(_UNMATCH, match_id=match_id, unmatched_by=operator_id, unmatched_at=work.now)


async def matched(work: UnitOfWork, statement: Statement) -> Matched:
    """How much of a statement was matched on its last day."""
    values = {"statement_ids": list(statement.ids), "last_day": statement.last_day}
    rows = {row.rule: row for row in await work.run(_MATCHED_LINES, **values)}
    postings = (await work.run(_MATCHED_UNITS, **values)).scalar_one()
    return Matched(
        lines=sum(row.lines for row in rows.values()),
        postings=postings,
        cents=int(sum(row.cents for row in rows.values())),
        by_rule={rule: rows[rule].lines for rule in sorted(rows)},
    )


async def see_breaks(work: UnitOfWork, account: Account, breaks: Sequence[Break]) -> None:
    """Remember when each break was seen first; those known keep their day."""
    await work.run(
        _SEE_BREAKS,
        account=account.value,
        first_seen_at=work.now,
        ids=[found.id for found in breaks],
        categories=[found.category.value for found in breaks],
    )


@contextmanager
def _refusing_doubles(**told: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "BPL10":
            raise MatchedMeanwhile from error
        if getattr(error.orig, "sqlstate", None) == "BPL11":
            raise MonthCertified(**told) from error
        raise


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
