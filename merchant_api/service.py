"""What is not about tills: is the service alive, is it ready, and what a refusal means."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath

from ledger.errors import CATALOGUE, NotFound
from ledger.texts import gettext as _
from merchant_api.dependencies import OpenedLedger


@get("/healthz", operation_id="health", security=[])
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", operation_id="readiness", security=[])
async def readyz(ledger: OpenedLedger) -> dict[str, str]:
    """The process can sell: its database answers."""
    await ledger.database.ping()
    return {"status": "ready"}


@get("/errors/{code:str}", operation_id="explainError", security=[])
async def explain(code: FromPath[str]) -> dict[str, str | int | bool]:
    """What a refusal means and what to do next."""
    for number, refusal in sorted(CATALOGUE.items()):
        if refusal.code == code:
            return {
                "code": code,
                "number": f"E{number}",
                "status": refusal.status,
                "retryable": refusal.retryable,
                "title": _(refusal.title),
                "remedy": _(refusal.remedy),
            }
    raise NotFound
