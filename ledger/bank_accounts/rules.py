"""What an IBAN is, what is shown of it, and what is signed when it changes. Pure."""

from __future__ import annotations

from uuid import UUID

from stdnum import iban
from stdnum.exceptions import ValidationError

from ledger.errors import BadValue

KIND = "iban-change"
COOLING_DAYS = 3
COOLING_DAYS_MAX = 30

_HEAD, _TAIL = 4, 4


def iban_as_typed(text: str) -> str:
    """An IBAN without its blanks (ISO 13616). Refuses `BadValue`, which never repeats what was typed."""
    try:
        return iban.validate(text)
    except ValidationError:
        raise BadValue(field="iban", reason="check-digits") from None


def require_cooling(days: int) -> None:
    """Refuse (`BadValue`) a cooling period that gives no time to object, or never ends."""
    if not COOLING_DAYS <= days <= COOLING_DAYS_MAX:
        raise BadValue(field="cooling_days", value=days, least=COOLING_DAYS, most=COOLING_DAYS_MAX)


def masked(number: str) -> str:
    """Enough to recognise an account, too little to use it: `FR76 … 0224`."""
    return f"{number[:_HEAD]} … {number[-_TAIL:]}"


def grouped(number: str) -> str:
    """As it is printed on paper, in groups of four."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def change_content(merchant_id: UUID, iban_hmac: bytes, cooling_days: int) -> bytes:
    """What two people sign: whose account, which number (by its HMAC), and from when it counts."""
    return f"{KIND} {merchant_id} {iban_hmac.hex()} {cooling_days}\n".encode()
