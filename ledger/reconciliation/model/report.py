"""What a reconciliation says in the end: both sides, what is matched, what is not, and the proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from ledger.reconciliation.model.breaks import Life, State
from ledger.reconciliation.model.sides import Break, Line, Match, Statement
from ledger.reconciliation.model.suggestions import Suggestion


@dataclass(frozen=True, slots=True)
class Side:
    """Opening and closing of one side, and what moved in between; `moved_in` and `moved_out` are positive."""

    opening_cents: int
    in_cents: int
    out_cents: int
    closing_cents: int

    @property
    def proof_cents(self) -> int:
        return self.opening_cents + self.in_cents - self.out_cents - self.closing_cents


@dataclass(frozen=True, slots=True)
class Matched:
    """How much of a statement is matched: lines, our units (`postings`), the sum of the lines' amounts without
    sign, lines by rule.
    """

    lines: int
    postings: int
    cents: int
    by_rule: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OpeningItems:
    """What is carried from before our books began: a balance, and lines that nothing of ours can answer."""

    balance_cents: int
    lines: tuple[Line, ...]

    @property
    def cents(self) -> int:
        return self.balance_cents + sum(line.amount_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class Proof:
    """A + B − C + D − O − E = 0.

    A: theirs at close; B: ours not at theirs; C: theirs not in ours; D: ours less theirs where amounts differ;
    O: opening items; E: ours at close. All signed in the view of the account's holder.
    """

    theirs_cents: int
    ours_only_cents: int
    theirs_only_cents: int
    amounts_cents: int
    ours_cents: int
    opening_items_cents: int = 0

    @property
    def proof_cents(self) -> int:
        explained = self.theirs_cents + self.ours_only_cents - self.theirs_only_cents + self.amounts_cents
        return explained - self.opening_items_cents - self.ours_cents


@dataclass(frozen=True, slots=True)
class Report:
    """What an account's reconciliation says at the end of a period. `lives`: where its breaks stand today."""

    statement: Statement
    theirs: Side
    ours: Side
    matched: Matched
    breaks: tuple[Break, ...]
    ages_days: Mapping[UUID, int]
    proof: Proof
    opening_items: OpeningItems | None = None
    lives: Mapping[UUID, Life] = field(default_factory=dict)
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def is_clean(self) -> bool:
        """The proof is 0,00 and nothing is left to be done about any break."""
        return self.proof.proof_cents == 0 and not self.open_breaks

    @property
    def open_breaks(self) -> tuple[Break, ...]:
        """Those that are neither matched since nor resolved by two people."""
        return tuple(found for found in self.breaks if not self.state_of(found).is_done)

    def state_of(self, found: Break) -> State:
        """Where one of its breaks stands today."""
        if found.id in self.lives:
            return self.lives[found.id].state
        return State.CLEARED if found.cleared else State.OPEN


@dataclass(frozen=True, slots=True)
class MatchRun:
    """What one run of the matcher did."""

    statement: Statement
    matches: tuple[Match, ...]
    breaks: tuple[Break, ...]
