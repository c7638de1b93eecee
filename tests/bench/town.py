"""The town of the benchmark: merchants with tills, households with vouchers, telephones and paper cards.

All of it is made by the product's own actions, save the cards, which are made all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from ledger.cards import rules
from ledger.database.connect import connected
from ledger.database.unit_of_work import Ledger
from ledger.identifiers import new_subject_id
from ledger.merchants.actions import import_merchants, invite_till, pair_till
from ledger.programmes.actions import (
    approve_aid_run,
    confirm_funding,
    import_households,
    import_programme,
    list_households,
    prepare_aid_run,
    record_mandate,
    renew_decisions,
)
from tests.bench.inputs import CATEGORIES, MERCHANTS, RESTRICTED, write_households, write_inputs, write_programme
from tests.people import enrol, signer

MAKER, CHECKER = "maker", "checker"
CODE = "BENCH-2026"
MANDATED_CENTS = 10**12
# As `issue_card` does, but all in one unit of work.
_ADD_CARD = """
    INSERT INTO ledger.card (id, number, household_id, kind, secret, pin_hmac, issued_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_TILLS = 256
_BUSY_TILLS = 128


@dataclass
class Town:
    """What the tills and the households hold. `busy`: further tills of the first merchant.

    Telephones are (number, secret), paper cards (number, secret, PIN).
    """

    tokens: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    phones: list[tuple[int, str]] = field(default_factory=list)
    papers: list[tuple[int, str, str]] = field(default_factory=list)
    households: int = 0


async def found_town(ledger: Ledger, folder: Path) -> Town:
    """People, a funded programme, merchants and their tills; nobody is registered yet."""
    write_inputs(folder, 0)
    for name in (MAKER, CHECKER):
        await enrol(ledger, name)
    await import_programme(ledger, folder / "programme.toml", MAKER)
    await import_merchants(ledger, folder / "commercants.csv", MAKER)
    await record_mandate(ledger, CODE, "2026-1", MANDATED_CENTS, MAKER)
    await confirm_funding(ledger, "2026-1", MAKER)
    town = Town()
    for place in range(_TILLS):
        town.tokens.append(await _paired(ledger, MERCHANTS[place % len(MERCHANTS)]))
    for _ in range(_BUSY_TILLS):
        town.busy.append(await _paired(ledger, MERCHANTS[0]))
    return town


async def settle(ledger: Ledger, folder: Path, town: Town, count: int, phones_each: int) -> None:
    """So many more households: two or three vouchers, so many telephones and a paper card for each.

    The vouchers of the first round buy fewer categories, so that many a sale takes from two of them.
    """
    known = await _household_ids(ledger)
    await import_programme(ledger, write_programme(folder / "programme.toml", RESTRICTED), MAKER)
    file = write_households(folder / "menages.csv", town.households, town.households + count)
    await import_households(ledger, CODE, file, MAKER)
    town.households += count
    new = sorted(await _household_ids(ledger) - known)
    await _issue_round(ledger)
    await import_programme(ledger, write_programme(folder / "programme.toml", CATEGORIES), MAKER)
    for entitled in (count, count // 2):
        again = write_households(folder / "menages.csv", town.households - count, town.households - count + entitled)
        await renew_decisions(ledger, CODE, MAKER, again)
        await _issue_round(ledger)
    await _hand_out_cards(ledger, town, new, phones_each)


async def prepare(ledger: Ledger, folder: Path, households: int) -> Town:
    """A small town at once."""
    town = await found_town(ledger, folder)
    await settle(ledger, folder, town, households, phones_each=1)
    return town


async def _issue_round(ledger: Ledger) -> None:
    run = await prepare_aid_run(ledger, CODE, signer(MAKER))
    await approve_aid_run(ledger, CODE, run.number, signer(CHECKER))


async def _household_ids(ledger: Ledger) -> set[UUID]:
    return {entry.household_id for entry in await list_households(ledger, CODE)}


async def _hand_out_cards(ledger: Ledger, town: Town, households: Sequence[UUID], phones_each: int) -> None:
    now = ledger.clock.now()
    taken = {number for number, _ in town.phones} | {number for number, _, _ in town.papers}
    rows: list[tuple[object, ...]] = []
    for household in households:
        card_id, number, secret, pin = new_subject_id(), _number(taken), rules.new_paper_secret(), rules.new_pin()
        hidden = rules.paper_secret_hmac(ledger.keys, card_id, secret)
        rows.append((card_id, number, household, "paper", hidden, rules.pin_hmac(ledger.keys, card_id, pin), now))
        town.papers.append((number, secret, pin))
        for _ in range(phones_each):
            card_id, number, secret = new_subject_id(), _number(taken), rules.new_phone_secret()
            hidden = rules.encrypt_phone_secret(ledger.keys, card_id, secret)
            rows.append((card_id, number, household, "phone", hidden, None, now))
            town.phones.append((number, secret))
    async with connected(ledger.database.url) as connection:
        await connection.executemany(_ADD_CARD, rows)


def _number(taken: set[int]) -> int:
    """A card number that nobody has yet."""
    number = rules.new_number()
    while number in taken:
        number = rules.new_number()
    taken.add(number)
    return number


async def _paired(ledger: Ledger, siret: str) -> str:
    invitation = await invite_till(ledger, siret, "till", MAKER)
    return (await pair_till(ledger, invitation.code)).token
