"""A line to PostgreSQL that can be cut at a message: the request is lost with its backend, or the answer is."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

from ledger.database.connect import connected
from tests.databases import DatabaseUrls

Cut = Literal["backend-killed", "answer-lost"]

_PORT = 5432
_TERMINATE = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1 AND pid = ANY($2::integer[])"
)
_BACKEND_KEY = b"K\x00\x00\x00\x0c"  # how a backend tells its process id, once, before its first ReadyForQuery


class Line:
    """Passes on what client and server say. What a client writes at once counts as one message."""

    def __init__(self, urls: DatabaseUrls) -> None:
        self._urls, self._folder = urls, Path(tempfile.mkdtemp(prefix="bonpois-line-"))
        self._left, self._cut = 0, "backend-killed"
        self._open: set[asyncio.StreamWriter] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._backends: set[int] = set()

    @property
    def url(self) -> str:
        """For the application, by this line."""
        parts = urlsplit(self._urls.app)
        login = parts.netloc.rpartition("@")[0]
        query = f"host={quote(str(self._folder), safe='')}&port={_PORT}"
        return parts._replace(netloc=f"{login}@", query=query).geturl()

    def cut(self, message: int, how: Cut) -> None:
        """Cut the line at the message with this number, counted from now on."""
        self._left, self._cut = message, how

    @property
    def was_cut(self) -> bool:
        """Whether it came to the cut; else there were fewer messages. The line is whole again then."""
        came, self._left = self._left <= 0, 0
        return came

    async def serve(self) -> asyncio.Server:
        path = self._folder / f".s.PGSQL.{_PORT}"
        return await asyncio.start_unix_server(self._client, str(path))

    async def close(self) -> None:
        for end in self._open:
            end.close()
        await asyncio.gather(*self._busy)
        shutil.rmtree(self._folder)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        upstream, downstream = await self._server()
        ends, lost = {writer, downstream}, asyncio.Event()
        self._open |= ends
        async with asyncio.TaskGroup() as both:
            both.create_task(_until_closed(lambda: self._ask(reader, downstream, lost), *ends))
            both.create_task(_until_closed(lambda: self._answer(upstream, writer, lost), *ends))
        self._open -= ends

    async def _ask(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, lost: asyncio.Event) -> bool:
        """Pass on one message of the client; `False` at the end."""
        said = await reader.read(1 << 20)
        if self._left > 0:
            self._left -= 1
            if self._left == 0 and self._cut == "answer-lost":
                lost.set()
            elif self._left == 0:
                await self._terminate()
        server.write(said)
        await server.drain()
        return bool(said)

    async def _terminate(self) -> None:
        """End every backend of this line, as an administrator does, and wait until they are gone."""
        async with connected(self._urls.owner) as connection:
            await connection.fetch(_TERMINATE, urlsplit(self._urls.app).path[1:], list(self._backends))

    async def _answer(self, server: asyncio.StreamReader, client: asyncio.StreamWriter, lost: asyncio.Event) -> bool:
        """Pass on what the server says, unless it is to be lost: then it did what it was asked, and nobody knows."""
        said = await server.read(1 << 20)
        if lost.is_set():
            return False
        _, told, key = said.partition(_BACKEND_KEY)
        if told:
            self._backends.add(int.from_bytes(key[:4]))
        client.write(said)
        await client.drain()
        return bool(said)

    async def _server(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self._urls.app)
        query = parse_qs(parts.query)
        if "host" in query:
            path = Path(query["host"][0]) / f".s.PGSQL.{query.get('port', [str(_PORT)])[0]}"
            return await asyncio.open_unix_connection(str(path))
        return await asyncio.open_connection(parts.hostname, parts.port or _PORT)


async def _until_closed(passed_on: Callable[[], Awaitable[bool]], *ends: asyncio.StreamWriter) -> None:
    """Until one side hangs up; then both do."""
    with suppress(ConnectionError):
        while await passed_on():
            pass
    for end in ends:
        end.close()


@asynccontextmanager
async def line_to(urls: DatabaseUrls) -> AsyncIterator[Line]:
    """A line to a database, for the length of the block."""
    line = Line(urls)
    server = await line.serve()
    try:
        yield line
    finally:
        server.close()
        await line.close()
