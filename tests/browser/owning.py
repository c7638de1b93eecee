"""An owner at the merchant's page, with the telephone that shows the codes in the other hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta

from playwright.async_api import Locator, Page

from ledger.cards.rules import STEP_SECONDS, one_time_code, step_at
from ledger.merchants.actions import invite_till
from ledger.merchants.model import Merchant
from ledger.merchants.owners import enrol_owner
from tests.browser.serving import Served
from tests.town import AGENT, paired


@dataclass(frozen=True)
class OwnerAtPage:
    """Works at one page for one shop."""

    page: Page
    served: Served
    shop: Merchant
    secret: str = field(repr=False)

    @classmethod
    async def of(cls, page: Page, served: Served, shop: Merchant) -> OwnerAtPage:
        return cls(page, served, shop, (await enrol_owner(served.ledger, shop.siret, AGENT)).secret)

    async def open(self) -> None:
        """At a device that is connected already."""
        device = await paired(self.served.ledger, self.shop, "merchant")
        kept = json.dumps(json.dumps({"token": device.token, "merchant": self.shop.name}))
        await self.page.add_init_script(
            f"localStorage.length || localStorage.setItem('bonpois.merchant.device', {kept})"
        )
        await self.page.goto("/merchant")
        await self.sees("Vous avez")

    async def invitation(self) -> str:
        return (await invite_till(self.served.ledger, self.shop.siret, "merchant", AGENT)).code

    def code(self) -> str:
        """A new one: half a minute passes."""
        self.served.installation.clock.set(self.served.installation.clock.now() + timedelta(seconds=STEP_SECONDS))
        return one_time_code(self.secret, step_at(self.served.installation.clock.now()))

    def button(self, label: str) -> Locator:
        return self.page.get_by_role("button", name=label, exact=True)

    async def touch(self, *labels: str) -> None:
        for label in labels:
            await self.button(label).click()

    async def fill(self, label: str, text: str) -> None:
        await self.page.get_by_label(label, exact=True).fill(text)

    async def sees(self, words: str) -> None:
        await self.page.get_by_text(words, exact=True).first.wait_for()

    async def refused(self, words: str) -> None:
        await self.page.get_by_role("alert").get_by_text(words).wait_for()

    async def allow(self, label: str) -> None:
        """The owner's code, then the button that says what it allows."""
        await self.fill("Code du commerçant", self.code())
        await self.touch(label)

    async def convert(self, amount: str) -> None:
        """As far as the question for the code."""
        await self.touch("Convertir en euros")
        await self.fill("Montant", amount)
        await self.touch("Continuer")
        await self.sees("Vous recevez")

    async def held(self) -> str:
        return (await self.page.locator(".huge").inner_text()).replace("\u00a0", " ").replace("\u202f", " ")
