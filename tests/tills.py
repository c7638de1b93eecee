"""A till as a program: what it sends and what comes back, over a real socket or straight into the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from litestar import Litestar
from uvicorn.server import ServerState

from ledger.cards.model import IssuedCard
from ledger.clock import Clock
from ledger.database.unit_of_work import Ledger
from ledger.merchants.model import PairedTill
from merchant_api.app import create_app
from merchant_api.metrics import Meters
from merchant_api.till_protocol import TillProtocol
from tests.contract import conforms
from tests.town import FRUIT, credential


@dataclass(frozen=True)
class TillClient:
    """A paired till; `language` is what its screen speaks."""

    client: httpx.AsyncClient
    clock: Clock
    token: str = field(repr=False)
    language: str | None = None

    def at(self, till: PairedTill) -> TillClient:
        """Another till of the town."""
        return replace(self, token=till.token)

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self.client.get(path, headers=self.headers(), params=query)

    async def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        return await self.client.post(path, headers=self.headers(key), json=body)

    async def redeem(
        self, card: IssuedCard, *basket: tuple[str, int], key: str | None = None, **more: Any
    ) -> httpx.Response:
        """A sale of 8.50 of fruit unless told otherwise, with a key of its own."""
        return await self.post("/v1/redemptions", self.sale(card, *basket, **more), key or str(uuid4()))

    async def refund(
        self, redemption_id: str, amount_cents: int | None = None, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """Give back so much, or all that is left."""
        body = {"reason": "returned-goods"} | ({} if amount_cents is None else {"amount_cents": amount_cents}) | more
        return await self.post(f"/v1/redemptions/{redemption_id}/refunds", body, key or str(uuid4()))

    async def void(self, redemption_id: str, key: str | None = None) -> httpx.Response:
        """Take a whole sale back at once."""
        return await self.post(f"/v1/redemptions/{redemption_id}/void", {}, key or str(uuid4()))

    async def abandon(self, key: str) -> httpx.Response:
        return await self.post("/v1/redemptions/abandon", {"idempotency_key": key})

    async def balance(self, card: IssuedCard, **changes: Any) -> httpx.Response:
        return await self.post("/v1/card/balance", self.shown(card) | changes)

    def sale(self, card: IssuedCard, *basket: tuple[str, int], **more: Any) -> dict[str, Any]:
        """The body of a sale."""
        lines = [{"category": category, "amount_cents": cents} for category, cents in basket or [(FRUIT, 850)]]
        return {**self.shown(card), "basket": lines, **more}

    def shown(self, card: IssuedCard) -> dict[str, Any]:
        """What the holder shows and types."""
        scanned = {"credential": credential(card, self.clock.now())}
        return scanned | ({"pin": card.pin} if card.pin is not None else {})

    def headers(self, key: str | None = None) -> dict[str, str]:
        sent = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key, "Accept-Language": self.language}
        return {name: value for name, value in sent.items() if value is not None}


@asynccontextmanager
async def answering(ledger: Ledger, meters: Meters | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """The service within the test's own process, on books that the test has in hand."""
    app = create_app(ledger, meters)
    async with app.lifespan(), listening(app, TillProtocol.at(app.state.door)) as url, calling(url) as client:
        yield client


@asynccontextmanager
async def listening(app: Litestar, protocol: type[asyncio.Protocol]) -> AsyncIterator[str]:
    """An application on a port of this machine; where it answers."""
    config = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None, access_log=False, server_header=False)
    config.load()
    state = ServerState()

    def connected() -> asyncio.Protocol:
        return protocol(config=config, server_state=state, app_state={})  # type: ignore[call-arg]

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()
        for connection in list(state.connections):
            connection.shutdown()


def calling(url: str) -> httpx.AsyncClient:
    """A client that holds every answer against the contract."""
    return httpx.AsyncClient(base_url=url, event_hooks={"response": [conforms]}, trust_env=False)
