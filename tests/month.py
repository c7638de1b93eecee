"""The sample month as tests need it: its files, and the books as they stand after its set-up."""

from __future__ import annotations

from pathlib import Path

from ledger.database.unit_of_work import Ledger
from ledger.people_files import decode
from ledger.programmes.actions import (
    confirm_funding,
    import_households,
    import_programme,
    record_mandate,
)
from ledger.programmes.model import Profile, Programme, Rules
from ledger.programmes.reading import read_programme
from tests.people import enrol, signer

OCTOBER = Path(__file__).parents[1] / "admin_cli" / "rehearsal" / "october-2026"
PROGRAMME_FILE = OCTOBER / "programme.toml"
HOUSEHOLDS_FILE = OCTOBER / "menages.csv"
MERCHANTS_FILE = OCTOBER / "commercants.csv"
CODE = "AA-2026"
MAKER, CHECKER = "lea", "omar"
MAKER_SIGNER, CHECKER_SIGNER = signer(MAKER), signer(CHECKER)


def october_rules() -> Rules:
    file, faults = read_programme(decode("programme.toml", PROGRAMME_FILE.read_bytes()))
    assert file is not None, faults
    return file.rules


def profile(
    adults: int = 1,
    children_14_plus: int = 0,
    children_under_14: int = 0,
    *,
    resources_cents: int | None = 500_00,
    charges_cents: int | None = 400_00,
    derogation: str | None = None,
) -> Profile:
    return Profile(
        "D26-00001",
        adults,
        children_14_plus,
        children_under_14,
        resources_cents,
        charges_cents,
        "fr",
        "paper",
        derogation,
    )


async def add_people(ledger: Ledger) -> None:
    await enrol(ledger, MAKER)
    await enrol(ledger, CHECKER)


async def programme_without_money(ledger: Ledger) -> Programme:
    """Two operators, and the programme of the month."""
    await add_people(ledger)
    return await import_programme(ledger, PROGRAMME_FILE, MAKER)


async def programme_with_money(ledger: Ledger, amount_cents: int = 12_500_00) -> Programme:
    """The programme, with euros that the association confirmed."""
    programme = await programme_without_money(ledger)
    await record_mandate(ledger, CODE, "2026-1107", amount_cents, MAKER)
    await confirm_funding(ledger, "2026-1107", CHECKER)
    return programme


async def programme_with_households(ledger: Ledger, amount_cents: int = 12_500_00) -> Programme:
    """Everything that an aid run needs."""
    programme = await programme_with_money(ledger, amount_cents)
    await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER)
    return programme
