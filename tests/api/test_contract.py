"""The contract explains itself: each field, an example of each side, and nothing beyond what it names."""

from __future__ import annotations

from typing import Any

import msgspec

from ledger.database.unit_of_work import Ledger
from merchant_api.app import create_app
from merchant_api.contract.told import told_by
from tests.contract import contract, operations


async def test_each_example_is_what_it_is_an_example_of(ledger: Ledger) -> None:
    """Read back strictly, as a till's bodies are."""
    routes = [handler for route in create_app(ledger).routes for handler in getattr(route, "route_handlers", ())]
    told = [found for found in (told_by(handler.opt) for handler in routes) if found is not None]
    assert len(told) == len(operations())
    for one in told:
        for example in (one.body, one.answer):
            if example is not None:
                assert msgspec.json.decode(msgspec.json.encode(example), type=type(example)) == example


def test_every_field_parameter_and_call_is_explained() -> None:
    unexplained = [place for place, part in _parts(contract(), "") if not part.get("description")]
    assert not unexplained


def _parts(part: Any, place: str) -> list[tuple[str, dict[str, Any]]]:
    """All properties, parameters and calls, with their places."""
    if isinstance(part, list):
        return [found for nth, one in enumerate(part) for found in _parts(one, f"{place}[{nth}]")]
    if not isinstance(part, dict):
        return []
    found = [(place, part)] if "operationId" in part or ("in" in part and "schema" in part) else []
    properties = part.get("properties", {})
    if "allOf" not in part:
        found += [(f"{place}.{name}", _with_parts(one)) for name, one in properties.items()]
    inside = {name: one for name, one in part.items() if name not in {"properties", "examples"}}
    return found + [deeper for name, one in inside.items() for deeper in _parts(one, f"{place}/{name}")]


def _with_parts(part: dict[str, Any]) -> dict[str, Any]:
    """A field that may be null is described with what it is otherwise."""
    described = [one for one in part.get("anyOf", []) if one.get("description")]
    return part if part.get("description") or not described else described[0]


def test_no_field_beyond_those_named_is_taken() -> None:
    schemas = contract()["components"]["schemas"]
    bodies = [
        content["schema"]["$ref"].rpartition("/")[2]
        for one in operations().values()
        for content in one.told.get("requestBody", {"content": {}})["content"].values()
    ]
    assert bodies
    for name in {*bodies, "LineBody"}:
        assert schemas[name]["additionalProperties"] is False, name
