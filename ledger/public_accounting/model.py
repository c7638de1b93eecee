"""Papers as values: what is told of them first, their tables, what is certified at their end, and who signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from ledger.sheets import Sheet, Value


class Kind(StrEnum):
    """Which paper; the word stands in names of files and in JSON."""

    LIQUIDATION = "etat-liquidatif"
    SLIP = "bordereau"
    CONSUMPTION = "etat-de-consommation"
    RECONCILIATION = "etat-de-rapprochement"


@dataclass(frozen=True, slots=True)
class Imprint:
    """Where and when a paper was made. `rehearsal`: nothing of it happened. `checkpoint`: the last signed head of the
    books, its name, size and root; none before the first.
    """

    made_at: datetime
    rehearsal: bool
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody signs; an empty `who` or `when` leaves room for a pen."""

    role: str
    who: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A table under a heading, with what is to be read before it. `annexed`: it stands behind what is signed."""

    heading: str
    sheet: Sheet
    said: tuple[str, ...] = ()
    annexed: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper ready to be written. `issuer`: whose it is. `data`: the same for programs, amounts in centimes.
    `flat`: what its CSV holds: one table without totals. `flipped`: it is wider than high. `holds`: what it is to
    prove adds up, and nothing is open.
    """

    kind: Kind
    title: str
    reference: str
    issuer: str
    facts: tuple[tuple[str, Value], ...]
    parts: tuple[Part, ...]
    flat: Sheet
    certified: str | None
    places: tuple[Place, ...]
    imprint: Imprint
    data: Mapping[str, Any]
    flipped: bool = False
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that somebody wants, each new."""

    pdf: Path | None = None
    csv: Path | None = None
    xlsx: Path | None = None

    @property
    def wanted(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.pdf, self.csv, self.xlsx) if path is not None)
