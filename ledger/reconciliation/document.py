"""The report as programs read it (`bonpois reconcile report --json`): stable keys, amounts without sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.reconciliation.formats import CsvMapping, RawStatement, written
from ledger.reconciliation.life_document import life_document
from ledger.reconciliation.model import (
    Break,
    Explanation,
    Gap,
    Identity,
    Import,
    Known,
    Line,
    OpeningItems,
    Report,
    Statement,
    StatementFile,
    StatementLine,
    Suggestion,
    Unit,
)

SAMPLE_LINES = 10


def document(report: Report) -> dict[str, Any]:
    """Matched and differing amounts are positive centimes; balances and the proof have their sign."""
    statement = report.statement
    parts = {"files": [_part_document(part) for part in statement.parts]} if statement.parts else {}
    carried = {"opening_items": opening_document(report.opening_items)} if report.opening_items else {}
    return {
        "period": statement.period,
        "account": statement.account.value,
        "statement": {
            "file": statement.file_name,
            "sha256": statement.sha256.hex(),
            "lines": statement.line_count,
            "opening_cents": report.theirs.opening_cents,
            "closing_cents": report.theirs.closing_cents,
            **parts,
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
        "breaks": [break_document(found, report) for found in report.breaks],
        "suggestions": [suggestion_document(found) for found in report.suggestions],
        **carried,
        "proof_cents": report.proof.proof_cents,
    }


def _part_document(part: Statement) -> dict[str, Any]:
    return {"file": part.file_name, "sha256": part.sha256.hex(), "lines": part.line_count}


def opening_document(carried: OpeningItems) -> dict[str, Any]:
    """What is older than our books: signed centimes, and the records concerned."""
    return {
        "cents": carried.cents,
        "balance_cents": carried.balance_cents,
        "lines": [{"period": f"{line.booked_on:%Y-%m}", "record": line.record} for line in carried.lines],
    }


def break_document(found: Break, report: Report) -> dict[str, Any]:
    """A side that is absent has no amount. `state` and `age_days` are of today."""
    return {
        "id": str(found.id),
        "category": found.category.value,
        "lines": [line.record for line in found.lines],
        "redemptions": [str(unit.id) for unit in found.units],
        "references": list(found.references),
        "ours_cents": None if found.ours_cents is None else abs(found.ours_cents),
        "theirs_cents": None if found.theirs_cents is None else abs(found.theirs_cents),
        "age_days": report.ages_days[found.id],
        "state": report.state_of(found).value,
    }


def suggestion_document(found: Suggestion) -> dict[str, Any]:
    """What may belong together; of a set of equal ones all are named, and as many as both sides have would match."""
    return {
        "id": str(found.id),
        "rule": found.rule.value,
        "score": found.score,
        "reasons": list(found.reasons),
        "lines": [line.record for line in found.lines],
        "redemptions": [str(unit.id) for unit in found.units],
        "references": [unit.reference for unit in found.units if unit.reference],
        "cents": abs(sum(line.amount_cents for line in found.match.lines)),
        "breaks": [str(id_) for id_ in found.break_ids],
    }


def explanation_document(one: Explanation) -> dict[str, Any]:
    """Why something is matched, or which difference it is and what is nearest; amounts are signed."""
    held = one.held
    return {
        "line": _line_document(one.line) if one.line else None,
        "redemption": _unit_document(one.unit) if one.unit else None,
        "match": {
            "id": str(held.id),
            "rule": held.rule,
            "score": held.score,
            "reasons": list(held.reasons),
            "matched_by": held.matched_by,
            "matched_at": held.matched_at.isoformat(),
            "taken_back_at": held.taken_back_at.isoformat() if held.taken_back_at else None,
            "lines": [_line_document(line) for line in held.lines],
            "redemptions": [_unit_document(unit) for unit in held.units],
        }
        if held
        else None,
        "category": one.found.category.value if one.found else None,
        "why": one.found.why.value if one.found else None,
        "misses": [
            {
                "line": _line_document(miss.line),
                "redemption": _unit_document(miss.unit),
                "failed": [criterion.value for criterion in miss.failed],
                "taken_back": miss.taken_back,
            }
            for miss in one.misses
        ],
    }


def _line_document(line: Line) -> dict[str, Any]:
    return {
        "record": line.record,
        "booked_on": line.booked_on.isoformat(),
        "label": line.label,
        "amount_cents": line.amount_cents,
    }


def _unit_document(unit: Unit) -> dict[str, Any]:
    return {
        "id": str(unit.id),
        "booked_on": unit.booked_on.isoformat(),
        "merchant": unit.merchant,
        "reference": unit.reference,
        "amount_cents": unit.amount_cents,
    }


def explained(found: Break, report: Report) -> dict[str, Any]:
    """A break with the day it is about, why its nearest candidate was not taken, and what is done about it."""
    return {
        **break_document(found, report),
        **life_document(report.lives[found.id]),
        "booked_on": found.booked_on.isoformat(),
        "why": found.why.value,
        "near_line": found.near_line.record if found.near_line else None,
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


def import_document(made: Import) -> dict[str, Any]:
    """What came of an import: each line skipped, with what it repeats; of a file that waits, what for."""
    return {
        **file_document(made.file),
        "new_lines": made.new_count,
        "skipped": [_skip_document(line, known) for line, known in made.skipped],
        "gap": gap_document(made.gap) if made.gap else None,
        "also_taken": [file_document(file) for file in made.also_taken],
    }


def file_document(file: StatementFile) -> dict[str, Any]:
    """A file as it was given, and what became of it."""
    return {
        "id": str(file.id),
        "account": file.account.value,
        "period": file.period,
        "file": file.file_name,
        "sha256": file.sha256.hex(),
        "format": file.format,
        "first_day": file.first_day.isoformat(),
        "last_day": file.last_day.isoformat(),
        "lines": file.line_count,
        "opening_cents": file.opening_cents,
        "closing_cents": file.closing_cents,
        "left_out": file.left_out,
        "imported_at": file.imported_at.isoformat(),
        "state": file.state.value,
    }


def gap_document(gap: Gap) -> dict[str, Any]:
    return {
        "known_cents": gap.known_cents,
        "told_cents": gap.told_cents,
        "missing": "after" if gap.is_earlier else "before",
    }


def _skip_document(line: StatementLine, known: Known) -> dict[str, Any]:
    return {
        "line": line.number,
        "row": line.row,
        "booked_on": line.booked_on.isoformat(),
        "label": line.label,
        "amount_cents": line.amount_cents,
        "reason": "already-imported",
        "known_file": known.file_name,
        "known_period": f"{known.booked_on:%Y-%m}",
        "known_record": known.record,
    }


def proposal_document(mapping: CsvMapping, raw: RawStatement) -> dict[str, Any]:
    """A mapping as its file would say it, and the first lines read with it."""
    return {
        "mapping": written(mapping),
        "lines": len(raw.entries),
        "opening_cents": raw.opening_cents,
        "closing_cents": raw.closing_cents,
        "sample": [
            {
                "row": entry.row,
                "booked_on": entry.booked_on.isoformat(),
                "label": entry.label,
                "amount_cents": entry.amount_cents,
                "balance_cents": entry.balance_cents,
                "reference": entry.their_reference,
            }
            for entry in raw.readable[:SAMPLE_LINES]
        ],
    }
