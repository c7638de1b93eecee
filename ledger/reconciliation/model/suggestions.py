"""What may belong together but only a person can say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from ledger.reconciliation.model.sides import Line, Match, Unit
from ledger.reconciliation.model.words import Rule

_NAMESPACE = UUID("0b7c6f0e-9d3c-5d52-8a0f-5f6f6b9f2c11")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Lines and units that may be one match, or a set of equal ones of which any may be any. `break_ids`: the
    differences that would be explained.
    """

    rule: Rule
    score: int
    reasons: tuple[str, ...]
    lines: tuple[Line, ...]
    units: tuple[Unit, ...]
    break_ids: tuple[UUID, ...] = ()

    @property
    def id(self) -> UUID:
        """Computed from what it ties, so that it is the same in every run."""
        keys = [f"{line.statement_id}/{line.number}" for line in self.lines] + [str(unit.id) for unit in self.units]
        return uuid5(_NAMESPACE, " ".join(sorted(keys)))

    @property
    def match(self) -> Match:
        """What it becomes when it is accepted: of a set of equal ones as many as both sides have, the first first."""
        match = Match(self.rule, self.score, (*self.reasons, "accepted"), self.lines, self.units)
        if self.rule is not Rule.EQUAL_SET:
            return match
        count = min(len(self.lines), len(self.units))
        return replace(match, lines=self.lines[:count], units=self.units[:count])
