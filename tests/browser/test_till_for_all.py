"""The till for every eye, hand and reader: no serious finding of axe on any screen, by day and by night."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.browser.counter import FRUIT, Cashier
from tests.browser.serving import Served
from tests.town import Town

_SERIOUS = {"serious", "critical"}


async def findings(page: Page) -> list[str]:
    """What shuts somebody out of the present screen: by day every rule, by night the colours."""
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    by_day = await Axe().run(page)
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    by_night = await Axe().run(page, options={"runOnly": ["color-contrast"]})
    return [
        f"{one['id']}: {node['html']}"
        for one in by_day.response["violations"] + by_night.response["violations"]
        if one["impact"] in _SERIOUS
        for node in one["nodes"]
    ]


async def test_no_screen_of_the_till_shuts_anybody_out(till_page: Page, served: Served, town: Town) -> None:
    cashier, found = Cashier(till_page, served), {}
    await till_page.goto("/till")
    await cashier.sees("Connecter cette caisse")
    found["pairing"] = await findings(till_page)
    await cashier.sit_down(town.shops[2])
    await cashier.key(850, FRUIT)
    await cashier.touch("Autres catégories")
    found["basket"] = await findings(till_page)
    await cashier.touch("Encaisser · 8,50", "Saisir le numéro")
    found["card"] = await findings(till_page)
    await cashier.scan(town.rich_card.uri)
    found["secret"] = await findings(till_page)
    await cashier.touch(*(town.rich_card.pin or ""), "OK")
    await cashier.sees("Payé")
    found["paid"] = await findings(till_page)
    await cashier.touch("Annuler cette vente")
    found["asked"] = await findings(till_page)
    await cashier.touch("Ne rien changer", "Nouvelle vente")
    await cashier.sell(town.poor_card, (850, FRUIT))
    await cashier.sees("E3004")
    found["refused"] = await findings(till_page)
    await cashier.touch("Retour au panier", "Menu", "Réglages")
    found["settings"] = await findings(till_page)
    await cashier.touch("Retour", "La journée")
    await till_page.locator(".list .row").first.wait_for()
    found["day"] = await findings(till_page)
    await till_page.locator(".list .row").first.click()
    await cashier.touch("Rembourser")
    found["refund"] = await findings(till_page)
    assert not {screen: told for screen, told in found.items() if told}
