"""Mapping files: how to read a CSV that no bank is known to write, as TOML that the officer can read and correct.

    separator = ";"
    decimal = ","
    day = "dd/mm/yyyy"
    currency = "EUR"

    [columns]
    date = "Date opération"
    label = ["Libellé", "Détail"]
    debit = "Débit"
    credit = "Crédit"
    balance = "Solde"

Columns go by their name in the header, or by their number, the first one being 1. Either `amount`, with its sign or
with `direction`, or `debit` and `credit`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.errors import N_
from ledger.people_files import BLANK, NOT_A_CHOICE, Fault, FaultKind, decode, read_content, refuse_faults
from ledger.reconciliation.formats.amounts import DAY_FORMS

Column = str | int

SEPARATORS = (";", ",", "\t", "|")
COLUMNS = ("date", "label", "amount", "debit", "credit", "direction", "balance", "reference")
DEBIT_WORDS = ("D", "DEBIT", "DÉBIT", "DBIT", "-")
OPENING, CLOSING = ("solde initial", "ancien solde", "opening balance"), ("solde final", "nouveau solde", "closing")
TOTALS = ("total", "sous-total", "totaux")

NOT_TOML = FaultKind("not-toml", N_("The mapping is not TOML."), N_("Correct it, or take what `--guess` proposes."))
UNKNOWN_SETTING = FaultKind("unknown-setting", N_("This setting is not known."), N_("Use one of: {choices}."))
WRONG_SETTING = FaultKind("wrong-setting", N_("This setting has another form."), N_("Write {form}."))
NO_AMOUNT_COLUMN = FaultKind(
    "no-amount-column",
    N_("Nothing tells the amounts."),
    N_("Name the column `amount`, or the columns `debit` and `credit`."),
)


@dataclass(frozen=True, slots=True)
class CsvMapping:
    """How a CSV is read. `turned`: amounts as the bank sees them, with the opposite sign; `rows_before`: how many rows
    stand before the first one, where columns go by number.
    """

    columns: Mapping[str, tuple[Column, ...]]
    separator: str = ";"
    encoding: str | None = None
    decimal: str | None = None
    day: str | None = None
    currency: str | None = None
    turned: bool = False
    rows_before: int = 0
    debit_words: tuple[str, ...] = DEBIT_WORDS
    opening: tuple[str, ...] = OPENING
    closing: tuple[str, ...] = CLOSING
    ignored: tuple[str, ...] = field(default=TOTALS)

    @property
    def has_header(self) -> bool:
        return any(isinstance(column, str) for names in self.columns.values() for column in names)


def read_mapping(path: Path) -> CsvMapping:
    """Refuses `FileUnreadable` and, naming every setting that is wrong, `FileFaulty`."""
    text = decode(path.name, read_content(path))
    faults: list[Fault] = []
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        refuse_faults(path.name, [NOT_TOML.at(None, "", error)])
        raise
    columns = _columns(told, faults)
    settings = {name: value for name, value in told.items() if name != "columns"}
    faults.extend(_faults(settings))
    refuse_faults(path.name, faults)
    for name in ("debit_words", "opening", "closing", "ignored"):
        if name in settings:
            settings[name] = tuple(settings[name])
    return CsvMapping(columns, **settings)


def _columns(told: Mapping[str, Any], faults: list[Fault]) -> dict[str, tuple[Column, ...]]:
    """Each as a list: of a label that is spread over several columns all are read."""
    section = told.get("columns")
    section = section if isinstance(section, dict) else {}
    found: dict[str, tuple[Column, ...]] = {}
    for name, value in section.items():
        places = tuple(value) if isinstance(value, list) else (value,)
        if name not in COLUMNS:
            faults.append(UNKNOWN_SETTING.at(None, f"columns.{name}", name, choices=", ".join(COLUMNS)))
        elif not places or not all(_is_column(place) for place in places) or (len(places) > 1 and name != "label"):
            faults.append(WRONG_SETTING.at(None, f"columns.{name}", value, form='"Date"'))
        else:
            found[name] = places
    faults.extend(BLANK.at(None, f"columns.{name}") for name in ("date", "label") if name not in section)
    if "amount" not in section and not {"debit", "credit"}.issubset(section):
        faults.append(NO_AMOUNT_COLUMN.at(None, "columns"))
    return found


def _is_column(place: object) -> bool:
    if isinstance(place, int) and not isinstance(place, bool):
        return 1 <= place <= 1000
    return isinstance(place, str) and bool(place.strip())


def _faults(settings: Mapping[str, Any]) -> Iterator[Fault]:
    for name, value in settings.items():
        fits, form = FORMS.get(name, (None, ""))
        if fits is None:
            yield UNKNOWN_SETTING.at(None, name, name, choices=", ".join(FORMS))
        elif isinstance(fits, tuple):
            if value not in fits:
                yield NOT_A_CHOICE.at(None, name, value, choices=" ".join(repr(choice) for choice in fits))
        elif not fits(value):
            yield WRONG_SETTING.at(None, name, value, form=form)


def _is_encoding(value: object) -> bool:
    """One that turns bytes into text; others that Python knows turn bytes into bytes."""
    try:
        return isinstance(value, str) and isinstance(b"xx".decode(value, "ignore"), str) and "\0" not in value
    except (LookupError, ValueError):
        return False


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) and word.strip() for word in value)


FORMS: dict[str, tuple[Any, str]] = {
    "separator": (SEPARATORS, ""),
    "encoding": (_is_encoding, '"cp1252"'),
    "decimal": ((",", "."), ""),
    "day": (DAY_FORMS, ""),
    "currency": (("EUR", "POIS"), ""),
    "turned": (lambda value: isinstance(value, bool), "true"),
    "rows_before": (lambda value: type(value) is int and 0 <= value <= 1000, "0"),
    "debit_words": (_is_words, '["D"]'),
    "opening": (_is_words, '["Solde initial"]'),
    "closing": (_is_words, '["Solde final"]'),
    "ignored": (_is_words, '["Total"]'),
}


def written(mapping: CsvMapping) -> str:
    """The mapping as TOML, such as `read_mapping` reads it; what is as usual is left out."""
    usual = CsvMapping({})
    lines = ["# How to read this statement: correct what is wrong, then give it with --mapping."]
    for name in FORMS:
        value = getattr(mapping, name)
        if value is not None and (value != getattr(usual, name) or name == "separator"):
            lines.append(f"{name} = {_toml(value)}")
    lines += ["", "[columns]"]
    for name, places in mapping.columns.items():
        lines.append(f"{name} = {_toml(places[0] if len(places) == 1 else places)}")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
