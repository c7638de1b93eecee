"""What can be done with wallets: invite, enrol, look, block, change a PIN, dispute; and what a guest can."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.cards import actions as cards
from ledger.cards.model import NIL, Card, Credential, FailureKey
from ledger.cards.rules import ENROLMENT, WITHOUT_SECRET, Wrong, one_more, pause_seconds, verify
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    CardBlocked,
    CodeRefused,
    EnrolmentRefused,
    NotFound,
    NotPossibleNow,
    Refusal,
    TelephoneEnrolled,
    TooManyAttempts,
    TooManyRequests,
    WalletUnknown,
)
from ledger.identifiers import new_subject_id
from ledger.merchants.rules import code_as_typed, place_of
from ledger.redemptions import holders
from ledger.redemptions.model import CardBalance, Purchase
from ledger.wallets import rules, store
from ledger.wallets.model import Contents, EnrolledWallet, Wallet, WalletInvitation


async def invite_wallet(ledger: Ledger, number: int, operator: str) -> WalletInvitation:
    """Make the code that lets one telephone show a card of kind `phone`, once and within 30 days.

    Refuses `UnknownOperator`, `UnknownCard`, `NotPossibleNow` (paper, or blocked), `TelephoneEnrolled`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.AGENT)
        card = await cards.card_numbered(work, number)
        if card.kind != "phone" or card.state != "active":
            raise NotPossibleNow(number=number, kind=card.kind, state=card.state)
        if await store.is_enrolled(work, card.id):
            raise TelephoneEnrolled(number=number)
        return await _invite(work, card.id, number, rules.new_code(), who.id)


async def invite_telephone(work: UnitOfWork, household_id: UUID, code: str, operator_id: UUID) -> WalletInvitation:
    """A new card for a telephone, and the code that was drawn for it and stands on paper; a step of printing."""
    card = await cards.issue_telephone(work, household_id)
    return await _invite(work, card.id, card.number, code, operator_id)


async def with_telephone(work: UnitOfWork, household_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these households have a telephone that pays; a step of printing."""
    return await store.with_telephone(work, household_ids)


async def enrol(ledger: Ledger, code: str, nonce: str, caller: str = "") -> EnrolledWallet:
    """Let a telephone show a card: its secret and a token. `nonce` is the telephone's own random number: with the same
    one it gets the same answer again for a while, should the first have been lost; with another one nobody does.

    Refuses `EnrolmentRefused` for a wrong, used or outdated code alike, and `TooManyRequests` after too many of them
    from there. The count of failures is committed although the request is refused.
    """
    async with ledger.unit_of_work() as work:
        outcome = await _try_to_enrol(work, code, nonce, FailureKey(ENROLMENT, NIL, place_of(work.keys, caller)))
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


async def wallet_by_token(ledger: Ledger, token: str) -> Wallet:
    """Which wallet asks. Refuses `WalletUnknown`, and `CardBlocked` where its card is: whoever found the telephone sees
    nothing any more.
    """
    async with ledger.unit_of_work() as work:
        wallet = await store.wallet_with(work, sha256(token.encode("utf-8", "replace")).digest())
    if wallet is None:
        raise WalletUnknown
    if wallet.blocked:
        raise CardBlocked
    return wallet


async def contents(ledger: Ledger, wallet: Wallet) -> Contents:
    """What is left, and the cards that the wallet sees."""
    held = await holders.card_as_held(ledger, wallet.card_number)
    async with ledger.unit_of_work() as work:
        return Contents(held, await _seen(work, wallet))


async def purchases(ledger: Ledger, wallet: Wallet, before: UUID, rows_max: int) -> list[Purchase]:
    """What was bought with the cards that the wallet sees, the newest first, before a sale."""
    async with ledger.unit_of_work() as work:
        seen = [card.id for card in await _seen(work, wallet)]
        return await holders.purchases(work, wallet.household_id, seen, before, rows_max)


async def block(ledger: Ledger, wallet: Wallet, card_id: UUID) -> None:
    """Block one of the cards that the wallet sees, at once; blocked again, nothing changes. The balance stays.

    Refuses `NotFound`.
    """
    try:
        async with ledger.unit_of_work() as work:
            await cards.block_as_holder(work, await _own(work, wallet, card_id))
    except NotPossibleNow:  # somebody else was faster
        return


async def change_pin(ledger: Ledger, wallet: Wallet, card_id: UUID, pin: str, code: str) -> None:
    """Give a paper card of the household another PIN. `code` is what the telephone shows: it proves the key in it, not
    only a token; it stays unused.

    Refuses `NotFound` (no paper card that the wallet sees), `CardBlocked`, `PinTooSimple`, `CodeRefused`,
    `TooManyAttempts`.
    """
    async with ledger.unit_of_work() as work:
        outcome = await _try_to_change(work, wallet, card_id, pin, code)
    if outcome is not None:
        raise outcome


async def dispute(ledger: Ledger, wallet: Wallet, redemption_id: UUID) -> None:
    """Say of a sale by a card that the wallet sees: not bought by us. Refuses `NotFound`."""
    async with ledger.unit_of_work() as work:
        seen = [card.id for card in await _seen(work, wallet)]
    await holders.dispute(ledger, redemption_id, seen)


async def guest_balance(ledger: Ledger, credential: Credential, caller: str) -> CardBalance:
    """What is left on a paper card, by its number and PIN, from anywhere. Throttled with the tills.

    Refuses `CodeRefused`, `CardBlocked`, `TooManyAttempts`, `Unavailable`.
    """
    found, _household = await holders.open_as_guest(ledger, credential, place_of(ledger.keys, caller))
    return found


async def guest_block(ledger: Ledger, credential: Credential, caller: str) -> int:
    """Block the household's telephones, by number and PIN of its paper card; how many were blocked now.

    Refuses as `guest_balance` does.
    """
    _balance, household_id = await holders.open_as_guest(ledger, credential, place_of(ledger.keys, caller))
    try:
        async with ledger.unit_of_work() as work:
            return await cards.block_telephones(work, household_id)
    except NotPossibleNow:  # somebody else was faster
        return 0


async def _invite(work: UnitOfWork, card_id: UUID, number: int, code: str, operator_id: UUID) -> WalletInvitation:
    expires_at = work.now + rules.CODE_LIFE
    hidden = _code_hmac(work, code)
    await store.add_invitation(work, hidden, card_id=card_id, expires_at=expires_at, invited_by=operator_id)
    return WalletInvitation(number, code, expires_at)


async def _try_to_enrol(work: UnitOfWork, code: str, nonce: str, key: FailureKey) -> EnrolledWallet | Refusal:
    """The wallet, or the refusal as a value: what it counted must be kept."""
    failures = await store.lock_failures(work, key)
    pause = pause_seconds(key, failures, work.now)
    if pause:
        return TooManyRequests(retry_after_seconds=pause)
    code_hmac = _code_hmac(work, code)
    token = _token(work, code_hmac, nonce)
    token_sha256 = sha256(token.encode()).digest()
    known = await store.known(work, code_hmac)
    if known is None or not rules.may_enrol(known, token_sha256, work.now):
        await store.set_failures(work, key, one_more(key, failures, work.now))
        return EnrolmentRefused()
    if known.enrolled_at is None and not await store.add_wallet(
        work, new_subject_id(), card_id=known.card_id, code_hmac=code_hmac, token_sha256=token_sha256
    ):
        return EnrolmentRefused()
    secrets = await cards.telephone_secrets(work, known.card_id)
    secret = work.keys.decrypt("phone-secret", secrets.secret, known.card_id.bytes).decode()
    return EnrolledWallet(await store.number_of(work, known.card_id), secret, token)


async def _try_to_change(work: UnitOfWork, wallet: Wallet, card_id: UUID, pin: str, code: str) -> Refusal | None:
    card = await _own(work, wallet, card_id)
    if card.kind != "paper":
        raise NotFound
    if card.state != "active":
        return CardBlocked()
    key = FailureKey(WITHOUT_SECRET, wallet.card_id, wallet.id)
    failures = await store.lock_failures(work, key)
    pause = pause_seconds(key, failures, work.now)
    if pause:
        return TooManyAttempts(retry_after_seconds=pause)
    secrets = await cards.telephone_secrets(work, wallet.card_id)
    if isinstance(verify(Credential(wallet.card_number, otp=code), secrets, work.keys, work.now), Wrong):
        await store.set_failures(work, key, one_more(key, failures, work.now))
        return CodeRefused()
    await cards.change_pin(work, card.id, pin, wallet.id)
    return None


async def _seen(work: UnitOfWork, wallet: Wallet) -> tuple[Card, ...]:
    return rules.seen_by(wallet, await cards.cards_of(work, wallet.household_id))


async def _own(work: UnitOfWork, wallet: Wallet, card_id: UUID) -> Card:
    for card in await _seen(work, wallet):
        if card.id == card_id:
            return card
    raise NotFound


def _code_hmac(work: UnitOfWork, code: str) -> bytes:
    return work.keys.hmac("enrolment-code", code_as_typed(code).encode("utf-8", "replace"))


def _token(work: UnitOfWork, code_hmac: bytes, nonce: str) -> str:
    """The same for the same telephone, and nobody's else: so a lost answer can be given again though it is not kept."""
    digest = work.keys.hmac("wallet-token", code_hmac, nonce.encode("utf-8", "replace"))
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
