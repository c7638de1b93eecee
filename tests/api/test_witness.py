"""A till as a witness: it keeps the last checkpoint that it saw, and finds out when the books were rewritten.

What it verifies, it verifies with the lines in `tests/witness.py`, not with ours.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.clock import FixedClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from ledger.merchants.actions import suspend_merchant
from ledger.sealing.actions import rotate_key, seal, verify
from tests.conftest import NOW
from tests.databases import DatabaseUrls, TestServer
from tests.tills import TillClient, answering
from tests.town import AGENT, FRUIT, Town, cloned_town
from tests.witness import Distrusted, Head, head_of, require_contained, require_only_grown

Document = dict[str, Any]
_TRIES_MAX = 100


async def checkpoint(till: TillClient) -> Document:
    """Asked without a token, as anybody may."""
    answer = await till.client.get("/v1/checkpoint")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def since(till: TillClient, older: Head) -> Document:
    """That the books only grew since a checkpoint."""
    answer = await till.client.get("/v1/checkpoint/consistency", params={"from": older.size})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def sold(till: TillClient, town: Town, nth: int = 0) -> str:
    answer = await till.redeem(town.crowd[nth], (FRUIT, 100 + nth))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def proven(ledger: Ledger, till: TillClient, sale: str) -> Document:
    """The proof of a sale, once it is sealed: something else in the cluster may hold that up for a moment."""
    for _ in range(_TRIES_MAX):
        await seal(ledger)
        answer = await till.get(f"/v1/redemptions/{sale}/proof")
        if answer.status_code == 200:
            return dict(answer.json())
        assert (answer.status_code, answer.json()["code"]) == (409, "not-sealed-yet")
        await asyncio.sleep(0.05)
    raise AssertionError("never sealed")


def believes(older: Head, document: Document) -> Head:
    """What the till keeps from now on."""
    newer = head_of(document)
    assert document["older_size"] == older.size
    require_only_grown(older, newer, document.get("consistency", []))
    return newer


async def test_a_till_sells_asks_and_believes(ledger: Ledger, till: TillClient, town: Town) -> None:
    await proven(ledger, till, await sold(till, town))
    kept = head_of(await checkpoint(till))
    for nth in range(1, 4):
        sale = await sold(till, town, nth)
        document = await proven(ledger, till, sale)
        newer = believes(kept, await since(till, kept))
        assert newer.size > kept.size
        [leaf] = document["facts"]
        require_contained(leaf["content"], leaf["position"], head_of(document), leaf["proof"])
        table, _, row = leaf["content"].partition(" ")
        told, _ = json.JSONDecoder().raw_decode(row)  # after it stands the digest that hides the card
        assert (table, told["id"], told["approved_cents"]) == ("redemption", sale, 100 + nth)
        kept = newer
    assert believes(kept, await since(till, kept)) == kept


async def test_nothing_else_is_believed(ledger: Ledger, till: TillClient, town: Town) -> None:
    document = await proven(ledger, till, await sold(till, town))
    kept = head_of(document)
    [leaf] = document["facts"]
    with pytest.raises(Distrusted):
        require_contained(leaf["content"].replace("100", "900"), leaf["position"], kept, leaf["proof"])
    with pytest.raises(Distrusted):
        require_contained(leaf["content"], leaf["position"] + 1, kept, leaf["proof"])
    await proven(ledger, till, await sold(till, town, 1))
    grown = await since(till, kept)
    for wrong in (
        grown["consistency"][1:],
        grown["consistency"][:-1],
        [*grown["consistency"], grown["consistency"][0]],
        grown["consistency"][::-1],
    ):
        with pytest.raises(Distrusted):
            require_only_grown(kept, head_of(grown), wrong)
    signed = grown["checkpoint"].replace("\nseal ", "\nseal 1")
    with pytest.raises(Distrusted):
        head_of(grown | {"checkpoint": signed})


async def test_a_new_key_of_the_books_is_believed(
    ledger: Ledger, till: TillClient, town: Town, keys: Keyring, tmp_path: Path
) -> None:
    await proven(ledger, till, await sold(till, town))
    kept = head_of(await checkpoint(till))
    (tmp_path / "masters.json").write_text(json.dumps([master.hex() for master in keys.masters]))
    await rotate_key(ledger, tmp_path, AGENT)
    rotated = Ledger(ledger.database, ledger.clock, Keyring.load(tmp_path))
    await proven(rotated, till, await sold(till, town, 1))
    grown = await since(till, kept)
    assert len(grown["keys"]) == 2
    believes(kept, grown)
    with pytest.raises(Distrusted):
        head_of(grown | {"keys": [grown["keys"][0], grown["keys"][1] | {"endorsement": "AAAA"}]})


@asynccontextmanager
async def opened(urls: DatabaseUrls, keys: Keyring) -> AsyncIterator[Ledger]:
    database = Database.at(urls.app)
    try:
        yield Ledger(database, FixedClock(NOW), keys)
    finally:
        await database.aclose()


@pytest.fixture
async def backup(database_server: TestServer, town: Town, keys: Keyring) -> AsyncIterator[TestServer]:
    """A sealed town that databases can be restored from."""
    async with cloned_town(database_server, town) as urls:
        async with opened(urls, keys) as ledger:
            assert await seal(ledger) is not None
        yield replace(database_server, template=urlsplit(urls.app).path.removeprefix("/"))


@pytest.mark.parametrize("sales_in_the_fork", [1, 2, 3])
async def test_books_that_were_restored_and_grew_otherwise_are_found_out(
    backup: TestServer, town: Town, keys: Keyring, sales_in_the_fork: int
) -> None:
    """The same key signs both: to whoever sees only one of them, each looks well."""
    async with backup.clone() as true_urls, opened(true_urls, keys) as ledger, answering(ledger) as client:
        till = TillClient(client, ledger.clock, town.tills[0].token)
        first = head_of(await checkpoint(till))
        for nth in range(2):
            await proven(ledger, till, await sold(till, town, nth))
        kept = believes(first, await since(till, first))
    async with backup.clone() as forked_urls, opened(forked_urls, keys) as ledger, answering(ledger) as client:
        till = TillClient(client, ledger.clock, town.tills[0].token)
        for nth in range(sales_in_the_fork):
            await proven(ledger, till, await sold(till, town, 10 + nth))
        assert believes(first, await since(till, first)).origin == kept.origin
        answer = await till.client.get("/v1/checkpoint/consistency", params={"from": kept.size})
        if answer.status_code == 404:
            assert answer.json()["code"] == "unknown-checkpoint"
        else:
            with pytest.raises(Distrusted):
                believes(kept, answer.json())


async def test_a_fork_of_the_same_size_is_found_out(backup: TestServer, town: Town, keys: Keyring) -> None:
    heads: list[Head] = []
    grown: list[Document] = []
    for nth in range(2):
        async with backup.clone() as urls, opened(urls, keys) as ledger, answering(ledger) as client:
            till = TillClient(client, ledger.clock, town.tills[0].token)
            heads.append(head_of(await proven(ledger, till, await sold(till, town, nth))))
            grown.append(await since(till, heads[0]))
    assert heads[0].size == heads[1].size
    believes(heads[0], grown[0])
    with pytest.raises(Distrusted):
        believes(heads[0], grown[1])


async def test_what_is_not_sealed_yet_comes_later(till: TillClient, town: Town) -> None:
    sale = await sold(till, town)
    for answer in (await till.client.get("/v1/checkpoint"), await till.get(f"/v1/redemptions/{sale}/proof")):
        assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (409, "not-sealed-yet", True)


async def test_a_size_that_never_was_is_refused(ledger: Ledger, till: TillClient, town: Town) -> None:
    document = await proven(ledger, till, await sold(till, town))
    size = head_of(document).size
    for never in (1, size + 100, 10**15):
        answer = await till.client.get("/v1/checkpoint/consistency", params={"from": never})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-checkpoint")
        assert answer.json()["size"] == never


@pytest.mark.parametrize("query", [{}, {"from": "0"}, {"from": "-1"}, {"from": "x"}, {"from": "1.5"}, {"from": 10**16}])
async def test_what_is_no_size_is_told(quiet_till: TillClient, query: dict[str, str]) -> None:
    answer = await quiet_till.client.get("/v1/checkpoint/consistency", params=query)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid-request", "from")


async def test_a_sale_is_proven_to_its_own_shop_only(ledger: Ledger, till: TillClient, town: Town) -> None:
    sale = await sold(till, town)
    await proven(ledger, till, sale)
    path = f"/v1/redemptions/{sale}/proof"
    assert (await till.at(town.office).get(path)).status_code == 200
    theirs, nobodys = [await till.at(town.tills[1]).get(other) for other in (path, f"/v1/redemptions/{uuid4()}/proof")]
    assert (theirs.status_code, theirs.content) == (404, nobodys.content)
    assert (await till.client.get(path)).json()["code"] == "unauthorised"


async def test_a_shop_that_was_suspended_still_proves_its_sales(ledger: Ledger, till: TillClient, town: Town) -> None:
    sale = await sold(till, town)
    await suspend_merchant(ledger, town.shops[0].siret, AGENT)
    assert await proven(ledger, till, sale)


async def test_a_sale_that_was_altered_is_not_proven(
    ledger: Ledger, till: TillClient, town: Town, superuser: asyncpg.Connection
) -> None:
    sale = await sold(till, town)
    await proven(ledger, till, sale)
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute("UPDATE ledger.redemption SET reference = 'T9' WHERE id = $1", UUID(sale))
    answer = await till.get(f"/v1/redemptions/{sale}/proof")
    assert (answer.status_code, answer.json()["code"]) == (409, "fact-not-as-sealed")


async def test_an_answer_is_a_file_that_proves_itself(
    ledger: Ledger, till: TillClient, town: Town, tmp_path: Path
) -> None:
    """Saved as they came, the answers are what `bonpois verify` reads."""
    older, newer, receipt = (tmp_path / name for name in ("older", "newer", "receipt"))
    await proven(ledger, till, await sold(till, town))
    kept = await till.client.get("/v1/checkpoint")
    older.write_bytes(kept.content)
    document = await proven(ledger, till, await sold(till, town, 1))
    receipt.write_text(json.dumps(document))
    newer.write_text(json.dumps(await since(till, head_of(kept.json()))))
    assert all(finding.holds for finding in verify(newer, older))
    assert all(finding.holds for finding in verify(receipt))


async def test_a_receipt_names_no_card_and_no_household(ledger: Ledger, till: TillClient, town: Town) -> None:
    written = json.dumps(await proven(ledger, till, await sold(till, town)))
    card = town.crowd[0]
    assert str(card.id) not in written
    assert str(card.number) not in written
    assert str(town.households["CROWD-01"]) not in written


async def test_a_merchants_statement_carries_the_last_checkpoint(ledger: Ledger, till: TillClient, town: Town) -> None:
    office = till.at(town.office)
    assert (await office.get("/v1/merchant/statement")).json()["checkpoint"] is None
    await proven(ledger, till, await sold(till, town))
    note = (await office.get("/v1/merchant/statement")).json()["checkpoint"]
    assert note == (await checkpoint(till))["checkpoint"]
