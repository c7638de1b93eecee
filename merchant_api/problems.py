"""Refusals as problem details (RFC 9457): a stable code and number, the remedy, facts as fields of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from ledger.errors import (
    Fact,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Refusal,
    RequestTooLarge,
    Unavailable,
)
from ledger.redemptions.model import Answered
from ledger.texts import gettext as _
from ledger.texts import preferred_language, use_language

Result = TypeVar("Result")

PROBLEM = "application/problem+json"
_RETRY_AFTER_SECONDS = 2
_INSTALLATION = 7  # the block of refusals that are about it
REPLAYED = {"Idempotency-Replayed": "true"}

_log = structlog.get_logger()
_AS_SENT = {
    "starts": "from",
    "ends": "to",
    "older_size": "from",
}  # parameters that Python cannot name as the contract does
_MISSING = re.compile(r"Missing required \w+ parameter '([^']+)'")  # as the framework says it, and in no other way
_BY_STATUS: dict[int, type[Refusal]] = {404: NotFound, 405: MethodNotAllowed, 413: RequestTooLarge}


class RefusedAgain(Exception):  # noqa: N818 - an answer, not an error
    """A refusal that a key was given before."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal)


def granted(answer: Answered[Result | Refusal]) -> Result:
    """What a key was granted; a refusal is raised, as one said before where it is."""
    if isinstance(answer.result, Refusal):
        raise RefusedAgain(answer.result) if answer.replayed else answer.result
    return answer.result


def marks_of(answer: Answered[Any]) -> dict[str, str]:
    """The header that says that an answer repeats an earlier one."""
    return REPLAYED if answer.replayed else {}


def problem(refusal: Refusal, *, replayed: bool = False) -> Response[dict[str, Any]]:
    """The answer "no", as the till and its cashier need it."""
    headers = headers_of(refusal, replayed=replayed)
    return Response(document(refusal), status_code=refusal.status, media_type=PROBLEM, headers=headers)


def headers_of(refusal: Refusal, *, replayed: bool) -> dict[str, str]:
    """What a program has to know of it before it reads it."""
    headers = dict(REPLAYED) if replayed else {}
    wait = refusal.facts.get("retry_after_seconds")
    if wait is not None:
        headers["Retry-After"] = str(wait)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def document(refusal: Refusal) -> dict[str, Any]:
    """The members of the problem document; `type` leads to its explanation."""
    return {
        "type": f"/errors/{refusal.code}",
        "title": _(refusal.title),
        "status": refusal.status,
        "detail": _(refusal.remedy),
        "code": refusal.code,
        "number": refusal.label,
        "retryable": refusal.retryable,
        **dict(sorted(refusal.facts.items())),  # in one order, first said or said again
    }


def refusal_of(error: Exception, path: str) -> Refusal:
    """What a till is told about anything that went wrong; what is our own fault is logged."""
    match error:
        case Refusal() if error.number // 1000 == _INSTALLATION:  # how to repair it is nothing for a cashier
            _log.error(error.code.replace("-", " "), **error.facts)
            return Unavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) if error.retryable else InternalError()
        case Refusal():
            return error
        case RefusedAgain():
            return error.refusal
        case msgspec.DecodeError():
            return InvalidRequest(**fault(error))
        case UnicodeDecodeError() | RecursionError():  # not UTF-8, or brackets nested deeper than anybody needs
            return InvalidRequest(fault="JSON is malformed", field=None)
        case _:
            _log.exception("request failed", path=path, exc_info=error)
            return InternalError()


def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    return problem(refusal_of(error, request.url.path), replayed=isinstance(error, RefusedAgain))


def speak_with(headers: Mapping[str, str]) -> None:
    """Choose the language that the till asks for; French where it says nothing."""
    use_language(preferred_language(headers.get("accept-language", "")))


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """The framework's own refusals, in our words; what it says about a value is not passed on."""
    speak_with(request.headers)  # an address that leads nowhere is refused before a language is chosen
    if isinstance(error, ValidationException):
        return problem(InvalidRequest(**_place(error)))
    if error.status_code >= 500:
        return problem(InternalError())
    return problem(_BY_STATUS.get(error.status_code, InvalidRequest)())


def fault(error: msgspec.DecodeError) -> dict[str, Fact]:
    """Where a document breaks the contract: msgspec's sentence names the expected type and the path, no value."""
    sentence, _, path = str(error).partition(" - at `")
    return {"fault": sentence, "field": path.rstrip("`").removeprefix("$").removeprefix(".") or None}


def _place(error: ValidationException) -> dict[str, Fact]:
    missing = _MISSING.match(error.detail)
    if missing:
        return {"fault": "A parameter is missing", "field": missing[1]}
    extra = error.extra if isinstance(error.extra, list) else []
    first = extra[0] if extra and isinstance(extra[0], dict) else {}
    name = str(first.get("key") or "")
    return {"fault": str(first.get("message", "")), "field": _AS_SENT.get(name, name) or None}
