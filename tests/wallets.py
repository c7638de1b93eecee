"""A household's telephone as a program: what it sends and what comes back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx

from ledger.cards.model import IssuedCard
from ledger.cards.rules import one_time_code, step_at
from ledger.clock import Clock
from ledger.database.unit_of_work import Ledger
from ledger.wallets.actions import invite_wallet
from tests.town import AGENT

ENGLISH = {"Accept-Language": "en"}


@dataclass(frozen=True)
class WalletClient:
    """An enrolled telephone."""

    client: httpx.AsyncClient
    clock: Clock
    token: str = field(repr=False)
    secret: str = field(repr=False)

    @classmethod
    async def enrolled(cls, ledger: Ledger, client: httpx.AsyncClient, clock: Clock, card: IssuedCard) -> WalletClient:
        """The telephone of a card, by a code that an agent made."""
        invitation = await invite_wallet(ledger, card.number, AGENT)
        answer = await enrol(client, invitation.code)
        assert answer.status_code == 201, answer.text
        return cls(client, clock, answer.json()["token"], answer.json()["secret"])

    async def get(self, path: str = "", **query: str) -> httpx.Response:
        return await self.client.get(f"/v1/wallet{path}", headers=self.headers(), params=query)

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.client.post(f"/v1/wallet{path}", headers=self.headers(), json=body)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} | ENGLISH

    def code(self) -> str:
        """What it shows now."""
        return one_time_code(self.secret, step_at(self.clock.now()))

    async def card(self, kind: str) -> str:
        """The id of a card that it sees."""
        return next(str(card["id"]) for card in (await self.get()).json()["cards"] if card["kind"] == kind)


def new_nonce() -> str:
    """A number of a telephone's own."""
    return secrets.token_urlsafe(32)


async def enrol(client: httpx.AsyncClient, code: str, nonce: str | None = None) -> httpx.Response:
    """Exchange a code."""
    return await client.post("/v1/wallet/enrol", json={"code": code, "nonce": nonce or new_nonce()}, headers=ENGLISH)
