"""Pages are tried in the system's Chromium, against the real service on a clone of the town.

Whatever a page says on its console as an error, a file that it cannot load or a rule of its policy that it breaks
fails the test. Without a browser these tests are skipped, save where `CI` is set: there one has to be.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from tests.browser.counter import Cashier
from tests.browser.serving import ARGUMENTS, CHROMIUM, PATIENCE_MS, PHONE, Served
from tests.conftest import NOW
from tests.databases import TestServer
from tests.services import Installation
from tests.town import Town, cloned_town

__all__ = ["PHONE", "Served"]  # from here, too


@pytest.fixture(scope="session")
async def served(
    database_server: TestServer, town: Town, keys: Keyring, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """One service and one clone of the town for all tests of pages; each test takes a till and a card of its own."""
    async with cloned_town(database_server, town) as urls:
        installation = Installation.make(tmp_path_factory.mktemp("pages"), urls, keys, NOW)
        database = Database.at(urls.app)
        try:
            async with installation.running() as [service]:
                yield Served(installation, service, Ledger(database, installation.clock, keys))
        finally:
            await database.aclose()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the run."""
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("no Chromium is installed")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        await started.close()


@pytest.fixture
async def context(browser: Browser, served: Served) -> AsyncIterator[BrowserContext]:
    """A telephone that speaks French, with nothing kept from before."""
    made = await browser.new_context(base_url=served.url, viewport=PHONE, locale="fr-FR", reduced_motion="reduce")
    made.set_default_timeout(PATIENCE_MS)
    yield made
    await made.close()


@pytest.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page that may break nothing. A refusal is an answer: the browser calls its status an error, we do not."""
    faults: list[str] = []
    opened = await context.new_page()
    watch(opened, faults)
    yield opened
    assert not faults


def watch(page: Page, faults: list[str]) -> None:
    """Collect what goes wrong on a page."""
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda message: (
            faults.append(message.text)
            if message.type == "error" and not message.text.startswith("Failed to load resource")
            else None
        ),
    )
    page.on(
        "response",
        lambda response: (
            faults.append(f"{response.status} {response.url}")
            if response.status >= 400 and "/v1/" not in response.url
            else None
        ),
    )


@pytest.fixture(scope="session")
async def shelf(browser: Browser, served: Served) -> AsyncIterator[BrowserContext]:
    """Where the pages of all tests of the till are: their files are fetched once."""
    made = await browser.new_context(
        base_url=served.url,
        viewport=PHONE,
        locale="fr-FR",
        reduced_motion="reduce",
        service_workers="block",  # a test could not lose what goes through one
    )
    made.set_default_timeout(PATIENCE_MS)
    yield made
    await made.close()


@pytest.fixture
async def till_page(shelf: BrowserContext) -> AsyncIterator[Page]:
    """A page of a till that remembers nothing, and that may break nothing."""
    faults: list[str] = []
    opened = await shelf.new_page()
    await opened.goto("/healthz")  # no script; the page before may have kept something as it closed
    await opened.evaluate("localStorage.clear()")
    watch(opened, faults)
    yield opened
    met = list(faults)  # what is cut off by closing is no fault of the page
    for window in shelf.pages:
        await window.close()
    assert not met


@pytest.fixture
async def cashier(till_page: Page, served: Served, town: Town) -> Cashier:
    """At a new till of the grocery."""
    working = Cashier(till_page, served)
    await working.sit_down(town.shops[2])
    return working
