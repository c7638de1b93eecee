"""Sales at the till page: what the cashier does, what the customer does, what the screen says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from playwright.async_api import Page, async_playwright

from ledger.cards.actions import issue_card
from tests.browser.counter import BREAD, FRUIT, WINE, Cashier
from tests.browser.faked_camera import video_of
from tests.browser.serving import ARGUMENTS, CHROMIUM, PHONE, Served
from tests.town import AGENT, Town, credential


async def test_a_part_is_paid_and_the_rest_is_left_to_pay(cashier: Cashier, town: Town) -> None:
    await cashier.key(850, FRUIT)
    await cashier.touch("Autres catégories")
    await cashier.key(600, WINE)
    await cashier.show(town.paper_card)
    await cashier.sees("Payé")
    screen = await cashier.page.locator("dl.sums").inner_text()
    assert screen.split("\n")[:4] == ["Pois", "8,50", "Reste à payer", "6,00"]
    await cashier.touch("Nouvelle vente")
    assert await cashier.kept("basket") is None


async def test_the_secret_code_is_nowhere_on_the_screen_nor_kept(cashier: Cashier, town: Town) -> None:
    card = town.paper_card
    await cashier.key(100, FRUIT)
    await cashier.scan(card.uri)
    await cashier.touch(*(card.pin or "")[:3])
    dots = cashier.page.get_by_role("img", name="3 chiffres sur 4 saisis")
    assert await dots.inner_text() == ""
    await cashier.touch((card.pin or "")[3], "OK")
    await cashier.sees("Payé")
    kept = await cashier.page.evaluate("JSON.stringify(localStorage) + document.documentElement.innerHTML")
    assert card.secret not in kept
    assert f"{card.number:010}" not in kept


async def test_a_wrong_secret_code_is_typed_again_without_another_scan(cashier: Cashier, town: Town) -> None:
    card = town.crowd[0]
    await cashier.key(100, FRUIT)
    await cashier.scan(card.uri)
    await cashier.page.keyboard.type(f"{(int(card.pin or 0) + 1) % 10_000:04}")
    await cashier.page.keyboard.press("Enter")
    await cashier.sees("E3001")
    await cashier.touch("Retaper le code secret", *(card.pin or ""), "OK")
    await cashier.sees("Payé")


async def test_a_used_code_says_when_the_next_one_comes(cashier: Cashier, served: Served, town: Town) -> None:
    shown = credential(town.phone_card, served.installation.clock.now())
    await cashier.key(200, FRUIT)
    await cashier.scan(shown)  # a telephone needs no secret code
    await cashier.sees("Payé")
    await cashier.touch("Nouvelle vente")
    await cashier.key(200, BREAD)
    await cashier.scan(shown)
    await cashier.sees("E3002")
    waiting = cashier.page.get_by_role("button", name="Prochain code dans")
    assert await waiting.is_disabled()
    served.installation.clock.set(served.installation.clock.now() + timedelta(seconds=30))
    await cashier.scan(credential(town.phone_card, served.installation.clock.now()))  # straight from the refusal
    await cashier.sees("Payé")


async def test_a_second_touch_that_comes_too_late_dismisses_no_answer(cashier: Cashier, town: Town) -> None:
    await cashier.key(100, FRUIT)
    await cashier.scan(town.rich_card.uri)
    await cashier.sees("Code secret")
    await cashier.page.keyboard.type(town.rich_card.pin or "")
    await cashier.page.keyboard.press("Enter")
    await cashier.sees("Payé")
    await cashier.page.keyboard.press("Enter")
    await cashier.sees("Rien à payer de plus")
    await cashier.button("Nouvelle vente").and_(cashier.page.locator(":focus")).wait_for()  # then the answer was seen
    await cashier.page.keyboard.press("Enter")
    await cashier.sees("Vente")


async def test_a_second_card_pays_the_rest_of_the_basket(cashier: Cashier, town: Town) -> None:
    await cashier.key(1800, FRUIT)
    await cashier.show(town.ten_card)
    await cashier.sees("Reste à payer")
    await cashier.touch("Autre carte pour le reste")
    await cashier.sees("8,00")
    await cashier.show(town.rich_card)
    await cashier.sees("Rien à payer de plus")
    await cashier.sees("Première carte : 10,00")
    await cashier.touch("Annuler cette vente", "Annuler 8,00")
    await cashier.sees("Vente annulée")
    assert not await cashier.button("Retour au panier").count()  # its first part is paid
    await cashier.touch("Autre carte pour le reste")
    await cashier.sees("8,00")


async def test_a_card_with_nothing_on_it_leads_to_another_way_of_paying(cashier: Cashier, town: Town) -> None:
    await cashier.sell(town.poor_card, (850, FRUIT))
    await cashier.sees("E3004")
    await cashier.touch("Encaisser 8,50 autrement")
    await cashier.sees("Vente")


async def test_a_number_is_typed_where_the_code_is_damaged(cashier: Cashier, town: Town) -> None:
    await cashier.key(100, FRUIT)
    await cashier.touch("Encaisser · 1,00", "Saisir le numéro")
    field = cashier.page.get_by_label("Numéro de la carte")
    await field.fill("1234 567 890")
    await cashier.touch("OK")
    await cashier.sees("Ce n’est pas un numéro de carte. Vérifiez les dix chiffres.")
    await field.fill(f"{town.paper_card.number:010}")
    await cashier.touch("OK", *(town.paper_card.pin or ""), "OK")
    await cashier.sees("Payé")


async def test_a_scanner_set_to_another_keyboard_is_understood(cashier: Cashier, town: Town) -> None:
    await cashier.key(100, FRUIT)
    await cashier.page.evaluate(
        """text => [...text, null].forEach(sign => document.body.dispatchEvent(new KeyboardEvent("keydown", {
            bubbles: true, cancelable: true, key: sign === null ? "Enter" : "à!&Q"[sign.charCodeAt(0) % 4],
            code: sign === null ? "Enter" : sign === "/" ? "Slash" : /[0-9]/.test(sign) ? "Digit" + sign : "Key" + sign,
        })))""",
        town.paper_card.uri,
    )
    await cashier.sees("Code secret")


async def test_an_amount_without_its_category_is_not_forgotten(cashier: Cashier) -> None:
    await cashier.key(100, FRUIT)
    await cashier.page.keyboard.type("8,5")
    await cashier.touch("Encaisser · 1,00")
    await cashier.sees("Touchez une catégorie pour 8,50, ou effacez.")
    await cashier.page.keyboard.press("F2")  # the second button, from a keyboard
    await cashier.button("Encaisser · 9,50").wait_for()
    await cashier.page.keyboard.press("Enter")
    await cashier.sees("Présentez le code QR de la carte")


async def test_a_sale_is_refunded_in_part_and_another_voided(cashier: Cashier, town: Town) -> None:
    await cashier.sell(town.rich_card, (1337, FRUIT))
    await cashier.sees("Payé")
    await cashier.touch("Nouvelle vente")
    await cashier.sell(town.rich_card, (700, FRUIT))
    await cashier.touch("Annuler cette vente", "Annuler 7,00")
    await cashier.sees("Vente annulée")
    await cashier.touch("Nouvelle vente", "Menu", "La journée")
    await cashier.page.locator(".list .row", has_text="13,37").click()
    await cashier.touch("Rembourser", *"1400")
    await cashier.sees("Au plus 13,37.")
    await cashier.page.keyboard.press("Escape")
    await cashier.touch(*"250", "Rembourser 2,50")
    await cashier.sees("Rendu sur la carte")
    await cashier.touch("Retour à la journée")
    totals = cashier.page.locator(".sumbox", has_text="Cette caisse")
    await totals.wait_for()
    rows = (await totals.inner_text()).split("\n")
    assert rows[1:] == [
        *("Ventes · 2", "20,37"),
        "Remboursements · 1",
        "−2,50",
        "Annulations · 1",
        "−7,00",
        "Net",
        "10,87",
    ]


async def test_the_holder_asks_what_is_left(cashier: Cashier, served: Served, town: Town) -> None:
    card = await issue_card(served.ledger, town.households["CROWD-05"], "paper", AGENT)
    await cashier.touch("Menu", "Ce qui reste sur une carte")
    await cashier.show(card)
    await cashier.sees("110,00")


async def test_a_till_in_training_says_so_and_books_nothing(till_page: Page, served: Served, town: Town) -> None:
    cashier = Cashier(till_page, served)
    await cashier.connect(town.shops[2], "training")
    await cashier.key(6000, FRUIT)
    await cashier.scan("BP1/0000000018/TRAINING22")
    await cashier.touch(*"1234", "OK")
    await cashier.sees("Payé")
    await cashier.sees("Formation")
    await cashier.sees("Reçu TRAINING-000001")


async def test_the_camera_reads_a_card(served: Served, town: Town, tmp_path: Path) -> None:
    video = video_of(town.paper_card.uri, tmp_path / "card.y4m")
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    camera.append(f"--use-file-for-fake-video-capture={video}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *camera])
        context = await browser.new_context(
            base_url=served.url, viewport=PHONE, locale="fr-FR", service_workers="block"
        )
        cashier = Cashier(await context.new_page(), served)
        await cashier.connect(town.shops[2])
        await cashier.key(100, FRUIT)
        await cashier.touch("Encaisser · 1,00")
        await cashier.sees("Code secret")  # it was seen: nobody typed anything
        await cashier.touch(*(town.paper_card.pin or ""), "OK")
        await cashier.sees("Payé")
        await browser.close()
