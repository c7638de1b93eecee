"""What can be done with merchants and tills: import, invite, pair, recognise, revoke, suspend."""

from __future__ import annotations

import secrets
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.books.accounts import AccountKind, open_accounts
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    BadValue,
    MerchantNotActive,
    NotPossibleNow,
    PairingCodeRefused,
    Refusal,
    TooManyRequests,
    Unauthorised,
    UnknownMerchant,
    UnknownTill,
)
from ledger.identifiers import new_subject_id
from ledger.imported_files import record_file, refuse_repeated
from ledger.merchants import rules, store
from ledger.merchants.model import (
    SCOPES,
    Invitation,
    Merchant,
    MerchantImport,
    NewMerchant,
    PairedTill,
    Scope,
    Till,
    TillSession,
)
from ledger.people_files import Table, read_table

_KIND = "merchants"
_SEES_TO_MERCHANTS = (Role.AGENT, Role.FINANCE, Role.TREASURER)
_TOKEN_BYTES = 32


async def import_merchants(ledger: Ledger, path: Path, operator: str, *, dry_run: bool = False) -> MerchantImport:
    """Take merchants from a CSV file, all or none, each with its accounts.

    Refuses `FileUnreadable`, `FileFaulty` (every fault at once), `FileAlreadyImported`, `UnknownOperator`.
    """
    table = read_table(path, rules.MERCHANT_COLUMNS)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, *_SEES_TO_MERCHANTS)
        await store.take_turn(work)
        await refuse_repeated(work, _KIND, b"", table.file, table.content)
        merchants = await _checked(work, table)
        if not dry_run:
            await _register(work, merchants)
            await record_file(work, _KIND, b"", table.content, row_count=len(merchants), operator_id=who.id)
        return MerchantImport(len(merchants))


async def list_merchants(ledger: Ledger) -> list[Merchant]:
    """All merchants by name."""
    async with ledger.unit_of_work() as work:
        return await store.merchants(work)


async def suspend_merchant(ledger: Ledger, siret: str, operator: str) -> Merchant:
    """Let a merchant take no more Pois. Refuses `UnknownOperator`, `UnknownMerchant`, `NotPossibleNow`."""
    return await _change_merchant(ledger, siret, "suspend", operator)


async def approve_merchant(ledger: Ledger, siret: str, operator: str) -> Merchant:
    """Let a suspended merchant take Pois again. Refuses as `suspend_merchant` does."""
    return await _change_merchant(ledger, siret, "approve", operator)


async def invite_till(ledger: Ledger, siret: str, scope: Scope, operator: str) -> Invitation:
    """Make a pairing code, good once and for 15 minutes of the service's clock.

    Refuses `BadValue` (scope), `UnknownOperator`, `UnknownMerchant`, `MerchantNotActive`.
    """
    if scope not in SCOPES:
        raise BadValue(field="scope", value=scope, choices=list(SCOPES))
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, *_SEES_TO_MERCHANTS)
        merchant = await merchant_with_siret(work, siret)
        if merchant.state != "approved":
            raise MerchantNotActive(state=merchant.state)
        code, expires_at = rules.new_code(), work.now + rules.CODE_LIFE
        await store.add_pairing(
            work,
            code_hmac(work, code),
            merchant_id=merchant.id,
            scope=scope,
            expires_at=expires_at,
            invited_by=who.id,
        )
        return Invitation(code, scope, expires_at)


async def pair_till(ledger: Ledger, code: str, caller: str = "") -> PairedTill:
    """Make a till of whoever brings a pairing code; `caller` is its network address.

    Refuses `PairingCodeRefused` for a wrong, used or outdated code alike, and `TooManyRequests` after too
    many of them from there. The count of failures is committed although the request is refused.
    """
    async with ledger.unit_of_work() as work:
        outcome = await _try_to_pair(work, code, rules.place_of(work.keys, caller))
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


async def till_by_token(ledger: Ledger, token: str, *, although_suspended: bool = False) -> TillSession:
    """Who is asking. Refuses `Unauthorised` (unknown or revoked) and, unless told otherwise, `MerchantNotActive`."""
    async with ledger.unit_of_work() as work:
        session = await store.session_of(work, _token_sha256(token))
        if session is None:
            raise Unauthorised
        if session.merchant.state != "approved" and not although_suspended:
            raise MerchantNotActive
        return session


async def list_tills(ledger: Ledger) -> list[Till]:
    """All tills by merchant, without their tokens, which nobody has but they."""
    async with ledger.unit_of_work() as work:
        return await store.tills(work)


async def revoke_till(ledger: Ledger, till_id: UUID, operator: str) -> Till:
    """Retire a till for good. Refuses `UnknownOperator`, `UnknownTill`, `NotPossibleNow`."""
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator)
        till = await _till(work, till_id)
        if till.state != "paired":
            raise NotPossibleNow(till=str(till_id), state=till.state)
        await store.add_event(work, "till", till_id, "revoke", who.id)
        return await _till(work, till_id)


async def _checked(work: UnitOfWork, table: Table) -> list[NewMerchant]:
    """The merchants of a file without any fault, none of them registered before."""
    numbered = rules.read_merchants(table)
    known = await store.known_sirets(work, [merchant.siret for _, merchant in numbered])
    for number, merchant in numbered:
        if merchant.siret in known:
            table.faults.append(rules.KNOWN_MERCHANT.at(number, "siret", merchant.siret))
    table.raise_faults()
    return [merchant for _, merchant in numbered]


async def _register(work: UnitOfWork, merchants: list[NewMerchant]) -> None:
    names = [f"merchant:{merchant.siret}" for merchant in merchants]
    accounts = await open_accounts(work, AccountKind.MERCHANT, names)
    converting = await open_accounts(work, AccountKind.MERCHANT_CONVERTING, [f"{name}:converting" for name in names])
    await store.add_merchants(work, [new_subject_id() for _ in merchants], merchants, accounts, converting)


async def _change_merchant(ledger: Ledger, siret: str, event: str, operator: str) -> Merchant:
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, *_SEES_TO_MERCHANTS)
        merchant = await merchant_with_siret(work, siret)
        if (event == "suspend") != (merchant.state == "approved"):
            raise NotPossibleNow(siret=siret, state=merchant.state)
        await store.add_event(work, "merchant", merchant.id, event, who.id)
        return await merchant_with_siret(work, siret)


async def merchant_with_siret(work: UnitOfWork, siret: str) -> Merchant:
    """The merchant that somebody names, as a step of a unit of work. Refuses `UnknownMerchant`."""
    found = await store.merchant_with(work, siret.replace(" ", ""))
    if found is None:
        raise UnknownMerchant(siret=siret)
    return found


async def record_closing(work: UnitOfWork, merchant_id: UUID, operator_id: UUID) -> None:
    """Note that a merchant has left; whoever calls has seen that nothing is open. Refuses `NotPossibleNow`."""
    await store.add_event(work, "merchant", merchant_id, "close", operator_id)


async def _till(work: UnitOfWork, till_id: UUID) -> Till:
    found = await store.till_with(work, till_id)
    if found is None:
        raise UnknownTill(till=str(till_id))
    return found


async def _try_to_pair(work: UnitOfWork, code: str, place: UUID) -> PairedTill | Refusal:
    """The till, or the refusal as a value: what it counted must be kept."""
    failures = await store.lock_failures(work, place)
    pause = rules.pause_seconds(failures, work.now)
    if pause:
        return TooManyRequests(retry_after_seconds=pause)
    till_id, token = new_subject_id(), secrets.token_urlsafe(_TOKEN_BYTES)
    paired = await store.add_till(work, till_id, code_hmac(work, code), _token_sha256(token))
    if paired is None:
        await store.set_failures(work, place, rules.one_more(failures, work.now))
        return PairingCodeRefused()
    merchant, scope = paired
    return PairedTill(till_id, merchant, scope, token)


def code_hmac(work: UnitOfWork, code: str) -> bytes:
    """What is stored of a pairing code, however it was typed."""
    return work.keys.hmac("pairing-code", rules.code_as_typed(code).encode("utf-8", "replace"))


def _token_sha256(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
