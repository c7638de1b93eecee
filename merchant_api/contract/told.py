"""What a route tells about itself beside its signature: words, examples, and the refusals that are its own.

What every call of a kind can answer (no token, no key, an unreadable body …) is known from the names of its
parameters, so that no route can forget to say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ledger import errors
from ledger.errors import Refusal

Refusals = tuple[type[Refusal], ...]

_KEY = "told"

# By parameter of a route's function.
_A_DEVICE: Refusals = (errors.Unauthorised, errors.Unavailable)
_OPEN: Refusals = (*_A_DEVICE, errors.MerchantNotActive)
_BY_PARAMETER: dict[str, Refusals] = {
    "calling_till": _OPEN,
    "owning_device": (*_OPEN, errors.OutOfScope),
    "reading_device": (*_A_DEVICE, errors.OutOfScope),
    "proving_device": (*_A_DEVICE, errors.OutOfScope),
    "selling_counter": (*_OPEN, errors.OutOfScope),
    "settling_counter": (*_A_DEVICE, errors.OutOfScope),
    "looking_counter": _OPEN,
    "desk": (*_A_DEVICE, errors.OutOfScope),
    "holding_wallet": (errors.WalletUnknown, errors.CardBlocked, errors.Unavailable),
    "data": (errors.InvalidRequest, errors.RequestTooLarge),
    "idempotency_key": (errors.IdempotencyKeyMissing, errors.IdempotencyConflict, errors.RequestAbandoned),
    "ledger": (errors.Unavailable,),
}
# A card is shown, with a till or without one; the owner agrees: what each can be refused with.
CARD: Refusals = (errors.CodeRefused, errors.CodeAlreadyUsed, errors.CardBlocked, errors.TooManyAttempts)
GUEST: Refusals = (errors.CodeRefused, errors.CardBlocked, errors.TooManyAttempts)
TRAINING: Refusals = (errors.TrainingCard, errors.TrainingTill)
OWNER: Refusals = (errors.OwnerCodeNotSet, errors.CodeRefused, errors.CodeAlreadyUsed, errors.TooManyAttempts)


@dataclass(frozen=True)
class Told:
    """A route in words, with a whole example of what goes in (if a body does) and what comes out."""

    title: str
    text: str
    answer: Any
    body: msgspec.Struct | None
    refusals: Refusals


def tells(
    title: str, text: str, *refusals: type[Refusal], answer: Any, body: msgspec.Struct | None = None
) -> dict[str, Any]:
    """For `opt=` of a route: its words in English (marked for translation), the refusals of its own, the examples."""
    return {_KEY: Told(title, text, answer, body, refusals)}


def told_by(options: dict[str, Any]) -> Told | None:
    """What a route tells, if it is part of the contract."""
    told = options.get(_KEY)
    return told if isinstance(told, Told) else None


def refusals_of(told: Told, parameters: Iterable[str], *, takes_parameters: bool) -> Sequence[type[Refusal]]:
    """Everything that a call can be refused with, by number."""
    usual = [refusal for name in parameters for refusal in _BY_PARAMETER.get(name, ())]
    unreadable = (errors.InvalidRequest,) if takes_parameters else ()
    return sorted({*usual, *unreadable, *told.refusals, errors.InternalError}, key=lambda refusal: refusal.number)
