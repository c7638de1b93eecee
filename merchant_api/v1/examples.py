"""One whole example of all that goes in or out: a Tuesday at a grocer's. Tests hold that each can be read back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from ledger.sealing.rules.proofs import Key, Leaf, Proof
from merchant_api.v1 import device_documents as devices
from merchant_api.v1 import documents as v1
from merchant_api.v1 import money_documents as money

_WHEN = datetime(2026, 10, 6, 7, 44, tzinfo=UTC)
_SALE = UUID("0199b7e3-4f10-7c3a-9d52-6a1f0c9e2b41")
_REFUND = UUID("0199b7f0-12aa-7d0e-8c55-0b7d3f6a9e10")
_MOVEMENT = UUID("0199b812-90c4-7a6b-b1f3-5e2d7c8a4f03")
_KEY = "0b1f7c1e-9d8f-4a5e-8f0e-2f6f5b0f4c11"
_CREDENTIAL, _PIN = "BP1/1234567897/ABCDEFG234", "4821"

PAIRING = v1.PairingBody("7K3QZ-90ABC")
PAIRED = v1.PairedDocument(
    "mZ8Qy2V4cR1tW6nB0xK9sL3pJ7hF5dGaEuYiOvTqSbM",
    UUID("0199b7d0-77b1-7f42-a0d9-3c5b1e8f6a20"),
    "till",
    "Épicerie de Migné",
)
BASKET = v1.RedemptionBody(
    credential=_CREDENTIAL,
    pin=_PIN,
    basket=[v1.LineBody("fruits-legumes", 850), v1.LineBody("alcool", 600)],
    reference="T00012",
    initiated_at=_WHEN,
)
SALE = v1.RedemptionDocument(
    id=_SALE,
    receipt_number="2026-000123",
    approved_cents=850,
    remainder_cents=600,
    lines=[v1.LineDocument("fruits-legumes", 850, 850), v1.LineDocument("alcool", 600, 0)],
    occurred_at=_WHEN,
    refundable_cents=850,
    reference="T00012",
)
SALES = v1.RedemptionPage([SALE], None)
LOST = v1.AbandonBody(_KEY)
FATE = v1.FateDocument("approved", redemption=SALE)
GIVE_BACK = v1.RefundBody(250, "returned-goods")
REFUND = v1.RefundDocument(_REFUND, _SALE, 250, _WHEN, 600)
VOIDING = v1.VoidBody()
VOID = v1.RefundDocument(_REFUND, _SALE, 850, _WHEN, 0)
CARD = v1.BalanceBody(_CREDENTIAL, _PIN)
BALANCE = v1.BalanceDocument(4150, [v1.EndDocument(date(2026, 12, 5), 4150)], at_once_cents=4000)
_NONE = v1.MovementsDocument(0, 0)
DAY = v1.DayTotalsDocument(
    date(2026, 10, 6),
    v1.TotalsDocument(v1.MovementsDocument(12, 10_450), v1.MovementsDocument(1, 250), _NONE, 10_200),
    v1.TotalsDocument(v1.MovementsDocument(31, 28_900), v1.MovementsDocument(1, 250), _NONE, 28_650),
)
CATEGORIES = v1.CategoriesDocument([v1.CategoryDocument("fruits-legumes", "Fruit and vegetables", usual=True)])
MERCHANT = v1.MerchantDocument("Épicerie de Migné", "Migné-Auxances", "81234567800017")

_OWNER_CODE = "46119246"
AMOUNT = money.MovementBody(20_000, _OWNER_CODE)
CONSENT = money.CancelBody(_OWNER_CODE)
PAY = money.PaymentBody("81234567800025", 5_000, _OWNER_CODE)
HELD = money.MerchantBalanceDocument(28_650, 20_000, 200)
CONVERSION = money.ConversionDocument(_MOVEMENT, 20_000, "requested", _WHEN)
CANCELLED = money.ConversionDocument(_MOVEMENT, 20_000, "cancelled", _WHEN)
PAID_CONVERSION = money.ConversionDocument(_MOVEMENT, 20_000, "paid", _WHEN, date(2026, 10, 12), 19_600, 400)
CONVERSIONS = money.ConversionsDocument([PAID_CONVERSION], None)
PAYMENT = money.PaymentDocument(_MOVEMENT, "81234567800025", "Maraîcher de Biard", 5_000, _WHEN)
COUPONS = money.CouponsDocument(_MOVEMENT, 20_000, _WHEN)
_TILL = UUID("0199b7d0-77b1-7f42-a0d9-3c5b1e8f6a20")
_PAIRED_AT = datetime(2026, 9, 28, 8, 12, tzinfo=UTC)
ORDER = devices.OrderBody(_OWNER_CODE)
TILLS = devices.OwnTillsDocument([devices.OwnTillDocument(_TILL, "till", "paired", _PAIRED_AT, _WHEN, here=False)])
REVOKED_TILL = devices.OwnTillDocument(_TILL, "till", "revoked", _PAIRED_AT, _WHEN, here=False)
INVITATION = devices.InvitationDocument("7K3QZ-90ABC", datetime(2026, 10, 6, 7, 59, tzinfo=UTC))
PAYEES = devices.PayeesDocument([devices.PayeeDocument("Maraîcher de Biard", "Biard", "81234567800025")])
NOTE = """bonpois/6b7b9d0c1e0f4a61b0f1c2d3e4f5a6b7
1024
Cdhx1MGg9TKH3Fz0jvvkEwnZmYgrgP8r0N1RcO9bX+Q=
seal 31
at 2026-10-06T07:44:02.114210Z
final 2026-10-06T07:44:00.101007Z
units 1 90211 90260 90263

— bonpois/6b7b9d0c1e0f4a61b0f1c2d3e4f5a6b7 3sXq…==
"""
STATEMENT = money.StatementDocument(
    first_day=date(2026, 10, 1),
    last_day=date(2026, 10, 6),
    opening_cents=19_350,
    lines=[
        money.StatementLineDocument(_SALE, "redemption", 850, _WHEN, "2026-000123", "T00012", None),
        money.StatementLineDocument(_REFUND, "refund", -250, _WHEN, "2026-000123", "T00012", None),
    ],
    closing_cents=19_950,
    checkpoint=NOTE,
    next_cursor=None,
)
_KEYS = [Key("sZr0…=")]
_LEAF = Leaf('redemption {"id": "0199b7e3-…", "xid": 90240, "approved_cents": 850, …}', 1007, ["q1Xd…=", "…"])
CHECKPOINT = Proof("checkpoint", NOTE, _KEYS)
CONSISTENCY = Proof("checkpoint", NOTE, _KEYS, older_size=1000, consistency=["q1Xd…=", "…"])
RECEIPT = Proof("receipt", NOTE, _KEYS, facts=[_LEAF])
