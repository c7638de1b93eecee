"""A check and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """A named query for the rows that break an invariant: none when all is well.

    `invariant` is the number in `ledger/README.md`, or what the projection is called. The query names the
    culprit in its first column, `subject`; the other columns are facts. It takes linear time.
    """

    name: str
    invariant: str
    statement: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that breaks an invariant: which, who, and the facts that show it (amounts in centimes)."""

    check: str
    subject: str
    facts: Mapping[str, object]
