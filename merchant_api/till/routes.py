"""`/till`."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.params import QueryParameter

from ledger.texts import in_language, language
from merchant_api.pages.assets import CAMERA, installed
from merchant_api.pages.page import Page
from merchant_api.pages.routes import sent
from merchant_api.till.words import WORDS

PAGE = Page("till/page.html.j2", WORDS, policy={"script-src": "'wasm-unsafe-eval'"}, camera=True)


@get("/till", media_type=MediaType.HTML)
async def till(
    request: Request[Any, Any, Any],
    wanted: Annotated[str | None, QueryParameter(name="lang", max_length=20)] = None,
) -> Response[bytes]:
    with in_language(wanted or language()):
        page = PAGE.html(installed(), camera=not installed().missing(*CAMERA))
    return sent(request, page, PAGE.headers())


ROUTES = [till]
