"""What is sold and given back in training, so that nobody takes it for the real thing."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ledger.redemptions.model import CardBalance, Redemption, Refund


class Practised:
    """Marks what is in no books."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TrainingSale(Practised, Redemption):
    """A sale that was only practised; its receipt says so."""

    @classmethod
    def of(cls, sale: Redemption, number: int) -> TrainingSale:
        """The sale that the rules decided, with a number of its own."""
        values = {field.name: getattr(sale, field.name) for field in fields(Redemption)}
        return cls(**values | {"receipt_number": number})

    @property
    def receipt(self) -> str:
        return f"TRAINING-{self.receipt_number:06d}"


@dataclass(frozen=True, slots=True)
class TrainingRefund(Practised, Refund):
    """Money that went back onto a training card."""


@dataclass(frozen=True, slots=True)
class TrainingBalance(Practised, CardBalance):
    """What is left on a training card."""
