"""Figures for whoever watches over the service: on a port of their own, for this machine only."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import httpx
import pytest

from ledger.clock import SystemClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import Unavailable
from ledger.redemptions.model import Answered
from ledger.sealing.actions import seal
from ledger.sealing.model import Lag
from merchant_api import metrics
from merchant_api.__main__ import _listen
from merchant_api.metrics import Meters, page, serve_metrics
from tests.services import Installation, client_of
from tests.tills import TillClient, answering
from tests.town import FRUIT, WINE, Town, wrong_pin

LINE = re.compile(r'[a-z_]+(\{outcome="[a-z0-9-]+"\})? -?[0-9]+(\.[0-9]+)?')
BOOKS = {"bonpois_seals_total", "bonpois_sealed_leaves_total", "bonpois_seal_lag_seconds"}


def figures(text: str) -> dict[str, float]:
    """Each line as its name and number; comments are counted as Prometheus wants them, before their figure."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            assert LINE.fullmatch(line), line
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    for kind in ("HELP", "TYPE"):
        explained = re.findall(rf"^# {kind} (\S+) ", text, re.MULTILINE)
        assert len(explained) == len(set(explained))
        assert all(re.sub(r"_(sum|count)$|\{.*", "", name) in explained for name in found)
    return found


@pytest.fixture
async def watched(ledger: Ledger) -> AsyncIterator[tuple[Meters, str]]:
    """Meters, and where they are read."""
    meters = Meters()
    listening = _listen(metrics.HOST, 0, "--metrics-port")
    url = f"http://{metrics.HOST}:{listening.getsockname()[1]}/metrics"
    async with await serve_metrics(listening, ledger, meters):
        yield meters, url


async def read(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url)


def test_a_page_of_nothing_has_every_figure() -> None:
    found = figures(page(Meters(), Lag(0, 0, 0)))
    assert found.keys() > BOOKS
    assert found['bonpois_redemptions_total{outcome="approved"}'] == 0
    assert abs(found["process_start_time_seconds"] - SystemClock().now().timestamp()) < 3600


def test_the_desk_is_counted_by_outcome() -> None:
    meters = Meters()
    meters.desk.answer(Answered(Unavailable()))
    meters.desk.answer(Answered(Unavailable(), replayed=True))
    meters.desk.batch(3)
    meters.desk.batch(5)
    meters.desk.queue = range(7)
    found = figures(page(meters, None))
    assert found['bonpois_redemptions_total{outcome="unavailable"}'] == 1
    assert found['bonpois_redemptions_total{outcome="repeated"}'] == 1
    assert (found["bonpois_redemption_batch_size_sum"], found["bonpois_redemption_batch_size_count"]) == (8, 2)
    assert found["bonpois_redemptions_waiting"] == 7
    assert found["bonpois_database_up"] == 0
    assert not BOOKS & found.keys()


async def test_sales_and_seals_are_told(
    ledger: Ledger, till: TillClient, town: Town, watched: tuple[Meters, str]
) -> None:
    meters, url = watched
    async with answering(ledger, meters) as client:
        counted = replace(till, client=client)
        await counted.redeem(town.paper_card, key="k")
        await counted.redeem(town.paper_card, key="k")
        await counted.redeem(town.paper_card, (WINE, 100))
        await counted.redeem(town.paper_card, (FRUIT, 100), pin=wrong_pin(town.paper_card))
    before = figures((await read(url)).text)
    assert before['bonpois_redemptions_total{outcome="approved"}'] == 1
    assert before['bonpois_redemptions_total{outcome="repeated"}'] == 1
    assert before['bonpois_redemptions_total{outcome="nothing-eligible"}'] == 1
    assert before['bonpois_redemptions_total{outcome="code-refused"}'] == 1
    assert before["bonpois_redemption_batch_size_sum"] == before["bonpois_redemption_batch_size_count"] == 4
    assert before["bonpois_redemptions_waiting"] == 0
    made = await seal(ledger)
    assert made is not None
    answer = await read(url)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = figures(answer.text)
    assert (found["bonpois_seals_total"], found["bonpois_sealed_leaves_total"]) == (made.number, made.size)
    assert found["bonpois_database_up"] == 1


async def test_a_database_in_trouble_hides_nothing_else(owner: asyncpg.Connection, watched: tuple[Meters, str]) -> None:
    await owner.execute("ALTER TABLE ledger.seal RENAME TO steal")
    found = figures((await read(watched[1])).text)
    assert found["bonpois_database_up"] == 0
    assert "process_start_time_seconds" in found
    assert not BOOKS & found.keys()


@pytest.mark.parametrize("path", ["/", "/metric", "/v1/redemptions", "/metricsx"])
async def test_nothing_else_is_there(watched: tuple[Meters, str], path: str) -> None:
    assert (await read(watched[1].replace("/metrics", path))).status_code == 404


@pytest.mark.parametrize("sent", [b"", b"GET", b"\r\n\r\n", b"x" * 20_000, b"POST /metrics HTTP/1.1\r\n\r\n"])
async def test_junk_is_no_harm(watched: tuple[Meters, str], sent: bytes) -> None:
    reader, writer = await asyncio.open_connection(metrics.HOST, int(watched[1].split(":")[2].split("/")[0]))
    writer.write(sent)
    if writer.can_write_eof():
        writer.write_eof()
    with_answer = (await reader.read()).startswith(b"HTTP/1.1 404")
    assert with_answer == sent.endswith(b"\r\n\r\n")
    writer.close()
    assert (await read(watched[1])).status_code == 200


async def test_only_this_machine_reaches_them(installation: Installation, town: Town) -> None:
    """The service itself listens wherever it was told to; its figures stay here."""
    async with installation.running() as [service], client_of(service) as client:
        till = TillClient(client, installation.clock, town.tills[0].token)
        assert (await till.redeem(town.crowd[0])).status_code == 201
        found = figures((await read(service.metrics_url)).text)
        assert found['bonpois_redemptions_total{outcome="approved"}'] == 1
        assert (await client.get("/metrics")).status_code == 404
        with pytest.raises(httpx.ConnectError):
            await read(service.metrics_url.replace(metrics.HOST, "127.0.0.2"))
