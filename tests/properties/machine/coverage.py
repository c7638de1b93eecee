"""What a run of the machine must have come across: every kind of transaction, every refusal that it can provoke."""

from __future__ import annotations

from ledger.books.transaction import TransactionKind
from ledger.errors import CATALOGUE
from tests.properties.machine.runner import Seen

KINDS = {kind.code for kind in TransactionKind}

# Blocks of refusals that are about something else than the actions which the machine drives.
ELSEWHERE = {
    1: "requests as a door reads them; those that an action gives, too, are named below",
    6: "reconciliation, remittances",
    7: "the installation",
    9: "our own faults: the machine fails where one is seen",
}
ALSO = {"invalid-request", "unauthorised", "out-of-scope", "not-found", "too-many-requests"}

UNREACHABLE = {
    "content-differs": "what was proposed is never changed by an action; tests/integration change it straight in SQL",
    "key-file-missing": "the terminal looks for key files, not the actions",
    "passphrase-refused": "the same",
    "training-till": "given by the training door, which no book stands behind",
}

# What lots for the bank refuse; the machine pays by the list, and tests/integration/test_payout_lots.py provokes each.
UNREACHABLE |= dict.fromkeys(
    (
        "unknown-lot",
        "nothing-to-pay",
        "payer-missing",
        "account-changed",
        "account-cooling-down",
        "lot-not-approved",
        "payout-file-differs",
        "lot-at-the-bank",
    ),
    "lots for the bank are not among the machine's steps",
)

UNREACHABLE |= dict.fromkeys(
    ("no-card-wanted", "cards-changed", "papers-lost", "unknown-batch"),
    "papers are not among its steps, either; tests/integration/test_papers.py provokes each",
)
UNREACHABLE["till-disconnected"] = "nor are tills that owners disconnect; tests/api/test_own_tills.py tries that"
UNREACHABLE |= dict.fromkeys(
    ("enrolment-refused", "pin-too-simple", "telephone-enrolled", "wallet-unknown"),
    "nor are wallets; tests/api/test_wallets.py and test_refusals.py provoke each",
)


def missing(seen: Seen) -> set[str]:
    """Kinds and refusals that the run did not come across."""
    possible = {
        refusal.code
        for number, refusal in CATALOGUE.items()
        if (number // 1000 not in ELSEWHERE and number // 1000 in range(2, 6)) or refusal.code in ALSO
    }
    return (KINDS - seen.kinds.keys()) | (possible - UNREACHABLE.keys() - seen.refusals.keys())
