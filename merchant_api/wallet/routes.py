"""`/wallet`, the worker that lets it open without network, and `/balance` for who has a paper card only."""

from __future__ import annotations

import json
from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.params import QueryParameter

from ledger.texts import preferred_language
from merchant_api.pages.assets import DRAWING, Asset, installed
from merchant_api.pages.page import Page, written
from merchant_api.pages.routes import sent
from merchant_api.wallet.words import DIRECTIONS, SPOKEN, WORDS, words_in

_MODULES = ("base/dom.js", "base/words.js", "wallet/calls.js", "wallet/parts.js")
WALLET_MODULES = (
    *("vendor/qr/index.js", "wallet/cards.js", "wallet/codes.js", "wallet/enrol.js", "wallet/keep.js"),
    *("wallet/main.js", "wallet/pay.js", "wallet/purchases.js", "wallet/shops.js"),
)
_STYLES = ("base/icon.svg", "wallet/whole.css", "wallet/wallet.webmanifest")
WALLET = Page("wallet/page.html.j2", WORDS, policy={"worker-src": "'self'"})
BALANCE = Page("wallet/balance.html.j2", WORDS, policy={})
# A worker fetches what it keeps, from here only.
_WORKER_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
    "Service-Worker-Allowed": "/wallet",
    "X-Content-Type-Options": "nosniff",
}

Wanted = Annotated[str | None, QueryParameter(name="lang", max_length=20)]


@get("/wallet", media_type=MediaType.HTML)
async def wallet(request: Request[Any, Any, Any], wanted: Wanted = None) -> Response[bytes]:
    return _page(request, WALLET, wanted, (*_MODULES, *WALLET_MODULES))


@get("/balance", media_type=MediaType.HTML)
async def balance(request: Request[Any, Any, Any], wanted: Wanted = None) -> Response[bytes]:
    return _page(request, BALANCE, wanted, (*_MODULES, "wallet/balance.js"))


@get("/wallet/worker.js")
async def worker(request: Request[Any, Any, Any]) -> Response[bytes]:
    assets = installed()
    names = [name for name in (*_STYLES, *_MODULES, *WALLET_MODULES) if name in assets.files]
    kept = [*(f"/wallet?lang={code}" for code in SPOKEN), *map(assets.url, names)]
    facts = f"const VERSION = {json.dumps(assets.version)};\nconst KEPT = {json.dumps(kept)};\n"
    script = Asset(facts.encode() + assets.files["wallet/worker.js"].content, "text/javascript")
    return sent(request, script, _WORKER_HEADERS)


ROUTES = [wallet, balance, worker]


def _page(request: Request[Any, Any, Any], page: Page, wanted: str | None, modules: tuple[str, ...]) -> Response[bytes]:
    assets = installed()
    code = wanted if wanted in SPOKEN else preferred_language(request.headers.get("accept-language", ""), SPOKEN)
    html = written(
        page.template,
        assets,
        words_in(code),
        language=code,
        direction=DIRECTIONS.get(code, "ltr"),
        languages=SPOKEN,
        modules=[name for name in modules if name in assets.files],
        draws=page is not WALLET or not assets.missing(*DRAWING),
    )
    return sent(request, html, page.headers())
