"""Who stands at the tills: people with cards, and the bytes of what a till sends for them.

Six of ten pay by telephone, the others with a paper card and its PIN, for one to three categories.
"""

from __future__ import annotations

import hmac
import json
import random
import time
from base64 import b32decode
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from tests.bench.inputs import CATEGORIES

PHONES = 0.6
REFUSALS = 0.02
_BASKETS = 2_000
_STEP_SECONDS = 30
_STEP_SPARE_SECONDS = 5  # the code of the last step is not sent shortly before it becomes worthless
_NOT_ELIGIBLE = '[{"category":"alcool","amount_cents":600}]'


@dataclass
class Phone:
    """A telephone, its key, and the last step that it showed."""

    number: int
    key: bytes
    last_step: int = 0


class Customers:
    """All cards. A telephone shows each code once (RFC 6238), so that one is taken only when it has a new one."""

    def __init__(self, seed: int, clock: Callable[[], float] = time.time, phones: float = PHONES) -> None:
        self._clock, self._phone_share = clock, phones
        self._chance = random.Random(seed)
        self._phones: deque[Phone] = deque()
        self._papers: list[tuple[int, str, str]] = []
        self._baskets = [self._basket() for _ in range(_BASKETS)]
        self.shown = Counter[str]()

    def admit(self, phones: Sequence[tuple[int, str]], papers: Sequence[tuple[int, str, str]]) -> None:
        """All cards of the town; those that are known already keep what they showed."""
        self._phones.extend(Phone(number, b32decode(secret)) for number, secret in phones[len(self._phones) :])
        self._papers = list(papers)

    def credential(self) -> str:
        """The fields by which somebody pays; paper where every telephone has shown its codes."""
        if self._chance.random() < self._phone_share and (step := self._next_step()) is not None:
            phone = self._phones.popleft()
            phone.last_step = step
            self._phones.append(phone)
            self.shown["phone"] += 1
            return f'"credential":"BP1/{phone.number}/{_code(phone.key, step)}"'
        self.shown["paper"] += 1
        number, secret, pin = self._chance.choice(self._papers)
        return f'"credential":"BP1/{number}/{secret}","pin":"{pin}"'

    def sale(self) -> tuple[bytes, bool]:
        """The body of a sale, and whether it will be approved; the others ask for what the programme does not pay."""
        approved = self._chance.random() >= REFUSALS
        basket = self._chance.choice(self._baskets) if approved else _NOT_ELIGIBLE
        return f'{{{self.credential()},"basket":{basket},"allow_partial":true}}'.encode(), approved

    def balance(self) -> bytes:
        """The body of a question for the balance."""
        return f"{{{self.credential()}}}".encode()

    def _next_step(self) -> int | None:
        """The earliest step whose code is taken now and was not shown yet, of whoever waited longest."""
        now = self._clock()
        current, spent = int(now) // _STEP_SECONDS, now % _STEP_SECONDS
        earliest = current - 1 if spent < _STEP_SECONDS - _STEP_SPARE_SECONDS else current
        step = max(self._phones[0].last_step + 1, earliest)
        return step if step <= current + 1 else None

    def _basket(self) -> str:
        names = self._chance.sample(CATEGORIES, self._chance.randint(1, 3))
        lines = [{"category": name, "amount_cents": self._chance.randint(10, 99)} for name in names]
        return json.dumps(lines, separators=(",", ":"))


def _code(key: bytes, step: int) -> str:
    """RFC 6238 with SHA-256 and eight digits, as the card's page computes it."""
    digest = hmac.digest(key, step.to_bytes(8, "big"), sha256)
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 10**8:08d}"
