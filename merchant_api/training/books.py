"""What one till practised, as long as this process remembers it: nothing of it reaches the database."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from ledger.cards.model import FailureCount, FailureKey
from ledger.redemptions.model import Outcome
from merchant_api.training.model import TrainingRefund, TrainingSale

Name = TypeVar("Name")
Value = TypeVar("Value")

TILLS_MAX = 100
_KEPT_MAX = 1_000  # of each; a sale has a key, so that no key outlives its sale


@dataclass(slots=True)
class TrainingBooks:
    """The last sales, refunds and keys of one till."""

    sales: OrderedDict[UUID, TrainingSale] = field(default_factory=OrderedDict)
    refunds: OrderedDict[UUID, tuple[TrainingRefund, str]] = field(default_factory=OrderedDict)
    outcomes: OrderedDict[bytes, Outcome] = field(default_factory=OrderedDict)
    failures: dict[FailureKey, FailureCount] = field(default_factory=dict)
    turned_away: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    last_step: int = 0
    last_number: int = 0

    def keep_outcome(self, key: bytes, outcome: Outcome) -> None:
        """The one fate of a key, as at the real desk."""
        keep(self.outcomes, key, outcome, _KEPT_MAX)

    def keep_sale(self, sale: TrainingSale) -> None:
        """A sale, new or with what was given back of it."""
        keep(self.sales, sale.id, sale, _KEPT_MAX)

    def keep_refund(self, refund: TrainingRefund, reason: str) -> None:
        """A refund, and whether it was a void."""
        keep(self.refunds, refund.id, (refund, reason), _KEPT_MAX)

    def is_first(self, key: bytes) -> bool:
        """Whether this key is turned away for the first time."""
        first = key not in self.turned_away
        keep(self.turned_away, key, None, _KEPT_MAX)
        return first


def keep(kept: OrderedDict[Name, Value], name: Name, value: Value, count_max: int) -> None:
    """Remember the latest ones only, so that nobody fills the memory."""
    kept[name] = value
    while len(kept) > count_max:
        kept.popitem(last=False)
