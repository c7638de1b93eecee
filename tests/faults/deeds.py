"""Something to be done once, of every kind of transaction: all is ready for it, and it may be asked for again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from ledger.adjustments import actions as moves
from ledger.adjustments.model import Leg, Move, Reason
from ledger.books.transaction import TransactionKind
from ledger.calendar import paris_day
from ledger.cards.actions import issue_card
from ledger.cards.model import Credential
from ledger.clock import FixedClock
from ledger.conversions import actions
from ledger.conversions.model import Asked, Conversion
from ledger.conversions.rules import LOT_COLUMNS
from ledger.database.unit_of_work import Ledger
from ledger.errors import AlreadyExists, FileAlreadyImported, NotPending, NotPossibleNow, Refusal, UnknownPayout
from ledger.merchants.actions import till_by_token
from ledger.merchants.model import TillSession
from ledger.programmes.actions import (
    approve_aid_run,
    cancel_mandate,
    confirm_funding,
    import_households,
    list_households,
    prepare_aid_run,
    record_mandate,
)
from ledger.redemptions.actions import refund
from ledger.redemptions.desk import Desk
from ledger.redemptions.model import Line, Redemption, RedemptionRequest, RefundRequest, RequestKey
from ledger.vouchers.actions import lapse_vouchers, list_vouchers, revoke
from tests.owners import Owning
from tests.people import signer
from tests.properties.machine.aid import Applicant
from tests.properties.machine.books import Books
from tests.properties.machine.draws import token_sha256
from tests.properties.machine.ground import CODE, FRUIT, build, household_rows

Ask = Callable[[Ledger], Awaitable[Any]]


@dataclass
class Town:
    """The town of the state machine, with money; `ledger` is a line that nobody cuts."""

    ledger: Ledger
    clock: FixedClock
    folder: Path
    books: Books
    payer: Owning
    number: count[int] = field(default_factory=lambda: count(1))

    @classmethod
    async def of(cls, ledger: Ledger, clock: FixedClock, folder: Path) -> Town:
        books = await build(ledger, folder)
        siret = next(iter(books.shops))
        town = cls(ledger, clock, folder, books, await Owning.of(ledger, clock, siret, "ana"))
        await (await funding(town))(ledger)
        for _ in range(6):
            await sell(town, 20_00)
        return town

    @property
    def siret(self) -> str:
        return self.payer.device.merchant.siret

    @property
    def payee(self) -> str:
        return list(self.books.shops)[1]

    @property
    def till(self) -> str:
        """The token of a till of the shop."""
        return next(one.token for one in self.books.tills.values() if (one.siret, one.scope) == (self.siret, "till"))

    def bound(self) -> RequestKey:
        return RequestKey(token_sha256(self.till), uuid4().bytes * 2, uuid4().bytes * 2)


async def sell(town: Town, cents: int) -> Redemption:
    """A sale to a new customer."""
    made: Redemption = await (await redemption(town, cents))(town.ledger)
    return made


async def mandate(town: Town) -> Ask:
    number = f"2026-{next(town.number)}"
    return lambda ledger: record_mandate(ledger, CODE, number, 500_00, "fay")


async def mandate_cancelled(town: Town) -> Ask:
    number = f"2026-{next(town.number)}"
    await record_mandate(town.ledger, CODE, number, 5_00, "fay")
    return lambda ledger: cancel_mandate(ledger, number, "fay")


async def funding(town: Town) -> Ask:
    number = f"2026-{next(town.number)}"
    await record_mandate(town.ledger, CODE, number, 100_000_00, "fay")
    return lambda ledger: confirm_funding(ledger, number, "tom")


async def issue(town: Town) -> Ask:
    """A run for one more household, beside whoever waits."""
    await _newcomer(town)
    run = await prepare_aid_run(town.ledger, CODE, signer("ana"))
    return lambda ledger: approve_aid_run(ledger, CODE, run.number, signer("omar"))


async def _newcomer(town: Town) -> UUID:
    applicant = Applicant(f"D{next(town.number)}", 2, 4, poor=True)
    path = town.folder / f"{applicant.case}.csv"
    path.write_text(household_rows((applicant,)), encoding="utf-8")
    await import_households(town.ledger, CODE, path, "ana")
    everybody = await list_households(town.ledger, CODE)
    return next(one.household_id for one in everybody if one.case_number == applicant.case)


async def redemption(town: Town, cents: int = 1) -> Ask:
    """With the paper card of somebody who was issued a voucher just now."""
    household = await _with_voucher(town)
    card = await issue_card(town.ledger, household, "paper", "ana")
    request = RedemptionRequest(
        uuid4(),
        town.bound(),
        Credential(card.number, secret=card.secret, pin=card.pin),
        (Line(FRUIT, cents),),
        allow_partial=False,
        reference=None,
        initiated_at=None,
    )

    async def ask(ledger: Ledger) -> Redemption | Refusal:
        desk = Desk(ledger)
        answer = (await desk.redeem(request)).result
        await desk.close()
        assert isinstance(raised(answer), Redemption)
        return answer

    return ask


async def refunded(town: Town) -> Ask:
    sale, bound = await sell(town, 2), town.bound()

    async def ask(ledger: Ledger) -> object:
        session = await till_by_token(ledger, town.till)
        return raised((await refund(ledger, session, RefundRequest(bound, sale.id, 1, "returned-goods"))).result)

    return ask


async def lapse(town: Town) -> Ask:
    """Of one voucher of its own, which nobody had the time to spend; every other is new afterwards."""
    await (await issue(town))(town.ledger)
    town.clock.instant += timedelta(days=21)
    return lambda ledger: lapse_vouchers(ledger, "ana")


async def revocation(town: Town) -> Ask:
    serial = (await list_vouchers(town.ledger, await _with_voucher(town)))[0].serial
    return lambda ledger: revoke(ledger, serial, "fay")


async def _with_voucher(town: Town) -> UUID:
    household = await _newcomer(town)
    run = await prepare_aid_run(town.ledger, CODE, signer("ana"))
    await approve_aid_run(town.ledger, CODE, run.number, signer("omar"))
    return household


def _by_owner(town: Town, ask: Callable[[Ledger, TillSession, Asked], Awaitable[Any]]) -> Ask:
    """The owner's device, with one code and one key however often it asks."""
    device, asked = town.payer.device, town.payer.asked()

    async def once(ledger: Ledger) -> object:
        return raised((await ask(ledger, device, asked)).result)

    return once


async def merchant_payment(town: Town) -> Ask:
    return _by_owner(town, lambda ledger, device, asked: actions.pay_merchant(ledger, device, asked, town.payee, 1))


async def conversion_request(town: Town) -> Ask:
    return _by_owner(town, lambda ledger, device, asked: actions.request_conversion(ledger, device, asked, 1))


async def conversion_cancelled(town: Town) -> Ask:
    made = await town.payer.convert(1)
    return _by_owner(town, lambda ledger, device, asked: actions.cancel_conversion(ledger, device, asked, made.id))


async def conversion_paid(town: Town) -> Ask:
    path, _ = await _lot(town)
    return lambda ledger: actions.import_payouts(ledger, path, "tom")


async def _lot(town: Town) -> tuple[Path, str]:
    """A list of one payout of an amount that no other open conversion has."""
    reference, cents = f"LOT-{next(town.number)}", 7
    await town.payer.convert(cents)
    path = town.folder / f"{reference}.csv"
    row = (reference, paris_day(town.clock.now()), town.siret, cents, 0, cents)
    path.write_text("".join(";".join(map(str, line)) + "\n" for line in [LOT_COLUMNS, row]), encoding="utf-8")
    return path, reference


async def conversion_returned(town: Town) -> Ask:
    path, reference = await _lot(town)
    await actions.import_payouts(town.ledger, path, "tom")

    async def ask(ledger: Ledger) -> Conversion:
        return await actions.return_payout(ledger, town.siret, reference, "tom")

    return ask


async def coupons(town: Town) -> Ask:
    return _by_owner(town, lambda ledger, device, asked: actions.ask_for_coupons(ledger, device, asked, 100))


async def coupons_returned(town: Town) -> Ask:
    await actions.hand_out_coupons(town.ledger, town.siret, 100, "tom")
    return lambda ledger: actions.take_back_coupons(ledger, town.siret, 100, "tom")


async def coupons_converted(town: Town) -> Ask:
    await actions.hand_out_coupons(town.ledger, town.siret, 100, "tom")
    return lambda ledger: actions.convert_coupons(ledger, town.siret, 100, "tom")


def _approved(move: Move) -> Ask:
    return lambda ledger: moves.approve_move(ledger, move.proposal_id, signer("rex"))


async def return_requested(town: Town) -> Ask:
    return _approved(await moves.propose_return_request(town.ledger, CODE, 1, signer("fay")))


async def return_paid(town: Town) -> Ask:
    await (await return_requested(town))(town.ledger)
    return _approved(await moves.propose_return_paid(town.ledger, CODE, 1, signer("fay")))


async def reserve_loss(town: Town) -> Ask:
    return _approved(await moves.propose_reserve_loss(town.ledger, 1, signer("fay")))


async def reserve_made_good(town: Town) -> Ask:
    await (await reserve_loss(town))(town.ledger)
    return _approved(await moves.propose_reserve_made_good(town.ledger, 1, signer("fay")))


async def adjustment(town: Town) -> Ask:
    legs = [Leg("suspense:EUR", 1), Leg("association:guarantee-fund", -1)]
    return _approved(await moves.propose_adjustment(town.ledger, legs, Reason.UNEXPLAINED, signer("fay")))


async def reversal(town: Town) -> Ask:
    loss = await moves.approve_move(
        town.ledger, (await moves.propose_reserve_loss(town.ledger, 1, signer("fay"))).proposal_id, signer("rex")
    )
    return _approved(await moves.propose_reversal(town.ledger, loss.transaction_id, Reason.BOOKED_TWICE, signer("fay")))


def raised(answer: Any) -> Any:
    """A refusal that is a value is raised like the others."""
    if isinstance(answer, Refusal):
        raise answer
    return answer


DEEDS: dict[TransactionKind, Callable[[Town], Awaitable[Ask]]] = {
    TransactionKind.MANDATE: mandate,
    TransactionKind.MANDATE_CANCELLED: mandate_cancelled,
    TransactionKind.FUNDING: funding,
    TransactionKind.ISSUE: issue,
    TransactionKind.REDEMPTION: redemption,
    TransactionKind.REFUND: refunded,
    TransactionKind.LAPSE: lapse,
    TransactionKind.REVOCATION: revocation,
    TransactionKind.MERCHANT_PAYMENT: merchant_payment,
    TransactionKind.CONVERSION_REQUEST: conversion_request,
    TransactionKind.CONVERSION_CANCELLED: conversion_cancelled,
    TransactionKind.CONVERSION_PAID: conversion_paid,
    TransactionKind.CONVERSION_RETURNED: conversion_returned,
    TransactionKind.COUPONS: coupons,
    TransactionKind.COUPONS_RETURNED: coupons_returned,
    TransactionKind.COUPONS_CONVERTED: coupons_converted,
    TransactionKind.RETURN_REQUESTED: return_requested,
    TransactionKind.RETURN_PAID: return_paid,
    TransactionKind.RESERVE_LOSS: reserve_loss,
    TransactionKind.RESERVE_MADE_GOOD: reserve_made_good,
    TransactionKind.ADJUSTMENT: adjustment,
    TransactionKind.REVERSAL: reversal,
}

# What tells whoever asks again that it was done: the same answer for a key, one of these refusals for the others.
DONE: dict[TransactionKind, tuple[type[Refusal], ...]] = {
    TransactionKind.MANDATE: (AlreadyExists,),
    TransactionKind.MANDATE_CANCELLED: (NotPossibleNow,),
    TransactionKind.FUNDING: (AlreadyExists,),
    TransactionKind.ISSUE: (NotPending,),
    TransactionKind.REVOCATION: (NotPossibleNow,),
    TransactionKind.CONVERSION_PAID: (FileAlreadyImported,),
    TransactionKind.CONVERSION_RETURNED: (UnknownPayout,),
    **{kind: (NotPending,) for kind in TransactionKind if kind >= TransactionKind.RETURN_REQUESTED},
}
# The counter has no key: who lost an answer there looks at the books before he enters it again.
LOOKS_FIRST = {TransactionKind.COUPONS_RETURNED, TransactionKind.COUPONS_CONVERTED}
