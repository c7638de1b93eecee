"""The files of the pages over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from litestar import Request, Response, get
from litestar.params import FromPath

from ledger.errors import NotFound
from merchant_api.pages.assets import CAMERA, DRAWING, Asset, installed

_FOR_EVER = "public, max-age=31536000, immutable"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'",  # a file is no page
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}

_log = structlog.get_logger()


@get("/assets/{version:str}/{name:path}")
async def asset(request: Request[Any, Any, Any], version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A file. A page of yesterday that asks for its own version gets today's, and may not keep it."""
    assets = installed()
    found = assets.files.get(name.lstrip("/"))
    if found is None:
        raise NotFound
    return sent(request, found, _HEADERS | {"Cache-Control": _FOR_EVER if version == assets.version else "no-store"})


def sent(request: Request[Any, Any, Any], asset: Asset, headers: Mapping[str, str]) -> Response[bytes]:
    """A file or a written page, compressed for a browser that says that it takes it."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(asset.content, media_type=asset.media_type, headers=dict(headers))
    return Response(asset.compressed, media_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"})


def tell_what_is_missing() -> None:
    """Once, when the service starts: without these files it serves, but not all of its pages do all."""
    missing = installed().missing(*CAMERA, *DRAWING)
    if missing:
        _log.warning("files of the pages are not installed", missing=missing, remedy="make install")


ROUTES = [asset]
