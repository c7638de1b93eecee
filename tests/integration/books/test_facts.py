"""L5, L6, L9 and what rows may hold, tried straight in SQL in a world with a bit of everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from ledger.books.transaction import TransactionKind
from tests.databases import DatabaseUrls
from tests.made import MadeWorld
from tests.people import insert_approval, insert_proposal
from tests.straight import (
    APPROVED_KINDS,
    CHECK,
    FOREIGN_KEY,
    NOON,
    UNIQUE,
    approval,
    insert_transaction,
    refused_as,
)
from tests.world import World

STEP = "INSERT INTO ledger.card_step (card_id, step, transaction_id) VALUES ($1, $2, $3)"


@pytest.fixture
async def database_urls(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    async with made.server.clone() as urls:
        yield urls


@pytest.fixture
def world(made: MadeWorld) -> World:
    return made.world


# L9


@pytest.mark.parametrize("kind", TransactionKind)
async def test_exactly_the_approved_kinds_need_an_approval(owner: asyncpg.Connection, kind: TransactionKind) -> None:
    approval_id = await approval(owner)
    needed = kind in APPROVED_KINDS
    with refused_as(CHECK):
        await insert_transaction(owner, kind, NOON, approval_id=None if needed else approval_id)
    unit_of_work = owner.transaction()
    await unit_of_work.start()
    await insert_transaction(owner, kind, NOON, approval_id=approval_id if needed else None)
    await unit_of_work.rollback()
    approved = await owner.fetchval("SELECT approved FROM ledger.transaction_kind WHERE id = $1", kind)
    assert approved == needed


async def test_an_approval_exists(owner: asyncpg.Connection) -> None:
    with refused_as(FOREIGN_KEY):
        await insert_transaction(owner, TransactionKind.ISSUE, NOON, approval_id=uuid4())


async def test_who_prepares_does_not_approve(owner: asyncpg.Connection) -> None:
    await approval(owner)
    maker, checker = [row["name"] for row in await owner.fetch("SELECT name FROM ledger.operator LIMIT 2")]
    proposal_id = await insert_proposal(owner, maker)
    with refused_as(CHECK):
        await insert_approval(owner, proposal_id, maker)
    with refused_as(FOREIGN_KEY):  # by pretending that the other one had prepared it
        await insert_approval(owner, proposal_id, maker, prepared_by=checker)
    await insert_approval(owner, proposal_id, checker)
    with refused_as(UNIQUE):
        await insert_approval(owner, proposal_id, checker)


# L6


async def test_a_step_is_accepted_once_and_upwards_only(owner: asyncpg.Connection, world: World) -> None:
    card_id = world.phone.id
    last = await owner.fetchval("SELECT last_step FROM ledger.card_clock WHERE card_id = $1", card_id)
    with refused_as(UNIQUE):
        await owner.execute(STEP, card_id, last, uuid4())
    with refused_as("BPL06"):
        await owner.execute(STEP, card_id, last - 1, uuid4())
    await owner.execute(STEP, card_id, last + 1, uuid4())
    assert await owner.fetchval("SELECT last_step FROM ledger.card_clock WHERE card_id = $1", card_id) == last + 1


@pytest.mark.parametrize("step", [0, -1])
async def test_a_step_is_positive(owner: asyncpg.Connection, world: World, step: int) -> None:
    with refused_as(CHECK):
        await owner.execute(STEP, world.phone.id, step, uuid4())


async def test_only_telephones_have_steps(owner: asyncpg.Connection, world: World) -> None:
    for card_id in (world.paper.id, uuid4()):
        with refused_as("BPL06"):
            await owner.execute(STEP, card_id, 10**9, uuid4())


async def test_one_code_at_two_tills_at_once_is_accepted_once(
    owner: asyncpg.Connection, superuser: asyncpg.Connection, world: World
) -> None:
    step = await owner.fetchval("SELECT last_step + 1 FROM ledger.card_clock WHERE card_id = $1", world.phone.id)
    unit_of_work = owner.transaction()
    await unit_of_work.start()
    await owner.execute(STEP, world.phone.id, step, uuid4())
    waiting = asyncio.create_task(superuser.execute(STEP, world.phone.id, step, uuid4()))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await unit_of_work.commit()
    with refused_as(UNIQUE):
        await waiting


async def test_two_codes_of_a_card_at_once_are_accepted_in_order_only(
    owner: asyncpg.Connection, superuser: asyncpg.Connection, world: World
) -> None:
    step = await owner.fetchval("SELECT last_step FROM ledger.card_clock WHERE card_id = $1", world.phone.id)
    unit_of_work = owner.transaction()
    await unit_of_work.start()
    await owner.execute(STEP, world.phone.id, step + 2, uuid4())
    waiting = asyncio.create_task(superuser.execute(STEP, world.phone.id, step + 1, uuid4()))
    await asyncio.sleep(0.05)
    await unit_of_work.commit()
    with refused_as("BPL06"):
        await waiting


# L5

OUTCOME = {
    "merchant_id": uuid4(),
    "request_key": bytes(32),
    "fingerprint": bytes(32),
    "fate": "refused",
    "result_id": None,
    "refusal": 3004,
    "facts": '{"available_cents": 120}',
    "decided_at": NOON,
}


async def keep(connection: asyncpg.Connection, **changed: Any) -> None:
    values = OUTCOME | changed
    columns, places = ", ".join(values), ", ".join(f"${place}" for place in range(1, len(values) + 1))
    await connection.execute(f"INSERT INTO ledger.request_outcome ({columns}) VALUES ({places})", *values.values())


async def test_a_key_has_one_outcome(app: asyncpg.Connection) -> None:
    await keep(app)
    with refused_as(UNIQUE):
        await keep(app, fate="abandoned", fingerprint=None, refusal=None, facts=None)
    await keep(app, merchant_id=uuid4())


@pytest.mark.parametrize(
    "changed",
    [
        {"fate": "forgotten"},
        {"fate": "approved"},
        {"fate": "approved", "result_id": uuid4()},
        {"fate": "refused", "refusal": None},
        {"fate": "abandoned", "refusal": None},
        {"fingerprint": None},
        {"fingerprint": bytes(31)},
        {"request_key": b"short"},
        {"facts": '{"name": "Dupont"}'},
        {"facts": '{"Cents": 1}'},
        {"facts": '{"cents": 1.5}'},
        {"facts": '{"a": {"b": 1}}'},
        {"facts": "[1]"},
    ],
)
async def test_an_outcome_is_whole_and_says_nothing_about_people(
    app: asyncpg.Connection, changed: dict[str, Any]
) -> None:
    with refused_as(CHECK):
        await keep(app, **changed)


# Vouchers, cards, rules


@pytest.mark.parametrize(
    "serial", ["aa-2026-2026-000001", "AA-2026-26-000001", "AA-2026-2026-1", "2026-000001", "AA 2026-000001", ""]
)
async def test_a_serial_has_its_pattern(owner: asyncpg.Connection, world: World, serial: str) -> None:
    with refused_as(CHECK):
        await copy_of_a_row(owner, "ledger.voucher", id=uuid4(), serial=serial, account_id=1, decision_id=uuid4())


async def test_a_decision_is_paid_once(owner: asyncpg.Connection, world: World) -> None:
    with refused_as(UNIQUE):
        serial = "AA-2026-2026-999999"
        account_id = await owner.fetchval("SELECT ledger.open_accounts('voucher', ARRAY['voucher:twice'])")
        await copy_of_a_row(owner, "ledger.voucher", id=uuid4(), serial=serial, account_id=account_id)


async def test_a_paper_card_has_a_pin_and_a_telephone_none(owner: asyncpg.Connection, world: World) -> None:
    number = 9_999_999_999
    for kind, pin in (("paper", None), ("phone", bytes(32))):
        with refused_as(CHECK):
            await copy_of_a_row(owner, "ledger.card", id=uuid4(), number=number, kind=kind, pin_hmac=pin)


async def test_a_receipt_number_is_given_once(owner: asyncpg.Connection, world: World) -> None:
    with refused_as(UNIQUE):
        await copy_of_a_row(owner, "ledger.redemption", id=uuid4())


@pytest.mark.parametrize(
    "changed",
    [
        {"categories": ["Dupont"]},
        {"categories": ["fruits légumes"]},
        {"categories": [None]},
        {"categories": []},
        {"categories": ["fruits-legumes", "alcool", "huiles"]},
        {"asked_cents": [1]},
        {"approved_cents": 10**9},
        {"reference": "chez Mme Dupont"},
    ],
)
async def test_a_sale_holds_category_totals_and_nothing_else(
    owner: asyncpg.Connection, world: World, changed: dict[str, Any]
) -> None:
    with refused_as(CHECK):
        await copy_of_a_row(owner, "ledger.redemption", id=uuid4(), receipt_number=77, **changed)


@pytest.mark.parametrize("rules", ['{"label": "Chez Zoé"}', '["é"]', '{"a": "x\\ny"}'])
async def test_rules_hold_words_and_numbers_only(owner: asyncpg.Connection, world: World, rules: str) -> None:
    with refused_as(CHECK):
        await copy_of_a_row(owner, "ledger.programme_version", id=uuid4(), number=9, rules=rules)


async def test_french_names_are_taken_whatever_the_locale(owner: asyncpg.Connection, world: World) -> None:
    """The letters are named by their code points, so a server with the C locale takes them too."""
    names = {"siret": "11111111111111", "name": "Épicerie d’Œuvre Ÿvon & Žižka", "town": "Château-l’Évêque"}
    accounts = await owner.fetch("SELECT * FROM ledger.open_accounts('merchant', ARRAY['merchant:x', 'merchant:y'])")
    keys = {"account_id": accounts[0][0], "converting_account_id": accounts[1][0]}
    await copy_of_a_row(owner, "ledger.merchant", id=uuid4(), **names, **keys)
    for wrong in ("", "Rue\nBasse", "a\tb", "<b>", "x" * 81):
        with refused_as(CHECK):
            await copy_of_a_row(owner, "ledger.merchant", id=uuid4(), **keys | names | {"name": wrong})


async def copy_of_a_row(owner: asyncpg.Connection, table: str, **changed: Any) -> None:
    """Insert some row of a table again, with other values in some columns."""
    row = dict(await owner.fetchrow(f"SELECT * FROM {table} ORDER BY 1 LIMIT 1") or {}) | changed
    columns, places = ", ".join(row), ", ".join(f"${place}" for place in range(1, len(row) + 1))
    await owner.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", *row.values())
