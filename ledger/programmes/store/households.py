"""The SQL of households: random ids and decisions in the books, everything else encrypted beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.keyring import Keyring
from ledger.programmes.model import (
    Decision,
    Household,
    Profile,
    case_key,
    profile_from_json,
    profile_to_json,
    rules_sha256,
)
from ledger.programmes.model import Programme as _Programme
from ledger.subject_keys import SubjectKey

_KNOWN = text("SELECT case_index FROM identity.household WHERE case_index = ANY(:indexes)")
_ADD_HOUSEHOLDS = text("""
    INSERT INTO ledger.household (id, programme_id, registered_at)
    SELECT id, :programme_id, :now FROM unnest(CAST(:ids AS uuid[])) AS h (id)
""")
_ADD_KEYS = text("""
    INSERT INTO identity.subject_key (subject_id, wrapped_key)
    SELECT id, wrapped FROM unnest(CAST(:ids AS uuid[]), CAST(:wrapped_keys AS bytea[])) AS k (id, wrapped)
""")
_ADD_PROFILES = text("""
    INSERT INTO identity.household (household_id, case_index, profile)
    SELECT id, case_index, profile
    FROM unnest(CAST(:ids AS uuid[]), CAST(:indexes AS bytea[]), CAST(:profiles AS bytea[]))
        AS p (id, case_index, profile)
""")
_ADD_DECISIONS = text("""
    INSERT INTO ledger.decision (
        id, household_id, programme_version_id, inputs_hmac, granted, reason, amount_cents,
        decided_by, decided_at
    )
    SELECT id, household_id, :version_id, inputs_hmac, granted, reason, amount_cents, :decided_by, :now
    FROM unnest(
        CAST(:decision_ids AS uuid[]), CAST(:ids AS uuid[]), CAST(:inputs AS bytea[]),
        CAST(:granted AS boolean[]), CAST(:reasons AS text[]), CAST(:amounts AS bigint[])
    ) AS d (id, household_id, inputs_hmac, granted, reason, amount_cents)
""")
_UPDATE_PROFILES = text("""
    UPDATE identity.household AS h SET profile = p.profile
    FROM unnest(CAST(:ids AS uuid[]), CAST(:profiles AS bytea[])) AS p (id, profile) WHERE h.household_id = p.id
""")
# Granted, and no voucher of it was issued: another decision beside it would come to two vouchers in one run.
_STANDINGS = text("""
    SELECT h.id, i.profile, k.wrapped_key, EXISTS (
        SELECT FROM ledger.decision AS d
        WHERE d.household_id = h.id AND d.granted AND d.amount_cents > 0
            AND NOT EXISTS (SELECT FROM ledger.voucher AS v WHERE v.decision_id = d.id)
    ) AS waits
    FROM ledger.household AS h
    INNER JOIN identity.household AS i ON i.household_id = h.id
    INNER JOIN identity.subject_key AS k ON k.subject_id = h.id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = h.id
    WHERE h.programme_id = :programme_id AND coalesce(s.state, 'active') = 'active'
""")
_SELECT = """
    SELECT h.id, i.profile, k.wrapped_key, d.granted, d.reason, d.amount_cents, d.decided_at, v.number
    FROM ledger.household AS h
    INNER JOIN identity.household AS i ON i.household_id = h.id
    INNER JOIN identity.subject_key AS k ON k.subject_id = h.id
    INNER JOIN LATERAL (
        SELECT granted, reason, amount_cents, decided_at, programme_version_id FROM ledger.decision
        WHERE household_id = h.id ORDER BY decided_at DESC, id DESC LIMIT 1
    ) AS d ON true
    INNER JOIN ledger.programme_version AS v ON v.id = d.programme_version_id
"""
_OF_PROGRAMME = text(_SELECT + " WHERE h.programme_id = :programme_id")
_BY_INDEX = text(_SELECT + " WHERE i.case_index = :case_index")


@dataclass(frozen=True, slots=True)
class NewHousehold:
    """A household to be recorded, with its decision."""

    household_id: UUID
    decision_id: UUID
    profile: Profile
    decision: Decision


@dataclass(frozen=True, slots=True)
class Standing:
    """A household of the programme as it is on record. `waits`: for the voucher of a decision."""

    household_id: UUID
    key: SubjectKey
    profile: Profile
    waits: bool


def case_index(keys: Keyring, programme_code: str, case_number: str) -> bytes:
    """What a case number is looked up by; nobody without the keyring can try numbers."""
    return keys.hmac("case-index", programme_code.encode(), case_key(case_number))


async def known_indexes(work: UnitOfWork, indexes: Sequence[bytes]) -> set[bytes]:
    """Which of these case indexes are taken."""
    return set((await work.run(_KNOWN, indexes=list(indexes))).scalars())


async def add_households(
    work: UnitOfWork, programme: _Programme, households: Sequence[NewHousehold], decided_by: UUID
) -> None:
    """Record households with their decisions, set-wise: four statements however many they are."""
    ids = [household.household_id for household in households]
    keys = [SubjectKey.new(household_id) for household_id in ids]
    profiles = [profile_to_json(household.profile) for household in households]
    await work.run(_ADD_HOUSEHOLDS, ids=ids, programme_id=programme.id, now=work.now)
    await work.run(_ADD_KEYS, ids=ids, wrapped_keys=[key.wrap(work.keys) for key in keys])
    await work.run(
        _ADD_PROFILES,
        ids=ids,
        indexes=[case_index(work.keys, programme.code, each.profile.case_number) for each in households],
        profiles=[key.encrypt(profile) for key, profile in zip(keys, profiles, strict=True)],
    )
    await _add_decisions(work, programme, households, _inputs_of(programme, keys, profiles), decided_by)


async def renew(
    work: UnitOfWork,
    programme: _Programme,
    households: Sequence[NewHousehold],
    keys: Sequence[SubjectKey],
    decided_by: UUID,
) -> None:
    """A further decision for households that are known, on the profile that is theirs from now on."""
    profiles = [profile_to_json(household.profile) for household in households]
    await work.run(
        _UPDATE_PROFILES,
        ids=[household.household_id for household in households],
        profiles=[key.encrypt(profile) for key, profile in zip(keys, profiles, strict=True)],
    )
    await _add_decisions(work, programme, households, _inputs_of(programme, keys, profiles), decided_by)


async def standings(work: UnitOfWork, programme_id: UUID) -> list[Standing]:
    """All households that are in the programme, by case number."""
    found = []
    for row in await work.run(_STANDINGS, programme_id=programme_id):
        key = SubjectKey.unwrap(work.keys, row.id, row.wrapped_key)
        found.append(Standing(row.id, key, profile_from_json(key.decrypt(row.profile)), row.waits))
    return sorted(found, key=lambda standing: standing.profile.case_number)


def _inputs_of(programme: _Programme, keys: Sequence[SubjectKey], profiles: Sequence[bytes]) -> list[bytes]:
    """What each decision rests on, bound to it without telling it: a HMAC under the household's own key."""
    rules_hash = rules_sha256(programme.rules)
    return [key.hmac(profile, rules_hash) for key, profile in zip(keys, profiles, strict=True)]


async def _add_decisions(
    work: UnitOfWork,
    programme: _Programme,
    households: Sequence[NewHousehold],
    inputs: Sequence[bytes],
    decided_by: UUID,
) -> None:
    await work.run(
        _ADD_DECISIONS,
        ids=[household.household_id for household in households],
        decision_ids=[household.decision_id for household in households],
        version_id=programme.version_id,
        inputs=list(inputs),
        granted=[household.decision.granted for household in households],
        reasons=[household.decision.reason for household in households],
        amounts=[household.decision.amount_cents for household in households],
        decided_by=decided_by,
        now=work.now,
    )


async def households(work: UnitOfWork, programme_id: UUID) -> list[Household]:
    """All households of a programme that were not erased, by case number."""
    rows: Iterable[Row[tuple[object, ...]]] = await work.run(_OF_PROGRAMME, programme_id=programme_id)
    found = [_household(work.keys, row) for row in rows]
    return sorted(found, key=lambda household: household.profile.case_number)


async def household_of_case(work: UnitOfWork, programme_code: str, case_number: str) -> Household | None:
    """The household with a case number, unless it was erased."""
    index = case_index(work.keys, programme_code, case_number)
    row = (await work.run(_BY_INDEX, case_index=index)).one_or_none()
    return None if row is None else _household(work.keys, row)


def _household(keys: Keyring, row: Row[tuple[object, ...]]) -> Household:
    key = SubjectKey.unwrap(keys, row.id, row.wrapped_key)
    decision = Decision(row.granted, row.reason, row.amount_cents)
    decided_at: datetime = row.decided_at
    return Household(row.id, profile_from_json(key.decrypt(row.profile)), decision, decided_at, row.number)
