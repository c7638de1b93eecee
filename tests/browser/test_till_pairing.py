"""The till page is connected once, and stays so."""

from __future__ import annotations

from playwright.async_api import Page

from tests.browser.conftest import Served


async def test_the_page_opens(page: Page, served: Served) -> None:
    await page.goto("/till")
    assert await page.title() == "Caisse · Pois"
