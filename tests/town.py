"""A small town, set up by the product's own actions: shops with tills, households with vouchers and cards.

It is built once per run; each test that asks gets a clone of its database, and the secrets that cards and tills hold.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from sqlalchemy import text

from ledger.books.journal import post
from ledger.books.transaction import Transaction, TransactionKind, transfer
from ledger.cards.actions import issue_card
from ledger.cards.model import CardKind, IssuedCard
from ledger.cards.rules import one_time_code, step_at
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.identifiers import new_event_id
from ledger.keyring import Keyring
from ledger.merchants.actions import import_merchants, invite_till, list_merchants, pair_till
from ledger.merchants.model import Merchant, PairedTill, Scope
from ledger.programmes.actions import (
    approve_aid_run,
    confirm_funding,
    import_households,
    import_programme,
    list_aid_runs,
    list_households,
    prepare_aid_run,
    record_mandate,
)
from ledger.vouchers.actions import issue_chunk
from ledger.vouchers.model import Grant, IssueOrder
from tests.databases import DatabaseUrls, TestServer
from tests.people import enrol, signer

DATA = Path(__file__).parent / "data"
PROGRAMME = "TOWN-2026"
AGENT, CHECKER = "agent", "checker"
TILLS, CROWD = 50, 20
FRUIT, BREAD, MILK, WINE = "fruits-legumes", "cereales-pain", "lait-oeufs", "alcool"


@dataclass(frozen=True)
class Town:
    """`tills`: 50, the n-th at the shop n modulo 3; `office` is a device of the first shop that may not sell.

    Paper cards: `ten_card` (10 Pois), `paper_card` (120), `rich_card` (910), `crowd` (20 households, 110 each),
    `poor_card` of a household without any voucher; `phone_card` (120). `second_card` is paper, of the telephone's
    household.
    """

    database: str
    shops: tuple[Merchant, ...]
    tills: tuple[PairedTill, ...] = field(repr=False)
    office: PairedTill = field(repr=False)
    households: dict[str, UUID] = field(repr=False)
    cards: dict[str, IssuedCard] = field(repr=False)

    @property
    def ten_card(self) -> IssuedCard:
        return self.cards["TEN"]

    @property
    def paper_card(self) -> IssuedCard:
        return self.cards["PAPER"]

    @property
    def phone_card(self) -> IssuedCard:
        return self.cards["PHONE"]

    @property
    def second_card(self) -> IssuedCard:
        return self.cards["SECOND"]

    @property
    def rich_card(self) -> IssuedCard:
        return self.cards["RICH"]

    @property
    def poor_card(self) -> IssuedCard:
        return self.cards["NONE"]

    @property
    def crowd(self) -> list[IssuedCard]:
        return [self.cards[f"CROWD-{nth:02}"] for nth in range(1, CROWD + 1)]

    @property
    def secrets(self) -> set[str]:
        """All that must stand nowhere in clear."""
        pins = {card.pin for card in self.cards.values() if card.pin is not None}
        tokens = {till.token for till in (*self.tills, self.office)}
        return pins | tokens | {card.secret for card in self.cards.values()}


def credential(card: IssuedCard, at: datetime, steps: int = 0) -> str:
    """What the card's QR shows at an instant, or some steps of 30 seconds later."""
    if card.kind == "paper":
        return card.uri
    return f"BP1/{card.number}/{one_time_code(card.secret, step_at(at) + steps)}"


def wrong_pin(card: IssuedCard, nth: int = 1) -> str:
    """A PIN that is not the card's."""
    return f"{(int(card.pin or 0) + nth) % 10_000:04}"


async def left_cents(connection: asyncpg.Connection, household: UUID) -> int:
    """What is left on the vouchers of a household."""
    sql = """
        SELECT coalesce(-sum(b.balance_cents), 0)::bigint FROM ledger.voucher AS v
        INNER JOIN ledger.balance AS b ON b.account_id = v.account_id WHERE v.household_id = $1
    """
    return int(await connection.fetchval(sql, household))


@asynccontextmanager
async def built_town(server: TestServer, keys: Keyring, now: datetime) -> AsyncIterator[Town]:
    """The database that the tests' clones are copied from; nothing stays connected to it."""
    async with server.clone() as urls:
        async with connected(urls.app) as connection:  # so that a service may run here with the tests' clock
            await connection.execute("INSERT INTO ledger.rehearsal DEFAULT VALUES")
        database = Database.at(urls.app)
        try:
            town = await _build(Ledger(database, FixedClock(now), keys), urlsplit(urls.app).path[1:])
        finally:
            await database.aclose()
        yield town


@asynccontextmanager
async def cloned_town(server: TestServer, town: Town) -> AsyncIterator[DatabaseUrls]:
    """A copy of the town to do anything with."""
    async with replace(server, template=town.database).clone() as urls:
        yield urls


async def _build(ledger: Ledger, database: str) -> Town:
    for operator in (AGENT, CHECKER):
        await enrol(ledger, operator)
    await import_programme(ledger, DATA / "programme.toml", AGENT)
    await import_merchants(ledger, DATA / "merchants.csv", AGENT)
    await import_households(ledger, PROGRAMME, DATA / "households.csv", AGENT)
    await record_mandate(ledger, PROGRAMME, "2026-1107", 5_000_00, AGENT)
    await confirm_funding(ledger, "2026-1107", CHECKER)
    await prepare_aid_run(ledger, PROGRAMME, signer(AGENT))
    await approve_aid_run(ledger, PROGRAMME, 1, signer(CHECKER))
    shops = tuple(await list_merchants(ledger))
    households = {entry.case_number: entry.household_id for entry in await list_households(ledger, PROGRAMME)}
    return Town(
        database=database,
        shops=shops,
        tills=tuple([await paired(ledger, shops[nth % len(shops)]) for nth in range(TILLS)]),
        office=await paired(ledger, shops[0], "merchant"),
        households=households,
        cards=await _cards(ledger, households),
    )


async def paired(ledger: Ledger, shop: Merchant, scope: Scope = "till") -> PairedTill:
    """One more device of a shop."""
    invitation = await invite_till(ledger, shop.siret, scope, AGENT)
    return await pair_till(ledger, invitation.code)


async def _cards(ledger: Ledger, households: dict[str, UUID]) -> dict[str, IssuedCard]:
    cards = {}
    for case_number, household in households.items():
        kind: CardKind = "phone" if case_number == "PHONE" else "paper"
        cards[case_number] = await issue_card(ledger, household, kind, AGENT)
    cards["SECOND"] = await issue_card(ledger, households["PHONE"], "paper", AGENT)
    return cards


async def ask_for_conversion(ledger: Ledger, shop: Merchant, cents: int) -> None:
    """The shop wants euros for so much: it is no longer there to be given back."""
    async with ledger.unit_of_work() as work:
        legs = transfer(shop.account_id, shop.converting_account_id, cents)
        await post(work, [Transaction(new_event_id(), TransactionKind.CONVERSION_REQUEST, work.now, legs)])


async def give_narrow_voucher(ledger: Ledger, town: Town, case_number: str, cents: int) -> None:
    """One more voucher for a household, which pays for fruit only and ends earlier.

    It stands on the decision of the household that was refused: each decision is good for one voucher.
    """
    programme = await import_programme(ledger, DATA / "narrower.toml", AGENT)
    [run] = await list_aid_runs(ledger)
    async with ledger.unit_of_work() as work:
        refused = "SELECT id FROM ledger.decision WHERE household_id = :household"
        decision = (await work.run(text(refused), household=town.households["NONE"])).scalar_one()
        assert run.approval_id is not None
        order = IssueOrder(
            approval_id=run.approval_id,
            aid_run_id=run.id,
            programme_id=programme.id,
            programme_code=programme.code,
            programme_version_id=programme.version_id,
            pool_account=programme.pool_account,
            valid_from=run.valid_from,
            valid_until=run.valid_until - timedelta(days=32),
            grants=[Grant(decision, town.households[case_number], cents)],
        )
        assert await issue_chunk(work, order)
