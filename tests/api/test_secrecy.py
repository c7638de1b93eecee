"""Nothing that opens a card or a till stands in the database or in a log in clear."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from uuid import uuid4

import asyncpg
import httpx

from ledger.cards.actions import issue_card
from ledger.database.unit_of_work import Ledger
from ledger.merchants.actions import invite_till
from tests.services import Installation, client_of
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town, wrong_pin


async def live(till: TillClient, town: Town) -> set[str]:
    """Everything that tills do, right and wrong; what was shown and typed meanwhile."""
    key = f"key-{uuid4()}"
    sold = await till.redeem(town.paper_card, (FRUIT, 850), reference="T00012", key=key)
    await till.redeem(town.paper_card, (FRUIT, 850), reference="T00012", key=key)
    await till.redeem(town.paper_card, (FRUIT, 851), key=key)
    phone = till.shown(town.phone_card)["credential"]
    for _ in range(2):
        await till.redeem(town.phone_card)
    wrong = {wrong_pin(town.rich_card, nth) for nth in range(1, 6)}
    for pin in wrong:
        await till.redeem(town.rich_card, pin=pin)
    await till.balance(town.paper_card)
    await till.refund(sold.json()["id"], 100, f"refund-{key}", reason="Madame Durand")
    await till.abandon(f"lost-{key}")
    await till.redeem(town.paper_card, surprise="Madame Durand")
    return {key, f"refund-{key}", f"lost-{key}", phone, phone.rpartition("/")[2], "Madame Durand", "Durand"}


async def dumped(connection: asyncpg.Connection) -> str:
    """Every row of every table as text; binary columns both in hexadecimal and as their bytes."""
    tables = await connection.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
        "WHERE schemaname IN ('ledger', 'identity', 'migration')"
    )
    rows = [row for (table,) in tables for row in await connection.fetch(f"SELECT t AS row, t.* FROM {table} AS t")]
    binary = [value for row in rows for value in row.values() if isinstance(value, bytes)]
    return "\n".join([*(repr(row) for row in rows), *(value.decode("latin-1") for value in binary)])


async def test_the_database_holds_no_secret_in_clear(
    till: TillClient, ledger: Ledger, town: Town, superuser: asyncpg.Connection
) -> None:
    code = (await invite_till(ledger, town.shops[0].siret, "till", AGENT)).code
    token = (await till.post("/v1/tills/pair", {"pairing_code": code})).json()["token"]
    card = await issue_card(ledger, town.households["PAPER"], "paper", AGENT)
    shown = await live(till, town)
    text = await dumped(superuser)
    assert "T00012" in text  # it was looked at
    secrets = town.secrets | shown | {code, code.replace("-", ""), token, card.secret, card.uri}
    assert not [secret for secret in secrets if len(secret) > 4 and secret in text]


async def test_no_simple_hash_of_a_pin_is_kept(till: TillClient, town: Town, superuser: asyncpg.Connection) -> None:
    """Four digits are guessed from a plain hash in a moment, be it salted with all that the database knows."""
    await live(till, town)
    text = await dumped(superuser)
    card = town.paper_card
    assert card.pin is not None
    plain = [card.pin, f"{card.id}{card.pin}", f"{card.number}{card.pin}", f"{card.id.hex}{card.pin}"]
    for content in [*map(str.encode, plain), card.id.bytes + card.pin.encode()]:
        digest = sha256(content).digest()
        assert repr(digest)[2:-1] not in text
        assert digest.hex() not in text
        assert b64encode(digest).decode() not in text


async def test_the_log_holds_no_secret_and_no_word_of_a_basket(
    installation: Installation, town: Town, owner: asyncpg.Connection
) -> None:
    async with installation.running() as [service], client_of(service) as client:
        till = TillClient(client, installation.clock, town.tills[0].token)
        shown = await live(till, town)
        await owner.execute("ALTER TABLE ledger.request_outcome RENAME COLUMN fate TO destiny")  # now all goes wrong
        answers = [await till.redeem(town.crowd[0]), await till.balance(town.crowd[0]), await till.abandon("lost-too")]
        assert {answer.status_code for answer in answers} == {500}
        await malformed(client, service.url)
        shown.add(till.shown(town.crowd[0])["credential"])
    log = service.log.read_text()
    assert '"event": "redemption failed"' in log
    secrets = {secret for secret in town.secrets | shown if len(secret) > 4} | {"lost-too", "fruits-legumes"}
    assert not [secret for secret in secrets if secret in log]
    pins = [card.pin for card in town.cards.values() if card.pin]
    assert not [pin for pin in pins if f'"{pin}"' in log or f"'{pin}'" in log]


async def malformed(client: httpx.AsyncClient, url: str) -> None:
    for content in (b"{", b'{"credential": "BP1/1234567897/GEHEIM2345", "pin": "7391"', b"\xff"):
        answer = await client.post(f"{url}/v1/redemptions", content=content, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 400
        assert "GEHEIM2345" not in answer.text
        assert "7391" not in answer.text


async def test_no_answer_repeats_a_secret(till: TillClient, town: Town) -> None:
    answers = [
        await till.redeem(town.paper_card),
        await till.redeem(town.paper_card, pin=wrong_pin(town.paper_card)),
        await till.redeem(town.paper_card, pin="48x1"),
        await till.redeem(town.paper_card, credential=town.paper_card.uri + "X"),
        await till.balance(town.paper_card),
        await till.get("/v1/redemptions"),
    ]
    for answer in answers:
        assert town.paper_card.secret not in answer.text
        assert str(town.paper_card.number) not in answer.text
        assert str(town.households["PAPER"]) not in answer.text
        assert str(town.paper_card.id) not in answer.text
        assert "48x1" not in answer.text
