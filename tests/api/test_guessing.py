"""Whoever guesses does not learn which numbers are cards, and nothing grows by his guessing."""

from __future__ import annotations

import asyncpg
import pytest

from ledger.cards.model import IssuedCard
from tests.tills import TillClient
from tests.town import Town, wrong_pin

UNKNOWN = "1234567897"


async def answers(till: TillClient, card: IssuedCard, shown: str, call: str) -> list[tuple[int, object]]:
    """What seven guesses are told."""
    told = []
    for nth in range(1, 8):
        pin = wrong_pin(card, nth)
        if call == "sale":
            answer = await till.redeem(card, credential=shown, pin=pin)
        else:
            answer = await till.balance(card, credential=shown, pin=pin)
        told.append((answer.status_code, answer.json()))
    return told


@pytest.mark.parametrize("call", ["sale", "balance"])
@pytest.mark.parametrize("form", ["{}", "BP1/{}/ABCDEFG234"])
async def test_a_number_that_nobody_has_is_answered_and_paused_like_a_card(
    till: TillClient, town: Town, call: str, form: str
) -> None:
    card = town.paper_card
    known = await answers(till, card, form.format(card.number), call)
    unknown = await answers(till, card, form.format(UNKNOWN), call)
    assert known == unknown
    assert [status for status, _ in known] == ([422] * 5 + [429] * 2 if form == "{}" else [422] * 7)


async def test_a_telephones_number_is_paused_alike(till: TillClient, town: Town) -> None:
    known = await answers(till, town.paper_card, f"BP1/{town.phone_card.number}/00000000", "sale")
    assert known == await answers(till, town.paper_card, f"BP1/{UNKNOWN}/00000000", "sale")
    assert [status for status, _ in known] == [422] * 5 + [429] * 2


async def test_the_counters_of_unknown_numbers_are_few(till: TillClient, app: asyncpg.Connection) -> None:
    """Their ids are small numbers, which no card's id is."""
    assert (await till.post("/v1/card/balance", {"credential": UNKNOWN, "pin": "0000"})).status_code == 422
    ids = [
        row["card_id"] for row in await app.fetch("SELECT card_id FROM ledger.failure_count WHERE scope <> 'pairing'")
    ]
    assert max(found.int for found in ids) <= 1024
