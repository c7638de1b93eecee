"""The service is killed, or loses its database, in the middle of a stream of sales: what was said stays true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest

from ledger.checks.actions import run_checks
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from tests.conftest import NOW
from tests.databases import DatabaseUrls, TestServer
from tests.services import Installation, Service, client_of
from tests.straight import balance
from tests.tills import TillClient
from tests.town import FRUIT, Town, cloned_town

CENTS = 10
STREAMS = 12
SALES = 15
CUTS = 12


@dataclass
class Stream:
    """One till after another sale: `told` is what it was answered, by key; `open` the key without an answer."""

    number: int
    told: dict[str, httpx.Response] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)

    def key(self, nth: int) -> str:
        return f"stream-{self.number}-{nth}"


@dataclass(frozen=True)
class Books:
    """A clone of the town, looked at from outside."""

    installation: Installation
    town: Town
    ledger: Ledger
    connection: asyncpg.Connection

    def till(self, client: httpx.AsyncClient, stream: Stream) -> TillClient:
        return TillClient(client, self.installation.clock, self.town.tills[stream.number].token)

    async def sell(self, client: httpx.AsyncClient, stream: Stream, key: str) -> httpx.Response:
        """The same request for the same key, whenever it is sent."""
        card = self.town.crowd[stream.number]
        return await self.till(client, stream).redeem(card, (FRUIT, CENTS), key=key)

    async def sold(self) -> set[str]:
        return {str(row["id"]) for row in await self.connection.fetch("SELECT id FROM ledger.redemption")}

    async def assert_sold_once(self, sales: int) -> None:
        assert len(await self.sold()) == sales
        earned = [-(await balance(self.connection, shop.account_id)) for shop in self.town.shops]
        assert sum(earned) == sales * CENTS
        assert await run_checks(self.ledger) == []


@pytest.fixture
async def books(
    database_server: TestServer, town: Town, keys: Keyring, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Books]:
    async with AsyncExitStack() as stack:
        urls: DatabaseUrls = await stack.enter_async_context(cloned_town(database_server, town))
        installation = Installation.make(tmp_path_factory.mktemp("home"), urls, keys, NOW)
        database = Database.at(urls.app)
        stack.push_async_callback(database.aclose)
        connection = await stack.enter_async_context(connected(urls.owner))
        yield Books(installation, town, Ledger(database, installation.clock, keys), connection)


async def sell_until_the_line_breaks(
    books: Books, client: httpx.AsyncClient, stream: Stream, sold: asyncio.Semaphore
) -> None:
    while True:
        key = stream.key(len(stream.told) + len(stream.unanswered))
        try:
            stream.told[key] = await books.sell(client, stream, key)
        except httpx.TransportError:
            stream.unanswered.append(key)
            return
        sold.release()


async def killed_in_the_middle(books: Books, service: Service, streams: list[Stream], sales: int) -> None:
    """Kill it when so many more sales are answered; the tills notice."""
    sold = asyncio.Semaphore(0)
    async with client_of(service) as client, asyncio.TaskGroup() as tasks:
        for stream in streams:
            tasks.create_task(sell_until_the_line_breaks(books, client, stream, sold))
        async with asyncio.timeout(60):
            for _ in range(sales):
                await sold.acquire()
        await service.kill()


async def test_after_kill_9_every_answer_holds_and_every_question_is_answered_once(books: Books) -> None:
    streams = [Stream(number) for number in range(STREAMS)]
    for _ in range(2):
        await killed_in_the_middle(books, await books.installation.start(), streams, sales=100)
    told = {key: answer for stream in streams for key, answer in stream.told.items()}
    unanswered = [(stream, key) for stream in streams for key in stream.unanswered]
    assert len(unanswered) == 2 * STREAMS
    assert {answer.status_code for answer in told.values()} == {201}
    sold = await books.sold()
    assert {answer.json()["id"] for answer in told.values()} <= sold
    assert len(told) <= len(sold) <= len(told) + len(unanswered)

    async with books.installation.running() as [service], client_of(service) as client:
        for stream in streams:
            again = await asyncio.gather(*(books.sell(client, stream, key) for key in stream.told))
            assert [answer.content for answer in again] == [answer.content for answer in stream.told.values()]
            assert {answer.headers["idempotency-replayed"] for answer in again} == {"true"}
        late = await asyncio.gather(*(books.sell(client, stream, key) for stream, key in unanswered))
        assert {answer.status_code for answer in late} == {201}
        replayed = [answer for answer in late if "idempotency-replayed" in answer.headers]
        assert {answer.json()["id"] for answer in replayed} == sold - {answer.json()["id"] for answer in told.values()}
    await books.assert_sold_once(len(told) + len(unanswered))


async def test_a_killed_service_leaves_no_sale_half_settled(books: Books) -> None:
    """The tills do not ask again but give up: whatever was written before is told, all else is closed."""
    streams = [Stream(number) for number in range(STREAMS)]
    await killed_in_the_middle(books, await books.installation.start(), streams, sales=60)
    told = sum(len(stream.told) for stream in streams)
    sold = await books.sold()
    async with books.installation.running() as [service], client_of(service) as client:
        fates = [(await books.till(client, each).abandon(each.unanswered[0])).json() for each in streams]
        late = [await books.sell(client, each, each.unanswered[0]) for each in streams]
    approved = [fate["redemption"]["id"] for fate in fates if fate["fate"] == "approved"]
    assert {fate["fate"] for fate in fates} <= {"approved", "abandoned"}
    assert set(approved) <= sold
    assert [answer.status_code == 201 for answer in late] == [fate["fate"] == "approved" for fate in fates]
    await books.assert_sold_once(told + len(approved))


async def through(
    seen: list[int], ask: Callable[..., Awaitable[httpx.Response]], *asked: Any, **more: Any
) -> httpx.Response:
    """Ask until there is an answer; meanwhile nothing worse than "not now, the same again later" may be said."""
    while True:
        answer = await ask(*asked, **more)
        seen.append(answer.status_code)
        if answer.status_code < 500:
            return answer
        assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (503, "unavailable", True)
        assert int(answer.headers["retry-after"]) > 0


async def live(books: Books, client: httpx.AsyncClient, stream: Stream, seen: list[int]) -> None:
    """Sales, every fifth of which is given back, looked at and asked about."""
    till, card = books.till(client, stream), books.town.crowd[stream.number]
    for nth in range(SALES):
        key = stream.key(nth)
        stream.told[key] = await through(seen, books.sell, client, stream, key)
        if nth % 5 == 0:
            back = await through(seen, till.refund, stream.told[key].json()["id"], CENTS, f"back-{key}")
            assert (back.status_code, back.json()["refundable_cents"]) == (201, 0)
            left = await through(seen, till.balance, card)
            assert left.json()["balance_cents"] == 110_00 - CENTS * (nth - nth // 5)
            fate = await through(seen, till.abandon, key)
            assert fate.json()["fate"] == "approved"


async def cut_every_connection(connection: asyncpg.Connection) -> None:
    """Again and again, but for one's own; not for ever, so that a slow machine gets through as well."""
    sql = """
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND usename <> current_user
    """
    for _ in range(CUTS):
        await asyncio.sleep(0.2)
        await connection.fetchval(sql)


async def test_a_service_that_loses_its_database_again_and_again_debits_nobody_twice(books: Books) -> None:
    streams, seen = [Stream(number) for number in range(STREAMS)], list[int]()
    async with books.installation.running() as [service], client_of(service) as client:
        cutting = asyncio.create_task(cut_every_connection(books.connection))
        await asyncio.gather(*(live(books, client, stream, seen) for stream in streams))
        cutting.cancel()
        await asyncio.wait([cutting])
    assert {answer.status_code for stream in streams for answer in stream.told.values()} == {201}
    assert "Traceback" not in service.log.read_text()
    async with connected(books.installation.urls.owner) as connection:
        assert await connection.fetchval("SELECT count(*) FROM ledger.redemption") == STREAMS * SALES
        assert await connection.fetchval("SELECT count(*) FROM ledger.refund") == STREAMS * (SALES // 5)
    assert await run_checks(books.ledger) == []


async def test_a_service_whose_parent_is_gone_answers_what_it_has_and_stops(books: Books) -> None:
    service, streams = await books.installation.start(), [Stream(number) for number in range(STREAMS)]
    async with client_of(service) as client:
        asking = [asyncio.create_task(books.sell(client, stream, stream.key(0))) for stream in streams]
        await asyncio.sleep(0.005)
        assert await service.stop() == 0
        answers = await asyncio.gather(*asking, return_exceptions=True)
    sold = [answer for answer in answers if isinstance(answer, httpx.Response)]
    assert {answer.status_code for answer in sold} <= {201}
    assert {answer.json()["id"] for answer in sold} == await books.sold()
