"""The SQL of erasure and retention: who has been silent for long, and how a household is forgotten."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from ledger.books.transaction import TransactionKind
from ledger.database.unit_of_work import UnitOfWork
from ledger.programmes.model import Holding, SilentHousehold, profile_from_json
from ledger.subject_keys import SubjectKey

# The lock keeps a second erasure and a new card waiting.
_LOCK = text("SELECT household_id FROM identity.household WHERE household_id = :id FOR UPDATE")
_HOLDINGS = text("""
    SELECT v.serial, v.account_id, -b.balance_cents AS left_cents, coalesce(s.state, 'active') AS state
    FROM ledger.voucher AS v
    INNER JOIN ledger.balance AS b ON b.account_id = v.account_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = v.id
    WHERE v.household_id = :id ORDER BY v.account_id
""")
# Runs whose vouchers would still be issued to this household.
_OPEN_RUNS = text("""
    SELECT r.number FROM ledger.decision AS d
    INNER JOIN ledger.aid_run_line AS l ON l.decision_id = d.id
    INNER JOIN ledger.aid_run AS r ON r.id = l.aid_run_id
    WHERE d.household_id = :id
        AND NOT EXISTS (SELECT FROM ledger.voucher AS v WHERE v.decision_id = d.id)
        AND NOT EXISTS (SELECT FROM ledger.rejection AS j WHERE j.proposal_id = r.proposal_id)
    ORDER BY r.number
""")
_CLOSE = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    VALUES ('household', :id, 'close', :now, :operator_id)
""")
_FORGET_PROFILE = text("DELETE FROM identity.household WHERE household_id = :id")
_FORGET_KEY = text("DELETE FROM identity.subject_key WHERE subject_id = :id")
_RECORD = text("INSERT INTO ledger.erasure (household_id, erased_by, erased_at) VALUES (:id, :operator_id, :now)")

# A contact is a decision, a voucher issued, a sale, a card made, blocked or replaced: what people came for.
# Lapse and refund are none. Sales are found through the vouchers that paid, by index, however many there are.
_LAST_CONTACT = """
    SELECT h.id AS household_id, i.profile, k.wrapped_key, greatest(
        h.registered_at,
        (SELECT max(d.decided_at) FROM ledger.decision AS d WHERE d.household_id = h.id),
        (SELECT max(c.issued_at) FROM ledger.card AS c WHERE c.household_id = h.id),
        (
            SELECT max(e.occurred_at) FROM ledger.card AS c
            INNER JOIN ledger.event AS e ON e.subject_id = c.id WHERE c.household_id = h.id
        ),
        (
            SELECT max(t.occurred_at) FROM ledger.voucher AS v
            INNER JOIN ledger.posting AS p ON p.account_id = v.account_id
            INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id AND t.kind = ANY(:contacts)
            WHERE v.household_id = h.id
        )
    ) AS last_contact_at
    FROM ledger.household AS h
    INNER JOIN identity.household AS i ON i.household_id = h.id
    INNER JOIN identity.subject_key AS k ON k.subject_id = h.id
"""
_CONTACTS = [int(TransactionKind.ISSUE), int(TransactionKind.REDEMPTION)]
_SILENT = text(f"""
    SELECT household_id, profile, wrapped_key, last_contact_at
    FROM ({_LAST_CONTACT} WHERE h.programme_id = :programme_id) AS c
    WHERE last_contact_at < :since ORDER BY last_contact_at, household_id
""")  # noqa: S608 - made of constants
_LAST_CONTACT_OF = text(_LAST_CONTACT + " WHERE h.id = :id")


async def lock_identity(work: UnitOfWork, household_id: UUID) -> bool:
    """Keep a household's identity for this unit of work; `False` where it was erased."""
    return (await work.run(_LOCK, id=household_id)).one_or_none() is not None


async def holdings(work: UnitOfWork, household_id: UUID) -> list[Holding]:
    """The vouchers of a household and what is left on them."""
    return [Holding(**row._asdict()) for row in await work.run(_HOLDINGS, id=household_id)]


async def open_runs(work: UnitOfWork, household_id: UUID) -> list[int]:
    """The numbers of runs that will still issue a voucher to a household."""
    return list((await work.run(_OPEN_RUNS, id=household_id)).scalars())


async def forget(work: UnitOfWork, household_id: UUID, operator_id: UUID) -> None:
    """Close a household, delete what identifies it and its key, and record that it was done."""
    await work.run(_CLOSE, id=household_id, now=work.now, operator_id=operator_id)
    await work.run(_FORGET_PROFILE, id=household_id)
    await work.run(_FORGET_KEY, id=household_id)
    await work.run(_RECORD, id=household_id, operator_id=operator_id, now=work.now)


async def silent_households(work: UnitOfWork, programme_id: UUID, since: datetime) -> list[SilentHousehold]:
    """The households of a programme without any contact since an instant, the longest silent first."""
    rows = await work.run(_SILENT, programme_id=programme_id, since=since, contacts=_CONTACTS)
    return [
        SilentHousehold(
            row.household_id,
            profile_from_json(
                SubjectKey.unwrap(work.keys, row.household_id, row.wrapped_key).decrypt(row.profile)
            ).case_number,
            row.last_contact_at,
        )
        for row in rows
    ]


async def last_contact_at(work: UnitOfWork, household_id: UUID) -> datetime:
    """The last contact of a household that is not erased."""
    row = (await work.run(_LAST_CONTACT_OF, id=household_id, contacts=_CONTACTS)).one()
    found: datetime = row.last_contact_at
    return found
