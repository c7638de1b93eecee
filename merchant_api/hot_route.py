"""The one call whose second counts, with no framework in its way; every other call goes on to it.

The framework's own route `redeem` stays: it describes the call in the OpenAPI document, and answers just the same.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from ledger.errors import RequestTooLarge
from ledger.keyring import Keyring
from merchant_api import problems
from merchant_api.training.desk import FrontDesk
from merchant_api.v1.documents import RedemptionBody, redemption_document
from merchant_api.v1.redemptions import asked

BODY_BYTES_MAX = 64 * 1024

_PATH = "/v1/redemptions"
_JSON = "application/json"
_decode = msgspec.json.Decoder(RedemptionBody).decode
_encode = msgspec.json.Encoder().encode


class HotRoute:
    """Answers `POST /v1/redemptions`, and hands everything else on."""

    def __init__(self, framework: ASGIApp, keys: Keyring, desk: FrontDesk) -> None:
        self.framework = framework
        self._keys = keys
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == _PATH and scope.get("method") == "POST":
            await self._redeem(scope, receive, send)
        else:
            await self.framework(scope, receive, send)

    async def _redeem(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Where a header is repeated the first one counts, as everywhere in the service.
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in list(scope["headers"])[::-1]}
        try:
            body = _decode(await _read(receive))
            answer = await self._desk.redeem(asked(headers, self._keys, headers.get("idempotency-key", ""), body))
            sale = redemption_document(problems.granted(answer))
        except Exception as error:  # noqa: BLE001 - whatever it is, the till gets an answer
            problems.speak_with(headers)
            refusal = problems.refusal_of(error, _PATH)
            marks = problems.headers_of(refusal, replayed=isinstance(error, problems.RefusedAgain))
            await _respond(send, refusal.status, problems.PROBLEM, marks, problems.document(refusal))
        else:
            await _respond(send, 201, _JSON, problems.marks_of(answer), sale)


async def _read(receive: Receive) -> bytes:
    """The body of the call; nothing of a till that hung up before it had said all."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        body += message["body"]
        if len(body) > BODY_BYTES_MAX:
            raise RequestTooLarge
        if not message["more_body"]:
            return body


async def _respond(send: Send, status: int, media_type: str, marks: dict[str, str], document: Any) -> None:
    content = _encode(document)
    headers = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(content))]
    headers += [(name.lower().encode(), value.encode()) for name, value in marks.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
