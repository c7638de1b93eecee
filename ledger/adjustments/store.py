"""The SQL of moves that two people answer for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text

from ledger.adjustments.model import Account, Booked, Draft, Leg, Move, Reason
from ledger.books.transaction import TransactionKind
from ledger.database.unit_of_work import UnitOfWork

_ACCOUNTS = text("""
    SELECT a.id, a.name, a.kind, k.asset, k.side, k.backing, b.balance_cents, s.state
    FROM ledger.account AS a
    INNER JOIN ledger.account_kind AS k ON k.id = a.kind
    INNER JOIN ledger.balance AS b ON b.account_id = a.id
    LEFT JOIN ledger.voucher AS v ON v.account_id = a.id
    LEFT JOIN ledger.merchant AS m ON a.id IN (m.account_id, m.converting_account_id)
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = coalesce(v.id, m.id)
    WHERE a.name = ANY(:names)
""")
_SHAPES = text("SELECT debit_kind, credit_kind FROM ledger.transaction_shape WHERE kind = :kind")
_MOVE = text("""
    SELECT p.number, m.transaction_id, m.kind, m.reason, m.reverses_id, m.break_id
    FROM ledger.proposed_move AS m INNER JOIN ledger.proposal AS p ON p.id = m.proposal_id
    WHERE m.proposal_id = :proposal_id
""")
_LEGS = text("""
    SELECT a.name AS account, p.amount_cents
    FROM ledger.proposed_posting AS p INNER JOIN ledger.account AS a ON a.id = p.account_id
    WHERE p.proposal_id = :proposal_id ORDER BY p.line
""")
_BOOKED = text("""
    SELECT t.id, t.kind, r.transaction_id AS reversed_by
    FROM ledger.ledger_transaction AS t LEFT JOIN ledger.reversal AS r ON r.reverses_id = t.id
    WHERE t.id = :id
""")
_BOOKED_LEGS = text("""
    SELECT a.name AS account, p.amount_cents
    FROM ledger.posting AS p INNER JOIN ledger.account AS a ON a.id = p.account_id
    WHERE p.transaction_id = :id ORDER BY p.line
""")
_BREAK_EXISTS = text("SELECT EXISTS (SELECT FROM ledger.break_seen WHERE id = :id)")
# The turn of an account's statements, as imports and matches take it.
_TAKE_BREAK_TURN = text("""
    SELECT pg_advisory_xact_lock(471381333, hashtext(account)) FROM ledger.break_seen WHERE id = :id
""")
# Something of it is matched by now, or it is seen together with something else since it was proposed. What takes
# back a correction of the same break is not looked at: that it is matched is why it is taken back.
_BREAK_MOVED_ON = text("""
    SELECT EXISTS (
        SELECT FROM ledger.break_item AS i
        INNER JOIN ledger.break_seen AS s ON s.id = i.break_id
        LEFT JOIN ledger.live_match_line AS l ON l.statement_id = i.item AND l.number = i.number
        LEFT JOIN ledger.live_match_unit AS u
            ON u.account = s.account AND u.transaction_id = i.item AND i.number = 0
        WHERE i.break_id = m.break_id AND (l.match_id IS NOT NULL OR u.match_id IS NOT NULL)
    ) OR EXISTS (
        SELECT FROM ledger.break_item AS i
        INNER JOIN ledger.break_seen AS s ON s.id = i.break_id
        INNER JOIN ledger.break_item AS other USING (item, number)
        INNER JOIN ledger.break_seen AS kin ON kin.id = other.break_id AND kin.account = s.account
        WHERE i.break_id = m.break_id AND kin.id <> m.break_id AND kin.first_seen_at > p.prepared_at
    )
    FROM ledger.proposed_move AS m INNER JOIN ledger.proposal AS p ON p.id = m.proposal_id
    WHERE m.proposal_id = :proposal_id AND NOT EXISTS (
        SELECT FROM ledger.proposed_move AS taken
        WHERE taken.transaction_id = m.reverses_id AND taken.break_id = m.break_id
    )
""")
_WAITING_FOR_BREAK = text("""
    SELECT p.number
    FROM ledger.proposal AS p
    WHERE p.id IN (
            SELECT proposal_id FROM ledger.proposed_move WHERE break_id = :id
            UNION ALL SELECT proposal_id FROM ledger.break_claim WHERE break_id = :id
        )
        AND NOT EXISTS (SELECT FROM ledger.approval AS a WHERE a.proposal_id = p.id)
        AND NOT EXISTS (SELECT FROM ledger.rejection AS r WHERE r.proposal_id = p.id)
    ORDER BY p.number LIMIT 1
""")
_ADD_MOVE = text("""
    INSERT INTO ledger.proposed_move (proposal_id, transaction_id, kind, reason, reverses_id, break_id)
    VALUES (:proposal_id, :transaction_id, :kind, :reason, :reverses_id, :break_id)
""").bindparams(bindparam("reverses_id", type_=Uuid), bindparam("break_id", type_=Uuid))
_ADD_POSTINGS = text("""
    INSERT INTO ledger.proposed_posting (proposal_id, line, account_id, amount_cents)
    SELECT :proposal_id, l.line, a.id, l.amount_cents
    FROM unnest(CAST(:names AS text[]), CAST(:amounts AS bigint[])) WITH ORDINALITY AS l (name, amount_cents, line)
    INNER JOIN ledger.account AS a ON a.name = l.name
""").bindparams(bindparam("proposal_id", type_=Uuid))
_ADD_REVERSAL = text("INSERT INTO ledger.reversal (transaction_id, reverses_id) VALUES (:transaction_id, :reverses_id)")


async def accounts_named(work: UnitOfWork, names: Sequence[str]) -> dict[str, Account]:
    """Those of the accounts that exist, by name, as they stand now."""
    rows = await work.run(_ACCOUNTS, names=list(names))
    return {row.name: Account(**row._asdict()) for row in rows}


async def shapes_of(work: UnitOfWork, kind: TransactionKind) -> frozenset[tuple[int, int]]:
    """Which kinds of account may be debited against which (L14)."""
    rows = await work.run(_SHAPES, kind=int(kind))
    return frozenset((row.debit_kind, row.credit_kind) for row in rows)


async def move_proposed(work: UnitOfWork, proposal_id: UUID) -> Move | None:
    """What was proposed under this number, if it is a move."""
    row = (await work.run(_MOVE, proposal_id=proposal_id)).one_or_none()
    if row is None:
        return None
    legs = tuple(Leg(**leg._asdict()) for leg in await work.run(_LEGS, proposal_id=proposal_id))
    draft = Draft(TransactionKind(row.kind), Reason(row.reason), legs, row.reverses_id, row.break_id)
    return Move(proposal_id, row.number, row.transaction_id, draft)


async def booked_transaction(work: UnitOfWork, transaction_id: UUID) -> Booked | None:
    """A transaction that is in the books."""
    row = (await work.run(_BOOKED, id=transaction_id)).one_or_none()
    if row is None:
        return None
    legs = tuple(Leg(**leg._asdict()) for leg in await work.run(_BOOKED_LEGS, id=transaction_id))
    return Booked(row.id, TransactionKind(row.kind), legs, row.reversed_by)


async def break_exists(work: UnitOfWork, break_id: UUID) -> bool:
    """Whether a reconciliation has seen this difference."""
    return bool((await work.run(_BREAK_EXISTS, id=break_id)).scalar_one())


async def waiting_for_break(work: UnitOfWork, break_id: UUID) -> int | None:
    """The number of the proposal about a difference that waits for its second person; nobody else proposes one until
    this unit of work ends.
    """
    await work.run(_TAKE_BREAK_TURN, id=break_id)
    found: int | None = (await work.run(_WAITING_FOR_BREAK, id=break_id)).scalar_one_or_none()
    return found


async def break_moved_on(work: UnitOfWork, proposal_id: UUID, break_id: UUID) -> bool:
    """Whether a difference is no longer what a move was proposed for; nobody matches until this unit of work ends."""
    await work.run(_TAKE_BREAK_TURN, id=break_id)
    return bool((await work.run(_BREAK_MOVED_ON, proposal_id=proposal_id)).scalar_one_or_none())


async def add_move(work: UnitOfWork, proposal_id: UUID, transaction_id: UUID, draft: Draft) -> None:
    """Record what is proposed, posting by posting."""
    await work.run(
        _ADD_MOVE,
        proposal_id=proposal_id,
        transaction_id=transaction_id,
        kind=int(draft.kind),
        reason=draft.reason.value,
        reverses_id=draft.reverses_id,
        break_id=draft.break_id,
    )
    await work.run(
        _ADD_POSTINGS,
        proposal_id=proposal_id,
        names=[leg.account for leg in draft.legs],
        amounts=[leg.amount_cents for leg in draft.legs],
    )


async def add_reversal(work: UnitOfWork, transaction_id: UUID, reverses_id: UUID) -> None:
    """Record which transaction takes back which; the database lets that happen once."""
    await work.run(_ADD_REVERSAL, transaction_id=transaction_id, reverses_id=reverses_id)
