"""The network goes in the middle of a payment: its fate is found, and one debit is made at the most."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from playwright.async_api import Error, Page, Route

from ledger.cards.actions import issue_card
from ledger.cards.model import IssuedCard
from ledger.database.connect import connected
from tests.browser.counter import FRUIT, Cashier
from tests.browser.serving import Served
from tests.town import AGENT, Town, left_cents

_ALL = "**/v1/redemptions**"
_CHECKING = "Vérification en cours…"


@pytest.fixture
async def card(served: Served, town: Town) -> IssuedCard:
    """A card of a household that no other test sells to."""
    return await issue_card(served.ledger, town.households["CROWD-09"], "paper", AGENT)


@pytest.fixture
async def spent(served: Served, town: Town) -> AsyncIterator[list[int]]:
    """What the household has to have spent when the test is over."""
    expected: list[int] = []
    async with connected(served.installation.urls.app) as connection:
        before = await left_cents(connection, town.households["CROWD-09"])
        yield expected
        assert before - await left_cents(connection, town.households["CROWD-09"]) == sum(expected)


@asynccontextmanager
async def cut(page: Page, addresses: str = _ALL) -> AsyncIterator[None]:
    """Nothing arrives."""
    await page.route(addresses, _lose)
    yield
    await page.unroute(addresses, _lose)


@asynccontextmanager
async def answers_lost(page: Page) -> AsyncIterator[None]:
    """Everything arrives, and no answer comes back."""
    await page.route(_ALL, _lose_the_answer)
    yield
    await page.unroute(_ALL, _lose_the_answer)


async def _lose(route: Route) -> None:
    await route.abort()


async def _lose_the_answer(route: Route) -> None:
    with suppress(Error):  # the page may have hung up before
        await route.fetch()
        await route.abort()


async def test_a_request_that_was_lost_is_sent_again_by_itself(
    cashier: Cashier, card: IssuedCard, spent: list[int]
) -> None:
    spent.append(300)
    async with cut(cashier.page):
        await cashier.sell(card, (300, FRUIT))
        await cashier.sees(_CHECKING)
        await cashier.sees("Ne prenez pas encore d’autre paiement.")
    await cashier.sees("Payé")


async def test_a_payment_whose_answer_was_lost_is_found_and_debited_once(
    cashier: Cashier, card: IssuedCard, spent: list[int]
) -> None:
    spent.append(300)
    async with answers_lost(cashier.page):
        await cashier.sell(card, (300, FRUIT))
        await cashier.sees(_CHECKING)
    await cashier.sees("Payé")


async def test_a_payment_that_had_gone_through_cannot_be_given_up_unseen(
    cashier: Cashier, card: IssuedCard, spent: list[int]
) -> None:
    spent.append(300)
    async with answers_lost(cashier.page):
        await cashier.sell(card, (300, FRUIT))
        await cashier.sees(_CHECKING)
        await cashier.touch("Abandonner ce paiement")
        await cashier.sees("Abandon en cours…")
    await cashier.sees("Le paiement était bien passé.")


async def test_a_payment_that_never_arrived_is_given_up_for_good(
    cashier: Cashier, card: IssuedCard, spent: list[int]
) -> None:
    async with cut(cashier.page):
        await cashier.sell(card, (300, FRUIT))
        await cashier.sees(_CHECKING)
        await cashier.touch("Abandonner ce paiement")
    await cashier.sees("Paiement abandonné")
    await cashier.touch("Retour au panier")
    await cashier.button("Encaisser · 3,00").wait_for()  # the basket is still there


async def test_a_till_that_was_closed_meanwhile_asks_first_of_all(
    cashier: Cashier, card: IssuedCard, spent: list[int]
) -> None:
    spent.append(300)
    async with answers_lost(cashier.page):
        await cashier.sell(card, (300, FRUIT))
        await cashier.sees(_CHECKING)
        assert card.secret not in str(await cashier.kept("pending"))
    await cashier.page.reload()
    await cashier.sees("Le paiement était bien passé.")
    await cashier.page.reload()
    await cashier.sees("Le paiement était bien passé.")  # until the cashier has seen it
    await cashier.touch("Nouvelle vente")
    assert await cashier.kept("pending") is None


async def test_a_refund_whose_answer_was_lost_is_made_once(
    cashier: Cashier, card: IssuedCard, spent: list[int]
) -> None:
    spent += [500, -200]
    await cashier.sell(card, (500, FRUIT))
    await cashier.touch("Nouvelle vente", "Menu", "La journée")
    await cashier.page.locator(".list .row", has_text="5,00").first.click()
    await cashier.touch("Rembourser", *"200")
    async with answers_lost(cashier.page):
        await cashier.touch("Rembourser 2,00")
        await cashier.sees(_CHECKING)
    await cashier.sees("Rendu sur la carte")


async def test_a_till_opens_without_a_network(page: Page, served: Served, town: Town) -> None:
    cashier = Cashier(page, served)
    await cashier.sit_down(town.shops[2])
    await page.evaluate("navigator.serviceWorker.ready")
    await cashier.key(850, FRUIT)
    await page.context.set_offline(True)
    await page.reload()
    await cashier.sees("Pas de réseau")
    await cashier.button("Encaisser · 8,50").wait_for()
    await page.context.set_offline(False)
