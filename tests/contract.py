"""Every answer that a test gets is one that the contract tells: status, type and fields, and no refusal but those."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Operation:
    """A call of the contract."""

    name: str
    method: str
    path: str
    pattern: re.Pattern[str]
    told: dict[str, Any]

    @property
    def refusals(self) -> set[str]:
        """The codes that it may be refused with."""
        answers = [answer["content"].get(PROBLEM) for answer in self.told["responses"].values()]
        return {code for answer in answers if answer for code in answer["schema"]["properties"]["code"]["enum"]}


@cache
def contract() -> dict[str, Any]:
    """The document as the service tells it."""
    from tests.generated import openapi_json  # noqa: PLC0415 - generated imports what imports this

    document: dict[str, Any] = json.loads(openapi_json())
    return document


@cache
def operations() -> dict[str, Operation]:
    """All calls by name."""
    found = [
        Operation(told["operationId"], method.upper(), path, _pattern(path), told)
        for path, methods in contract()["paths"].items()
        for method, told in methods.items()
    ]
    return {operation.name: operation for operation in found}


def operation_of(method: str, path: str) -> Operation | None:
    """The call that an address leads to."""
    found = [one for one in operations().values() if one.method == method and one.pattern.fullmatch(path)]
    return min(found, key=lambda one: one.path.count("{"), default=None)


async def conforms(response: httpx.Response) -> None:
    """For the hooks of a client: fail where an answer is none that the contract tells."""
    await response.aread()
    operation = operation_of(response.request.method, response.request.url.path)
    if operation is not None:
        require_told(operation, response)


def require_told(operation: Operation, response: httpx.Response) -> None:
    """An answer of a call against what is told of it."""
    told = operation.told["responses"].get(str(response.status_code))
    assert told is not None, f"{operation.name} does not tell of {response.status_code}: {response.text}"
    media_type = response.headers["content-type"]
    assert media_type in told["content"], f"{operation.name} tells of no {media_type}"
    if media_type == PROBLEM and response.json()["code"] == "request-too-large":
        return  # refused before anybody looks where it goes
    errors = [str(error) for error in _validator(operation.name, response.status_code).iter_errors(response.json())]
    assert not errors, f"{operation.name}: {response.text}\n" + "\n".join(errors)
    if media_type == PROBLEM:
        untold = set(response.json()) - set(contract()["components"]["schemas"]["Problem"]["properties"])
        assert not untold, f"{operation.name}: no word about {untold}"
    for header in ("Retry-After", "Idempotency-Replayed", "WWW-Authenticate"):
        assert header not in response.headers or header in told.get("headers", {}), f"{operation.name}: {header}"


@cache
def _validator(name: str, status: int) -> jsonschema_rs.Draft202012Validator:
    [content] = operations()[name].told["responses"][str(status)]["content"].values()
    return jsonschema_rs.Draft202012Validator(
        content["schema"] | {"components": contract()["components"]}, validate_formats=True
    )


def _pattern(path: str) -> re.Pattern[str]:
    uuid = "[0-9a-fA-F-]{32,36}"
    return re.compile(re.sub(r"\{(\w+)\}", lambda name: "[^/]+" if name[1] == "code" else uuid, path))
