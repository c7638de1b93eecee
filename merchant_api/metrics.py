"""Figures for whoever watches over the service, in the text form of Prometheus (version 0.0.4).

They have a port of their own, which only this machine reaches. Counters are of this process and begin with it; what
is said of seals is read from the books, the same in every process.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.clock import SystemClock
from ledger.database.unit_of_work import Ledger
from ledger.redemptions.tally import Tally
from ledger.sealing.actions import seal_lag
from ledger.sealing.model import Lag

HOST = "127.0.0.1"

_SECONDS_MAX = 5.0
_HEAD_BYTES_MAX = 8 * 1024
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Meters:
    """What is counted in this process. `started_at`: seconds since 1970, by the machine's own clock."""

    desk: Tally = field(default_factory=Tally)
    seal_failures: int = 0
    started_at: float = field(default_factory=lambda: SystemClock().now().timestamp())


async def serve_metrics(listening: socket.socket, ledger: Ledger, meters: Meters) -> asyncio.Server:
    """Answer `GET /metrics` on a socket, and nothing else; one request for each connection."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS_MAX):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(await _response(request, ledger, meters))
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked has gone, or never asked
        finally:
            writer.close()

    return await asyncio.start_server(answer, sock=listening, limit=_HEAD_BYTES_MAX)


def page(meters: Meters, lag: Lag | None) -> str:
    """All figures; those of the books are left out where the database does not answer."""
    return "".join(f"{line}\n" for line in _lines(meters, lag))


def _lines(meters: Meters, lag: Lag | None) -> Iterator[str]:
    desk = meters.desk
    yield "# HELP bonpois_redemptions_total Answers of the desk, by outcome."
    yield "# TYPE bonpois_redemptions_total counter"
    for outcome in sorted({"approved", "repeated", *desk.outcomes}):
        yield f'bonpois_redemptions_total{{outcome="{outcome}"}} {desk.outcomes[outcome]}'
    yield "# HELP bonpois_redemption_batch_size Requests in a batch."
    yield "# TYPE bonpois_redemption_batch_size summary"
    yield f"bonpois_redemption_batch_size_sum {desk.batched}"
    yield f"bonpois_redemption_batch_size_count {desk.batches}"
    yield from _one("gauge", "bonpois_redemptions_waiting", "Requests that wait for a batch.", len(desk.queue))
    yield from _one("counter", "bonpois_seal_failures_total", "Failed attempts to seal.", meters.seal_failures)
    yield from _one(
        "gauge", "bonpois_database_up", "Whether the database answered this question.", int(lag is not None)
    )
    if lag is not None:
        yield from _one("counter", "bonpois_seals_total", "Seals in the books.", lag.seals)
        yield from _one("counter", "bonpois_sealed_leaves_total", "Facts that are sealed.", lag.leaves)
        yield from _one("gauge", "bonpois_seal_lag_seconds", "Age of the oldest unsealed transaction.", lag.seconds)
    started = f"{meters.started_at:.3f}"
    yield from _one("gauge", "process_start_time_seconds", "When this process started, since 1970.", started)


def _one(kind: str, name: str, meaning: str, value: float | str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
    yield f"{name} {value}"


async def _response(request: bytes, ledger: Ledger, meters: Meters) -> bytes:
    if request.startswith((b"GET /metrics HTTP/", b"GET /metrics?")):
        return _http("200 OK", page(meters, await _lag(ledger)))
    return _http("404 Not Found", "see /metrics\n")


async def _lag(ledger: Ledger) -> Lag | None:
    try:
        async with asyncio.timeout(_SECONDS_MAX / 2):
            return await seal_lag(ledger)
    except Exception:  # noqa: BLE001 - a database in trouble must not hide the other figures
        return None


def _http(status: str, text: str) -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {_TYPE}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
