"""The merchant's page: what was earned, turned into euros, coupons or a payment by its owner; and the shop's tills."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Error, Page, Route

from ledger.conversions.actions import merchant_balance
from ledger.merchants.actions import invite_till, list_tills
from ledger.merchants.model import Merchant
from tests.browser.conftest import watch
from tests.browser.owning import OwnerAtPage
from tests.browser.serving import Served
from tests.browser.test_till_for_all import findings
from tests.services import client_of
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town, paired


@pytest.fixture
async def merchant_page(shelf: BrowserContext) -> AsyncIterator[Page]:
    """A page that remembers nothing, and that may break nothing."""
    faults: list[str] = []
    opened = await shelf.new_page()
    watch(opened, faults)
    yield opened
    met = list(faults)
    await opened.evaluate("localStorage.clear()")
    await opened.close()
    assert not met


@pytest.fixture(scope="session")
async def shop(served: Served, town: Town) -> Merchant:
    """The second shop, which has earned 50 Pois."""
    till = await paired(served.ledger, town.shops[1])
    async with client_of(served.service) as client:
        selling = TillClient(client, served.installation.clock, till.token)
        sold = await selling.redeem(town.cards["CROWD-19"], (FRUIT, 50_00))
    assert sold.status_code == 201, sold.text
    return town.shops[1]


@pytest.fixture
async def owner(merchant_page: Page, served: Served, shop: Merchant) -> OwnerAtPage:
    working = await OwnerAtPage.of(merchant_page, served, shop)
    await working.open()
    return working


async def held_cents(served: Served, shop: Merchant) -> tuple[int, int]:
    found = await merchant_balance(served.ledger, shop)
    return found.balance_cents, found.converting_cents


async def test_the_owners_device_is_connected_by_its_code_and_no_other(
    merchant_page: Page, served: Served, shop: Merchant
) -> None:
    owner = await OwnerAtPage.of(merchant_page, served, shop)
    of_a_till = await invite_till(served.ledger, shop.siret, "till", AGENT)
    await merchant_page.goto(f"/merchant#{of_a_till.code}")
    await owner.refused("Ce code est celui d’une caisse")
    await owner.fill("Code de connexion", "AAAAA-BBBBB")
    await owner.touch("Connecter")
    await owner.refused("E4002")
    await owner.fill("Code de connexion", await owner.invitation())
    await owner.touch("Connecter")
    await owner.sees("Vous avez")
    assert await merchant_page.evaluate("location.hash") == ""
    await merchant_page.reload()
    await owner.sees("Vous avez")


async def test_pois_are_turned_into_euros_and_the_conversion_is_cancelled(
    owner: OwnerAtPage, served: Served, shop: Merchant
) -> None:
    before, converting = await held_cents(served, shop)
    await owner.touch("Convertir en euros")
    for amount, words in {"": "Écrivez un montant", "12,505": "Écrivez un montant", "99999": "Vous avez "}.items():
        await owner.fill("Montant", amount)
        await owner.touch("Continuer")
        await owner.refused(words)
    await owner.fill("Montant", "20,50")
    await owner.touch("Continuer")
    assert "0,41" in await owner.page.locator(".sums").inner_text()  # 2 %, rounded down
    assert "20,09" in await owner.page.locator(".sums .last").inner_text()
    await owner.fill("Code du commerçant", "00000000")
    await owner.touch("Convertir 20,50 Pois")
    await owner.refused("Ce n’est pas le bon code.")
    assert await held_cents(served, shop) == (before, converting)
    await owner.allow("Convertir 20,50 Pois")
    await owner.sees("Conversion demandée")
    assert await held_cents(served, shop) == (before - 20_50, converting + 20_50)
    await owner.touch("Retour au compte")
    await owner.page.get_by_role("button", name="Annuler les 20,50 Pois").first.click()
    await owner.allow("Annuler la conversion")
    await owner.sees("Conversion annulée")
    assert await held_cents(served, shop) == (before, converting)


async def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_moves_twice(
    owner: OwnerAtPage, served: Served, shop: Merchant
) -> None:
    async def lose_the_answer(route: Route) -> None:
        with suppress(Error):
            await route.fetch()
            await route.abort()

    before, _ = await held_cents(served, shop)
    await owner.convert("5")
    await owner.page.route("**/v1/conversions", lose_the_answer)
    await owner.allow("Convertir 5,00 Pois")
    await owner.sees("Vérification en cours…")
    await owner.page.reload()
    await owner.sees("Vérification en cours…")
    await owner.page.unroute("**/v1/conversions", lose_the_answer)
    await owner.sees("L’opération était bien passée.")
    assert (await held_cents(served, shop))[0] == before - 5_00
    await owner.touch("Retour au compte")
    await owner.page.reload()
    await owner.sees("Vous avez")  # it was seen


async def test_a_request_that_never_arrived_moves_nothing_once_its_code_is_over(
    owner: OwnerAtPage, served: Served, shop: Merchant
) -> None:
    async def lose(route: Route) -> None:
        await route.abort()

    before = await held_cents(served, shop)
    await owner.convert("5")
    await owner.page.route("**/v1/conversions", lose)
    await owner.allow("Convertir 5,00 Pois")
    await owner.sees("Vérification en cours…")
    for _ in range(3):
        owner.code()
    await owner.page.unroute("**/v1/conversions", lose)
    await owner.refused("Rien n’a bougé.")
    assert await held_cents(served, shop) == before


async def test_coupons_are_whole_pois_and_a_payment_goes_to_a_shop_of_the_list(
    owner: OwnerAtPage, served: Served, shop: Merchant, town: Town
) -> None:
    before, _ = await held_cents(served, shop)
    await owner.touch("Prendre des coupons papier")
    await owner.fill("Montant", "3,50")
    await owner.touch("Continuer")
    await owner.refused("Les coupons sont en Pois entiers")
    await owner.fill("Montant", "3")
    await owner.touch("Continuer")
    await owner.allow("Prendre 3,00 Pois en coupons")
    await owner.sees("Coupons demandés")
    await owner.touch("Retour au compte", "Payer un autre commerce")
    other = town.shops[2]
    theirs = (await merchant_balance(served.ledger, other)).balance_cents
    await owner.fill("Quel commerce ?", "zzz")
    await owner.sees("Aucun commerce qui accepte les Pois ne s’appelle ainsi.")
    await owner.fill("Quel commerce ?", other.siret[:9])
    await owner.page.locator(".list .row").click()
    await owner.fill("Montant", "2.00")
    await owner.touch("Continuer")
    await owner.allow("Payer 2,00 Pois")
    await owner.sees(f"{other.name} a reçu les Pois.")
    assert (await held_cents(served, shop))[0] == before - 5_00
    assert (await merchant_balance(served.ledger, other)).balance_cents == theirs + 2_00


async def test_the_statement_shows_sums_and_movements_and_is_saved_as_a_table(
    owner: OwnerAtPage, tmp_path: Path
) -> None:
    held = await owner.held()
    await owner.touch("Relevé")
    await owner.page.locator(".movements tbody tr").first.wait_for()
    assert held in (await owner.page.locator(".sumbox .net").inner_text()).replace("\u00a0", " ").replace("\u202f", " ")
    assert await owner.page.get_by_role("row").filter(has_text="Vente").filter(has_text="+\u00a050,00").count() >= 1
    async with owner.page.expect_download() as saving:
        await owner.touch("Enregistrer en tableau (CSV)")
    saved = tmp_path / "statement.csv"
    await (await saving.value).save_as(saved)
    rows = saved.read_bytes().decode("utf-8-sig").splitlines()
    assert rows[0].split(";")[-1] == '"montant en Pois"'
    cents = [round(float(row.split(";")[-1].strip('"').replace(",", ".")) * 100) for row in rows[1:]]
    assert sum(cents[:-1]) == cents[-1]  # opening and movements give the closing
    await owner.fill("Premier jour", "2026-10-07")
    await owner.fill("Dernier jour", "2026-10-01")
    await owner.touch("Afficher")
    await owner.refused("Choisissez deux jours")


async def test_one_more_till_is_connected_and_a_lost_one_disconnected(
    owner: OwnerAtPage, served: Served, shelf: BrowserContext
) -> None:
    before = {till.id for till in await list_tills(served.ledger)}
    await owner.touch("Caisses", "Connecter une autre caisse")
    await owner.allow("Créer le code")
    code = await owner.page.locator(".paircode").inner_text()
    await owner.page.get_by_role("img", name="Code QR qui connecte une caisse").wait_for()
    till = await shelf.new_page()
    await till.goto(f"/till#{code}")
    await till.get_by_text("Vente", exact=True).first.wait_for()
    await till.close()
    [new] = {till.id for till in await list_tills(served.ledger)} - before
    await owner.touch("Terminé")
    newest = owner.page.locator(".device").filter(has_text="Caisse").first
    await newest.get_by_role("button").click()
    await owner.fill("Code du commerçant", "00000000")
    dialog = owner.page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Déconnecter").click()
    await owner.refused("Ce n’est pas le bon code.")
    await owner.fill("Code du commerçant", owner.code())
    await dialog.get_by_role("button", name="Déconnecter").click()
    await dialog.wait_for(state="detached")
    await owner.page.locator("summary").wait_for()
    assert [one.state for one in await list_tills(served.ledger) if one.id == new] == ["revoked"]


async def test_a_device_that_disconnects_itself_asks_to_be_connected_again(owner: OwnerAtPage, served: Served) -> None:
    await owner.touch("Caisses")
    here = owner.page.locator(".device").filter(has_text="Cet appareil")
    await here.get_by_role("button").click()
    await owner.sees("Déconnecter l’appareil que vous tenez ?")
    await owner.fill("Code du commerçant", owner.code())
    await owner.page.get_by_role("dialog").get_by_role("button", name="Déconnecter").click()
    await owner.refused("Cet appareil n’est plus connu.")


async def test_no_screen_of_the_merchant_shuts_anybody_out(owner: OwnerAtPage) -> None:
    found = {"account": await findings(owner.page)}
    await owner.convert("1")
    found["confirm"] = await findings(owner.page)
    await owner.allow("Convertir 1,00 Pois")
    await owner.sees("Conversion demandée")
    found["done"] = await findings(owner.page)
    await owner.touch("Voir le relevé")
    await owner.page.locator(".movements").wait_for()
    found["statement"] = await findings(owner.page)
    await owner.touch("Caisses")
    await owner.page.locator(".device").first.wait_for()
    found["devices"] = await findings(owner.page)
    await owner.touch("Connecter une autre caisse")
    found["invite"] = await findings(owner.page)
    await owner.touch("Ne rien changer", "Réglages")
    await owner.page.locator(".own .name").wait_for()
    found["settings"] = await findings(owner.page)
    await owner.touch("Oublier")
    await owner.page.get_by_role("dialog").get_by_role("button", name="Oublier").click()
    await owner.sees("Connecter cet appareil")
    found["pairing"] = await findings(owner.page)
    assert not {screen: told for screen, told in found.items() if told}
