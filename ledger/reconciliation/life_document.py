"""The life of a break as programs read it (`bonpois break show --json`): stable keys, value without sign."""

from __future__ import annotations

from typing import Any

from ledger.reconciliation.model.breaks import BreakEvent, BreakFile, Claim, Life, Resolution, Tie


def life_document(life: Life) -> dict[str, Any]:
    """Where a break stands today, besides its `state` and `age_days`."""
    return {
        "value_cents": life.value_cents,
        "bucket": life.bucket,
        "flagged": life.is_flagged,
        "first_seen_at": life.first_seen_at.isoformat() if life.first_seen_at else None,
        "owner": life.owner,
        "course": life.course.value if life.course else None,
        "due_on": life.due_on.isoformat() if life.due_on else None,
        "overdue": life.overdue,
        "proposal": life.proposal,
        "comments": life.comments,
    }


def file_document(file: BreakFile) -> dict[str, Any]:
    """A break with everything that was ever done about it; a comment that was erased has no words."""
    found, life = file.found, file.life
    return {
        "id": str(found.id),
        "account": file.account.value,
        "period": file.period,
        "category": found.category.value,
        "lines": [line.record for line in found.lines],
        "redemptions": [str(unit.id) for unit in found.units],
        "references": list(found.references),
        "ours_cents": None if found.ours_cents is None else abs(found.ours_cents),
        "theirs_cents": None if found.theirs_cents is None else abs(found.theirs_cents),
        "why": found.why.value,
        "age_days": life.age_days,
        "state": life.state.value,
        **life_document(life),
        "events": [_event_document(nth, event) for nth, event in enumerate(file.events, start=1)],
        "resolutions": [_resolution_document(one) for one in file.resolutions],
        "matches": [_tie_document(tie) for tie in file.ties],
    }


def claim_document(claim: Claim) -> dict[str, Any]:
    """What the other side is asked to correct."""
    return {
        "number": claim.number,
        "break_id": str(claim.break_id),
        "amount_cents": claim.value_cents,
        "due_on": claim.due_on.isoformat(),
    }


def _event_document(nth: int, event: BreakEvent) -> dict[str, Any]:
    return {
        "nth": nth,
        "break_id": str(event.break_id),
        "deed": event.deed.value,
        "by": event.by,
        "at": event.at.isoformat(),
        "owner": event.owner,
        "due_on": event.due_on.isoformat() if event.due_on else None,
        "reason": event.reason,
        "comment": event.comment,
        "intact": event.intact,
    }


def _resolution_document(one: Resolution) -> dict[str, Any]:
    return {
        "proposal": one.number,
        "course": one.course.value,
        "state": one.state,
        "value_cents": one.value_cents,
        "prepared_by": one.prepared_by,
        "prepared_at": one.prepared_at.isoformat(),
        "decided_by": one.decided_by,
        "decided_at": one.decided_at.isoformat() if one.decided_at else None,
        "due_on": one.due_on.isoformat() if one.due_on else None,
        "transaction": str(one.transaction_id) if one.transaction_id else None,
        "reversed_by": str(one.reversed_by) if one.reversed_by else None,
    }


def _tie_document(tie: Tie) -> dict[str, Any]:
    return {
        "match": str(tie.match_id),
        "rule": tie.rule,
        "matched_by": tie.matched_by,
        "matched_at": tie.matched_at.isoformat(),
        "taken_back_by": tie.unmatched_by,
        "taken_back_at": tie.unmatched_at.isoformat() if tie.unmatched_at else None,
    }
