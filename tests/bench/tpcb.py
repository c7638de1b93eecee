"""The yardstick: pgbench's TPC-B on the very server that holds the books, which must be durable."""

from __future__ import annotations

import asyncio
import re
import subprocess

from ledger.database.connect import connected
from ledger.database.embedded import SUPERUSER, Server
from ledger.database.programs import Programs
from ledger.database.unit_of_work import Ledger

_DATABASE = "tpcb"
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


async def require_durable(ledger: Ledger) -> dict[str, str]:
    """The settings under which both are measured, as the service sees them; refuses to measure a server that lies."""
    async with connected(ledger.database.url) as connection:
        found = {name: await connection.fetchval(f"SHOW {name}") for name in _DURABLE}
        assert found == _DURABLE, found
        for name in ("server_version", "shared_buffers", "data_checksums", "wal_sync_method", "max_wal_size", "jit"):
            found[name] = await connection.fetchval(f"SHOW {name}")
    return found


async def fill(server: Server, scale: int) -> None:
    """pgbench's own tables: `scale` × 100 000 accounts."""
    async with connected(server.url(SUPERUSER, "postgres")) as connection:
        await connection.execute(f"CREATE DATABASE {_DATABASE}")
    await _pgbench(server, "-i", "-q", "-s", str(scale))


async def tpcb(server: Server, clients: int, seconds: int) -> tuple[float, float]:
    """Transactions per second, and milliseconds of each."""
    told = await _pgbench(server, "-M", "prepared", "-c", str(clients), "-j", str(min(2, clients)), "-T", str(seconds))
    found = re.search(r"latency average = ([\d.]+) ms.*?tps = ([\d.]+)", told, re.DOTALL)
    assert found is not None, told
    return round(float(found[2]), 1), round(float(found[1]), 3)


async def _pgbench(server: Server, *arguments: str) -> str:
    program = str(Programs.for_account(None).folder / "pgbench")
    command = [program, *arguments, server.url(SUPERUSER, _DATABASE)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    return done.stdout
