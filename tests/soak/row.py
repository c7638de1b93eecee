"""One line of the table."""

from __future__ import annotations

from dataclasses import dataclass

_HEAD = ("part", "cycles", "acknowledged", "lost", "doubled", "violations")


@dataclass(frozen=True)
class Row:
    """What one part of the run came to. Only the first two figures may be anything but 0."""

    part: str
    cycles: int
    acknowledged: int
    lost: int = 0
    doubled: int = 0
    violations: int = 0

    @property
    def faults(self) -> int:
        return self.lost + self.doubled + self.violations

    def line(self) -> str:
        figures = (self.cycles, self.acknowledged, self.lost, self.doubled, self.violations)
        return f"{self.part:18}" + "".join(f"{figure:>14}" for figure in figures)


def table(rows: list[Row]) -> str:
    """All lines under one head."""
    head = f"{_HEAD[0]:18}" + "".join(f"{name:>14}" for name in _HEAD[1:])
    return "\n".join([head, *(row.line() for row in rows)]) + "\n"
