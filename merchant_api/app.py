"""All the wiring of the service, on one screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from ledger.database.unit_of_work import Ledger
from ledger.redemptions.desk import Desk
from merchant_api import problems, security, service
from merchant_api.hot_route import BODY_BYTES_MAX, HotRoute
from merchant_api.v1 import money, redemptions, tills

_BEARER = Components(security_schemes={"till": SecurityScheme(type="http", scheme="bearer")})

_ROUTES = [
    tills.pair,
    redemptions.redeem,
    redemptions.abandon,
    redemptions.get_redemption,
    redemptions.list_redemptions,
    redemptions.refund,
    tills.balance,
    tills.categories,
    tills.merchant,
    money.balance,
    money.statement,
    money.request_conversion,
    money.list_conversions,
    money.cancel_conversion,
    money.pay,
    money.take_coupons,
]


def create_app(ledger: Ledger) -> Litestar:
    """The service on opened books: one desk per process."""
    desk = Desk(ledger)

    @asynccontextmanager
    async def at_work(_app: Litestar) -> AsyncIterator[None]:
        yield
        await desk.close()

    def provide_ledger() -> Ledger:
        return ledger

    def provide_desk() -> Desk:
        return desk

    v1 = Router(
        "/v1",
        route_handlers=_ROUTES,
        security=[{"till": []}],
    )
    app = Litestar(
        route_handlers=[v1, service.healthz, service.readyz, service.explain],
        dependencies={
            "ledger": Provide(provide_ledger, sync_to_thread=False),
            "desk": Provide(provide_desk, sync_to_thread=False),
            "calling_till": Provide(security.calling_till),
            "selling_till": Provide(security.selling_till),
            "settling_till": Provide(security.settling_till),
            "owning_device": Provide(security.owning_device),
            "reading_device": Provide(security.reading_device),
        },
        exception_handlers={
            HTTPException: problems.on_http_error,
            Exception: problems.on_error,
        },
        before_request=choose_language,
        lifespan=[at_work],
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=OpenAPIConfig(title="Bonpois", version="1", components=_BEARER, path="/schema"),
        logging_config=None,
    )
    app.asgi_handler = HotRoute(app.asgi_handler, ledger.keys, desk)
    return app


async def choose_language(request: Request[Any, Any, Any]) -> None:
    """Texts follow the till's language. Not a plain function: it would run in a thread, whose context is lost."""
    problems.speak_with(request.headers)
