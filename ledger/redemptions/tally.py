"""What a desk has done since its process started, for whoever watches over the service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sized
from dataclasses import dataclass, field

from ledger.errors import Refusal
from ledger.redemptions.model import Answered, Redemption


@dataclass(slots=True)
class Tally:
    """Answers by outcome (`approved`, or the code of the refusal; `repeated` where it was given before), batches and
    the requests in them, and who waits now.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    batched: int = 0
    queue: Sized = ()

    def answer(self, answer: Answered[Redemption | Refusal]) -> None:
        """Count an answer."""
        outcome = answer.result.code if isinstance(answer.result, Refusal) else "approved"
        self.outcomes["repeated" if answer.replayed else outcome] += 1

    def batch(self, size: int) -> None:
        """Count a batch."""
        self.batches += 1
        self.batched += size
