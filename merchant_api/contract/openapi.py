"""The OpenAPI 3.1 document, made of the routes themselves: their signatures, and what they tell beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from ledger.errors import N_, Refusal, Unauthorised, WalletUnknown
from ledger.texts import gettext as _
from merchant_api import problems
from merchant_api.contract.facts import FACTS, MEMBERS, OF_THE_CORE, shown
from merchant_api.contract.signatures import Parameter, Signature, signature_of
from merchant_api.contract.told import Told, refusals_of, told_by

_REFERENCE = "#/components/schemas/{name}"
_JSON = "application/json"
_KEYED = "idempotency_key"
_GROUPS = {
    "merchant_api.v1.redemptions": N_("Sales"),
    "merchant_api.v1.tills": N_("Devices, cards and shop"),
    "merchant_api.v1.money": N_("The shop's money"),
    "merchant_api.v1.devices": N_("The shop's own devices"),
    "merchant_api.v1.checkpoints": N_("Proofs"),
    "merchant_api.v1.wallets": N_("The household's telephone"),
    "merchant_api.service": N_("The service"),
}
_ABOUT = N_(
    "Sales paid with food aid in Pois, for makers of tills. Amounts are whole centimes, times are RFC 3339, fields "
    "that are not named here are refused. Every refusal is a problem document (RFC 9457)."
)
_PROBLEM_ABOUT = N_("Why not, and what to do next. Facts of the refusal stand beside these members; more may come.")
_LANGUAGE = N_("fr or en: the language of titles, remedies and labels; French where nothing is said.")
_HEADERS = {
    "Retry-After": ({"type": "integer", "minimum": 0}, N_("How many seconds to wait before the same request again.")),
    "Idempotency-Replayed": ({"const": "true"}, N_("Present where this answer repeats an earlier one of this key.")),
    "WWW-Authenticate": ({"const": "Bearer"}, N_("A token is needed.")),
}
_SCHEMES: dict[type[Refusal], tuple[str, str]] = {
    Unauthorised: ("till", N_("The token that pairing gave to this device.")),
    WalletUnknown: ("wallet", N_("The token that enrolment gave to this telephone.")),
}


@dataclass(frozen=True)
class _Operation:
    path: str
    method: str
    name: str
    group: str
    told: Told
    signature: Signature
    status: int

    @property
    def refusals(self) -> Sequence[type[Refusal]]:
        takes = any(parameter.place == "query" for parameter in self.signature.parameters)
        return refusals_of(self.told, self.signature.names, takes_parameters=takes)

    @property
    def is_keyed(self) -> bool:
        return _KEYED in self.signature.names


def document(app: Litestar) -> dict[str, Any]:
    """The contract in the language of the context."""
    operations = list(_operations(app))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bonpois", "version": "1", "description": _(_ABOUT)},
        "servers": [{"url": "/"}],
        "tags": [{"name": _(name)} for name in _GROUPS.values()],
        "paths": paths,
        "components": _components(operations),
    }


def _operations(app: Litestar) -> Iterator[_Operation]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in sorted(route.route_handlers, key=lambda one: sorted(one.http_methods)):
                told = told_by(handler.opt)
                if told is not None:
                    yield _operation(route.path_format, handler, told)


def _operation(path: str, handler: HTTPRouteHandler, told: Told) -> _Operation:
    [method] = handler.http_methods
    group, name = _GROUPS[handler.fn.__module__], str(handler.operation_id)
    return _Operation(path, method.lower(), name, group, told, signature_of(handler), handler.status_code)


def _described(operation: _Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [_(operation.group)],
        "summary": _(operation.told.title),
        "description": _(operation.told.text),
        "parameters": [*map(_parameter, operation.signature.parameters), _ref("parameters", "Accept-Language")],
        "security": [{name: []} for refusal, (name, _about) in _SCHEMES.items() if refusal in operation.refusals],
        "responses": _responses(operation),
    }
    if operation.signature.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {_JSON: _content(operation.signature.body, operation.told.body)},
        }
    return described


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": _(parameter.description),
        "schema": parameter.schema,
    }


def _content(kind: type[msgspec.Struct], example: Any) -> dict[str, Any]:
    return {
        "schema": {"$ref": _REFERENCE.format(name=kind.__name__)},
        "examples": {"example": {"value": msgspec.to_builtins(example)}},
    }


def _responses(operation: _Operation) -> dict[str, Any]:
    headers = ["Idempotency-Replayed"] if operation.is_keyed else []
    responses: dict[str, Any] = {
        str(operation.status): _with_headers(
            {
                "description": _(operation.told.title),
                "content": {_JSON: _content(operation.signature.answer, operation.told.answer)},
            },
            headers,
        )
    }
    for status in sorted({refusal.status for refusal in operation.refusals}):
        of_status = [refusal for refusal in operation.refusals if refusal.status == status]
        responses[str(status)] = _with_headers(_refused(of_status), [*headers, *_headers_of(of_status)])
    return responses


def _refused(refusals: Sequence[type[Refusal]]) -> dict[str, Any]:
    """One status: which codes it can have, each with an example."""
    codes = [refusal.code for refusal in refusals]
    return {
        "description": " ".join(_(refusal.title) for refusal in refusals),
        "content": {
            problems.PROBLEM: {
                "schema": {
                    "allOf": [{"$ref": _REFERENCE.format(name="Problem")}],
                    "properties": {"code": {"enum": codes}, "status": {"const": refusals[0].status}},
                },
                "examples": {code: _ref("examples", code) for code in codes},
            }
        },
    }


def _headers_of(refusals: Sequence[type[Refusal]]) -> Iterator[str]:
    if any("retry_after_seconds" in shown(refusal).facts for refusal in refusals):
        yield "Retry-After"
    if any(refusal.status == 401 for refusal in refusals):
        yield "WWW-Authenticate"


def _with_headers(response: dict[str, Any], headers: Sequence[str]) -> dict[str, Any]:
    return response | ({"headers": {name: _ref("headers", name) for name in headers}} if headers else {})


def _components(operations: Sequence[_Operation]) -> dict[str, Any]:
    refusals = {refusal.code: refusal for operation in operations for refusal in operation.refusals}
    return {
        "securitySchemes": {
            name: {"type": "http", "scheme": "bearer", "description": _(about)} for name, about in _SCHEMES.values()
        },
        "parameters": {
            "Accept-Language": {
                "name": "Accept-Language",
                "in": "header",
                "required": False,
                "description": _(_LANGUAGE),
                "schema": {"type": "string"},
            }
        },
        "headers": {name: {"description": _(about), "schema": schema} for name, (schema, about) in _HEADERS.items()},
        "schemas": dict(sorted({**_schemas(operations), "Problem": _problem()}.items())),
        "examples": {code: _example(refusal) for code, refusal in sorted(refusals.items())},
    }


def _schemas(operations: Sequence[_Operation]) -> dict[str, Any]:
    bodies = {operation.signature.body for operation in operations if operation.signature.body is not None}
    answers = {operation.signature.answer for operation in operations}
    kinds = sorted(bodies | answers, key=lambda kind: kind.__name__)
    _roots, schemas = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    for (kind, field), about in OF_THE_CORE.items():
        schemas[kind]["properties"][field]["description"] = about
    translated = _translated(schemas)
    assert isinstance(translated, dict)
    return translated


def _translated(part: Any) -> Any:
    """Every description in the language of the context."""
    if isinstance(part, list):
        return [_translated(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _(value) if name == "description" and isinstance(value, str) else _translated(value)
        for name, value in part.items()
    }


def _problem() -> dict[str, Any]:
    return {
        "title": "Problem",
        "description": _(_PROBLEM_ABOUT),
        "type": "object",
        "required": list(MEMBERS),
        "properties": _translated(MEMBERS | FACTS),
    }


def _example(refusal: type[Refusal]) -> dict[str, Any]:
    return {"summary": _(refusal.title), "value": problems.document(shown(refusal))}


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
