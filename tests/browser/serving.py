"""Which browser, and the service that it is pointed at."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from playwright.async_api import ViewportSize

from ledger.database.unit_of_work import Ledger
from tests.services import Installation, Service

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 30_000  # nothing is measured: a busy machine is no fault of the page


@dataclass(frozen=True)
class Served:
    """The service of all browser tests, its books for what a test prepares or counts, and where both are."""

    installation: Installation
    service: Service
    ledger: Ledger

    @property
    def url(self) -> str:
        return self.service.url
