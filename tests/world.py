"""A small world with a bit of everything in its books: issued vouchers, sales by telephone and paper, a refund,
refusals, events. Made by the product's own actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import text

from ledger.adjustments.actions import approve_move, propose_reserve_loss, propose_reversal
from ledger.adjustments.model import Reason
from ledger.calendar import paris_day
from ledger.cards.actions import block_card, issue_card
from ledger.cards.model import Credential, IssuedCard, parse_credential
from ledger.cards.rules import one_time_code, step_at
from ledger.clock import FixedClock
from ledger.conversions.actions import ask_for_coupons, import_payouts, pay_merchant
from ledger.conversions.model import CouponMovement, MerchantPayment
from ledger.conversions.rules import LOT_COLUMNS
from ledger.database.unit_of_work import Ledger
from ledger.errors import Refusal
from ledger.identifiers import new_event_id
from ledger.merchants.actions import (
    approve_merchant,
    import_merchants,
    invite_till,
    list_merchants,
    pair_till,
    suspend_merchant,
    till_by_token,
)
from ledger.merchants.model import PairedTill
from ledger.programmes.actions import approve_aid_run, list_households, prepare_aid_run
from ledger.redemptions.actions import abandon, refund
from ledger.redemptions.desk import Desk
from ledger.redemptions.model import Line, Redemption, RedemptionRequest, Refund, RefundRequest, RequestKey
from ledger.vouchers.actions import revoke
from tests import month
from tests.owners import Owning

_VOUCHER_OF_ANOTHER = text("SELECT max(serial) FROM ledger.voucher WHERE household_id <> ALL(:households)")


@dataclass(frozen=True)
class World:
    """Who is in it, for tests that go on from there."""

    households: tuple[UUID, UUID]
    phone: IssuedCard
    paper: IssuedCard
    tills: tuple[PairedTill, PairedTill]
    sales: tuple[UUID, UUID, UUID]
    refund: UUID


async def small_world(ledger: Ledger, clock: FixedClock) -> World:
    await month.programme_with_households(ledger)
    await prepare_aid_run(ledger, month.CODE, month.MAKER_SIGNER)
    await approve_aid_run(ledger, month.CODE, 1, month.CHECKER_SIGNER)
    await import_merchants(ledger, month.MERCHANTS_FILE, month.MAKER)
    one, other, idle = [merchant.siret for merchant in await list_merchants(ledger)][:3]
    tills = (await _till(ledger, one), await _till(ledger, other))
    await suspend_merchant(ledger, idle, month.MAKER)
    await approve_merchant(ledger, idle, month.MAKER)
    households = await _entitled(ledger)
    phone = await issue_card(ledger, households[0], "phone", month.MAKER)
    paper = await issue_card(ledger, households[1], "paper", month.MAKER)
    lost = await issue_card(ledger, households[1], "paper", month.MAKER)
    await block_card(ledger, lost.number, month.MAKER)
    sales = await _sales(ledger, clock, tills, phone, paper)
    await abandon(ledger, await till_by_token(ledger, tills[0].token), sha256(b"lost").digest())
    made = await _refund(ledger, tills[0], sales[0])
    await _moves(ledger)
    await revoke(ledger, await _voucher_of_nobody_in(ledger, households), month.CHECKER)
    await move_money(ledger, clock, other, payee=idle)
    return World(households, phone, paper, tills, sales, made)


async def _moves(ledger: Ledger) -> None:
    """A loss of the reserve that was reversed, and one that waits for approval."""
    maker, checker = month.MAKER_SIGNER, month.CHECKER_SIGNER
    loss = await approve_move(ledger, (await propose_reserve_loss(ledger, 250, maker)).proposal_id, checker)
    back = await propose_reversal(ledger, loss.transaction_id, Reason.NEVER_HAPPENED, maker)
    await approve_move(ledger, back.proposal_id, checker)
    await propose_reserve_loss(ledger, 400, maker)


async def _voucher_of_nobody_in(ledger: Ledger, households: tuple[UUID, UUID]) -> str:
    """The last voucher that is not theirs who buy; which it is, chance decides anew for each world."""
    async with ledger.unit_of_work() as work:
        serial: str = (await work.run(_VOUCHER_OF_ANOTHER, households=list(households))).scalar_one()
        return serial


async def _till(ledger: Ledger, siret: str) -> PairedTill:
    invitation = await invite_till(ledger, siret, "till", month.MAKER)
    return await pair_till(ledger, invitation.code)


async def _entitled(ledger: Ledger) -> tuple[UUID, UUID]:
    """Two households that hold a voucher."""
    granted = [entry.household_id for entry in await list_households(ledger, month.CODE) if entry.granted]
    return granted[0], granted[1]


async def _sales(
    ledger: Ledger,
    clock: FixedClock,
    tills: tuple[PairedTill, PairedTill],
    phone: IssuedCard,
    paper: IssuedCard,
) -> tuple[UUID, UUID, UUID]:
    """Two with the telephone, one of them in part only; one with the paper card; and a wrong PIN."""
    desk = Desk(ledger)
    by_paper = Credential(paper.number, secret=paper.secret, pin=paper.pin)
    wrong = Credential(paper.number, secret=paper.secret, pin=f"{(int(paper.pin or 0) + 1) % 10_000:04}")
    first = await sell(desk, tills[0], by_phone(phone, clock), fruits=1_000, wine=500)
    second = await sell(desk, tills[0], by_paper, fruits=700)
    assert isinstance(await ask(desk, tills[0], wrong, fruits=700), Refusal)
    clock.instant += timedelta(minutes=1)
    third = await sell(desk, tills[1], by_phone(phone, clock), fruits=300)
    await desk.close()
    return first, second, third


async def sell(desk: Desk, till: PairedTill, credential: Credential, *, fruits: int, wine: int = 0) -> UUID:
    """A sale that goes through."""
    answer = await ask(desk, till, credential, fruits=fruits, wine=wine)
    assert isinstance(answer, Redemption), answer
    return answer.id


async def ask(
    desk: Desk, till: PairedTill, credential: Credential, *, fruits: int, wine: int = 0
) -> Redemption | Refusal:
    """A request with a key of its own."""
    redemption_id = new_event_id()
    basket = [Line("fruits-legumes", fruits), *([Line("alcool", wine)] if wine else [])]
    request = RedemptionRequest(
        id=redemption_id,
        bound=bound(till, redemption_id),
        credential=credential,
        basket=tuple(basket),
        allow_partial=True,
        reference="T1",
        initiated_at=None,
    )
    return (await desk.redeem(request)).result


def bound(till: PairedTill, request: UUID) -> RequestKey:
    """A key and fingerprint for a request."""
    digest = sha256(request.bytes).digest()
    return RequestKey(sha256(till.token.encode()).digest(), digest, sha256(digest).digest())


def by_phone(card: IssuedCard, clock: FixedClock) -> Credential:
    """The code that the telephone shows now."""
    code = one_time_code(card.secret, step_at(clock.now()))
    return parse_credential(f"BP1/{card.number}/{code}", None)


async def _refund(ledger: Ledger, till: PairedTill, redemption_id: UUID) -> UUID:
    session = await till_by_token(ledger, till.token)
    asked = RefundRequest(bound(till, new_event_id()), redemption_id, 250, "returned")
    made = (await refund(ledger, session, asked)).result
    assert isinstance(made, Refund), made
    return made.id


async def move_money(ledger: Ledger, clock: FixedClock, siret: str, *, payee: str) -> None:
    """A shop has one conversion paid and one open, pays another shop, and takes coupons."""
    owner = await Owning.of(ledger, clock, siret, month.MAKER)
    await owner.convert(100)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "lot.csv"
        rows = [LOT_COLUMNS, ("LOT-1", paris_day(clock.now()), siret, 100, 2, 98)]
        file.write_text("".join(";".join(map(str, row)) + "\n" for row in rows))
        await import_payouts(ledger, file, month.MAKER)
    await owner.convert(50)
    paid = await pay_merchant(ledger, owner.device, owner.asked(), payee, 30)
    taken = await ask_for_coupons(ledger, owner.device, owner.asked(), 100)
    assert isinstance(paid.result, MerchantPayment)
    assert isinstance(taken.result, CouponMovement)
