"""`python -m tests.bench.first_paint URL [CHROMIUM]`: how soon a slow telephone shows the wallet for the first time.

Against a running service. The telephone: processor slowed down four times, 1.6 Mbit/s down, 750 kbit/s up, 150 ms
of latency (the "slow 4G" of Lighthouse), nothing kept from before. Five times each; the middle one counts. Also what
was sent, compressed, and the same once more with everything kept by the worker and no network at all.
"""

from __future__ import annotations

import asyncio
import sys
from statistics import median
from typing import Any

from playwright.async_api import Browser, CDPSession, async_playwright

TIMES = 5
_PAINT = """() => new Promise((done) => new PerformanceObserver((seen) => {
    const first = seen.getEntriesByName("first-contentful-paint")[0];
    if (first) done(first.startTime);
}).observe({ type: "paint", buffered: true }))"""
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}


async def slowed(session: CDPSession) -> None:
    """Make a slow telephone of it."""
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", _NETWORK)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 4})


async def once(browser: Browser, url: str) -> tuple[float, float, int, float]:
    """Milliseconds to the first paint and to the first screen of the script, bytes sent by then, milliseconds to the
    first paint without network.
    """
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-FR")
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await slowed(session)
    sent = 0

    def count(event: dict[str, Any]) -> None:
        nonlocal sent
        sent += int(event["encodedDataLength"])

    session.on("Network.loadingFinished", count)
    await page.goto(f"{url}/wallet?lang=fr", wait_until="load")
    await page.locator("main h1").wait_for()
    screen = float(await page.evaluate("performance.now()"))
    paint, bytes_sent = float(await page.evaluate(_PAINT)), sent
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await context.set_offline(offline=True)
    await page.goto(f"{url}/wallet?lang=fr", wait_until="load")
    without = float(await page.evaluate(_PAINT))
    await context.close()
    return paint, screen, bytes_sent, without


async def main(url: str, chromium: str) -> None:
    """Print what was measured."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        measured = [await once(browser, url.rstrip("/")) for _ in range(TIMES)]
        await browser.close()
    paint, screen, sent, without = (round(median(column)) for column in zip(*measured, strict=True))
    print(f"first paint {paint} ms, first screen {screen} ms, {sent} bytes sent; without network {without} ms")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *(sys.argv[2:] or ["/usr/bin/chromium"])))
