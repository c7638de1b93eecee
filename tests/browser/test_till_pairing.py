"""The till page is connected once, and stays so until it is disconnected or revoked."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Page

from ledger.merchants.actions import invite_till, list_tills, revoke_till
from tests.browser.counter import FRUIT, Cashier
from tests.browser.serving import Served
from tests.town import AGENT, Town


async def test_a_wrong_code_is_refused_in_words_with_its_number(till_page: Page, served: Served) -> None:
    await till_page.goto("/till")
    await till_page.get_by_label("Code de connexion").fill("AAAAA-BBBBB")
    await Cashier(till_page, served).touch("Connecter")
    await till_page.get_by_role("alert").get_by_text("E4002").wait_for()
    assert await till_page.get_by_label("Code de connexion").input_value() == "AAAAA-BBBBB"  # to be corrected


async def test_a_till_is_connected_by_the_address_of_its_code_and_stays_so(
    till_page: Page, served: Served, town: Town
) -> None:
    invitation = await invite_till(served.ledger, town.shops[2].siret, "till", AGENT)
    await till_page.goto(f"/till#{invitation.code}")
    cashier = Cashier(till_page, served)
    await cashier.sees("Vente")
    assert till_page.url.endswith("/till")  # the code is not left in the history
    await cashier.key(850, FRUIT)
    await till_page.reload()
    await cashier.button("Encaisser · 8,50").wait_for()


async def test_the_code_of_a_merchants_device_makes_no_till(till_page: Page, served: Served, town: Town) -> None:
    invitation = await invite_till(served.ledger, town.shops[2].siret, "merchant", AGENT)
    await till_page.goto(f"/till#{invitation.code}")
    await till_page.get_by_role("alert").get_by_text("Demandez un code de caisse.").wait_for()


async def test_a_revoked_till_asks_to_be_connected_again(till_page: Page, served: Served, town: Town) -> None:
    cashier = Cashier(till_page, served)
    before = {till.id for till in await list_tills(served.ledger)}
    await cashier.connect(town.shops[2])
    [new] = {till.id for till in await list_tills(served.ledger)} - before
    await revoke_till(served.ledger, new, AGENT)
    await till_page.reload()
    await till_page.get_by_role("alert").get_by_text("Cette caisse n’est plus connue.").wait_for()


async def test_two_windows_are_one_till(till_page: Page, shelf: BrowserContext, served: Served, town: Town) -> None:
    await Cashier(till_page, served).connect(town.shops[2])
    second = await shelf.new_page()
    await second.goto("/till")
    await Cashier(second, served).touch("L’utiliser ici")
    await Cashier(second, served).sees("Vente")
    await Cashier(till_page, served).sees("La caisse est ouverte dans une autre fenêtre")
