"""What a correction has to move so that a difference is settled, and which accounts that takes. Pure.

A difference is ours less theirs, in the view of the account's holder: to settle it, our side moves by its negative.
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from ledger.adjustments.model import Leg
from ledger.books.transaction import TransactionKind
from ledger.errors import BadValue
from ledger.reconciliation.model import Account, Break

WAIT_DAYS_MAX = 366
COMMENT_CHARACTERS_MAX = 1000
CLAIM = "break-claim"

_FUND = "association:guarantee-fund"


def claim_content(break_id: UUID, value_cents: int, due_on: date) -> bytes:
    """Everything that is signed of a claim, in one form only."""
    lines = [f"break {break_id}", "course they-correct", f"value {value_cents}", f"due {due_on.isoformat()}"]
    return "\n".join(lines).encode()


def written_off(found: Break, account: Account, pool: str) -> tuple[Leg, ...]:
    """The difference goes to suspense, where it stays in sight.

    On the dedicated account the euros that back the Pois follow them (L8): what is lost counts as returned by the
    CCAS, what is found as mandated by it.
    """
    cents = found.difference_cents
    if account is Account.RESERVE:
        return Leg("suspense:EUR", cents), Leg(_FUND, -cents)
    euros = "ccas:returned" if cents > 0 else "ccas:mandated"
    return Leg(pool, cents), Leg("suspense:POIS", -cents), Leg(euros, cents), Leg("suspense:EUR", -cents)


def plain_correction(found: Break, account: Account) -> TransactionKind | None:
    """What corrects a difference of the reserve that stands at the bank alone: it took a fee, or gave one back."""
    if account is not Account.RESERVE or found.units:
        return None
    return TransactionKind.RESERVE_LOSS if found.difference_cents > 0 else TransactionKind.RESERVE_MADE_GOOD


def require_due(due_on: date, today: date) -> None:
    """Refuse (`BadValue`) a day that is not ahead, or too far."""
    last = today + timedelta(days=WAIT_DAYS_MAX)
    if not today <= due_on <= last:
        raise BadValue(field="until", value=due_on.isoformat(), pattern=f"{today.isoformat()}/{last.isoformat()}")


def comment_as_typed(words: str) -> str:
    """A comment without outer blanks. Refuses `BadValue`: none, too long, or with control characters."""
    kept = words.strip()
    if not kept or len(kept) > COMMENT_CHARACTERS_MAX or any(ord(each) < 32 and each != "\n" for each in kept):
        raise BadValue(field="comment", value=kept[:40], pattern=f"1-{COMMENT_CHARACTERS_MAX}")
    return kept
