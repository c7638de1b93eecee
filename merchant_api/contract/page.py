"""The contract as a page for people, in French or English: plain HTML made here, with nothing from elsewhere in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ledger.errors import N_
from ledger.texts import LANGUAGES, language
from ledger.texts import gettext as _

FOLDER = Path(__file__).parent

_WORDS = {
    "title": N_("Bonpois for tills"),
    "skip": N_("Skip to the calls"),
    "calls": N_("Calls"),
    "document": N_("The same for programs: OpenAPI 3.1"),
    "token": N_("Needs the token of a device."),
    "open": N_("Needs no token."),
    "parameters": N_("Parameters"),
    "request": N_("What goes in"),
    "answer": N_("What comes out"),
    "refusals": N_("What it may refuse"),
    "example": N_("Example"),
    "field": N_("Field"),
    "form": N_("Form"),
    "meaning": N_("Meaning"),
    "required": N_("required"),
    "always": N_("always there"),
    "status": N_("Status"),
    "code": N_("Code"),
    "what": N_("What happened, and what to do"),
    "members": N_("Every refusal"),
    "members_about": N_("The members of every problem document, and the facts that some bring along."),
    "other": N_("Français"),
}
_SEPARATOR = " · "
_NO_LINE_END = "(?!\\n)"  # what a pattern needs for programs that let a line end through


@dataclass(frozen=True)
class Row:
    """A field or parameter: where it stands, its form, and what it means."""

    name: str
    form: str
    required: bool
    about: str


def html(document: Mapping[str, Any]) -> str:
    """The page, in the language of the context."""
    other = next(code for code in LANGUAGES if code != language())
    rendered: str = _template().render(
        document=document,
        groups=_groups(document),
        members=list(_rows(document, document["components"]["schemas"]["Problem"])),
        words={name: _(word) for name, word in _WORDS.items()},
        language=language(),
        other=other,
    )
    return rendered


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _groups(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            groups[told["tags"][0]].append(_call(document, path, method, told))
    return groups


def _call(document: Mapping[str, Any], path: str, method: str, told: Mapping[str, Any]) -> dict[str, Any]:
    body = told.get("requestBody", {}).get("content", {}).get("application/json")
    [success] = [answer["content"]["application/json"] for answer in told["responses"].values() if _is_plain(answer)]
    return {
        "name": told["operationId"],
        "method": method.upper(),
        "path": path,
        "title": told["summary"],
        "about": told["description"],
        "token": bool(told["security"]),
        "parameters": [_parameter(one) for one in (_resolved(document, part) for part in told["parameters"])],
        "body": None if body is None else _shape(document, body),
        "answer": _shape(document, success),
        "status": next(status for status, answer in told["responses"].items() if _is_plain(answer)),
        "refusals": list(_refusals(document, told)),
    }


def _is_plain(answer: Mapping[str, Any]) -> bool:
    return "application/json" in answer["content"]


def _shape(document: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    schema = _resolved(document, content["schema"])
    example = json.dumps(content["examples"]["example"]["value"], indent=2, ensure_ascii=False)
    return {"rows": list(_rows(document, schema)), "example": example}


def _rows(document: Mapping[str, Any], schema: Mapping[str, Any], place: str = "") -> Iterator[Row]:
    """Every field, those within a field after it."""
    for name, part in schema.get("properties", {}).items():
        inner = _resolved(document, part)
        about = part.get("description") or inner.get("description", "")
        form = _form(inner) + (" | null" if {"type": "null"} in part.get("anyOf", ()) else "")
        yield Row(f"{place}{name}", form, name in schema.get("required", ()), about)
        items = _resolved(document, inner.get("items", {}))
        yield from _rows(document, items, f"{place}{name}[].")
        yield from _rows(document, inner, f"{place}{name}.")


def _parameter(parameter: Mapping[str, Any]) -> Row:
    form = _SEPARATOR.join((parameter["in"], _form(parameter["schema"])))
    return Row(parameter["name"], form, parameter["required"], parameter["description"])


def _form(schema: Mapping[str, Any]) -> str:
    """The form of a value in the words of JSON Schema, shortly."""
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    kinds = schema.get("type", "object")
    kind = " | ".join(kinds) if isinstance(kinds, list) else kinds
    bounds = [str(schema[word]).removesuffix(_NO_LINE_END) for word in ("format", "pattern") if word in schema]
    lengths = [f"{schema.get(low, '')}…{schema[high]}" for low, high in _BOUNDS if high in schema]
    return _SEPARATOR.join([kind, *bounds, *lengths])


_BOUNDS = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))


def _refusals(document: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for answer in told["responses"].values():
        for media_type, content in answer["content"].items():
            if media_type != "application/json":
                yield from (_resolved(document, one)["value"] for one in content["examples"].values())


def _resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference leads to; of a value that may be null, what it is otherwise."""
    if "anyOf" in part:
        return _resolved(document, part["anyOf"][0])
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(document, found)
