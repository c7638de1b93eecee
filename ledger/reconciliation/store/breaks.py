"""The SQL of a break's life: when it was seen, what people did about it, what it is tied to. Words lie in identity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Integer, LargeBinary, Row, Text, Uuid, bindparam, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.identifiers import new_event_id
from ledger.keyring import same
from ledger.reconciliation.model import Account, Break, Category
from ledger.reconciliation.model.breaks import (
    BreakEvent,
    Course,
    Deed,
    Item,
    Resolution,
    Tie,
    Told,
    items_of,
)
from ledger.subject_keys import SubjectKey

_HMAC_USE = b"break-comment"

_ITEMS = (
    bindparam("breaks", type_=ARRAY(Uuid)),
    bindparam("items", type_=ARRAY(Uuid)),
    bindparam("numbers", type_=ARRAY(Integer)),
)
_SEE_ITEMS = text("""
    INSERT INTO ledger.break_item (break_id, item, number)
    SELECT * FROM unnest(:breaks, :items, :numbers) AS i (break_id, item, number)
    ON CONFLICT DO NOTHING
""").bindparams(*_ITEMS)
# Each break asked for, and those of the same account that were about something of the same.
_KIN = text("""
    SELECT DISTINCT asked.break_id, seen.id AS kin, seen.first_seen_at
    FROM unnest(:breaks, :items, :numbers) AS asked (break_id, item, number)
    INNER JOIN ledger.break_item AS i ON i.item = asked.item AND i.number = asked.number
    INNER JOIN ledger.break_seen AS seen ON seen.id = i.break_id AND seen.account = :account
    UNION
    SELECT asked.break_id, seen.id, seen.first_seen_at
    FROM unnest(:breaks) AS asked (break_id)
    INNER JOIN ledger.break_seen AS seen ON seen.id = asked.break_id AND seen.account = :account
""").bindparams(*_ITEMS)
_EVENTS = text("""
    SELECT e.id, e.break_id, e.nth, e.kind, maker.name AS made_by, e.made_at, owner.name AS owner, e.due_on, e.reason,
        e.erases, e.comment_hmac, w.wrapped_key, w.comment
    FROM ledger.break_event AS e
    INNER JOIN ledger.operator AS maker ON maker.id = e.made_by
    LEFT JOIN ledger.operator AS owner ON owner.id = e.owner_id
    LEFT JOIN identity.break_comment AS w ON w.event_id = e.id AND :with_words
    WHERE e.break_id = ANY(:ids) ORDER BY e.made_at, e.break_id, e.nth
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_RESOLUTIONS = text("""
    SELECT r.break_id, p.number, r.course, r.due_on, r.value_cents, r.transaction_id, r.reverses_id,
        maker.name AS prepared_by, p.prepared_at, checker.name AS decided_by,
        coalesce(a.approved_at, j.rejected_at) AS decided_at, back.transaction_id AS reversed_by,
        CASE WHEN a.id IS NOT NULL THEN 'approved' WHEN j.id IS NOT NULL THEN 'rejected' ELSE 'pending' END AS state
    FROM (
        SELECT break_id, proposal_id, 'they-correct' AS course, due_on, value_cents, NULL::uuid AS transaction_id,
            NULL::uuid AS reverses_id
        FROM ledger.break_claim WHERE break_id = ANY(:ids)
        UNION ALL
        SELECT m.break_id, m.proposal_id, CASE m.reason WHEN 'written-off' THEN 'write-off' ELSE 'we-correct' END,
            NULL, p.amount_cents, m.transaction_id, m.reverses_id
        FROM ledger.proposed_move AS m INNER JOIN ledger.proposal AS p ON p.id = m.proposal_id
        WHERE m.break_id = ANY(:ids)
    ) AS r
    INNER JOIN ledger.proposal AS p ON p.id = r.proposal_id
    INNER JOIN ledger.operator AS maker ON maker.id = p.prepared_by
    LEFT JOIN ledger.approval AS a ON a.proposal_id = p.id
    LEFT JOIN ledger.rejection AS j ON j.proposal_id = p.id
    LEFT JOIN ledger.operator AS checker ON checker.id = coalesce(a.approved_by, j.rejected_by)
    LEFT JOIN ledger.reversal AS back ON back.reverses_id = r.transaction_id
    ORDER BY p.number
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_TIES = text("""
    SELECT m.id, m.rule, m.matched_at, o.name AS matched_by, u.unmatched_at, x.name AS unmatched_by
    FROM ledger.match AS m
    INNER JOIN ledger.operator AS o ON o.id = m.matched_by
    LEFT JOIN ledger.unmatch AS u ON u.match_id = m.id
    LEFT JOIN ledger.operator AS x ON x.id = u.unmatched_by
    WHERE m.account = :account AND m.id IN (
        SELECT l.match_id FROM ledger.match_line AS l
        INNER JOIN unnest(:items, :numbers) AS i (item, number) ON l.statement_id = i.item AND l.number = i.number
        UNION
        SELECT t.match_id FROM ledger.match_unit AS t
        INNER JOIN unnest(:items, :numbers) AS i (item, number) ON t.transaction_id = i.item AND i.number = 0
    )
    ORDER BY m.matched_at, m.id
""").bindparams(*_ITEMS[1:])
_LIKE = text("""
    SELECT id FROM ledger.break_seen
    WHERE account = :account AND replace(id::text, '-', '') LIKE :prefix || '%' ORDER BY id LIMIT 10
""")
_ITEMS_OF = text("""
    SELECT s.category, i.item, i.number
    FROM ledger.break_seen AS s INNER JOIN ledger.break_item AS i ON i.break_id = s.id WHERE s.id = :id
""")
_ADD_EVENT = text("""
    INSERT INTO ledger.break_event (
        id, break_id, nth, kind, owner_id, due_on, reason, comment_hmac, erases, made_by, made_at
    )
    SELECT :id, :break_id, coalesce(max(e.nth), 0) + 1, :kind, :owner_id, :due_on, :reason, :comment_hmac, :erases,
        :made_by, :now
    FROM ledger.break_event AS e WHERE e.break_id = :break_id
""").bindparams(
    bindparam("id", type_=Uuid),
    bindparam("break_id", type_=Uuid),
    bindparam("kind", type_=Text),
    bindparam("owner_id", type_=Uuid),
    bindparam("due_on", type_=Date),
    bindparam("reason", type_=Text),
    bindparam("comment_hmac", type_=LargeBinary),
    bindparam("erases", type_=Integer),
    bindparam("made_by", type_=Uuid),
)
_ADD_WORDS = text("""
    INSERT INTO identity.break_comment (event_id, wrapped_key, comment) VALUES (:event_id, :wrapped_key, :comment)
""")
_FORGET_WORDS = text("DELETE FROM identity.break_comment WHERE event_id = :event_id")
_ADD_CLAIM = text("""
    INSERT INTO ledger.break_claim (proposal_id, break_id, value_cents, due_on)
    VALUES (:proposal_id, :break_id, :value_cents, :due_on)
""").bindparams(bindparam("value_cents", type_=BigInteger))
_CLAIM = text("SELECT break_id, value_cents, due_on FROM ledger.break_claim WHERE proposal_id = :proposal_id")
_EFFECT = text("""
    SELECT coalesce(sum(r.sign * p.amount_cents), 0)::bigint
    FROM ledger.proposed_posting AS p
    INNER JOIN ledger.account AS a ON a.id = p.account_id
    INNER JOIN ledger.reconciled_account_kind AS k ON k.kind = a.kind
    INNER JOIN ledger.reconciled_account AS r ON r.code = k.account
    WHERE p.proposal_id = :proposal_id AND k.account = :account
""")


async def see_items(work: UnitOfWork, breaks: Sequence[Break]) -> None:
    """Remember what each break is about; the breaks themselves are remembered first (`matches.see_breaks`)."""
    await work.run(_SEE_ITEMS, **_asked(breaks))


async def told_of(work: UnitOfWork, account: Account, breaks: Sequence[Break]) -> dict[UUID, Told]:
    """What is known of each, by its own id and by everything that was ever about something of the same."""
    if not breaks:
        return {}
    kin: defaultdict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in await work.run(_KIN, account=account.value, **_asked(breaks)):
        kin[row.break_id].append(row)
    every = sorted({row.kin for rows in kin.values() for row in rows})
    events = _by_break(await events_of(work, every))
    resolutions = _by_break(await _resolutions(work, every))
    return {
        found: Told(
            min(row.first_seen_at for row in rows),
            tuple(sorted(_all(events, rows), key=lambda event: (event.at, event.break_id, event.nth))),
            tuple(sorted(_all(resolutions, rows), key=lambda one: one.number)),
        )
        for found, rows in kin.items()
    }


async def events_of(work: UnitOfWork, ids: Sequence[UUID], *, with_words: bool = False) -> list[BreakEvent]:
    """What people did about these breaks, in order; the words of comments are opened only where they are asked for."""
    if not ids:
        return []
    rows = await work.run(_EVENTS, ids=list(ids), with_words=with_words)
    return [_event(work, row) for row in rows]


async def ties_of(work: UnitOfWork, account: Account, found: Break) -> list[Tie]:
    """The matches that ever held something of a break."""
    asked = _asked([found])
    rows = await work.run(_TIES, account=account.value, items=asked["items"], numbers=asked["numbers"])
    return [Tie(row.id, row.rule, row.matched_by, row.matched_at, row.unmatched_by, row.unmatched_at) for row in rows]


async def seen_like(work: UnitOfWork, account: Account, prefix: str) -> list[UUID]:
    """The breaks seen whose id begins so; ten at most. `prefix` has hexadecimal digits only."""
    return [row.id for row in await work.run(_LIKE, account=account.value, prefix=prefix)]


async def seen_as(work: UnitOfWork, break_id: UUID) -> tuple[Category, frozenset[Item]] | None:
    """What a break was when it was seen first, and what it was about."""
    rows = (await work.run(_ITEMS_OF, id=break_id)).all()
    return (Category(rows[0].category), frozenset((row.item, row.number) for row in rows)) if rows else None


async def add_event(
    work: UnitOfWork, break_id: UUID, deed: Deed, operator_id: UUID, *, comment: str | None = None, **facts: Any
) -> UUID:
    """Record what one person does, as the next event of the break. `facts`: owner_id, due_on, reason, erases."""
    event_id = new_event_id()
    key = SubjectKey.new(event_id)
    values = {"owner_id": None, "due_on": None, "reason": None, "erases": None} | facts
    comment_hmac = None if comment is None else key.hmac(_HMAC_USE, comment.encode())
    await work.run(
        _ADD_EVENT,
        id=event_id,
        break_id=break_id,
        kind=deed.value,
        comment_hmac=comment_hmac,
        made_by=operator_id,
        now=work.now,
        **values,
    )
    if comment is not None:
        sealed = key.encrypt(comment.encode())
        await work.run(_ADD_WORDS, event_id=event_id, wrapped_key=key.wrap(work.keys), comment=sealed)
    return event_id


async def forget_words(work: UnitOfWork, event_id: UUID) -> None:
    """Delete the words of a comment, and the only key that opens them."""
    await work.run(_FORGET_WORDS, event_id=event_id)


async def add_claim(work: UnitOfWork, proposal_id: UUID, break_id: UUID, value_cents: int, due_on: Any) -> None:
    """Record what the other side is to correct."""
    await work.run(_ADD_CLAIM, proposal_id=proposal_id, break_id=break_id, value_cents=value_cents, due_on=due_on)


async def claim(work: UnitOfWork, proposal_id: UUID) -> Row[Any] | None:
    """`break_id`, `value_cents` and `due_on` of a claim that was proposed."""
    return (await work.run(_CLAIM, proposal_id=proposal_id)).one_or_none()


async def effect_cents(work: UnitOfWork, account: Account, proposal_id: UUID) -> int:
    """What a proposed move would move in the accounts compared, in the view of the account's holder."""
    return int((await work.run(_EFFECT, account=account.value, proposal_id=proposal_id)).scalar_one())


async def _resolutions(work: UnitOfWork, ids: Sequence[UUID]) -> list[Resolution]:
    if not ids:
        return []
    return [
        Resolution(
            row.break_id,
            row.number,
            Course(row.course),
            row.state,
            row.value_cents,
            row.prepared_by,
            row.prepared_at,
            row.decided_by,
            row.decided_at,
            row.due_on,
            row.transaction_id,
            row.reverses_id,
            row.reversed_by,
        )
        for row in await work.run(_RESOLUTIONS, ids=list(ids))
    ]


def _event(work: UnitOfWork, row: Row[Any]) -> BreakEvent:
    words, intact = None, True
    if row.comment is not None:
        key = SubjectKey.unwrap(work.keys, row.id, row.wrapped_key)
        words = key.decrypt(row.comment).decode()
        intact = same(key.hmac(_HMAC_USE, words.encode()), bytes(row.comment_hmac or b""))
    return BreakEvent(
        row.id,
        row.break_id,
        row.nth,
        Deed(row.kind),
        row.made_by,
        row.made_at,
        row.owner,
        row.due_on,
        row.reason,
        row.erases,
        words,
        intact,
    )


def _asked(breaks: Iterable[Break]) -> dict[str, list[Any]]:
    rows: list[tuple[UUID, Item]] = [(found.id, item) for found in breaks for item in items_of(found)]
    return {
        "breaks": [row[0] for row in rows],
        "items": [row[1][0] for row in rows],
        "numbers": [row[1][1] for row in rows],
    }


def _by_break(every: Iterable[Any]) -> Mapping[UUID, list[Any]]:
    made: defaultdict[UUID, list[Any]] = defaultdict(list)
    for one in every:
        made[one.break_id].append(one)
    return made


def _all(by_break: Mapping[UUID, list[Any]], rows: Iterable[Row[Any]]) -> list[Any]:
    return [one for row in rows for one in by_break.get(row.kin, ())]
