"""Load on the till interface from a process of its own: so many tills, each sending its next sale when the last
one is answered. Bounded in time, loopback only. Reads its task on standard input, prints its result."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass
from uuid import uuid4


@dataclass(frozen=True)
class Task:
    """What to send: tokens of tills, paper cards as (number, secret, pin), for how long."""

    host: str
    port: int
    tokens: list[str]
    cards: list[tuple[int, str, str]]
    tills: int
    seconds: float


CATEGORIES = ("fruits-legumes", "legumineuses", "cereales-pain", "lait-oeufs", "huiles")


async def till(task: Task, token: str, ends: float, milliseconds: list[float], statuses: dict[int, int]) -> None:
    """One till: a connection, one sale after the other."""
    reader, writer = await asyncio.open_connection(task.host, task.port)
    while (started := time.perf_counter()) < ends:
        writer.write(_request(task, token))
        status, length = 0, 0
        while (line := await reader.readline()) not in {b"\r\n", b""}:
            if line.startswith(b"HTTP/"):
                status = int(line.split()[1])
            elif line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        await reader.readexactly(length)
        milliseconds.append((time.perf_counter() - started) * 1000)
        statuses[status] = statuses.get(status, 0) + 1
    writer.close()
    await writer.wait_closed()


def _request(task: Task, token: str) -> bytes:
    number, secret, pin = random.choice(task.cards)
    names = random.sample(CATEGORIES, random.randint(1, 3))
    body = json.dumps(
        {
            "credential": f"BP1/{number}/{secret}",
            "pin": pin,
            "basket": [{"category": name, "amount_cents": random.randint(10, 90)} for name in names],
            "allow_partial": True,
        }
    ).encode()
    head = (
        f"POST /v1/redemptions HTTP/1.1\r\nHost: {task.host}\r\nAuthorization: Bearer {token}\r\n"
        f"Idempotency-Key: {uuid4()}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def run(task: Task) -> dict[str, object]:
    """Send, and say how it went."""
    milliseconds: list[float] = []
    statuses: dict[int, int] = {}
    started, processor = time.perf_counter(), time.process_time()
    ends = started + task.seconds
    tokens = [task.tokens[place % len(task.tokens)] for place in range(task.tills)]
    await asyncio.gather(*(till(task, token, ends, milliseconds, statuses) for token in tokens))
    took = time.perf_counter() - started
    milliseconds.sort()
    return {
        "rps": round(len(milliseconds) / took),
        "p50_ms": round(milliseconds[len(milliseconds) // 2], 2),
        "p99_ms": round(milliseconds[len(milliseconds) * 99 // 100], 2),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "generator_cpu_share": round((time.process_time() - processor) / took, 2),
    }


if __name__ == "__main__":
    told = json.load(sys.stdin)
    told["cards"] = [tuple(card) for card in told["cards"]]
    sys.stdout.write(json.dumps(asyncio.run(run(Task(**told)))) + "\n")
