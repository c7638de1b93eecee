"""The SQL of remittances: what was not told yet, what was sent, and what the association answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Integer, Row, Text, Uuid, bindparam, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.remittances.model import Answer, Item, Line, LineKind, LineState, Remittance

_TAKE_TURN = text("SELECT pg_advisory_xact_lock(:turn)")
_NEXT_NUMBER = text("SELECT coalesce(max(number), 0) + 1 FROM ledger.remittance")

_ITEM = """
    SELECT s.transaction_id AS id, s.is_sale, s.booked_on, s.occurred_at, s.merchant_id, m.siret,
        m.name AS merchant_name, m.remittance AS wish,
        s.receipt_year, s.receipt_number, s.reference, s.amount_cents
    FROM ledger.remittable AS s INNER JOIN ledger.merchant AS m ON m.id = s.merchant_id
"""
_UNTOLD = text(
    _ITEM
    + """
    WHERE s.booked_on <= :day
        AND NOT EXISTS (SELECT FROM ledger.remittance_item AS i WHERE i.transaction_id = s.transaction_id)
"""
)
_TOLD = text(
    _ITEM.replace("s.amount_cents", "s.amount_cents, i.number, l.kind")
    + """
    INNER JOIN ledger.remittance_item AS i ON i.transaction_id = s.transaction_id
    INNER JOIN ledger.remittance_line AS l ON l.remittance_id = i.remittance_id AND l.number = i.number
    WHERE i.remittance_id = :remittance_id
    ORDER BY i.number, s.occurred_at, s.transaction_id
"""
)

_SELECT = """
    SELECT r.id, r.number, r.first_day, r.last_day, r.line_count, r.item_count, r.control_cents, r.sha256, r.made_at,
        count(*) FILTER (WHERE l.accepted) AS accepted, count(*) FILTER (WHERE NOT l.accepted) AS refused
    FROM ledger.remittance AS r
    INNER JOIN ledger.remittance_line_now AS l ON l.remittance_id = r.id
"""
_ALL = text(_SELECT + " GROUP BY r.id ORDER BY r.number")
_NUMBERED = text(_SELECT + " WHERE r.number = :number GROUP BY r.id")

_ADD = text("""
    INSERT INTO ledger.remittance (
        id, number, first_day, last_day, line_count, item_count, control_cents, sha256, made_by, made_at
    ) VALUES (
        :id, :number, :first_day, :last_day, :line_count, :item_count, :control_cents, :sha256, :made_by, :made_at
    )
""")
_ADD_LINES = text("""
    INSERT INTO ledger.remittance_line (
        remittance_id, number, kind, booked_on, merchant_id, item_count, amount_cents
    )
    SELECT :remittance_id, line.* FROM unnest(:numbers, :kinds, :days, :merchants, :counts, :amounts)
        AS line (number, kind, booked_on, merchant_id, item_count, amount_cents)
""").bindparams(
    bindparam("remittance_id", type_=Uuid),
    bindparam("numbers", type_=ARRAY(Integer)),
    bindparam("kinds", type_=ARRAY(Text)),
    bindparam("days", type_=ARRAY(Date)),
    bindparam("merchants", type_=ARRAY(Uuid)),
    bindparam("counts", type_=ARRAY(Integer)),
    bindparam("amounts", type_=ARRAY(BigInteger)),
)
_ADD_ITEMS = text("""
    INSERT INTO ledger.remittance_item (transaction_id, remittance_id, number)
    SELECT item.id, :remittance_id, item.number FROM unnest(:ids, :numbers) AS item (id, number)
""").bindparams(
    bindparam("remittance_id", type_=Uuid),
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("numbers", type_=ARRAY(Integer)),
)

_STATES = text("""
    SELECT r.number AS remittance_number, l.number AS line_number, l.remittance_id,
        coalesce(l.accepted, false) AS accepted, coalesce(l.nth, 0) AS answers
    FROM unnest(:remittances, :lines) AS wanted (remittance_number, line_number)
    INNER JOIN ledger.remittance AS r ON r.number = wanted.remittance_number
    INNER JOIN ledger.remittance_line_now AS l ON l.remittance_id = r.id AND l.number = wanted.line_number
""").bindparams(bindparam("remittances", type_=ARRAY(Integer)), bindparam("lines", type_=ARRAY(Integer)))
_ADD_ANSWER = text("""
    INSERT INTO ledger.remittance_answer (
        remittance_id, number, nth, accepted, their_reference, code, answered_at, read_by
    ) VALUES (:remittance_id, :number, :nth, :accepted, :their_reference, :code, :answered_at, :read_by)
""")

_TURN = int.from_bytes(b"remittan", "big")


async def take_turn(work: UnitOfWork) -> None:
    """Let one remittance be made, or one acknowledgement be read, at a time."""
    await work.run(_TAKE_TURN, turn=_TURN)


async def next_number(work: UnitOfWork) -> int:
    return int((await work.run(_NEXT_NUMBER)).scalar_one())


async def untold(work: UnitOfWork, day: date) -> list[Item]:
    """The sales and refunds booked until a day that are in no remittance yet."""
    return [Item(**row._asdict()) for row in await work.run(_UNTOLD, day=day)]


async def lines_of(work: UnitOfWork, remittance_id: UUID) -> list[Line]:
    """The lines of a remittance as they were sent."""
    groups: dict[int, list[Row[Any]]] = {}
    for row in await work.run(_TOLD, remittance_id=remittance_id):
        groups.setdefault(row.number, []).append(row)
    return [Line(number, LineKind(rows[0].kind), _items(rows)) for number, rows in groups.items()]


async def remittances(work: UnitOfWork) -> list[Remittance]:
    """All that were made, by number."""
    return [Remittance(**row._asdict()) for row in await work.run(_ALL)]


async def remittance_numbered(work: UnitOfWork, number: int) -> Remittance | None:
    row = (await work.run(_NUMBERED, number=number)).one_or_none()
    return None if row is None else Remittance(**row._asdict())


async def add(work: UnitOfWork, remittance: Remittance, lines: Sequence[Line], operator_id: UUID) -> None:
    """A remittance with its lines and all that they stand for; the database refuses one that does not add up."""
    await work.run(
        _ADD,
        id=remittance.id,
        number=remittance.number,
        first_day=remittance.first_day,
        last_day=remittance.last_day,
        line_count=remittance.line_count,
        item_count=remittance.item_count,
        control_cents=remittance.control_cents,
        sha256=remittance.sha256,
        made_by=operator_id,
        made_at=remittance.made_at,
    )
    await work.run(
        _ADD_LINES,
        remittance_id=remittance.id,
        numbers=[line.number for line in lines],
        kinds=[line.kind.value for line in lines],
        days=[line.booked_on for line in lines],
        merchants=[line.items[0].merchant_id for line in lines],
        counts=[len(line.items) for line in lines],
        amounts=[line.amount_cents for line in lines],
    )
    items = [(item.id, line.number) for line in lines for item in line.items]
    await work.run(
        _ADD_ITEMS,
        remittance_id=remittance.id,
        ids=[id_ for id_, _ in items],
        numbers=[number for _, number in items],
    )


async def line_states(work: UnitOfWork, answers: Iterable[Answer]) -> dict[tuple[int, int], LineState]:
    """The lines that answers speak of, by number of remittance and line; unknown ones are missing."""
    wanted = [(answer.remittance_number, answer.line_number) for answer in answers]
    rows = await work.run(_STATES, remittances=[one for one, _ in wanted], lines=[line for _, line in wanted])
    return {
        (row.remittance_number, row.line_number): LineState(row.remittance_id, row.accepted, row.answers)
        for row in rows
    }


async def add_answers(work: UnitOfWork, answers: Sequence[tuple[Answer, LineState]], operator_id: UUID) -> None:
    """What the association answered, after whatever it had answered before."""
    rows = [
        {
            "remittance_id": state.remittance_id,
            "number": answer.line_number,
            "nth": state.answers + 1,
            "accepted": answer.accepted,
            "their_reference": answer.their_reference,
            "code": answer.code,
            "answered_at": work.now,
            "read_by": operator_id,
        }
        for answer, state in answers
    ]
    await work.run_many(_ADD_ANSWER, rows)


def _items(rows: Iterable[Row[Any]]) -> tuple[Item, ...]:
    names = Item.__slots__
    return tuple(Item(**{name: getattr(row, name) for name in names}) for row in rows)
