"""The SQL of conversions, payouts, coupons, payments and merchants' statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger.conversions.model import (
    Conversion,
    CouponMovement,
    MerchantBalance,
    MerchantPayment,
    Payment,
    PayoutLine,
    PayoutLot,
    Rate,
)
from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import ConversionNotOpen

_CONVERSION = """
    SELECT c.id, c.merchant_id, m.siret, m.name AS merchant_name, m.account_id, m.converting_account_id,
        c.amount_cents, coalesce(back.amount_cents, c.amount_cents) AS due_cents,
        coalesce(s.state, 'requested') AS state, t.occurred_at AS requested_at,
        p.id AS payout_id, p.lot_reference AS lot, l.paid_on, p.net_cents, p.commission_cents,
        (SELECT o.reference FROM ledger.transfer_now AS o WHERE o.conversion_id = c.id AND o.is_live) AS ordered_in
    FROM ledger.conversion AS c
    INNER JOIN ledger.merchant AS m ON m.id = c.merchant_id
    INNER JOIN ledger.ledger_transaction AS t ON t.id = c.id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = c.id
    LEFT JOIN LATERAL (
        SELECT p.* FROM ledger.payout AS p INNER JOIN ledger.ledger_transaction AS pt ON pt.id = p.id
        WHERE p.conversion_id = c.id ORDER BY pt.posted_at DESC LIMIT 1
    ) AS p ON true
    LEFT JOIN ledger.payout_lot AS l ON l.reference = p.lot_reference
    LEFT JOIN ledger.payout_return AS back ON back.payout_id = p.id
"""
_BY_ID = text(_CONVERSION + " WHERE c.id = :id")
_ALL = text(_CONVERSION + " ORDER BY t.posted_at, c.id")
_OPEN = text(
    _CONVERSION + " WHERE coalesce(s.state, 'requested') IN ('requested', 'returned') ORDER BY t.posted_at, c.id"
)
_FOLLOWING = """
    WHERE c.merchant_id = :merchant_id AND (cast(:after AS uuid) IS NULL OR (t.posted_at, c.id) < (
        SELECT a.posted_at, a.id FROM ledger.ledger_transaction AS a WHERE a.id = :after
    ))
    ORDER BY t.posted_at DESC, c.id DESC LIMIT :rows_max
"""
_OF_MERCHANT = text(_CONVERSION + _FOLLOWING)
_ADD = text("""
    INSERT INTO ledger.conversion (id, merchant_id, amount_cents, till_id)
    VALUES (:id, :merchant_id, :amount_cents, :till_id)
""")
_CANCEL = text("""
    INSERT INTO ledger.conversion_cancellation (id, conversion_id, till_id, operator_id)
    VALUES (:id, :conversion_id, :till_id, :operator_id)
""")
_CANCELLED = text("SELECT conversion_id FROM ledger.conversion_cancellation WHERE id = :id")
_EVENT = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    VALUES ('conversion', :id, :kind, :now, :operator_id)
""")
_KNOWN_LOTS = text("""
    SELECT reference FROM ledger.payout_lot WHERE reference = ANY(:references)
    UNION SELECT reference FROM ledger.payout_order WHERE reference = ANY(:references)
""")
_PAID_LOTS = text("SELECT reference FROM ledger.payout_lot WHERE reference = ANY(:references)")
_LOT_TURN = text("SELECT pg_advisory_xact_lock(:turn)")
_TURN = int.from_bytes(b"payouts", "big")
_LOTS = text("""
    SELECT l.reference, l.paid_on, m.siret, p.net_cents, p.commission_cents
    FROM ledger.payout_lot AS l
    INNER JOIN ledger.payout AS p ON p.lot_reference = l.reference
    INNER JOIN ledger.conversion AS c ON c.id = p.conversion_id
    INNER JOIN ledger.merchant AS m ON m.id = c.merchant_id
    ORDER BY l.paid_on, l.reference, p.id
""")
_ADD_LOT = text("""
    INSERT INTO ledger.payout_lot (reference, paid_on, imported_by, imported_at)
    VALUES (:reference, :paid_on, :operator_id, :now)
""")
_ADD_PAYOUT = text("""
    INSERT INTO ledger.payout (id, conversion_id, lot_reference, net_cents, commission_cents)
    VALUES (:id, :conversion_id, :lot, :net_cents, :commission_cents)
""")
_ADD_RETURN = text("""
    INSERT INTO ledger.payout_return (id, payout_id, amount_cents, operator_id)
    VALUES (:id, :payout_id, :amount_cents, :operator_id)
""")
_TRANSFER_RETURNED = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    SELECT 'transfer', id, 'return', cast(:now AS timestamptz), cast(:operator_id AS uuid)
    FROM ledger.transfer_now WHERE conversion_id = :conversion_id AND reference = :lot AND state = 'paid'
""")
_ADD_PAYMENT = text("""
    INSERT INTO ledger.merchant_payment (id, payer_id, payee_id, amount_cents, till_id)
    VALUES (:id, :payer_id, :payee_id, :amount_cents, :till_id)
""")
_PAYMENT = text("""
    SELECT p.id, m.siret AS payee_siret, m.name AS payee_name, p.amount_cents, t.occurred_at
    FROM ledger.merchant_payment AS p
    INNER JOIN ledger.merchant AS m ON m.id = p.payee_id
    INNER JOIN ledger.ledger_transaction AS t ON t.id = p.id
    WHERE p.id = :id
""")
_ADD_COUPONS = text("""
    INSERT INTO ledger.coupon_movement (id, merchant_id, amount_cents, commission_cents, till_id, operator_id)
    VALUES (:id, :merchant_id, :amount_cents, :commission_cents, :till_id, :operator_id)
""")
_COUPONS = text("""
    SELECT c.id, k.code AS kind, m.siret, c.amount_cents, c.commission_cents, t.occurred_at
    FROM ledger.coupon_movement AS c
    INNER JOIN ledger.merchant AS m ON m.id = c.merchant_id
    INNER JOIN ledger.ledger_transaction AS t ON t.id = c.id
    INNER JOIN ledger.transaction_kind AS k ON k.id = t.kind
    WHERE c.id = :id
""")
_RATES = text("SELECT number, basis_points, from_day FROM ledger.commission_rate ORDER BY number")
_ADD_RATE = text("""
    INSERT INTO ledger.commission_rate (number, basis_points, from_day, set_by, set_at)
    SELECT max(number) + 1, :basis_points, :from_day, :operator_id, :now FROM ledger.commission_rate
    RETURNING number, basis_points, from_day
""")
_BALANCES = text("""
    SELECT -held.balance_cents AS balance_cents, -converting.balance_cents AS converting_cents
    FROM ledger.balance AS held, ledger.balance AS converting
    WHERE held.account_id = :account_id AND converting.account_id = :converting_account_id
""")
_NO_SUCH_TRANSITION = "BPX02"
_STATE_MOVED = "BPX01"


async def conversion_with(work: UnitOfWork, conversion_id: UUID) -> Conversion | None:
    """The conversion with an id."""
    row = (await work.run(_BY_ID, id=conversion_id)).one_or_none()
    return None if row is None else Conversion(**row._asdict())


async def conversions(work: UnitOfWork, *, only_open: bool) -> list[Conversion]:
    """All conversions, or those that wait to be paid, the oldest first."""
    return [Conversion(**row._asdict()) for row in await work.run(_OPEN if only_open else _ALL)]


async def conversions_of(
    work: UnitOfWork, merchant_id: UUID, rows_max: int, after: UUID | None = None
) -> list[Conversion]:
    """A merchant's conversions, the latest first; those after one of them where it is named."""
    rows = await work.run(_OF_MERCHANT, merchant_id=merchant_id, rows_max=rows_max, after=after)
    return [Conversion(**row._asdict()) for row in rows]


async def add_conversion(
    work: UnitOfWork, conversion_id: UUID, merchant_id: UUID, amount_cents: int, till_id: UUID
) -> None:
    """Record a conversion that the books have under this id."""
    await work.run(_ADD, id=conversion_id, merchant_id=merchant_id, amount_cents=amount_cents, till_id=till_id)


async def add_cancellation(
    work: UnitOfWork, cancellation_id: UUID, conversion_id: UUID, *, till_id: UUID | None, operator_id: UUID | None
) -> None:
    """Record that a conversion was cancelled, by the owner's device or by an operator."""
    values = {"conversion_id": conversion_id, "till_id": till_id, "operator_id": operator_id}
    await work.run(_CANCEL, id=cancellation_id, **values)
    await add_event(work, conversion_id, "cancel", operator_id)


async def cancelled_by(work: UnitOfWork, cancellation_id: UUID) -> UUID:
    """The conversion that a cancellation is of."""
    found: UUID = (await work.run(_CANCELLED, id=cancellation_id)).scalar_one()
    return found


async def add_event(work: UnitOfWork, conversion_id: UUID, kind: str, operator_id: UUID | None) -> None:
    """Record a change of state. Refuses `ConversionNotOpen` where the present state knows no such event."""
    try:
        await work.run(_EVENT, id=conversion_id, kind=kind, now=work.now, operator_id=operator_id)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in {_NO_SUCH_TRANSITION, _STATE_MOVED}:
            raise ConversionNotOpen(conversion=str(conversion_id)) from None
        raise


async def take_lot_turn(work: UnitOfWork) -> None:
    """Let one list of payouts be imported at a time."""
    await work.run(_LOT_TURN, turn=_TURN)


async def known_lots(work: UnitOfWork, references: Sequence[str]) -> set[str]:
    """Which of these references were used before, for a lot that was paid or for one that was prepared only."""
    return set((await work.run(_KNOWN_LOTS, references=list(references))).scalars())


async def lots_begun(work: UnitOfWork, references: Sequence[str]) -> set[str]:
    """Of which of these lots something was paid already."""
    return set((await work.run(_PAID_LOTS, references=list(references))).scalars())


async def paid_lots(work: UnitOfWork) -> list[PayoutLot]:
    """What was paid, lot by lot, by day; rows are counted as in a file."""
    rows = (await work.run(_LOTS)).all()
    days = {row.reference: row.paid_on for row in rows}
    lines: dict[str, list[PayoutLine]] = {reference: [] for reference in days}
    for row in rows:
        gross_cents, place = row.net_cents + row.commission_cents, len(lines[row.reference]) + 2
        line = PayoutLine(place, row.siret, gross_cents, row.commission_cents, row.net_cents)
        lines[row.reference].append(line)
    return [PayoutLot(reference, days[reference], tuple(found)) for reference, found in lines.items()]


async def add_lots(work: UnitOfWork, lots: Iterable[PayoutLot], operator_id: UUID) -> None:
    """Record lots, each once."""
    rows = [
        {"reference": lot.reference, "paid_on": lot.paid_on, "operator_id": operator_id, "now": work.now}
        for lot in lots
    ]
    await work.run_many(_ADD_LOT, rows)


async def add_payouts(work: UnitOfWork, payouts: Sequence[tuple[UUID, Payment]], operator_id: UUID) -> None:
    """Record what was paid under the ids of their transactions."""
    rows = [
        {
            "id": payout_id,
            "conversion_id": payment.conversion.id,
            "lot": payment.lot.reference,
            "net_cents": payment.line.net_cents,
            "commission_cents": payment.line.commission_cents,
        }
        for payout_id, payment in payouts
    ]
    await work.run_many(_ADD_PAYOUT, rows)
    for _, payment in payouts:
        await add_event(work, payment.conversion.id, "pay", operator_id)


async def add_return(
    work: UnitOfWork, return_id: UUID, conversion: Conversion, amount_cents: int, operator_id: UUID
) -> None:
    """Record that the bank sent the last payout of a conversion back, and with it the transfer of a lot of ours."""
    values = {"payout_id": conversion.payout_id, "amount_cents": amount_cents, "operator_id": operator_id}
    await work.run(_ADD_RETURN, id=return_id, **values)
    await add_event(work, conversion.id, "return", operator_id)
    told = {"conversion_id": conversion.id, "lot": conversion.lot, "now": work.now, "operator_id": operator_id}
    await work.run(_TRANSFER_RETURNED, **told)


async def add_payment(
    work: UnitOfWork, payment_id: UUID, payer_id: UUID, payee_id: UUID, amount_cents: int, till_id: UUID
) -> None:
    """Record a payment from merchant to merchant."""
    values = {"payer_id": payer_id, "payee_id": payee_id, "amount_cents": amount_cents, "till_id": till_id}
    await work.run(_ADD_PAYMENT, id=payment_id, **values)


async def payment_with(work: UnitOfWork, payment_id: UUID) -> MerchantPayment:
    """A payment that exists."""
    return MerchantPayment(**(await work.run(_PAYMENT, id=payment_id)).one()._asdict())


async def add_coupons(
    work: UnitOfWork,
    movement_id: UUID,
    merchant_id: UUID,
    amount_cents: int,
    *,
    commission_cents: int | None = None,
    till_id: UUID | None = None,
    operator_id: UUID | None = None,
) -> None:
    """Record a movement of coupons, asked for by the owner's device or entered by an operator."""
    await work.run(
        _ADD_COUPONS,
        id=movement_id,
        merchant_id=merchant_id,
        amount_cents=amount_cents,
        commission_cents=commission_cents,
        till_id=till_id,
        operator_id=operator_id,
    )


async def coupons_with(work: UnitOfWork, movement_id: UUID) -> CouponMovement:
    """A movement of coupons that exists."""
    return CouponMovement(**(await work.run(_COUPONS, id=movement_id)).one()._asdict())


async def rates(work: UnitOfWork) -> list[Rate]:
    """The rates of commission since the beginning, the oldest first."""
    return [Rate(**row._asdict()) for row in await work.run(_RATES)]


async def add_rate(work: UnitOfWork, basis_points: int, from_day: date, operator_id: UUID) -> Rate:
    """Record a rate; the highest number among those that apply on a day is the one."""
    values = {"basis_points": basis_points, "from_day": from_day, "operator_id": operator_id, "now": work.now}
    return Rate(**(await work.run(_ADD_RATE, **values)).one()._asdict())


async def balances(work: UnitOfWork, account_id: int, converting_account_id: int, basis_points: int) -> MerchantBalance:
    """Both accounts of a merchant, from its own side, beside the rate of today."""
    row = (await work.run(_BALANCES, account_id=account_id, converting_account_id=converting_account_id)).one()
    return MerchantBalance(**row._asdict(), basis_points=basis_points)
