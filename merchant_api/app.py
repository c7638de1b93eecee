"""All the wiring of the service, on one screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from ledger.database.unit_of_work import Ledger
from ledger.redemptions.desk import Desk
from merchant_api import bodies, counters, problems, security, service
from merchant_api.contract import reference
from merchant_api.merchant import routes as merchant
from merchant_api.metrics import Meters
from merchant_api.pages import routes as pages
from merchant_api.sealer import sealing
from merchant_api.till import routes as till
from merchant_api.till_protocol import BODY_BYTES_MAX, SalesDoor
from merchant_api.training.desk import FrontDesk
from merchant_api.v1 import checkpoints, devices, money, redemptions, tills, wallets
from merchant_api.wallet import routes as wallet

_ROUTES = [
    tills.pair,
    redemptions.redeem,
    redemptions.abandon,
    redemptions.get_redemption,
    redemptions.list_redemptions,
    redemptions.refund,
    redemptions.void,
    redemptions.day_totals,
    checkpoints.proof_of_sale,
    checkpoints.checkpoint,
    checkpoints.consistency,
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
    *devices.ROUTES,
    *wallets.ROUTES,
]


def create_app(ledger: Ledger, meters: Meters | None = None) -> Litestar:
    """The service on opened books: one desk and one sealer per process, both counted by the meters."""
    meters = meters or Meters()
    desk = FrontDesk(ledger, Desk(ledger, meters.desk))

    @asynccontextmanager
    async def at_work(_app: Litestar) -> AsyncIterator[None]:
        pages.tell_what_is_missing()
        async with sealing(ledger, meters):
            yield
            await desk.close()

    def provide_ledger() -> Ledger:
        return ledger

    def provide_desk() -> FrontDesk:
        return desk

    app = Litestar(
        route_handlers=[
            Router("/v1", route_handlers=_ROUTES),
            *service.ROUTES,
            *reference.ROUTES,
            *pages.ROUTES,
            *till.ROUTES,
            *wallet.ROUTES,
            *merchant.ROUTES,
        ],
        dependencies={
            "ledger": Provide(provide_ledger, sync_to_thread=False),
            "desk": Provide(provide_desk, sync_to_thread=False),
            "calling_till": Provide(security.calling_till),
            "owning_device": Provide(security.owning_device),
            "reading_device": Provide(security.reading_device),
            "proving_device": Provide(security.proving_device),
            "holding_wallet": Provide(security.holding_wallet),
            "selling_counter": Provide(counters.selling_counter),
            "settling_counter": Provide(counters.settling_counter),
            "looking_counter": Provide(counters.looking_counter),
        },
        exception_handlers={
            HTTPException: problems.on_http_error,
            Exception: problems.on_error,
        },
        before_request=prepare,
        lifespan=[at_work],
        request_max_body_size=BODY_BYTES_MAX,
        request_class=bodies.StrictRequest,
        openapi_config=None,  # the contract is written by `contract`, from the same routes
        logging_config=None,
    )
    app.state.door = SalesDoor(ledger.keys, desk)
    return app


async def prepare(request: Request[Any, Any, Any]) -> None:
    """Texts follow the till's language. Not a plain function: it would run in a thread, whose context is lost."""
    problems.speak_with(request.headers)
    bodies.require_values(request)
