"""Where a list goes on: a text that says it to us and nothing to anybody else.

It holds what was asked for, too, so that every page is one of the same list whatever happens between. It is good for
the merchant, the call and the key file that it was made for.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from ledger.errors import N_, InvalidRequest
from ledger.keyring import Keyring, same

Place = TypeVar("Place", bound=msgspec.Struct)

ROWS_MAX = 500
_MARK_BYTES = 12

Cursor = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        max_length=400,
        description=N_("The next_cursor of the page before, and no other parameter; without it, the first page."),
    ),
]
Limit = Annotated[
    int | None,
    QueryParameter(
        name="limit", ge=1, le=ROWS_MAX, description=N_("How many rows a page has at most; 100 by default.")
    ),
]
ROWS_USUAL = 100


def cursor_to(keys: Keyring, merchant_id: UUID, place: msgspec.Struct) -> str:
    """The text that leads to a place in a merchant's list."""
    content = msgspec.msgpack.encode(place)
    return urlsafe_b64encode(_mark(keys, merchant_id, type(place), content) + content).rstrip(b"=").decode()


def place_of(keys: Keyring, merchant_id: UUID, text: str, kind: type[Place], *others: object) -> Place:
    """The place that a text leads to. Refuses `InvalidRequest` where we did not write it for this list, or where
    something `others` was asked beside it.
    """
    try:
        whole = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        whole = b""
    mark, content = whole[:_MARK_BYTES], whole[_MARK_BYTES:]
    if not same(mark, _mark(keys, merchant_id, kind, content)) or any(other is not None for other in others):
        raise InvalidRequest(field="cursor", fault="Not the cursor of a page before, or not alone")
    return msgspec.msgpack.decode(content, type=kind)


def _mark(keys: Keyring, merchant_id: UUID, kind: type[msgspec.Struct], content: bytes) -> bytes:
    return keys.hmac("cursor", kind.__name__.encode(), merchant_id.bytes, content)[:_MARK_BYTES]
