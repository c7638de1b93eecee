"""Who is calling: a till's bearer token (RFC 6750), and the key that binds a request to its fate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.params import HeaderParameter

from ledger.errors import N_, IdempotencyKeyMissing, OutOfScope, Unauthorised, WalletUnknown
from ledger.keyring import Keyring
from ledger.merchants.actions import till_by_token
from ledger.merchants.model import TillSession
from ledger.redemptions.model import RequestKey
from ledger.wallets.actions import wallet_by_token
from ledger.wallets.model import Wallet
from merchant_api.dependencies import OpenedLedger

_TOKEN = re.compile(r"^Bearer +([A-Za-z0-9._~+/=-]{1,200})$", re.IGNORECASE)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


# Required; its absence is told by our own refusal rather than by the framework's.
IdempotencyKey = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        description=N_(
            "1 to 255 visible ASCII characters, new for each new request, and the same when it is sent again."
        ),
    ),
]


def bearer_token(headers: Mapping[str, str]) -> str:
    """The token of the call; `Unauthorised` without one."""
    found = _TOKEN.match(headers.get("authorization", ""))
    if found is None:
        raise Unauthorised
    return found[1]


def token_digest(token: str) -> bytes:
    """What is stored of a token: it is random, so a plain digest gives nothing away."""
    return sha256(token.encode()).digest()


def key_digest(key: str) -> bytes:
    """What is stored of an Idempotency-Key: no text of a till stands in the books."""
    if _KEY.fullmatch(key) is None:
        raise IdempotencyKeyMissing
    return sha256(key.encode()).digest()


def bind(headers: Mapping[str, str], keys: Keyring, key: str, call: str, body: msgspec.Struct) -> RequestKey:
    """The request bound to its key: HMAC over the call and the canonical body (L5)."""
    fingerprint = keys.hmac("request", call.encode(), msgspec.json.encode(body))
    return RequestKey(token_digest(bearer_token(headers)), key_digest(key), fingerprint)


async def calling_till(request: Request[Any, Any, Any], ledger: OpenedLedger) -> TillSession:
    """The paired device that calls, whatever its scope."""
    return await till_by_token(ledger, bearer_token(request.headers))


async def owning_device(request: Request[Any, Any, Any], ledger: OpenedLedger) -> TillSession:
    """A device paired to see to the merchant's money; `OutOfScope` for a till."""
    return _for_the_owner(await calling_till(request, ledger))


async def reading_device(request: Request[Any, Any, Any], ledger: OpenedLedger) -> TillSession:
    """The same, to look only: a merchant that was suspended or has left still sees its own account."""
    return _for_the_owner(await till_by_token(ledger, bearer_token(request.headers), although_suspended=True))


async def proving_device(request: Request[Any, Any, Any], ledger: OpenedLedger) -> TillSession:
    """Any device that is not in training: what was sold stays the merchant's to prove, also when it was suspended or
    has left.
    """
    device = await till_by_token(ledger, bearer_token(request.headers), although_suspended=True)
    if device.scope == "training":
        raise OutOfScope(scope=device.scope)
    return device


async def holding_wallet(request: Request[Any, Any, Any], ledger: OpenedLedger) -> Wallet:
    """The household's telephone that calls; `WalletUnknown` for any other device, `CardBlocked` once it was blocked."""
    try:
        token = bearer_token(request.headers)
    except Unauthorised:
        raise WalletUnknown from None
    return await wallet_by_token(ledger, token)


def _for_the_owner(device: TillSession) -> TillSession:
    if device.scope != "merchant":
        raise OutOfScope(scope=device.scope)
    return device
