"""Enrolment codes, and what a wallet may see. Pure.

A code is fifteen characters of Crockford's base 32, 75 random bits: a letter is on its way for days, and the code opens
the card that it comes with.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from ledger.cards.model import Card
from ledger.keyring import same
from ledger.wallets.model import Known, Wallet

CODE_LIFE = timedelta(days=30)
# So long the telephone that enrolled may ask for a lost answer again; nobody else gets one.
REPEATED_FOR = timedelta(minutes=15)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP, _GROUPS = 5, 3


def new_code() -> str:
    """An enrolment code as it is shown: `7K3QZ-90ABC-DEFGH`."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def may_enrol(known: Known, token_sha256: bytes, now: datetime) -> bool:
    """A code that is unused and not over; or the very telephone that used it a moment ago asks again."""
    if known.enrolled_at is None:
        return now < known.expires_at
    return same(known.token_sha256 or b"", token_sha256) and now < known.enrolled_at + REPEATED_FOR


def seen_by(wallet: Wallet, cards: Sequence[Card]) -> tuple[Card, ...]:
    """The wallet's own card, and the household's paper cards, which have no screen of their own. Another telephone of
    the household is somebody's own affair.
    """
    own = tuple(card for card in cards if card.id == wallet.card_id)
    return (*own, *(card for card in cards if card.kind == "paper"))
