"""The desk between the tills and the books: batches, what changes between load and write, and who hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from ledger.cards.actions import block_card
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from ledger.merchants.actions import revoke_till, suspend_merchant
from ledger.redemptions import desk, store
from ledger.redemptions.model import Known, RedemptionRequest, State
from merchant_api.metrics import Meters
from tests.tills import TillClient, answering
from tests.town import AGENT, FRUIT, Town, left_cents

Happening = Callable[[], Awaitable[Any]]


def before_the_write(monkeypatch: pytest.MonkeyPatch, *happenings: Happening) -> None:
    """Let something happen after the first batch was loaded and decided, and before it is written; and so on."""
    write, left = store.write, list(happenings)

    async def write_later(connection: asyncpg.Connection, changes: store.Changes) -> list[int]:
        if left:
            await left.pop(0)()
        return await write(connection, changes)

    monkeypatch.setattr(store, "write", write_later)


async def test_those_who_wait_go_together(till: TillClient, town: Town, app: asyncpg.Connection) -> None:
    answers = await asyncio.gather(*(till.redeem(card, (FRUIT, 100)) for card in town.crowd * 3))
    assert {answer.status_code for answer in answers} == {201}
    sales = await app.fetch("SELECT xid::text, count(*) FROM ledger.redemption GROUP BY xid")
    assert sum(count for _, count in sales) == 60
    assert len(sales) <= 10


async def test_a_lone_till_is_served_at_once(till: TillClient, town: Town) -> None:
    await till.redeem(town.paper_card)
    async with asyncio.timeout(2):
        for _ in range(10):
            assert (await till.redeem(town.paper_card, (FRUIT, 1))).status_code == 201


@pytest.mark.parametrize("change", ["card", "till", "merchant", "abandoned"])
async def test_what_changes_between_load_and_write_counts(
    till: TillClient,
    ledger: Ledger,
    town: Town,
    app: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    key = str(uuid4())
    happenings: dict[str, tuple[Happening, str]] = {
        "card": (lambda: block_card(ledger, town.paper_card.number, AGENT), "card-blocked"),
        "till": (lambda: revoke_till(ledger, town.tills[0].till_id, AGENT), "unauthorised"),
        "merchant": (lambda: suspend_merchant(ledger, town.shops[0].siret, AGENT), "merchant-not-active"),
        "abandoned": (lambda: till.abandon(key), "request-abandoned"),
    }
    happens, code = happenings[change]
    before_the_write(monkeypatch, happens)
    assert (await till.redeem(town.paper_card, key=key)).json()["code"] == code
    assert await left_cents(app, town.households["PAPER"]) == 120_00


async def test_money_that_went_between_load_and_write_is_not_spent_again(
    till: TillClient, ledger: Ledger, town: Town, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At another process the household's other card nearly empties the voucher meanwhile."""
    async with answering(ledger) as client:
        elsewhere = replace(till, client=client).at(town.tills[1])
        before_the_write(monkeypatch, lambda: elsewhere.redeem(town.second_card, (FRUIT, 119_00)))
        answer = await till.redeem(town.phone_card, (FRUIT, 100_00))
    assert (answer.json()["approved_cents"], answer.json()["remainder_cents"]) == (1_00, 99_00)
    assert await left_cents(app, town.households["PHONE"]) == 0


async def test_nor_where_it_goes_again_and_again(
    till: TillClient, ledger: Ledger, town: Town, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it takes until the accounts are locked beforehand: each time too little is left."""
    async with answering(ledger) as client:
        elsewhere = replace(till, client=client).at(town.tills[1])
        happenings: list[Happening] = []
        for cents in (50_00, 30_00, 20_00):
            happenings += [partial(elsewhere.redeem, town.second_card, (FRUIT, cents)), _nothing]
        before_the_write(monkeypatch, *happenings)
        answer = await till.redeem(town.phone_card, (FRUIT, 100_00))
    assert (answer.json()["approved_cents"], answer.json()["remainder_cents"]) == (20_00, 80_00)
    assert await left_cents(app, town.households["PHONE"]) == 0


async def _nothing() -> None:
    """The write of the other process is not disturbed."""


async def test_one_who_hangs_up_is_served_all_the_same_and_may_ask_again(
    till: TillClient, town: Town, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, go_on, key = asyncio.Event(), asyncio.Event(), str(uuid4())

    async def wait() -> None:
        loaded.set()
        await go_on.wait()

    before_the_write(monkeypatch, wait)
    asking = asyncio.create_task(till.redeem(town.paper_card, key=key))
    await loaded.wait()
    asking.cancel()
    await asyncio.wait([asking])
    go_on.set()
    again = await till.redeem(town.paper_card, key=key)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert await left_cents(app, town.households["PAPER"]) == 120_00 - 850


async def test_a_full_desk_sends_people_away_for_a_moment(
    till: TillClient, town: Town, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "_WAITING_MAX", 5)
    keys = [str(uuid4()) for _ in range(20)]
    paired = list(zip(town.crowd, keys, strict=True))
    answers = await asyncio.gather(*(till.redeem(card, (FRUIT, 100), key=key) for card, key in paired))
    sent_away = [answer for answer in answers if answer.status_code == 503]
    assert sent_away
    assert {answer.json()["code"] for answer in sent_away} == {"unavailable"}
    assert {answer.headers["retry-after"] for answer in sent_away} == {"2"}
    for card, key in paired:
        assert (await till.redeem(card, (FRUIT, 100), key=key)).status_code == 201
    assert await app.fetchval("SELECT count(*) FROM ledger.redemption") == 20


async def test_a_fault_of_ours_in_one_batch_harms_no_other_request(
    till: TillClient, town: Town, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = store.write

    async def write_or_break(connection: asyncpg.Connection, changes: store.Changes) -> list[int]:
        if any(sale.card_id == town.crowd[7].id for sale in changes.sales):
            raise RuntimeError("a fault of ours")
        return await write(connection, changes)

    monkeypatch.setattr(store, "write", write_or_break)
    with capture_logs():
        answers = await asyncio.gather(*(till.redeem(card, (FRUIT, 100)) for card in town.crowd))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.pop(7), set(statuses)) == (500, {201})
    assert await app.fetchval("SELECT count(*) FROM ledger.redemption") == 19


async def test_who_waited_too_long_is_sent_away_and_nobody_joins_them(
    till: TillClient, town: Town, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = asyncio.Event()
    before_the_write(monkeypatch, goes_on.wait)
    selling = asyncio.create_task(till.redeem(town.crowd[0], (FRUIT, 100)))
    await asyncio.sleep(0.1)
    waiting = asyncio.create_task(till.redeem(town.crowd[1], (FRUIT, 100)))
    await asyncio.sleep(0.1)
    monkeypatch.setattr(desk, "_WAIT_MS_MAX", 0)
    late = await till.redeem(town.crowd[2], (FRUIT, 100))
    assert (late.status_code, late.headers["retry-after"]) == (503, "2")
    goes_on.set()
    assert [(await each).status_code for each in (selling, waiting)] == [201, 503]
    assert await app.fetchval("SELECT count(*) FROM ledger.redemption") == 1


async def test_two_batches_beside_each_other_share_no_household(
    till: TillClient, town: Town, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight tills of other shops come while a sale is being written; one of them with a card of its household."""
    loads: list[int] = []
    load, goes_on = store.load, asyncio.Event()

    async def load_and_note(
        connection: asyncpg.Connection,
        requests: Sequence[RedemptionRequest],
        now: datetime,
        known: Known,
        keys: Keyring,
    ) -> State:
        loads.append(len(requests))
        return await load(connection, requests, now, known, keys)

    monkeypatch.setattr(store, "load", load_and_note)
    before_the_write(monkeypatch, goes_on.wait)
    first = asyncio.create_task(till.redeem(town.phone_card, (FRUIT, 100)))
    await asyncio.sleep(0.1)
    elsewhere = [till.at(paired) for paired in town.tills if paired.merchant.id != town.tills[0].merchant.id]
    cards = [town.second_card, *town.crowd[:7]]
    beside = [
        asyncio.create_task(elsewhere[nth % len(elsewhere)].redeem(card, (FRUIT, 100)))
        for nth, card in enumerate(cards)
    ]
    await asyncio.wait(beside[1:])
    assert not beside[0].done()
    goes_on.set()
    assert {answer.status_code for answer in await asyncio.gather(first, *beside)} == {201}
    assert loads == [1, 8, 1], "nothing was decided twice"


async def test_who_waits_and_who_was_answered_is_counted_once(
    ledger: Ledger, till: TillClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sale is being written; ten of the same shop wait, passed over by a batch or not; one more is sent away."""
    meters, goes_on = Meters(), asyncio.Event()
    async with answering(ledger, meters) as client:
        counted = TillClient(client, till.clock, town.tills[0].token)
        assert (await counted.redeem(town.crowd[12], (FRUIT, 100))).status_code == 201
        before_the_write(monkeypatch, goes_on.wait)
        sold = [asyncio.create_task(counted.redeem(card, (FRUIT, 100))) for card in town.crowd[:11]]
        await asyncio.sleep(0.1)
        assert len(meters.desk.queue) == 10
        monkeypatch.setattr(desk, "_WAITING_MAX", 10)
        assert (await counted.redeem(town.crowd[11], (FRUIT, 100))).status_code == 503
        goes_on.set()
        await asyncio.gather(*sold)
    assert meters.desk.outcomes == {"approved": 12, "unavailable": 1}
    assert (len(meters.desk.queue), meters.desk.batched) == (0, 12)
    assert meters.desk.batches == 4


async def test_a_clock_that_falls_back_over_midnight_lifts_no_cap(
    till: TillClient, town: Town, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between load and write another process, whose clock is a day ahead, sells with the same card."""

    async def sell_tomorrow() -> None:
        await owner.execute("INSERT INTO ledger.card_spending VALUES ($1, date '2026-10-07', 30000)", town.rich_card.id)

    before_the_write(monkeypatch, sell_tomorrow)
    assert (await till.redeem(town.rich_card, (FRUIT, 100))).json()["code"] == "cap-reached"
    assert await owner.fetchval("SELECT spent_cents FROM ledger.card_spending") == 300_00
