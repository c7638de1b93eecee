"""The wallet on a household's telephone: enrolled once, pays without network, blocks itself, reads in Arabic."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO

import httpx
import pytest
import zxingcpp
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import BrowserContext, Page, Route, expect

from ledger.cards.actions import issue_card, list_cards
from ledger.cards.model import IssuedCard
from ledger.cards.rules import STEP_SECONDS
from ledger.wallets.actions import invite_wallet
from merchant_api.wallet.words import SPOKEN, words_in
from tests.browser.conftest import PHONE, Served
from tests.services import client_of
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town, wrong_pin

FRENCH = words_in("fr")


@pytest.fixture
async def till(served: Served, town: Town) -> AsyncIterator[TillClient]:
    """A till of the first shop, as a program."""
    async with client_of(served.service) as client:
        yield TillClient(client, served.installation.clock, town.tills[3].token)


@pytest.fixture
async def card(served: Served, town: Town) -> IssuedCard:
    """A new card on a telephone, of the household that has one on paper, too."""
    return await issue_card(served.ledger, town.households["PHONE"], "phone", AGENT)


async def letter(served: Served, card: IssuedCard) -> str:
    """Where the link of the letter leads."""
    return (await invite_wallet(served.ledger, card.number, AGENT)).link("").replace("/wallet#", "/wallet?lang=fr#")


async def set_up(page: Page, served: Served, card: IssuedCard, language: str = "fr") -> None:
    """As the holder does: open the link, agree."""
    await page.goto((await letter(served, card)).replace("lang=fr", f"lang={language}"))
    await page.get_by_role("button", name=words_in(language)["enrol_now"]).click()
    await expect(page.locator(".square svg[role=img]")).to_be_visible()


async def scanned(page: Page) -> str:
    """What a camera reads on the screen."""
    picture = Image.open(BytesIO(await page.locator(".square").screenshot()))
    [found] = zxingcpp.read_barcodes(picture)
    return str(found.text)


async def pays(till: TillClient, code: str, key: str) -> httpx.Response:
    """A sale of one Pois."""
    body = {"credential": code, "basket": [{"category": FRUIT, "amount_cents": 100}]}
    return await till.post("/v1/redemptions", body, f"{code} {key}".replace(" ", "-"))


async def no_serious_violation(page: Page) -> None:
    """WCAG 2.2 AA as far as a machine can tell."""
    found = (await Axe().run(page)).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}] == []


async def fits(page: Page) -> None:
    """Nothing stands out at the side."""
    wide = await page.evaluate("""() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > innerWidth)
            .map((one) => one.outerHTML.slice(0, 80))""")
    assert wide == []


async def test_the_link_of_the_letter_sets_up_a_telephone_whose_key_nobody_reads_out(
    page: Page, served: Served, card: IssuedCard
) -> None:
    await page.goto(await letter(served, card))
    await no_serious_violation(page)
    await page.get_by_role("button", name=FRENCH["enrol_now"]).click()
    await expect(page.locator(".balance .left")).to_contain_text("Pois")
    await expect(page).to_have_url(re.compile(r"/wallet\?lang=fr$"))
    kept = await page.evaluate("""() => new Promise((resolve) => {
        indexedDB.open("pois").onsuccess = ({ target }) => {
            const store = target.result.transaction("kept").objectStore("kept");
            const kept = store.get("wallet");
            kept.onsuccess = () => resolve([kept.result.key.extractable, Object.keys(localStorage)]);
        };
    })""")
    assert kept == [False, ["language"]]
    assert (await scanned(page)).startswith(f"BP1/{card.number}/")
    await no_serious_violation(page)
    await fits(page)


async def test_a_lost_answer_is_asked_for_again_and_comes(page: Page, served: Served, card: IssuedCard) -> None:
    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/v1/wallet/enrol", lose, times=1)
    await page.goto(await letter(served, card))
    await page.get_by_role("button", name=FRENCH["enrol_now"]).click()
    await expect(page.get_by_text(FRENCH["enrol_lost"])).to_be_visible()
    await page.get_by_role("button", name=FRENCH["enrol_now"]).click()
    await expect(page.locator(".square svg[role=img]")).to_be_visible()


async def test_a_used_letter_says_so_and_a_code_can_be_typed(page: Page, served: Served, card: IssuedCard) -> None:
    code = (await invite_wallet(served.ledger, card.number, AGENT)).code
    await page.goto("/wallet?lang=fr#00000-00000-00000")
    await page.get_by_role("button", name=FRENCH["enrol_now"]).click()
    await expect(page.get_by_text(FRENCH["enrol_refused"])).to_be_visible()
    await page.goto("/wallet?lang=fr")
    await page.get_by_label(FRENCH["letter_code"]).fill(f" {code.lower()} ")
    await page.keyboard.press("Enter")
    await expect(page.locator(".square svg[role=img]")).to_be_visible()


async def test_without_network_the_code_is_drawn_and_the_till_takes_it_once(
    page: Page, context: BrowserContext, served: Served, card: IssuedCard, till: TillClient
) -> None:
    await page.goto("/balance")
    await page.evaluate("caches.open('till-1').then(() => null)")
    await set_up(page, served, card)
    await expect(page.locator(".balance .left")).to_be_visible()
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    assert await page.evaluate("caches.has('till-1')")  # the worker puts away only what was its own
    await context.set_offline(offline=True)
    await page.goto("/wallet")
    await expect(page.get_by_text(FRENCH["offline"])).to_be_visible()
    code = await scanned(page)
    assert re.fullmatch(rf"BP1/{card.number}/[0-9]{{8}}", code)
    assert (await pays(till, code, "first")).status_code == 201
    assert (await pays(till, code, "again")).json()["code"] == "code-already-used"

    await context.set_offline(offline=False)
    await expect(page.locator(".used")).to_be_visible()
    await expect(page.locator(".next")).to_have_text(re.compile(r"Nouveau code dans \d+\s*s"))
    clock = served.installation.clock
    clock.set(clock.now() + timedelta(seconds=STEP_SECONDS))
    await page.evaluate("dispatchEvent(new Event('online')), null")  # rather than wait until it looks again by itself
    await expect(page.locator(".square svg[role=img]")).to_be_visible()
    assert (await pays(till, await scanned(page), "next")).status_code == 201


async def test_cards_are_blocked_on_the_telephone_at_once(
    page: Page, served: Served, card: IssuedCard, till: TillClient, town: Town
) -> None:
    paper = await issue_card(served.ledger, town.households["PHONE"], "paper", AGENT)
    await set_up(page, served, card)
    await page.get_by_role("button", name=FRENCH["cards"]).click()
    await no_serious_violation(page)
    ending = str(paper.number)[-4:]
    await page.get_by_role(
        "button", name=f"{FRENCH['block']} · {FRENCH['paper_card']} · finissant par {ending}"
    ).click()
    await no_serious_violation(page)
    await page.get_by_role("button", name=FRENCH["block_now"]).click()
    await expect(page.locator(".said")).to_have_text(FRENCH["block_done"])
    assert (await till.balance(paper)).json()["code"] == "card-blocked"

    await page.get_by_role("button", name=f"{FRENCH['block']} · {FRENCH['this_phone']}").click()
    await page.get_by_role("button", name=FRENCH["block_now"]).click()
    await expect(page.get_by_role("heading", name=FRENCH["blocked"])).to_be_visible()
    await page.goto("/wallet")
    await expect(page.get_by_role("heading", name=FRENCH["blocked"])).to_be_visible()
    states = {found.number: found.state for found in await list_cards(served.ledger, town.households["PHONE"])}
    assert (states[card.number], states[paper.number]) == ("blocked", "blocked")


async def test_a_pin_is_changed_and_a_purchase_reported(
    page: Page, served: Served, card: IssuedCard, till: TillClient, town: Town
) -> None:
    paper = await issue_card(served.ledger, town.households["PHONE"], "paper", AGENT)
    await till.redeem(paper, (FRUIT, 123))
    await set_up(page, served, card)
    await page.get_by_role("button", name=FRENCH["cards"]).click()
    row = page.locator(".card", has_text=str(paper.number)[-4:])
    await row.get_by_role("button", name=FRENCH["pin_change"]).click()
    for first, second, said in (
        ("1111", "1111", "pin_simple"),
        ("2580", "2581", "pin_differs"),
        ("2580", "2580", "pin_done"),
    ):
        await page.get_by_label(FRENCH["pin_new"]).fill(first)
        await page.get_by_label(FRENCH["pin_repeat"]).fill(second)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text(FRENCH[said]).last).to_be_visible()
    assert (await till.balance(paper, pin="2580")).status_code == 200

    await page.get_by_role("button", name=FRENCH["purchases"]).click()
    await page.get_by_role("button", name=re.compile("1,23")).click()
    await page.get_by_role("button", name=FRENCH["not_mine_now"]).click()
    await expect(page.locator(".list .badge")).to_have_text(FRENCH["disputed"])
    await page.get_by_role("button", name=FRENCH["shops"]).click()
    await page.get_by_label(FRENCH["search"]).fill("eloi")
    await expect(page.locator(".list .name")).to_have_text("Coopérative bio de Saint-Éloi")


async def test_arabic_is_read_from_right_to_left_and_whole(page: Page, served: Served, card: IssuedCard) -> None:
    arabic = words_in("ar")
    await set_up(page, served, card, "ar")
    assert await page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    tabs = [await one.bounding_box() for one in await page.locator(".tabs button").all()]
    sides = [box["x"] for box in tabs if box]
    assert sides == sorted(sides, reverse=True)
    for tab in ("pay", "purchases", "shops", "cards"):
        await page.get_by_role("button", name=arabic[tab], exact=True).click()
        await expect(page.locator(".panel")).to_have_text(re.compile(r"\w"))
        await fits(page)
        await no_serious_violation(page)
    foreign = {word for code in SPOKEN if code != "ar" for word in words_in(code).values()} - set(arabic.values())
    shown = set((await page.locator("body").inner_text()).splitlines())
    assert not shown & foreign
    await page.get_by_role("link", name="Español").click()
    await expect(page.get_by_role("button", name=words_in("es")["cards"])).to_be_visible()
    await page.goto("/wallet")
    await expect(page.get_by_role("button", name=words_in("es")["cards"])).to_be_visible()


async def test_a_guest_sees_what_is_left_and_blocks_a_lost_telephone(
    context: BrowserContext, page: Page, served: Served, card: IssuedCard, town: Town
) -> None:
    paper = await issue_card(served.ledger, town.households["PHONE"], "paper", AGENT)
    await page.goto("/balance?lang=fr")
    await page.get_by_label(FRENCH["card_number"]).fill(f"{paper.number:010}")
    for pin, seen in ((wrong_pin(paper), FRENCH["guest_refused"]), (str(paper.pin), FRENCH["left"])):
        await page.get_by_label(FRENCH["pin"]).fill(pin)
        await page.get_by_role("button", name=FRENCH["guest_now"]).click()
        await expect(page.get_by_text(seen)).to_be_visible()
    await page.get_by_text(FRENCH["lost"]).click()
    await no_serious_violation(page)
    await fits(page)
    await page.get_by_role("button", name=FRENCH["guest_block"]).click()
    await expect(page.get_by_text(re.compile("Téléphones bloqués"))).to_be_visible()
    states = {found.number: found.state for found in await list_cards(served.ledger, town.households["PHONE"])}
    assert (states[card.number], states[paper.number]) == ("blocked", "active")


async def test_large_letters_and_a_narrow_screen_leave_nothing_out(
    page: Page, served: Served, card: IssuedCard, till: TillClient, town: Town
) -> None:
    await till.redeem(town.second_card, (FRUIT, 45))
    await set_up(page, served, card)
    await page.set_viewport_size({"width": 320, "height": PHONE["height"]})
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    for tab in ("pay", "purchases", "shops", "cards"):
        await page.get_by_role("button", name=FRENCH[tab], exact=True).click()
        await expect(page.locator(".panel")).to_have_text(re.compile(r"\w"))
        await fits(page)
