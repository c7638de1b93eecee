"""A check and what it finds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Culprit = tuple[object, Mapping[str, object]]
Look = Callable[[Any], AsyncIterator[Culprit]]


@dataclass(frozen=True, slots=True)
class Check:
    """A named query for the rows that break an invariant: none when all is well. It takes linear time.

    `invariant` is the number in `ledger/README.md`, or numbers. The query names the culprit in its first
    column, `subject`; its other columns are facts. `values` are bound to the names in the query. What SQL cannot
    tell, such as whether a signature holds, `look` tells: it takes the unit of work and gives culprits with facts.
    """

    name: str
    invariant: str
    statement: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that breaks an invariant: which, who, and the facts that show it (amounts in centimes)."""

    check: str
    subject: str
    facts: Mapping[str, object]
