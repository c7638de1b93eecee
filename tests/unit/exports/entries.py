"""Entries as a store would give them, for tests of the formats."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from ledger.exports.model import AccountState, Cover, Entry, Leg, Period

SIRET = "73282932000074"
SERIAL = "AA-2026-2026-000001"
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOON = datetime(2026, 10, 6, 10, tzinfo=UTC)
LATE = datetime(2026, 10, 6, 22, 30, tzinfo=UTC)  # the 7th in Paris

COVER = Cover(OCTOBER, 2, 1, date(2026, 10, 6), date(2026, 10, 7), date(2026, 11, 2), rehearsal=False)
REHEARSED = replace(COVER, rehearsal=True)
FROM_THE_BEGINNING = replace(COVER, period=Period())

MERCHANT = AccountState(f"merchant:{SIRET}", "merchant", "POIS", 'Chez "Lea", épicerie', -1_234_50, -1_243_00)
FUND = AccountState("association:guarantee-fund", "association:guarantee-fund", "EUR", None, 1_234_50, 1_234_50)

SALE = Entry(
    id=UUID(int=7),
    kind="redemption",
    occurred_at=NOON,
    booked_on=date(2026, 10, 6),
    posted_at=LATE,
    number=12,
    sealed_at=LATE,
    receipt="2026-000123",
    reference="T00012",
    legs=(
        Leg(f"voucher:{SERIAL}", "voucher", "POIS", None, 8_50, 28, LATE),
        Leg(f"merchant:{SIRET}", "merchant", "POIS", 'Chez "Lea", épicerie', -8_50),
    ),
)
UNSEALED = replace(SALE, number=None, sealed_at=None, receipt=None, reference=None, kind="merchant-payment")
