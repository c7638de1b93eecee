"""The contract as a document for programs and as a page for people; nothing of it comes from outside."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Litestar, MediaType, Request, Response, get
from litestar.params import QueryParameter

from ledger.texts import in_language, language
from merchant_api.contract import page
from merchant_api.contract.openapi import document

# What a browser may do with the page: show it with our one style sheet, and nothing else.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_KEPT = "written"


@get("/openapi.json", media_type=MediaType.JSON)
async def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    content = _written(request.app, "openapi.json", "en")
    return Response(content, media_type=MediaType.JSON, headers=_HEADERS)


@get("/docs", media_type=MediaType.HTML)
async def docs(
    request: Request[Any, Any, Any], wanted: Annotated[str | None, QueryParameter(name="lang", max_length=20)] = None
) -> Response[bytes]:
    content = _written(request.app, "docs", wanted or language())
    return Response(content, media_type=MediaType.HTML, headers=_HEADERS | {"Vary": "Accept-Language"})


@get("/docs/page.css", media_type=MediaType.CSS)
async def style() -> Response[bytes]:
    return Response((page.FOLDER / "page.css").read_bytes(), media_type=MediaType.CSS, headers=_HEADERS)


ROUTES = [openapi, docs, style]


def _written(app: Litestar, name: str, code: str) -> bytes:
    """Written once for each language: the routes do not change while the service runs."""
    with in_language(code):
        kept: dict[tuple[str, str], bytes] = app.state.setdefault(_KEPT, {})
        place = (name, language())
        if place not in kept:
            told = document(app)
            kept[place] = msgspec.json.encode(told) if name == "openapi.json" else page.html(told).encode()
        return kept[place]
