"""How a step draws what it asks for: mostly what is possible, now and then what is not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

import asyncpg

from ledger.approvals.model import Signer
from ledger.cards.rules import one_time_code
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.merchants.actions import till_by_token
from ledger.merchants.model import TillSession
from ledger.redemptions.desk import Desk
from ledger.redemptions.model import RequestKey
from tests.people import signer
from tests.properties.machine.books import Books, Till
from tests.properties.machine.codes import step_of
from tests.properties.machine.ground import Ground
from tests.properties.machine.sales import SaleAsked

Thing = TypeVar("Thing")


@dataclass
class Scene:
    """The product and the model, as a step finds them."""

    ground: Ground
    ledger: Ledger
    clock: FixedClock
    desks: tuple[Desk, ...]
    connection: asyncpg.Connection
    books: Books
    sent: list[tuple[SaleAsked, object]]  # sales with the product's own form of them
    keys: list[tuple[str, bytes, bytes]]  # token, key and fingerprint of earlier requests

    @property
    def now(self) -> datetime:
        return self.clock.instant

    async def session(self, token: str, *, although_suspended: bool = False) -> TillSession:
        """Who asks, as the door looks at every request."""
        return await till_by_token(self.ledger, token, although_suspended=although_suspended)


class Draw(random.Random):
    """Chance that follows from what it is made of, so that a step can be taken again."""

    clumsy = 1  # how much likelier slips are than usual

    def slips(self, probability: float = 0.06) -> bool:
        return self.random() < probability * self.clumsy

    def one(self, things: Sequence[Thing], otherwise: Thing) -> Thing:
        """One of some things; the latest are likelier. Something else where there is none."""
        if not things:
            return otherwise
        return things[max(self.randrange(len(things)), self.randrange(len(things)))]

    def uuid(self) -> UUID:
        return UUID(int=self.getrandbits(128), version=4)

    def digest(self) -> bytes:
        return self.randbytes(32)

    def who(self, *usual: str) -> str:
        """An operator: one of those who may, or anybody, or nobody at all."""
        if self.slips(0.08):
            return self.choice(["omar", "ana", "fay", "tom", "rex", "aude", "lim", "dual", "gone", "nobody"])
        return self.choice(usual)

    def signer(self, name: str) -> tuple[Signer, bool]:
        """Somebody with the own key, or with another's."""
        if self.slips(0.04):
            return Signer(name, signer("another").private_key), False
        return signer(name), True

    def cents(self, available: int, most: int = 60_00) -> int:
        """Some of what there is, all of it, or a little more."""
        if available > 0 and self.slips(0.15):
            return available
        if self.slips(0.18):
            return max(available, 0) + self.randint(1, 5_00)
        return self.randint(1, max(1, min(available, most)))


def token_sha256(token: str) -> bytes:
    return sha256(token.encode()).digest()


def any_till(scene: Scene, draw: Draw, scope: str, siret: str | None = None) -> Till:
    """A device of this scope, mostly; of one shop where it is named."""
    tills = [one for one in scene.books.tills.values() if siret in {None, one.siret}]
    right = [one for one in tills if one.scope == scope and not one.revoked]
    if not draw.slips(0.05):  # a shop that is there
        right = [one for one in right if scene.books.shops[one.siret].state == "approved"] or right
    return draw.choice(tills if draw.slips(0.03) or not right else right)


def owner_code(scene: Scene, draw: Draw, siret: str) -> tuple[str, int | None]:
    """What the owner's telephone shows, and the step that it is of; none where it is not the owner's."""
    shop = scene.books.shops[siret]
    step = _fresh_step(draw, shop.owner_step, scene.now)
    if shop.owner_secret is None:
        return "12345678", None
    code = one_time_code(shop.owner_secret, step)
    return (code[::-1], None) if draw.slips(0.05) and code[::-1] != code else (code, step)


def phone_code(scene: Scene, draw: Draw, number: int) -> tuple[str, int]:
    """What a holder's telephone shows, and the step that it is of."""
    card = scene.books.cards[number]
    step = _fresh_step(draw, card.last_step, scene.now)
    return one_time_code(card.secret, step), step


def _fresh_step(draw: Draw, last: int, now: datetime) -> int:
    """A step that may be used now, if there is one; sometimes one of long ago."""
    current = step_of(now)
    if draw.slips(0.05):
        return current - 7
    usable = [step for step in (current, current - 1, current + 1) if step > last]
    return draw.choice(usable) if usable and not draw.slips(0.08) else current


def bound(token: str, key: bytes, fingerprint: bytes) -> RequestKey:
    return RequestKey(token_sha256(token), key, fingerprint)


def new_key(scene: Scene, draw: Draw, token: str) -> tuple[bytes, bytes]:
    """A key with a fingerprint; sometimes one that was used before, with the same fingerprint or another."""
    own = [(key, fingerprint) for asked, key, fingerprint in scene.keys if asked == token]
    if own and draw.slips(0.04):
        key, _ = draw.choice(own)
        return key, draw.digest()
    key, fingerprint = draw.digest(), draw.digest()
    scene.keys.append((token, key, fingerprint))
    return key, fingerprint
