"""A request that is put to the product, and the answer as the model compares it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.errors import Refusal
from ledger.redemptions.model import Answered
from tests.properties.machine.books import Books, Differs, Fate


@dataclass(frozen=True)
class Told:
    """What the product answered: the code of its refusal with the facts, or a result."""

    code: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    replayed: bool = False

    def was(self, code: str | None, **facts: Any) -> bool:
        """Whether it is the refusal expected; with none expected, `False`: the result is to be looked at."""
        if self.code != code:
            told = f"{self.code or self.result} {self.facts or ''}"
            raise Differs(f"expected {code or 'a yes'}, was told {told[:200]}")
        for name, value in facts.items():
            same(self.facts.get(name), value, name)
        return code is not None


def same(found: Any, expected: Any, what: str) -> None:
    """What the product says is what the model says."""
    if found != expected:
        raise Differs(f"{what}: expected {expected}, found {found}")


@dataclass(frozen=True)
class Op:
    """`judge` compares an answer with the model and moves the model. It may be asked about copies of the model, so
    that it holds names and numbers, never objects of it.
    """

    text: str
    ask: Callable[[], Awaitable[Any]]
    judge: Callable[[Books, Told], None]


async def told(asking: Awaitable[Any]) -> Told:
    """Wait for an answer; refusals are answers, whether raised or returned."""
    try:
        result = await asking
    except Refusal as refusal:
        return Told(refusal.code, refusal.facts)
    replayed = False
    if isinstance(result, Answered):
        result, replayed = result.result, result.replayed
    if isinstance(result, Refusal):
        return Told(result.code, result.facts, replayed=replayed)
    return Told(result=result, replayed=replayed)


def repeated(books: Books, siret: str, key: bytes, fingerprint: bytes, answer: Told) -> bool:
    """Whether a key was settled before; then the answer must be its one fate again (L5)."""
    fate = books.fates.get((siret, key))
    if fate is None:
        return False
    if fate.fingerprint is None:
        answer.was("request-abandoned")
    elif fate.fingerprint != fingerprint:
        answer.was("idempotency-conflict")
    elif not answer.was(fate.code):
        same(answer.result.id, fate.result, "the result of a repeated request")
    if fate.fingerprint == fingerprint:
        same(answer.replayed, True, "replayed")  # noqa: FBT003 - the value expected
    return True


def freeze(books: Books, siret: str, key: bytes, fate: Fate) -> None:
    """Let a key have this fate for ever."""
    assert (siret, key) not in books.fates
    books.fates[siret, key] = fate
