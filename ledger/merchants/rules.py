"""Pairing codes and their throttle, and what a merchant file may say. Pure.

A code is ten characters of Crockford's base 32: 50 random bits, no I, L, O or U, read over the telephone.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from uuid import UUID

from stdnum import iban
from stdnum.exceptions import ValidationError
from stdnum.fr import siret

from ledger.errors import N_
from ledger.keyring import Keyring
from ledger.merchants.model import Failures, NewMerchant, Remittance
from ledger.people_files import BLANK, LETTERS, REPEATED, WRONG_FORM, Cells, FaultKind, Table

MERCHANT_COLUMNS = ("siret", "nom", "commune", "categories", "iban", "remise")
REMITTANCES: dict[str, Remittance] = {"detail": "detail", "journaliere": "daily"}

CODE_LIFE = timedelta(minutes=15)
FAILURES_MAX = 20
FAILURE_WINDOW = timedelta(minutes=15)
_PLACES = 1024

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP = 5
_MISREAD = str.maketrans("OIL", "011")
_NAME = re.compile(rf"[{LETTERS}0-9 '\u2019\"«».,()&/+!°:-]{{1,80}}")
_TOWN = re.compile(rf"[{LETTERS} '\u2019-]{{1,60}}")
_CATEGORY = re.compile(r"[a-z-]{1,40}")

_NOT_A_SIRET = FaultKind(
    "not-a-siret", N_("This is not a SIRET: its check digit is wrong."), N_("Copy the 14 digits again.")
)
_NOT_AN_IBAN = FaultKind(
    "not-an-iban", N_("This is not an IBAN: its check digits are wrong."), N_("Copy it from the bank again.")
)
KNOWN_MERCHANT = FaultKind(
    "known-merchant", N_("This merchant is registered already."), N_("Leave the row out of the file.")
)


def new_code() -> str:
    """A pairing code as it is shown: `7K3QZ-90ABC`."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(2 * _GROUP))
    return f"{code[:_GROUP]}-{code[_GROUP:]}"


def code_as_typed(text: str) -> str:
    """A code without what people change as they type it: case, blanks, hyphens, O for 0, I and L for 1."""
    return re.sub(r"[\s-]", "", text).upper().translate(_MISREAD)


def place_of(keys: Keyring, address: str) -> UUID:
    """Where a caller's wrong codes are counted: whoever guesses is paused, and not the whole town with him.

    One of 1 024 places, so that no table grows and no address is kept; an IPv6 caller has its whole /64. (Callers of
    many addresses are not stopped by this, but by 50 random bits that are good for 15 minutes.)
    """
    digest = keys.hmac("pairing-caller", _network(address).encode())
    return UUID(int=1 + int.from_bytes(digest[:4], "big") % _PLACES)


def _network(address: str) -> str:
    try:
        caller = ip_address(address)
    except ValueError:
        return ""  # a socket without addresses
    if isinstance(caller, IPv4Address):
        return str(caller)
    return str(caller.ipv4_mapped or ip_network((int(caller) >> 64 << 64, 64)))


def pause_seconds(failures: Failures, now: datetime) -> int:
    """How long no pairing code is looked at any more; 0 where they are."""
    if failures.count < FAILURES_MAX or not _running(failures, now):
        return 0
    return int((failures.since + FAILURE_WINDOW - now).total_seconds()) + 1


def one_more(failures: Failures, now: datetime) -> Failures:
    """The count after one more wrong code; a window that is over starts again."""
    if failures.count == 0 or not _running(failures, now):
        return Failures(1, now)
    return Failures(failures.count + 1, failures.since)


def _running(failures: Failures, now: datetime) -> bool:
    return timedelta(0) <= now - failures.since < FAILURE_WINDOW


def read_merchants(table: Table) -> list[tuple[int, NewMerchant]]:
    """The merchant of each row with its row number; what is wrong is added to the table's faults."""
    merchants = [(row.number, _merchant(Cells(row, table.faults))) for row in table.rows]
    first_rows: dict[str, int] = {}
    for number, merchant in merchants:
        first = first_rows.setdefault(merchant.siret, number)
        if first != number and merchant.siret:
            table.faults.append(REPEATED.at(number, "siret", merchant.siret, first=first))
    return merchants


def _merchant(cells: Cells) -> NewMerchant:
    return NewMerchant(
        siret=_siret(cells),
        name=cells.text("nom", _NAME, "Épicerie du Pont-Neuf"),
        town=cells.text("commune", _TOWN, "Poitiers"),
        categories=_categories(cells),
        remittance=cells.choice("remise", REMITTANCES),
        iban=_iban(cells),
    )


def _siret(cells: Cells) -> str:
    return _validated(cells, "siret", siret.validate, _NOT_A_SIRET)


def _iban(cells: Cells) -> str:
    return _validated(cells, "iban", iban.validate, _NOT_AN_IBAN)


def _validated(cells: Cells, column: str, validate: Callable[[str], str], kind: FaultKind) -> str:
    """A number without its blanks, its check digits being right; else a fault and nothing."""
    value = cells.row.values[column]
    if not value:
        cells.fault(BLANK, column)
        return ""
    try:
        return validate(value)
    except ValidationError:
        cells.fault(kind, column)
        return ""


def _categories(cells: Cells) -> tuple[str, ...]:
    """Words between bars; none at all is allowed: they only order the buttons of the till."""
    words = tuple(word.strip() for word in cells.row.values["categories"].split("|") if word.strip())
    if not all(_CATEGORY.fullmatch(word) for word in words) or len(set(words)) < len(words):
        cells.fault(WRONG_FORM, "categories", form="fruits-legumes|lait-oeufs")
    return words
