"""What the shops of a month do with their Pois, and what the treasurer pays them: read from the folder, then played.

The owner of each shop has a device of the merchant scope and a telephone; requests go over the same socket as the
sales. Every request has a key and a code that follow from the file alone, so that a rehearsal that was cut sends
them again and is answered the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from admin_cli.rehearsal.folder import NOT_A_TIME
from admin_cli.rehearsal.player import Difference, Player
from ledger.calendar import PARIS
from ledger.cards.rules import STEP_SECONDS, one_time_code, step_at
from ledger.conversions.actions import import_payouts
from ledger.conversions.rules import LOT_COLUMNS, NOT_A_DAY
from ledger.database.unit_of_work import Ledger
from ledger.errors import FileAlreadyImported, FileFaulty
from ledger.merchants.actions import invite_till
from ledger.merchants.owners import enrol_owner
from ledger.people_files import Cells, read_table

MOVEMENTS_FILE, LOT_FILE = "mouvements-commercants.csv", "lot-reconversions.csv"
_COLUMNS = ("horodatage", "type", "siret", "vers_siret", "montant_centimes")
_KINDS = {"paiement": "payment", "coupons": "coupons", "reconversion": "conversion"}
_PATHS = {"payment": "/v1/payments", "coupons": "/v1/coupons", "conversion": "/v1/conversions"}
_SIRET = re.compile(r"[0-9]{14}")
_CENTS_MAX = 10**9 - 1
_LOT_HOUR = time(23)  # after everything that was asked for on its day


@dataclass(frozen=True, slots=True)
class Movement:
    """What an owner asks for: `payment`, `coupons` or `conversion`."""

    at: datetime
    row: int
    kind: str
    siret: str
    to_siret: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Payouts:
    """The treasurer's executed list, imported in the evening of its last day."""

    at: datetime
    file: Path


@dataclass
class MovesPlayed:
    """What came of the movements: how many, and centimes, by kind; gross, commission and net of the lots."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_PATHS, 0))
    cents: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_PATHS, 0))
    paid: int = 0
    paid_gross_cents: int = 0
    paid_commission_cents: int = 0
    differences: list[Difference] = field(default_factory=list)


def read_movements(folder: Path) -> tuple[Movement | Payouts, ...]:
    """Movements and payouts in the order of time; a folder may have neither. Refuses as `read_month` does."""
    events: list[Movement | Payouts] = [*_movements(folder / MOVEMENTS_FILE), *_payouts(folder / LOT_FILE)]
    return tuple(sorted(events, key=lambda event: event.at))


def movers(events: Iterable[Movement | Payouts]) -> list[str]:
    """The merchants whose owners ask for something."""
    return sorted({event.siret for event in events if isinstance(event, Movement)})


async def enrol_movers(ledger: Ledger, player: Player, sirets: Iterable[str], operator: str) -> None:
    """A device of the merchant scope and a code for each owner; who has both already is left alone."""
    wallets = player.wallets
    for siret in sirets:
        if siret not in wallets.owner_tokens:
            invitation = await invite_till(ledger, siret, "merchant", operator)
            wallets.owner_tokens[siret] = await player.exchange(invitation.code)
        if siret not in wallets.owner_secrets:
            wallets.owner_secrets[siret] = (await enrol_owner(ledger, siret, operator)).secret
        wallets.save()


async def play_movements(
    ledger: Ledger, player: Player, events: Iterable[Movement | Payouts], treasurer: str
) -> MovesPlayed:
    """All of them at their time; for a month in which nothing else happens meanwhile."""
    played = MovesPlayed()
    for event in events:
        player.clock.set(event.at)
        await play_movement(ledger, player, event, treasurer, played)
    return played


async def play_movement(
    ledger: Ledger, player: Player, event: Movement | Payouts, treasurer: str, played: MovesPlayed
) -> None:
    """One of them; the clock stands at its time already."""
    if isinstance(event, Payouts):
        await _pay_out(ledger, event, treasurer, played)
        return
    token, secret = player.wallets.owner_tokens[event.siret], player.wallets.owner_secrets[event.siret]
    body: dict[str, Any] = {"amount_cents": event.amount_cents, "owner_code": _code(secret, event.at)}
    payee = {"to_siret": event.to_siret} if event.kind == "payment" else {}
    key = f"{event.kind} {event.siret} {event.to_siret} {event.amount_cents} {event.at.isoformat()} {event.row}"
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid5(NAMESPACE_URL, key))}
    _note(event, await player.send(_PATHS[event.kind], headers, body | payee), played)


def _note(event: Movement, answer: httpx.Response, played: MovesPlayed) -> None:
    if answer.status_code == 201:
        played.counts[event.kind] += 1
        played.cents[event.kind] += answer.json()["amount_cents"]
        return
    expected = f"{event.kind} {event.amount_cents}"
    place = f"{MOVEMENTS_FILE}:{event.row}"
    played.differences.append(Difference(place, expected, f"refused {answer.json()['code']}"))


async def _pay_out(ledger: Ledger, event: Payouts, treasurer: str, played: MovesPlayed) -> None:
    try:
        with suppress(FileAlreadyImported):
            await import_payouts(ledger, event.file, treasurer)
        lots = _lots(event.file)
    except FileFaulty as refusal:
        played.differences.append(Difference(event.file.name, "paid", f"refused {refusal.code}"))
        return
    played.paid += len(lots)
    played.paid_gross_cents += sum(int(row["brut_centimes"]) for row in lots)
    played.paid_commission_cents += sum(int(row["commission_centimes"]) for row in lots)


def _lots(file: Path) -> list[Mapping[str, str]]:
    return [row.values for row in read_table(file, LOT_COLUMNS).rows]


def _code(secret: str, at: datetime) -> str:
    return one_time_code(secret, step_at(at))


def _movements(file: Path) -> list[Movement]:
    if not file.exists():
        return []
    table = read_table(file, _COLUMNS)
    read = [_movement(Cells(row, table.faults)) for row in table.rows]
    table.raise_faults()
    return _half_a_minute_apart(sorted(read, key=lambda movement: movement.at))


def _movement(cells: Cells) -> Movement:
    kind = cells.choice("type", _KINDS)
    siret = cells.text("siret", _SIRET, "62819482100078")
    to_siret = cells.text("vers_siret", _SIRET, "62819482100078") if kind == "payment" else ""
    return Movement(
        _instant(cells), cells.row.number, kind, siret, to_siret, cells.whole("montant_centimes", 1, _CENTS_MAX)
    )


def _half_a_minute_apart(movements: list[Movement]) -> list[Movement]:
    """A code is good for one movement: what an owner asks for within the same half minute is asked one by one."""
    last: dict[str, int] = {}
    spread = []
    for movement in movements:
        step = max(step_at(movement.at), last.get(movement.siret, 0) + 1)
        last[movement.siret] = step
        earliest = datetime.fromtimestamp(step * STEP_SECONDS, UTC)
        spread.append(replace(movement, at=max(movement.at, earliest)))
    return spread


def _payouts(file: Path) -> list[Payouts]:
    if not file.exists():
        return []
    table = read_table(file, LOT_COLUMNS)
    days = [_day(Cells(row, table.faults)) for row in table.rows]
    table.raise_faults()
    return [Payouts(datetime.combine(max(days), _LOT_HOUR, PARIS).astimezone(UTC), file)]


def _day(cells: Cells) -> date:
    try:
        return date.fromisoformat(cells.row.values["date"])
    except ValueError:
        cells.fault(NOT_A_DAY, "date")
        return date(2000, 1, 1)


def _instant(cells: Cells) -> datetime:
    try:
        local = datetime.fromisoformat(cells.row.values["horodatage"])
    except ValueError:
        cells.fault(NOT_A_TIME, "horodatage")
        return datetime(2000, 1, 1, tzinfo=UTC)
    return (local if local.tzinfo else local.replace(tzinfo=PARIS)).astimezone(UTC)
