"""What is sold and given back in training, so that nobody takes it for the real thing."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import asdict

from ledger.redemptions.model import CardBalance, Redemption, Refund


class Practised:
    """Marks what is in no books."""

    __slots__ = ()


class TrainingSale(Redemption, Practised, frozen=True):
    """A sale that was only practised; its receipt says so."""

    @classmethod
    def of(cls, sale: Redemption, number: int) -> TrainingSale:
        """The sale that the rules decided, with a number of its own."""
        return cls(**asdict(sale) | {"receipt_number": number})

    @property
    def receipt(self) -> str:
        return f"TRAINING-{self.receipt_number:06d}"


@dataclass(frozen=True, slots=True)
class TrainingRefund(Practised, Refund):
    """Money that went back onto a training card."""


@dataclass(frozen=True, slots=True)
class TrainingBalance(Practised, CardBalance):
    """What is left on a training card."""
