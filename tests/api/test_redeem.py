"""Selling."""

from __future__ import annotations

from tests.services import Installation, client_of
from tests.tills import TillClient
from tests.town import FRUIT, WINE, Town


async def test_a_sale(till: TillClient, town: Town) -> None:
    answer = await till.redeem(town.paper_card, (FRUIT, 850), (WINE, 600), reference="T00012")
    assert answer.status_code == 201, answer.text
    print(answer.json())


async def test_process(installation: Installation, town: Town) -> None:
    async with installation.running() as [service], client_of(service) as client:
        till = TillClient(client, installation.clock, town.tills[0].token)
        answer = await till.redeem(town.paper_card, (FRUIT, 850), (WINE, 600), reference="T00012")
        assert answer.status_code == 201, answer.text
        answer = await till.redeem(town.phone_card, (FRUIT, 850), (WINE, 600), reference="T00012")
        assert answer.status_code == 201, answer.text
