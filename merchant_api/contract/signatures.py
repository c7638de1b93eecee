"""What a route's own function says: its parameters, what it takes and what it gives."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import BodyKwarg, HeaderParameter, ParameterKwarg, PathParameter, QueryParameter

_PLACES: dict[type[ParameterKwarg], str] = {PathParameter: "path", QueryParameter: "query", HeaderParameter: "header"}
_LIMITS = {
    "ge": "minimum",
    "le": "maximum",
    "pattern": "pattern",
    "min_length": "minLength",
    "max_length": "maxLength",
}


@dataclass(frozen=True)
class Parameter:
    """A parameter in a path, a query or a header."""

    name: str
    place: str
    required: bool
    schema: dict[str, Any]
    description: str


@dataclass(frozen=True)
class Signature:
    """A route as its function declares it; `names` are all its parameters, those given by us included."""

    names: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: type[msgspec.Struct] | None
    answer: type[msgspec.Struct]


def signature_of(handler: HTTPRouteHandler) -> Signature:
    """Read it from the annotations, which the framework goes by, too."""
    function = handler.fn
    hints = get_type_hints(function, include_extras=True)
    answer = hints.pop("return")
    defaults = {name: one.default for name, one in inspect.signature(function).parameters.items()}
    parameters = [_parameter(name, hint, defaults[name]) for name, hint in hints.items()]
    bodies = [get_args(hint)[0] for hint in hints.values() if _marked(hint, BodyKwarg)]
    return Signature(
        tuple(hints),
        tuple(parameter for parameter in parameters if parameter is not None),
        bodies[0] if bodies else None,
        get_args(answer)[0] if get_origin(answer) is Response else answer,
    )


def _parameter(name: str, hint: Any, default: Any) -> Parameter | None:
    marks = _marked(hint, ParameterKwarg)
    if not marks:
        return None
    mark = marks[0]
    place = _PLACES[type(mark)]
    # A header that is missing is told by a refusal of ours, so that its parameter has a default all the same.
    required = place in {"path", "header"} or default is inspect.Parameter.empty
    return Parameter(mark.name or name, place, required, _schema(hint, mark), mark.description or "")


def _schema(hint: Any, mark: ParameterKwarg) -> dict[str, Any]:
    schema = msgspec.json.schema(_without_none(get_args(hint)[0]))
    limits = {word: getattr(mark, name) for name, word in _LIMITS.items() if getattr(mark, name) is not None}
    return schema | limits


def _without_none(kind: Any) -> Any:
    """A query says nothing rather than null."""
    if get_origin(kind) not in {Union, UnionType}:
        return kind
    return next(one for one in get_args(kind) if one is not NoneType)


def _marked(hint: Any, mark: type) -> list[Any]:
    if get_origin(hint) is not Annotated:
        return []
    return [one for one in get_args(hint)[1:] if isinstance(one, mark)]
