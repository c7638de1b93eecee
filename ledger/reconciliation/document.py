"""The report as programs read it (`bonpois reconcile report --json`): stable keys, amounts without sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.reconciliation.formats import CsvMapping, RawStatement, written
from ledger.reconciliation.model import (
    Break,
    Gap,
    Identity,
    Import,
    Known,
    OpeningItems,
    Report,
    Statement,
    StatementFile,
    StatementLine,
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
        "breaks": [break_document(found, report.ages_days[found.id]) for found in report.breaks],
        "suggestions": [suggestion(found) for found in report.breaks if is_suggestion(found)],
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


def break_document(found: Break, age_days: int) -> dict[str, Any]:
    """A side that is absent has no amount."""
    return {
        "id": str(found.id),
        "category": found.category.value,
        "lines": [line.record for line in found.lines],
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
        "lines": [line.record for line in found.lines],
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
