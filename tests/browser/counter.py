"""A cashier at the till page: what is touched and typed, in the words of the screen."""

from __future__ import annotations

import json
from dataclasses import dataclass

from playwright.async_api import Locator, Page

from ledger.cards.model import IssuedCard
from ledger.merchants.actions import invite_till
from ledger.merchants.model import Merchant, Scope
from tests.browser.serving import Served
from tests.town import AGENT, credential, paired

FRUIT, BREAD, WINE = "Fruits et légumes", "Céréales et pain", "Alcool"


@dataclass(frozen=True)
class Cashier:
    """Works at one page."""

    page: Page
    served: Served

    async def sit_down(self, shop: Merchant) -> None:
        """At a new till of the shop that is connected already."""
        till = await paired(self.served.ledger, shop)
        device = json.dumps({"token": till.token, "scope": till.scope, "merchant": shop.name})
        met = f"localStorage.length || localStorage.setItem('bonpois.till.device', {json.dumps(device)})"
        await self.page.add_init_script(met)
        await self.page.goto("/till")
        await self.button(FRUIT).wait_for()

    async def connect(self, shop: Merchant, scope: Scope = "till") -> None:
        """With a new code of the shop, typed."""
        invitation = await invite_till(self.served.ledger, shop.siret, scope, AGENT)
        await self.page.goto("/till")
        await self.page.get_by_label("Code de connexion").fill(invitation.code)
        await self.touch("Connecter")
        await self.sees("Vente")

    def button(self, label: str) -> Locator:
        return self.page.get_by_role("button", name=label, exact=True)

    async def touch(self, *labels: str) -> None:
        for label in labels:
            await self.button(label).click()

    async def sees(self, words: str) -> None:
        await self.page.get_by_text(words, exact=True).first.wait_for()

    async def key(self, cents: int, category: str) -> None:
        """An amount on the keypad, then its category."""
        await self.touch(*str(cents), category)

    async def scan(self, text: str) -> None:
        """As a hand scanner does: faster than any hand, with a line end."""
        for sign in text:
            await self.page.keyboard.press({"/": "Slash"}.get(sign, sign))
        await self.page.keyboard.press("Enter")

    async def show(self, card: IssuedCard) -> None:
        """What the holder shows and types."""
        await self.scan(credential(card, self.served.installation.clock.now()))
        if card.pin is not None:
            await self.sees("Code secret")
            await self.touch(*card.pin, "OK")

    async def sell(self, card: IssuedCard, *lines: tuple[int, str]) -> None:
        """A whole sale up to its answer."""
        for cents, category in lines:
            await self.key(cents, category)
        await self.show(card)

    async def kept(self, name: str) -> object:
        """What the page remembers."""
        text = await self.page.evaluate("name => localStorage.getItem('bonpois.till.' + name)", name)
        return None if text is None else json.loads(text)
