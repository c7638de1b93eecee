"""A merchant's owner with a device of the shop and a telephone that shows the codes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx

from ledger.cards.rules import STEP_SECONDS, one_time_code, step_at
from ledger.clock import FixedClock
from ledger.conversions import actions
from ledger.conversions.model import Asked, Conversion
from ledger.database.unit_of_work import Ledger
from ledger.identifiers import new_event_id
from ledger.merchants.actions import invite_till, pair_till, till_by_token
from ledger.merchants.model import PairedTill, TillSession
from ledger.merchants.owners import enrol_owner
from ledger.redemptions.model import RequestKey
from tests.tills import TillClient


@dataclass(frozen=True)
class Owner:
    """Asks for movements over HTTP; each time half a minute has passed, so that the code is a new one."""

    device: TillClient
    clock: FixedClock
    secret: str = field(repr=False)

    @classmethod
    async def of(cls, ledger: Ledger, till: TillClient, clock: FixedClock, paired: PairedTill, operator: str) -> Owner:
        enrolled = await enrol_owner(ledger, paired.merchant.siret, operator)
        return cls(till.at(paired), clock, enrolled.secret)

    def at(self, paired: PairedTill) -> Owner:
        """The same person with another device."""
        return replace(self, device=self.device.at(paired))

    def code(self, steps: int = 0) -> str:
        """What the telephone shows now, or some steps from now."""
        return one_time_code(self.secret, step_at(self.clock.now()) + steps)

    async def convert(self, cents: int, key: str | None = None, **more: Any) -> httpx.Response:
        return await self.ask("/v1/conversions", key, amount_cents=cents, **more)

    async def cancel(self, conversion_id: str, key: str | None = None, **more: Any) -> httpx.Response:
        return await self.ask(f"/v1/conversions/{conversion_id}/cancel", key, **more)

    async def pay(self, to_siret: str, cents: int, key: str | None = None, **more: Any) -> httpx.Response:
        return await self.ask("/v1/payments", key, to_siret=to_siret, amount_cents=cents, **more)

    async def coupons(self, cents: int, key: str | None = None, **more: Any) -> httpx.Response:
        return await self.ask("/v1/coupons", key, amount_cents=cents, **more)

    async def ask(self, path: str, key: str | None = None, **body: Any) -> httpx.Response:
        if "owner_code" not in body:
            self.clock.instant += timedelta(seconds=STEP_SECONDS)
        return await self.device.post(path, {"owner_code": self.code()} | body, key or str(uuid4()))

    async def balance(self) -> tuple[int, int]:
        """What the shop holds, and what is on its way to euros."""
        answer = (await self.device.get("/v1/merchant/balance")).json()
        return answer["balance_cents"], answer["converting_cents"]

    async def states(self) -> list[str]:
        """Of the conversions, the latest first."""
        return [one["state"] for one in (await self.device.get("/v1/conversions")).json()["conversions"]]


@dataclass(frozen=True)
class Owning:
    """The same straight at the actions, for books without a service."""

    ledger: Ledger
    clock: FixedClock
    device: TillSession
    secret: str = field(repr=False)

    @classmethod
    async def of(cls, ledger: Ledger, clock: FixedClock, siret: str, operator: str) -> Owning:
        invitation = await invite_till(ledger, siret, "merchant", operator)
        paired = await pair_till(ledger, invitation.code)
        device = await till_by_token(ledger, paired.token)
        return cls(ledger, clock, device, (await enrol_owner(ledger, siret, operator)).secret)

    def asked(self) -> Asked:
        """A request of its own, with a code that was not used before."""
        self.clock.instant += timedelta(seconds=STEP_SECONDS)
        digest = sha256(new_event_id().bytes).digest()
        code = one_time_code(self.secret, step_at(self.clock.now()))
        return Asked(RequestKey(b"", digest, digest), code)

    async def convert(self, cents: int) -> Conversion:
        made = (await actions.request_conversion(self.ledger, self.device, self.asked(), cents)).result
        assert isinstance(made, Conversion), made
        return made
