"""The till for every eye, hand and reader: no serious finding of axe on any screen, by day and by night."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from tests.browser.counter import FRUIT, Cashier
from tests.browser.serving import PHONE, Served
from tests.town import Town

_SERIOUS = {"serious", "critical"}


async def findings(cashier: Cashier) -> list[str]:
    found = await Axe().run(cashier.page)
    return [
        f"{one['id']}: {node['html']}"
        for one in found.response["violations"]
        if one["impact"] in _SERIOUS
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_screen_of_the_till_shuts_anybody_out(
    browser: Browser, served: Served, town: Town, scheme: str
) -> None:
    context = await browser.new_context(
        base_url=served.url,
        viewport=PHONE,
        locale="fr-FR",
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    cashier = Cashier(await context.new_page(), served)
    found = {}
    await cashier.page.goto("/till")
    await cashier.sees("Connecter cette caisse")
    found["pairing"] = await findings(cashier)
    await cashier.sit_down(town.shops[2])
    await cashier.key(850, FRUIT)
    await cashier.touch("Autres catégories")
    found["basket"] = await findings(cashier)
    await cashier.touch("Encaisser · 8,50", "Saisir le numéro")
    found["card"] = await findings(cashier)
    await cashier.scan(town.rich_card.uri)
    found["secret"] = await findings(cashier)
    await cashier.touch(*(town.rich_card.pin or ""), "OK")
    await cashier.sees("Payé")
    found["paid"] = await findings(cashier)
    await cashier.touch("Annuler cette vente")
    found["asked"] = await findings(cashier)
    await cashier.touch("Ne rien changer", "Nouvelle vente")
    await cashier.sell(town.poor_card, (850, FRUIT))
    await cashier.sees("E3004")
    found["refused"] = await findings(cashier)
    await cashier.touch("Retour au panier", "Menu", "Réglages")
    found["settings"] = await findings(cashier)
    await cashier.touch("Retour", "La journée")
    await cashier.page.locator(".list .row").first.click()
    found["sale"] = await findings(cashier)
    await context.close()
    assert not {screen: told for screen, told in found.items() if told}
