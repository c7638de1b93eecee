"""A till of the load generator: one kept connection, one call after the other, each as soon as the last is answered.

Plain sockets and ready-made bytes, so that it costs little beside the service on the same machine.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import cast

from tests.bench.customers import Customers

REPLAYS = 0.01
_CREATED, _FULL = b"201", b"503"


@dataclass(frozen=True)
class Mix:
    """Shares of refunds and of questions for a balance among the calls; the rest are sales."""

    refunds: float = 0.0
    balances: float = 0.0


@dataclass
class Measured:
    """What the tills saw between `starts` and `ends` (of `time.perf_counter`).

    `sent_away_too`: more come than can be served, so that 503 is an answer, too. `booked`: sales granted, also before
    and after.
    """

    starts: float
    ends: float
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    sent_away_too: bool = False
    booked: int = 0

    def take(self, kind: str, status: bytes, expected: bytes, began: float, now: float) -> None:
        """One answer; those before and after the time measured do not count."""
        self.booked += kind == "sale" and status == _CREATED
        if status != expected and not (self.sent_away_too and status == _FULL):
            self.unexpected[f"{kind}: {status.decode()} instead of {expected.decode()}"] += 1
        if began >= self.starts and now <= self.ends:
            self.milliseconds.setdefault("sent away" if status == _FULL else kind, []).append((now - began) * 1000)
            self.statuses[f"{kind} {status.decode()}"] += 1


class Till(asyncio.Protocol):
    """Sends until the time is over, then closes."""

    def __init__(self, token: str, customers: Customers, mix: Mix, measured: Measured) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._headers = f"Host: till\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n".encode()
        self._customers, self._mix, self._measured = customers, mix, measured
        self._sold, self._last_sale, self._buffer = b"", b"", b""
        self._kind, self._expected, self._began = "", b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the service hung up"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        place = self._buffer.lower().find(b"content-length:", 0, head) + 15
        length = int(self._buffer[place : self._buffer.find(b"\r\n", place)])
        if len(self._buffer) >= head + 4 + length:
            answer, self._buffer = self._buffer, b""
            self._answered(answer, head)

    def _answered(self, answer: bytes, head: int) -> None:
        now, status = time.perf_counter(), answer[9:12]
        self._measured.take(self._kind, status, self._expected, self._began, now)
        if self._kind == "sale" and status == _CREATED:
            place = answer.find(b'"id":"', head) + 6
            self._sold = answer[place : place + 36]
        elif self._kind == "refund":
            self._sold = b""
        if now < self._measured.ends:
            self._send()
        else:
            self.done.set_result(None)
            self._transport.close()

    def _send(self) -> None:
        request = self._next()
        self._began = time.perf_counter()
        self._transport.write(request)

    def _next(self) -> bytes:
        """The next call: the last sale again, a refund of it, a balance; mostly a new sale."""
        if self._last_sale and random.random() < REPLAYS:
            self._kind, self._expected = "replay", _CREATED
            request, self._last_sale = self._last_sale, b""
            return request
        if self._sold and random.random() < self._mix.refunds:
            self._kind, self._expected = "refund", _CREATED
            return self._call(b"/v1/redemptions/%b/refunds" % self._sold, b'{"amount_cents":1,"reason":"wrong-amount"}')
        if random.random() < self._mix.balances:
            self._kind, self._expected = "balance", b"200"
            return self._call(b"/v1/card/balance", self._customers.balance())
        body, approved = self._customers.sale()
        self._kind, self._expected = ("sale", _CREATED) if approved else ("refused", b"422")
        request = self._call(b"/v1/redemptions", body)
        self._last_sale = request if approved and not self._measured.sent_away_too else b""
        return request

    def _call(self, path: bytes, body: bytes) -> bytes:
        key = os.urandom(16).hex().encode()
        return b"POST %b HTTP/1.1\r\n%bIdempotency-Key: %b\r\nContent-Length: %d\r\n\r\n%b" % (
            path,
            self._headers,
            key,
            len(body),
            body,
        )
