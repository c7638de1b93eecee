"""Numbers and labels for the accountant: what ships, and what somebody's own file puts in its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stdnum.exceptions import ValidationError
from stdnum.fr import siren

from ledger.errors import N_
from ledger.people_files import NOT_A_CHOICE, WRONG_FORM, Fault, FaultKind

_NUMBER = re.compile(r"[0-9]{3}[0-9A-Za-z]{0,17}")  # begins with an account of the national chart (A47 A-1)
_LABEL = re.compile(r"[^\W_][^\t\r\n|]{0,79}")
_JOURNAL = re.compile(r"[A-Z0-9]{1,10}")
_PROGRAMME = re.compile(r"\*|[A-Z][A-Z0-9-]{1,19}")

_NOT_TOML = FaultKind("not-toml", N_("The file cannot be read: {reason}."), N_("Correct this row."))
_UNKNOWN_KEY = FaultKind("unknown-key", N_("This key is not known."), N_("Remove it or correct its name."))
_TWO_LABELS = FaultKind(
    "two-labels", N_("This account number has two labels."), N_("Give one number the same label everywhere.")
)


@dataclass(frozen=True, slots=True)
class Numbered:
    """An account of the accountant's: CompteNum and CompteLib."""

    number: str
    label: str


@dataclass(frozen=True, slots=True)
class Operation:
    """How a kind of transaction is told: its journal and its label."""

    journal: str
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`accounts` by kind of account, `journals` by code, `operations` by kind of transaction, and openings.

    For papers: `bodies` and `signatories` by their role, `imputations` by programme, `*` for all others.
    """

    siren: str | None
    accounts: Mapping[str, Numbered]
    journals: Mapping[str, str]
    operations: Mapping[str, Operation]
    bodies: Mapping[str, str]
    signatories: Mapping[str, str]
    imputations: Mapping[str, Numbered]

    def imputation(self, programme_code: str) -> Numbered | None:
        """The budget account of a programme's aid, where somebody said it."""
        return self.imputations.get(programme_code) or self.imputations.get("*")


def read_chart(shipped: str, own: str | None = None) -> tuple[Chart | None, list[Fault]]:
    """The chart that ships, with what somebody's own file says instead; or everything that is wrong with that file."""
    known = tomllib.loads(shipped)
    if own is None:
        return _chart(known), []
    try:
        given = tomllib.loads(own)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        return None, [_NOT_TOML.at(int(line[1]) if line else None, "", "", reason=error)]
    faults = _faults(known, given)
    if faults:
        return None, faults
    laid = _laid_over(known, given)
    faults = _two_labels(laid)
    return (None, faults) if faults else (_chart(laid), [])


def _faults(known: Mapping[str, Any], given: Mapping[str, Any]) -> list[Fault]:
    faults = [_UNKNOWN_KEY.at(None, key) for key in given if key not in known and key != "siren"]
    if "siren" in given and not _is_siren(given["siren"]):
        faults.append(WRONG_FORM.at(None, "siren", given["siren"], form="732829320"))
    journals = _section(given, "journaux", faults)
    for code, label in journals.items():
        faults += _wrong(f"journaux.{code}", label, _LABEL, "Financement")
        faults += _wrong("journaux", code, _JOURNAL, "FI")
    fields = {"numero": (_NUMBER, "467100"), "libelle": (_LABEL, "CCAS, aide mandatée")}
    faults += _faults_of(known["comptes"], _section(given, "comptes", faults), "comptes", fields)
    fields = {"journal": (_JOURNAL, "FI"), "libelle": (_LABEL, "Mandat du CCAS")}
    operations = _section(given, "operations", faults)
    faults += _faults_of(known["operations"], operations, "operations", fields)
    codes = known["journaux"].keys() | journals.keys()
    for kind, operation in operations.items():
        if isinstance(operation, dict) and operation.get("journal", next(iter(codes))) not in codes:
            place, shown = f"operations.{kind}.journal", operation["journal"]
            faults.append(NOT_A_CHOICE.at(None, place, shown, choices=", ".join(sorted(codes))))
    return faults + _faults_of_papers(known, given)


def _faults_of_papers(known: Mapping[str, Any], given: Mapping[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    for section in ("organismes", "signataires"):
        for key, label in _section(given, section, faults).items():
            place, form = f"{section}.{key}", known[section].get(key)
            faults += _wrong(place, label, _LABEL, form) if form else [_UNKNOWN_KEY.at(None, place)]
    for programme, account in _section(given, "imputations", faults).items():
        faults += _wrong("imputations", programme, _PROGRAMME, "AA-2026")
        faults += _faults_of_imputation(f"imputations.{programme}", account)
    return faults


def _faults_of_imputation(place: str, account: object) -> list[Fault]:
    """A number and a label, both of them and nothing else."""
    if not isinstance(account, dict) or account.keys() != {"numero", "libelle"}:
        return [WRONG_FORM.at(None, place, account, form="{ numero = …, libelle = … }")]
    number, label = account["numero"], account["libelle"]
    return _wrong(f"{place}.numero", number, _NUMBER, "467100") + _wrong(f"{place}.libelle", label, _LABEL, "Aides")


def _section(given: Mapping[str, Any], name: str, faults: list[Fault]) -> Mapping[str, Any]:
    section = given.get(name, {})
    if isinstance(section, dict):
        return section
    faults.append(WRONG_FORM.at(None, name, section, form=f"[{name}]"))
    return {}


def _faults_of(
    known: Mapping[str, Any], given: Mapping[str, Any], section: str, fields: Mapping[str, tuple[re.Pattern[str], str]]
) -> list[Fault]:
    faults: list[Fault] = []
    for key, values in given.items():
        if key not in known:
            faults.append(_UNKNOWN_KEY.at(None, f"{section}.{key}"))
        elif not isinstance(values, dict):
            faults.append(WRONG_FORM.at(None, f"{section}.{key}", values, form="{ " + " = …, ".join(fields) + " = … }"))
        else:
            for field, value in values.items():
                place = f"{section}.{key}.{field}"
                faults += _wrong(place, value, *fields[field]) if field in fields else [_UNKNOWN_KEY.at(None, place)]
    return faults


def _wrong(place: str, value: object, pattern: re.Pattern[str], form: str) -> list[Fault]:
    if isinstance(value, str) and pattern.fullmatch(value):
        return []
    return [WRONG_FORM.at(None, place, value, form=form)]


def _is_siren(value: object) -> bool:
    try:
        return isinstance(value, str) and siren.validate(value) == value
    except ValidationError:
        return False


def _laid_over(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _laid_over(known.get(key, {}), given[key])
        if isinstance(given.get(key), dict)
        else given.get(key, known.get(key))
        for key in [*known, *(key for key in given if key not in known)]
    }


def _two_labels(laid: Mapping[str, Any]) -> list[Fault]:
    labels: dict[str, str] = {}
    return [
        _TWO_LABELS.at(None, f"comptes.{kind}.libelle", account["libelle"])
        for kind, account in laid["comptes"].items()
        if labels.setdefault(account["numero"], account["libelle"]) != account["libelle"]
    ]


def _chart(laid: Mapping[str, Any]) -> Chart:
    return Chart(
        siren=laid.get("siren"),
        accounts={kind: Numbered(one["numero"], one["libelle"]) for kind, one in laid["comptes"].items()},
        journals=laid["journaux"],
        operations={kind: Operation(one["journal"], one["libelle"]) for kind, one in laid["operations"].items()},
        bodies=laid["organismes"],
        signatories=laid["signataires"],
        imputations={code: Numbered(one["numero"], one["libelle"]) for code, one in laid["imputations"].items()},
    )
