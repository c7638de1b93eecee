"""The SQL of what a run came to: its decisions, their vouchers, and the files that they were taken on."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Row, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.keyring import Keyring, same
from ledger.programmes.model import GrantedLine, Profile, Rules, profile_from_json, rules_from_json
from ledger.subject_keys import SubjectKey

_RULES = text("""
    SELECT DISTINCT v.number, v.rules::text AS rules, v.rules_sha256
    FROM ledger.aid_run_line AS l
    INNER JOIN ledger.decision AS d ON d.id = l.decision_id
    INNER JOIN ledger.programme_version AS v ON v.id = d.programme_version_id
    WHERE l.aid_run_id = :run_id ORDER BY v.number
""")
# In the order of the serials, which is that of the decisions: random, so that it tells nobody who came first.
_LINES = text("""
    SELECT d.id, d.decided_at, d.household_id, d.inputs_hmac, v.number, v.rules_sha256, l.amount_cents, s.serial,
        i.profile, k.wrapped_key
    FROM ledger.aid_run_line AS l
    INNER JOIN ledger.decision AS d ON d.id = l.decision_id
    INNER JOIN ledger.programme_version AS v ON v.id = d.programme_version_id
    LEFT JOIN ledger.voucher AS s ON (s.decision_id, s.aid_run_id) = (l.decision_id, l.aid_run_id)
    LEFT JOIN identity.household AS i ON i.household_id = d.household_id
    LEFT JOIN identity.subject_key AS k ON k.subject_id = d.household_id
    WHERE l.aid_run_id = :run_id ORDER BY l.decision_id
""")


async def rules_of_run(work: UnitOfWork, run_id: UUID) -> dict[int, Rules]:
    """The rules that the decisions of a run followed, by version."""
    return {row.number: rules_from_json(row.rules) for row in await work.run(_RULES, run_id=run_id)}


async def granted_lines(work: UnitOfWork, run_id: UUID) -> list[tuple[GrantedLine, Profile | None]]:
    """The decisions of a run, each with the file of its household, if that is what the decision was taken on."""
    return [(_line(row), _bound_profile(work.keys, row)) for row in await work.run(_LINES, run_id=run_id)]


def _line(row: Row[tuple[object, ...]]) -> GrantedLine:
    return GrantedLine(row.id, row.decided_at, row.household_id, row.number, row.amount_cents, row.serial)


def _bound_profile(keys: Keyring, row: Row[tuple[object, ...]]) -> Profile | None:
    if row.profile is None or row.wrapped_key is None:
        return None
    key = SubjectKey.unwrap(keys, row.household_id, row.wrapped_key)
    content = key.decrypt(row.profile)
    return profile_from_json(content) if same(key.hmac(content, row.rules_sha256), row.inputs_hmac) else None
