"""What is not about tills: is the service alive, is it ready, and what a refusal means."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import get
from litestar.params import PathParameter
from msgspec import Meta, Struct

from ledger.errors import CATALOGUE, N_, InsufficientBalance, NotFound
from ledger.texts import gettext as _
from merchant_api.contract.told import tells
from merchant_api.dependencies import OpenedLedger


class HealthDocument(Struct):
    """The process answers."""

    status: Annotated[Literal["ok"], Meta(description=N_("The process answers."))]


class ReadinessDocument(Struct):
    """The process can sell."""

    status: Annotated[Literal["ready"], Meta(description=N_("The process can sell: its database answers."))]


class ExplanationDocument(Struct):
    """What a refusal means and what to do next."""

    code: Annotated[str, Meta(description=N_("The stable code of the refusal."))]
    number: Annotated[str, Meta(description=N_("The same for the telephone."))]
    status: Annotated[int, Meta(description=N_("The HTTP status that goes with it."))]
    retryable: Annotated[bool, Meta(description=N_("Whether the very same request may succeed later."))]
    title: Annotated[str, Meta(description=N_("What happened, for the cashier."))]
    remedy: Annotated[str, Meta(description=N_("What to do next."))]


def _explanation(code: str) -> ExplanationDocument | None:
    for number, refusal in sorted(CATALOGUE.items()):
        if refusal.code == code:
            title, remedy = _(refusal.title), _(refusal.remedy)
            return ExplanationDocument(code, f"E{number}", refusal.status, refusal.retryable, title, remedy)
    return None


_EXAMPLE = ExplanationDocument(
    code=InsufficientBalance.code,
    number="E3004",
    status=422,
    retryable=False,
    title=InsufficientBalance.title,
    remedy=InsufficientBalance.remedy,
)


@get(
    "/healthz",
    operation_id="health",
    opt=tells(N_("Alive?"), N_("The process answers."), answer=HealthDocument("ok")),
)
async def healthz() -> HealthDocument:
    return HealthDocument("ok")


@get(
    "/readyz",
    operation_id="readiness",
    opt=tells(N_("Ready?"), N_("The process can sell: its database answers."), answer=ReadinessDocument("ready")),
)
async def readyz(ledger: OpenedLedger) -> ReadinessDocument:
    await ledger.database.ping()
    return ReadinessDocument("ready")


@get(
    "/errors/{code:str}",
    operation_id="explainError",
    opt=tells(
        N_("What does a refusal mean?"),
        N_("Where the type of a problem document leads: what happened and what to do, in the language asked for."),
        NotFound,
        answer=_EXAMPLE,
    ),
)
async def explain(
    code: Annotated[str, PathParameter(description=N_("The code of a refusal."))],
) -> ExplanationDocument:
    found = _explanation(code)
    if found is None:
        raise NotFound
    return found


ROUTES = [healthz, readyz, explain]
