"""The one call whose second counts, from the socket to the desk and back, with no framework in its way.

uvicorn's protocol, in which a sale is no task and no message, only a request and its answer. Every other call goes on
to the framework, and so does a sale that is sent before the last answer has come; its own route `redeem`, which also
describes the call in the OpenAPI document, answers just the same.
"""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from ledger.errors import RequestTooLarge
from ledger.keyring import Keyring
from ledger.redemptions.desk import Answer
from ledger.redemptions.model import RedemptionRequest
from merchant_api import problems
from merchant_api.training.desk import FrontDesk, is_training
from merchant_api.v1.documents import RedemptionBody, redemption_document
from merchant_api.v1.redemptions import asked

BODY_BYTES_MAX = 64 * 1024

_PATH = b"/v1/redemptions"
_JSON = "application/json"
_HEADERS = {
    b"authorization": "authorization",
    b"idempotency-key": "idempotency-key",
    b"accept-language": "accept-language",
}
_NOBODY_WAITS = asyncio.Event()  # for the body of a sale: its last byte starts it
_decode = msgspec.json.Decoder(RedemptionBody).decode
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class SalesDoor:
    """What a sale needs: the keys it is bound with, and the desk it goes to."""

    keys: Keyring
    desk: FrontDesk

    def asked(self, headers: dict[str, str], body: bytes) -> RedemptionRequest:
        """The sale in the words of the desk; a refusal, or the decoder's error, where it is none."""
        if len(body) > BODY_BYTES_MAX:
            raise RequestTooLarge
        return asked(headers, self.keys, headers.get("idempotency-key", ""), _decode(body))


@dataclass(slots=True)
class _Sale:
    """A sale on its way. The names are those by which uvicorn asks whether a call is still being answered."""

    keep_alive: bool
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    message_event: asyncio.Event = _NOBODY_WAITS
    disconnected: bool = False
    response_complete: bool = False


class TillProtocol(HttpToolsProtocol):
    """A connection of a till."""

    door: SalesDoor
    if TYPE_CHECKING:
        cycle: Any

    @classmethod
    def at(cls, door: SalesDoor) -> type[TillProtocol]:
        """The protocol of a service, whose sales go through this door."""
        return type(cls.__name__, (cls,), {"door": door})

    def on_headers_complete(self) -> None:
        if self.url == _PATH and self.parser.get_method() == b"POST" and self._goes_at_once():
            keeps = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
            self.cycle = _Sale(keeps, _wanted(self.headers))
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if isinstance(self.cycle, _Sale):
            if len(self.cycle.body) <= BODY_BYTES_MAX:  # of what is too large the rest need not be kept
                self.cycle.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if isinstance(self.cycle, _Sale):
            self._ask(self.cycle)
        else:
            super().on_message_complete()

    def _goes_at_once(self) -> bool:
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self.expect_100_continue and not self.parser.should_upgrade()

    def _ask(self, sale: _Sale) -> None:
        try:
            request = self.door.asked(sale.headers, bytes(sale.body))
            answer = self.door.desk.begin(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the till gets an answer
            self._refuse(sale, error)
        else:
            answer.add_done_callback(partial(self._tell, sale, request))

    def _tell(self, sale: _Sale, request: RedemptionRequest, answered: asyncio.Future[Answer]) -> None:
        try:
            answer = answered.result()
            if is_training(answer.result):
                practising = self.loop.create_task(self._practise(sale, request))
                practising.add_done_callback(self.tasks.discard)
                self.tasks.add(practising)
            else:
                self._answer(sale, answer)
        except Exception as error:  # noqa: BLE001 - as above
            self._refuse(sale, error)

    async def _practise(self, sale: _Sale, request: RedemptionRequest) -> None:
        try:
            self._answer(sale, await self.door.desk.practise(request))
        except Exception as error:  # noqa: BLE001 - as above
            self._refuse(sale, error)

    def _answer(self, sale: _Sale, answer: Answer) -> None:
        self._respond(sale, 201, _JSON, problems.marks_of(answer), redemption_document(problems.granted(answer)))

    def _refuse(self, sale: _Sale, error: Exception) -> None:
        copy_context().run(self._refuse_in_their_language, sale, error)

    def _refuse_in_their_language(self, sale: _Sale, error: Exception) -> None:
        problems.speak_with(sale.headers)
        refusal = problems.refusal_of(error, _PATH.decode())
        marks = problems.headers_of(refusal, replayed=isinstance(error, problems.RefusedAgain))
        self._respond(sale, refusal.status, problems.PROBLEM, marks, problems.document(refusal))

    def _respond(self, sale: _Sale, status: int, media_type: str, marks: dict[str, str], document: Any) -> None:
        sale.response_complete = True
        if sale.disconnected:
            return
        content = _encode(document)
        head = [STATUS_LINE[status]]
        for name, value in self.server_state.default_headers:
            head += (name, b": ", value, b"\r\n")
        head.append(f"content-type: {media_type}\r\ncontent-length: {len(content)}\r\n".encode())
        head += [f"{name.lower()}: {value}\r\n".encode() for name, value in marks.items()]
        head.append(b"\r\n" if sale.keep_alive else b"connection: close\r\n\r\n")
        self.transport.write(b"".join((*head, content)))
        if not sale.keep_alive:
            self.transport.close()
        self.on_response_complete()


def _wanted(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Where a header is repeated the first one counts, as everywhere in the service."""
    wanted: dict[str, str] = {}
    for name, value in headers:
        if name in _HEADERS:
            wanted.setdefault(_HEADERS[name], value.decode("latin-1"))
    return wanted
