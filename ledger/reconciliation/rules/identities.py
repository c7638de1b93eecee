"""The five identities that a finance officer has to be able to prove at any time (research: domain facts, 5.5).

Each side comes from another place where there is one: the documents (mandates, vouchers, sales), the postings, the
balances. All amounts are positive centimes in their ordinary direction.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.reconciliation.model import (
    SALES,
    Break,
    Category,
    Identity,
    ProgrammeSums,
    SalesCompared,
    Sums,
    Term,
)

_CONVERTED = ("conversion-paid", "conversion-returned", "coupons-converted")
_HOLDERS = ("programme:pool", "programme:returning", "voucher", "merchant", "merchant:converting")


def identities(sums: Sums, programmes: Iterable[ProgrammeSums], sales: SalesCompared | None) -> list[Identity]:
    """All five, the first one for each programme too."""
    return [
        mandated_is_credited(sums),
        *(programme_is_credited(one) for one in programmes),
        issued_is_accounted_for(sums),
        sales_are_credited(sales),
        reserve_covers_circulation(sums),
        conversions_are_paid(sums),
    ]


def mandated_is_credited(sums: Sums) -> Identity:
    """EUR mandated = Pois credited ± in transit."""
    moved_by_hand = -sum(sums.of("adjustment", account) for account in ("association:in-transit", "ccas:mandated"))
    right = (
        Term("pois-credited", sums.of("funding", "association:issued")),
        Term("in-transit", sums.balance("association:in-transit")),
        *_unless_zero("adjusted", moved_by_hand),
    )
    return Identity(1, "mandated-is-credited", (Term("mandated", -sums.balance("ccas:mandated")),), right)


def programme_is_credited(programme: ProgrammeSums) -> Identity:
    """The same for one programme, from its mandates and its pool."""
    right = (Term("pois-credited", programme.credited_cents), Term("in-transit", programme.in_transit_cents))
    left = (Term("mandated", programme.mandated_cents),)
    return Identity(1, "mandated-is-credited", left, right, programme=programme.code)


def issued_is_accounted_for(sums: Sums) -> Identity:
    """Issued = spent (net of refunds) + lapsed + revoked or returned + outstanding."""
    right = (
        Term("spent", sums.sold_cents - sums.refunded_cents),
        Term("lapsed", sums.of("lapse", "voucher")),
        Term("revoked", sums.of("revocation", "voucher")),
        Term("returned-by-refunds", -sums.of("refund", "programme:pool")),
        Term("outstanding", -sums.balance("voucher")),
        *_unless_zero("adjusted", sums.of("adjustment", "voucher")),
    )
    return Identity(2, "issued-is-accounted-for", (Term("issued", sums.face_cents),), right)


def sales_are_credited(sales: SalesCompared | None) -> Identity:
    """Their merchant credits, with every difference that the reconciliation names, are our redemptions."""
    name = "redemptions-are-credited"
    if sales is None:
        return Identity(3, name, (), ())
    breaks = [found for found in sales.breaks if _is_of_sales(found)]
    theirs_cents = sales.matched_cents - sum(found.theirs_cents or 0 for found in breaks)
    left = (
        Term("merchant-credits", theirs_cents),
        Term("ours-only", sum(-found.difference_cents for found in breaks if not found.lines)),
        Term("theirs-only", sum(-found.difference_cents for found in breaks if not found.units)),
        Term("amounts-differ", sum(-found.difference_cents for found in breaks if found.lines and found.units)),
        *_unless_zero("corrected", -sales.corrected_cents),
    )
    return Identity(3, name, left, (Term("redemptions", sales.ours_cents),), period=sales.period)


def reserve_covers_circulation(sums: Sums) -> Identity:
    """L8: euros held or owed cover the Pois in circulation, paper and digital apart."""
    left = (
        Term("guarantee-fund", sums.balance("association:guarantee-fund")),
        Term("owed-to-reserve", sums.balance("association:owes-reserve")),
        *_unless_zero("suspense", sums.balance("suspense:EUR")),
    )
    right = (Term("digital", -sums.balance(*_HOLDERS)), Term("paper", -sums.balance("coupons:circulating")))
    return Identity(4, "reserve-covers-circulation", left, right, ">=")


def conversions_are_paid(sums: Sums) -> Identity:
    """Conversions gross = net + commission, what the bank sent back taken off."""
    gross_cents = -sum(sums.of(kind, "association:issued") for kind in _CONVERTED)
    right = (
        Term("net", sum(sums.of(kind, "association:paid-out") for kind in _CONVERTED)),
        Term("commission", sum(sums.of(kind, "association:commission") for kind in _CONVERTED)),
    )
    return Identity(5, "conversions-are-paid", (Term("gross", gross_cents),), right)


def _is_of_sales(found: Break) -> bool:
    if found.units:
        return all(unit.kind in SALES for unit in found.units)
    return found.category is not Category.FEE


def _unless_zero(name: str, cents: int) -> tuple[Term, ...]:
    return (Term(name, cents),) if cents else ()
