"""`/till`, and the worker that lets it open without a network."""

from __future__ import annotations

import json
from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.params import QueryParameter

from ledger.texts import LANGUAGES, in_language, language
from merchant_api.pages.assets import CAMERA, Asset, installed
from merchant_api.pages.page import Page
from merchant_api.pages.routes import sent
from merchant_api.till.words import WORDS

_PATH = "/till"
_WORKER = "till/worker.js"
PAGE = Page(
    "till/page.html.j2", WORDS, policy={"script-src": "'wasm-unsafe-eval'", "worker-src": "'self'"}, camera=True
)
# A worker fetches what it keeps, from here only.
_WORKER_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
    "Service-Worker-Allowed": _PATH,
    "X-Content-Type-Options": "nosniff",
}


@get(_PATH, media_type=MediaType.HTML)
async def till(
    request: Request[Any, Any, Any],
    wanted: Annotated[str | None, QueryParameter(name="lang", max_length=20)] = None,
) -> Response[bytes]:
    with in_language(wanted or language()):
        page = PAGE.html(installed(), camera=not installed().missing(*CAMERA))
    return sent(request, page, PAGE.headers())


@get("/till/worker.js")
async def worker(request: Request[Any, Any, Any]) -> Response[bytes]:
    assets = installed()
    names = [name for name in assets.files if name.startswith(("base/", "till/")) and name != _WORKER]
    names += [name for name in CAMERA if name in assets.files]
    kept = [*(f"{_PATH}?lang={code}" for code in LANGUAGES), *map(assets.url, names)]
    facts = {"VERSION": assets.version, "PAGE": _PATH, "KEPT": kept}
    head = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in facts.items())
    script = Asset(head.encode() + assets.files[_WORKER].content, "text/javascript")
    return sent(request, script, _WORKER_HEADERS)


ROUTES = [till, worker]
