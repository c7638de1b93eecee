"""`/merchant`: what the shop earned, and what its owner does with it."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.params import QueryParameter

from ledger.texts import in_language, language
from merchant_api.merchant.words import WORDS
from merchant_api.pages.assets import installed
from merchant_api.pages.page import Page
from merchant_api.pages.routes import sent

PAGE = Page("merchant/page.html.j2", WORDS, policy={})


@get("/merchant", media_type=MediaType.HTML)
async def merchant(
    request: Request[Any, Any, Any],
    wanted: Annotated[str | None, QueryParameter(name="lang", max_length=20)] = None,
) -> Response[bytes]:
    with in_language(wanted or language()):
        page = PAGE.html(installed())
    return sent(request, page, PAGE.headers())


ROUTES = [merchant]
