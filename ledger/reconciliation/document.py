"""The report as programs read it (`bonpois reconcile report --json`): stable keys, amounts without sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.reconciliation.model import Break, Identity, Report, Statement


def document(report: Report) -> dict[str, Any]:
    """Matched and differing amounts are positive centimes; balances and the proof have their sign."""
    statement = report.statement
    return {
        "period": statement.period,
        "account": statement.account.value,
        "statement": {
            "file": statement.file_name,
            "sha256": statement.sha256.hex(),
            "lines": statement.line_count,
            "opening_cents": report.theirs.opening_cents,
            "closing_cents": report.theirs.closing_cents,
        },
        "ledger": {
            "opening_cents": report.ours.opening_cents,
            "closing_cents": report.ours.closing_cents,
        },
        "matched": {
            "lines": report.matched.lines,
            "postings": report.matched.postings,
            "cents": report.matched.cents,
            "by_rule": dict(report.matched.by_rule),
        },
        "breaks": [break_document(found, report.ages_days[found.id]) for found in report.breaks],
        "suggestions": [suggestion(found) for found in report.breaks if is_suggestion(found)],
        "proof_cents": report.proof.proof_cents,
    }


def break_document(found: Break, age_days: int) -> dict[str, Any]:
    """A side that is absent has no amount."""
    return {
        "id": str(found.id),
        "category": found.category.value,
        "lines": [line.number for line in found.lines],
        "redemptions": [str(unit.id) for unit in found.units],
        "references": list(found.references),
        "ours_cents": None if found.ours_cents is None else abs(found.ours_cents),
        "theirs_cents": None if found.theirs_cents is None else abs(found.theirs_cents),
        "age_days": age_days,
        "state": "cleared" if found.cleared else "open",
    }


def is_suggestion(found: Break) -> bool:
    """A line whose nearest unit has the very amount, and was not taken for a reason that people may overrule."""
    near = found.near_unit
    return near is not None and near.match_id is None and bool(found.lines) and near.amount_cents == found.theirs_cents


def suggestion(found: Break) -> dict[str, Any]:
    assert found.near_unit is not None
    return {
        "break": str(found.id),
        "lines": [line.number for line in found.lines],
        "redemptions": [str(found.near_unit.id)],
        "references": [found.near_unit.reference] if found.near_unit.reference else [],
        "why": found.why.value,
    }


def explained(found: Break, age_days: int) -> dict[str, Any]:
    """A break with the day it is about, and why its nearest candidate was not taken."""
    return {
        **break_document(found, age_days),
        "booked_on": found.booked_on.isoformat(),
        "why": found.why.value,
        "near_line": found.near_line.number if found.near_line else None,
        "near_redemption": str(found.near_unit.id) if found.near_unit else None,
        "near_reference": found.near_unit.reference if found.near_unit else None,
    }


def identities_document(found: Sequence[Identity]) -> dict[str, Any]:
    """The identities with their terms; `holds` is null where there is nothing to compare yet."""
    return {
        "holds": all(one.holds for one in found),
        "identities": [
            {
                "number": one.number,
                "name": one.name,
                "programme": one.programme,
                "period": one.period,
                "relation": one.relation,
                "left": {term.name: term.cents for term in one.left},
                "right": {term.name: term.cents for term in one.right},
                "left_cents": one.left_cents,
                "right_cents": one.right_cents,
                "difference_cents": one.difference_cents,
                "holds": one.holds if one.left else None,
            }
            for one in found
        ],
    }


def statement_document(statement: Statement) -> dict[str, Any]:
    """What was imported."""
    return {
        "id": str(statement.id),
        "account": statement.account.value,
        "period": statement.period,
        "file": statement.file_name,
        "sha256": statement.sha256.hex(),
        "lines": statement.line_count,
        "opening_cents": statement.opening_cents,
        "closing_cents": statement.closing_cents,
        "left_out": statement.left_out,
        "imported_at": statement.imported_at.isoformat(),
    }
