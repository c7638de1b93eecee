"""How a refusal is told: number, title, facts and remedy to people on stderr; one JSON object to programs."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from admin_cli.display import console, print_json
from ledger.errors import N_, Fact, Refusal
from ledger.texts import format_cents
from ledger.texts import gettext as _

# Facts that people are told by name; any other is shown under its own key.
NAMES = {
    "account": N_("account"),
    "asset": N_("money"),
    "available": N_("available"),
    "balance": N_("balance"),
    "batch": N_("batch"),
    "case_number": N_("case number"),
    "cases": N_("case numbers"),
    "check": N_("check"),
    "choices": N_("choices"),
    "closing": N_("closing balance"),
    "column": N_("column"),
    "conversion": N_("conversion"),
    "converting": N_("on its way to euros"),
    "credit": N_("credit"),
    "days": N_("days"),
    "debit": N_("debit"),
    "details": N_("details"),
    "difference": N_("difference"),
    "error": N_("error"),
    "field": N_("field"),
    "file": N_("file"),
    "first_file": N_("first file"),
    "folder": N_("folder"),
    "header": N_("header"),
    "host": N_("address"),
    "imported_on": N_("imported on"),
    "instead": N_("instead"),
    "kind": N_("kind"),
    "known": N_("known"),
    "last": N_("last month imported"),
    "last_closing": N_("last closing balance"),
    "last_file": N_("last file"),
    "latest": N_("at the latest"),
    "left": N_("left"),
    "lines": N_("movements"),
    "log": N_("log file"),
    "lot": N_("lot"),
    "mandate": N_("mandate"),
    "missing": N_("missing"),
    "name": N_("name"),
    "needed": N_("needed"),
    "number": N_("number"),
    "open_conversions": N_("open conversions"),
    "opening": N_("opening balance"),
    "operator": N_("operator"),
    "pattern": N_("pattern"),
    "period": N_("period"),
    "port": N_("port"),
    "program": N_("program"),
    "programme": N_("programme"),
    "proposal": N_("proposal"),
    "public_key": N_("public key"),
    "reason": N_("reason"),
    "record": N_("record"),
    "reversal": N_("reversal"),
    "role": N_("role"),
    "roles": N_("roles"),
    "rows": N_("rows"),
    "run": N_("run"),
    "said": N_("it said"),
    "setting": N_("setting"),
    "siret": N_("SIRET"),
    "state": N_("state"),
    "till": N_("till"),
    "transaction": N_("transaction"),
    "typed": N_("typed"),
    "usage": N_("usage"),
    "valid_until": N_("valid until"),
    "value": N_("value"),
    "version": N_("version"),
    "voucher": N_("voucher"),
    "vouchers": N_("vouchers"),
}


def tell(refusal: Refusal, *, as_json: bool) -> int:
    """Tell it and give the exit code of its class."""
    if as_json:
        print_json(document(refusal))
    console(errors=True).print(for_people(refusal))
    return refusal.exit_code


def document(refusal: Refusal) -> dict[str, Fact]:
    """The same members as the HTTP problem document, without its address."""
    return {
        "number": refusal.label,
        "code": refusal.code,
        "title": _(refusal.title),
        "remedy": _(refusal.remedy),
        "retryable": refusal.retryable,
        **refusal.facts,
    }


def for_people(refusal: Refusal) -> RenderableType:
    faults = refusal.facts.get("faults")
    others = [(key, fact) for key, fact in refusal.facts.items() if key != "faults" and fact is not None]
    lines = [Text(f"{refusal.label}  {_(refusal.title)}", style="bold red")]
    lines += [Text(f"  {_fact(key, fact)}") for key, fact in others]
    if isinstance(faults, list | tuple):
        lines += [Text(f"  {_fault(fault, refusal.facts)}") for fault in faults]
    return Group(*lines, Text(f"→ {_(refusal.remedy)}"))


def in_one_line(refusal: Refusal) -> str:
    """The same where there is room for little: number, title, facts, remedy."""
    told = [_fact(key, fact) for key, fact in refusal.facts.items() if key != "faults" and fact is not None]
    facts = f" ({', '.join(told)})" if told else ""
    return f"{refusal.label} {_(refusal.title)}{facts} → {_(refusal.remedy)}"


def _fact(key: str, fact: Fact) -> str:
    plain = key.removesuffix("_cents")
    name = _(NAMES.get(plain, plain.replace("_", " ")))
    return _("{name}: {value}").format(name=name, value=_told(key, fact))


def _told(key: str, fact: Fact) -> str:
    if isinstance(fact, int) and key.endswith("_cents"):
        return format_cents(fact)
    if isinstance(fact, list | tuple):
        return ", ".join(str(part) for part in fact)
    return str(fact)


def _fault(fault: Fact, facts: Mapping[str, Fact]) -> str:
    """One fault as `file:row:column: "value": what is wrong`, which editors can follow."""
    if not isinstance(fault, Mapping):
        return str(fault)
    place = [fault.get("file") or facts.get("file"), fault.get("row"), fault.get("column")]
    value = fault.get("value")
    parts = [
        ":".join(str(part) for part in place if part not in {None, ""}),
        f"« {value} »" if value else "",
        f"{fault.get('fault', '')} {fault.get('remedy') or ''}".strip(),
    ]
    return ": ".join(part for part in parts if part)
