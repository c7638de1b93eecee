"""Reads what people write about a programme: its rules (TOML) and its households (rows of a table). Pure.

Nothing is guessed: an unknown key is a fault like a missing one, and all faults are told at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ledger.errors import N_
from ledger.money import parse_cents
from ledger.people_files import (
    LETTERS,
    NOT_A_CHOICE,
    NOT_AN_AMOUNT,
    NOT_WHOLE,
    REPEATED,
    WRONG_FORM,
    Cells,
    Fault,
    FaultKind,
    Table,
)
from ledger.programmes.model import (
    GRACE_DAYS,
    IDENTITY_DAYS,
    Basket,
    Caps,
    Eligibility,
    FlatRate,
    Medium,
    PerConsumptionUnit,
    Profile,
    ProgrammeFile,
    Rules,
    Scale,
    Validity,
    Weights,
    case_key,
)

HOUSEHOLD_COLUMNS = (
    "dossier",
    "adultes",
    "enfants_14_et_plus",
    "enfants_moins_14",
    "ressources_mensuelles",
    "charges_mensuelles",
    "langue",
    "support",
    "derogation",
)
PERSONS_MAX = 30
VALIDITY_DAYS_MAX = 3660
GRACE_DAYS_MAX = 366
IDENTITY_DAYS_MAX = 3660
LANGUAGES = {code: code for code in ("fr", "en", "es", "ar")}
MEDIA: dict[str, Medium] = {"papier": "paper", "telephone": "phone"}

_CODE = re.compile(r"[A-Z][A-Z0-9-]{1,19}")
_LABEL = re.compile(rf"[{LETTERS}0-9][{LETTERS}0-9 '\u2019.,()&/-]{{0,79}}")
_WORD = re.compile(r"[a-z-]{1,40}")
_WEIGHT = re.compile(r"[0-9](?:[.,][0-9]{1,3})?")
_CASE_NUMBER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/-]{0,38}[A-Za-z0-9])?")

_NOT_TOML = FaultKind("not-toml", N_("The file cannot be read: {reason}."), N_("Correct this row."))
_MISSING_KEY = FaultKind("missing-key", N_("This key is missing."), N_("Add it to its section."))
_UNKNOWN_KEY = FaultKind("unknown-key", N_("This key is not known."), N_("Remove it or correct its name."))
_IN_BOTH = FaultKind("in-both-lists", N_("A category cannot be eligible and not."), N_("Keep it in one list."))
_NOTHING_DUE = FaultKind(
    "nothing-due", N_("A household of one adult would get nothing."), N_("Give the scale an amount.")
)
KNOWN_CASE = FaultKind(
    "known-case",
    N_("This case number is known in the programme already."),
    N_("Leave the row out of the file."),
)

UNKNOWN_CASE = FaultKind(
    "unknown-case",
    N_("No household of the programme has this case number."),
    N_("Register it with `bonpois household import`."),
)
CASE_WAITS = FaultKind(
    "case-waits",
    N_("The last decision about this household still waits for its voucher."),
    N_("Prepare and approve the aid run first, or leave the row out."),
)

DEFAULT_CAPS = {"papier_par_vente": 200_00, "papier_par_jour": 300_00}


@dataclass
class _Section:
    """A table of the TOML file. A wrong value leaves a fault and yields a harmless stand-in."""

    name: str
    values: dict[str, Any]
    faults: list[Fault]
    absent: bool = False
    asked: set[str] = field(default_factory=set)

    def fault(self, kind: FaultKind, key: str, **facts: object) -> None:
        self.faults.append(kind.at(None, self._path(key), self.values.get(key, ""), **facts))

    def close(self) -> None:
        """Whatever nobody asked for is not known."""
        for key in self.values.keys() - self.asked:
            self.fault(_UNKNOWN_KEY, key)

    def section(self, key: str) -> _Section:
        value = self._value(key)
        if value is not None and not isinstance(value, dict):
            self.fault(WRONG_FORM, key, form=f"[{key}]")
        present = isinstance(value, dict)
        return _Section(self._path(key), value if present else {}, self.faults, absent=not present)

    def text(self, key: str, pattern: re.Pattern[str], form: str) -> str:
        value = self._value(key)
        if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
            self.fault(WRONG_FORM, key, form=form)
        return str(value)

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        value = self._value(key)
        if value is not None and value not in choices:
            self.fault(NOT_A_CHOICE, key, choices=", ".join(choices))
        return str(value)

    def cents(self, key: str) -> int:
        """An amount in units; a number without quotes is read exactly, too."""
        value = self._value(key)
        try:
            cents = 0 if value is None else parse_cents("" if isinstance(value, bool) else str(value))
        except ValueError:
            cents = -1
        if cents < 0 or cents > 10**9:
            self.fault(NOT_AN_AMOUNT, key)
        return max(cents, 0)

    def weight(self, key: str, default: Decimal) -> Decimal:
        """A number of consumption units, without the zeros that make no difference."""
        value = self._value(key, default)
        if isinstance(value, bool) or not _WEIGHT.fullmatch(str(value)):
            self.fault(WRONG_FORM, key, form="0.5")
            return default
        return Decimal(format(Decimal(str(value).replace(",", ".")).normalize(), "f"))

    def whole(self, key: str, least: int, most: int) -> int:
        value = self._value(key)
        if type(value) is int and least <= value <= most:
            return value
        if value is not None:
            self.fault(NOT_WHOLE, key, least=least, most=most)
        return least

    def flag(self, key: str) -> bool:
        value = self._value(key)
        if value is not None and not isinstance(value, bool):
            self.fault(NOT_A_CHOICE, key, choices="true, false")
        return value is True

    def words(self, key: str, *, least: int = 0) -> list[str]:
        """A list of different words in lower case."""
        value = self._value(key)
        words = value if isinstance(value, list) else []
        good = all(isinstance(word, str) and _WORD.fullmatch(word) for word in words)
        if value is not None and (words is not value or not good or len(set(words)) < len(words) or len(words) < least):
            self.fault(WRONG_FORM, key, form='["fruits-legumes", "lait-oeufs"]')
        return [word for word in words if isinstance(word, str)]

    def _value(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        if key not in self.values and default is None and not self.absent:
            self.fault(_MISSING_KEY, key)
        return self.values.get(key, default)

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key


def read_programme(text: str) -> tuple[ProgrammeFile | None, list[Fault]]:
    """The programme that a rules file describes, or everything that is wrong with the file."""
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        return None, [_not_toml(error)]
    faults: list[Fault] = []
    root = _Section("", document, faults)
    code = root.text("code", _CODE, "AA-2026")
    label = root.text("libelle", _LABEL, "Aide alimentaire 2026")
    root.choice("unite", ("POIS",))
    rules = Rules(_scale(root), _eligibility(root), _validity(root), _basket(root), _caps(root), _identity_days(root))
    root.close()
    return (None, faults) if faults else (ProgrammeFile(code, label, rules), [])


def _not_toml(error: tomllib.TOMLDecodeError) -> Fault:
    line = re.search(r"at line (\d+)", str(error))
    return _NOT_TOML.at(int(line[1]) if line else None, "", "", reason=error)


def _scale(root: _Section) -> Scale:
    section = root.section("bareme")
    form = section.choice("forme", ("unites-de-consommation", "forfait"))
    before = len(root.faults)
    scale: Scale
    if form == "forfait":
        amounts = [section.cents(key) for key in ("fixe", "par_adulte", "par_enfant")]
        scale, one_adult_cents = (
            FlatRate(amounts[0], amounts[1], amounts[2], _weights(section)),
            amounts[0] + amounts[1],
        )
    else:
        scale = PerConsumptionUnit(section.cents("base"), _weights(section))
        one_adult_cents = int(scale.base_cents * scale.weights.first_adult)
    if one_adult_cents < 1 and len(root.faults) == before and not section.absent:
        section.fault(_NOTHING_DUE, "base" if form != "forfait" else "fixe")
    section.close()
    return scale


def _weights(section: _Section) -> Weights:
    """Optional keys, else INSEE's weights; the first adult counts for something, so each household does."""
    usual = Weights()
    first_adult = section.weight("premier_adulte", usual.first_adult)
    if not first_adult:
        section.fault(WRONG_FORM, "premier_adulte", form="1.0")
        first_adult = usual.first_adult
    return Weights(
        first_adult,
        section.weight("autre_14_et_plus", usual.other_14_plus),
        section.weight("moins_14", usual.under_14),
    )


def _eligibility(root: _Section) -> Eligibility:
    section = root.section("eligibilite")
    ceiling = section.cents("reste_a_vivre_par_jour_maximum")
    derogations = frozenset(section.words("derogations"))
    section.close()
    return Eligibility(ceiling, derogations)


def _validity(root: _Section) -> Validity:
    section = root.section("validite")
    days, calendar_year = section.whole("jours", 1, VALIDITY_DAYS_MAX), section.flag("annee_civile")
    grace_days = section.whole("grace_jours", 0, GRACE_DAYS_MAX) if "grace_jours" in section.values else GRACE_DAYS
    section.close()
    return Validity(days, calendar_year, grace_days)


def _basket(root: _Section) -> Basket:
    section = root.section("panier")
    eligible, others = section.words("categories", least=1), section.words("hors_panier")
    if set(eligible) & set(others):
        section.fault(_IN_BOTH, "hors_panier")
    section.close()
    return Basket(frozenset(eligible), (*eligible, *others))


def _identity_days(root: _Section) -> int:
    """An optional section: two years after the last contact unless the programme says otherwise."""
    if "conservation" not in root.values:
        return IDENTITY_DAYS
    section = root.section("conservation")
    days = section.whole("identite_jours", 1, IDENTITY_DAYS_MAX)
    section.close()
    return IDENTITY_DAYS if days == IDENTITY_DAYS else days  # the canonical form leaves out that very object


def _caps(root: _Section) -> Caps:
    """An optional section; a cap of nothing would make paper cards useless."""
    if "plafonds" not in root.values:
        return Caps(*DEFAULT_CAPS.values())
    section = root.section("plafonds")
    amounts = [section.cents(key) if key in section.values else default for key, default in DEFAULT_CAPS.items()]
    section.asked.update(DEFAULT_CAPS)
    if not all(amounts):
        section.fault(NOT_AN_AMOUNT, list(DEFAULT_CAPS)[amounts.index(0)])
    section.close()
    return Caps(*amounts)


def read_households(table: Table, derogations: frozenset[str]) -> list[tuple[int, Profile]]:
    """The profile of each row with its row number; what is wrong is added to the table's faults."""
    profiles = [(row.number, _profile(Cells(row, table.faults), derogations)) for row in table.rows]
    first_rows: dict[bytes, int] = {}
    for number, profile in profiles:
        first = first_rows.setdefault(case_key(profile.case_number), number)
        if first != number and profile.case_number:
            table.faults.append(REPEATED.at(number, "dossier", profile.case_number, first=first))
    return profiles


def _profile(cells: Cells, derogations: frozenset[str]) -> Profile:
    none_or_listed: Mapping[str, str | None] = {"": None} | {word: word for word in sorted(derogations)}
    return Profile(
        case_number=cells.text("dossier", _CASE_NUMBER, "D26-19215"),
        adults=cells.whole("adultes", 1, PERSONS_MAX),
        children_14_plus=cells.whole("enfants_14_et_plus", 0, PERSONS_MAX),
        children_under_14=cells.whole("enfants_moins_14", 0, PERSONS_MAX),
        resources_cents=cells.cents_or_blank("ressources_mensuelles"),
        charges_cents=cells.cents_or_blank("charges_mensuelles"),
        language=cells.choice("langue", LANGUAGES),
        medium=cells.choice("support", MEDIA),
        derogation=cells.choice("derogation", none_or_listed),
    )
