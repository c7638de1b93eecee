"""One whole example of all that a household's telephone sends and gets."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from merchant_api.v1 import wallet_documents as v1
from merchant_api.v1.documents import BalanceDocument, EndDocument

_PHONE = UUID("7d2e1a0c-5b34-4f8e-9a61-2c0f4b8d9e13")
_PAPER = UUID("c1b8f3a2-0e47-4d19-8f5d-6a7b3e2c9d50")
_PURCHASE = UUID("0199b7e3-4f10-7c3a-9d52-6a1f0c9e2b41")
_WHEN = datetime(2026, 10, 6, 7, 44, tzinfo=UTC)
_ENDS = [EndDocument(date(2026, 12, 5), 4150)]

ENROL = v1.EnrolBody("7K3QZ-90ABC-DEFGH", "fS9wq3Lk0Tn5uY2xV7bR8mZ1cD4eH6jP")
ENROLLED = v1.EnrolledDocument(
    "mZ8Qy2V4cR1tW6nB0xK9sL3pJ7hF5dGaEuYiOvTqSbM", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "1234567897"
)
WALLET = v1.WalletDocument(
    4150,
    _ENDS,
    [
        v1.HeldCardDocument(_PHONE, "7897", "phone", "active", own=True),
        v1.HeldCardDocument(_PAPER, "0426", "paper", "active", own=False),
    ],
    59_708_248,
    _WHEN,
)
HISTORY = v1.HistoryDocument(
    [v1.PurchaseDocument(_PURCHASE, _WHEN, "Épicerie de Migné", "Migné-Auxances", 850, 0, "7897", "undisputed")], None
)
SHOPS = v1.ShopsDocument([v1.ShopDocument("Épicerie de Migné", "Migné-Auxances", ["fruits-legumes", "lait-oeufs"])])
BLOCK = v1.BlockBody(_PAPER)
BLOCKED = v1.BlockedDocument(_PAPER, "blocked")
PIN = v1.PinBody(_PAPER, "4821", "46119246")
PIN_CHANGED = v1.PinDocument(_PAPER)
DISPUTE = v1.DisputeBody(_PURCHASE)
DISPUTED = v1.DisputeDocument(_PURCHASE)
GUEST = v1.GuestBody("1234 567 897", "4821")
GUEST_BALANCE = BalanceDocument(4150, _ENDS, at_once_cents=4000)
GUEST_BLOCKED = v1.GuestBlockedDocument(1)
