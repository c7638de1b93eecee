"""What stands beside the members of every problem document: the facts of a refusal, each with its meaning."""

from __future__ import annotations

from typing import Any

from ledger import errors
from ledger.errors import N_, Refusal

MEMBERS: dict[str, dict[str, Any]] = {
    "type": {
        "type": "string",
        "format": "uri-reference",
        "description": N_("Leads to what the refusal means and what to do."),
    },
    "title": {"type": "string", "description": N_("What happened, for the cashier, in the till's language.")},
    "status": {"type": "integer", "description": N_("The HTTP status once more.")},
    "detail": {"type": "string", "description": N_("What to do next, in the till's language.")},
    "code": {"type": "string", "description": N_("The stable name; programs go by it.")},
    "number": {
        "type": "string",
        "pattern": "^E[0-9]{4}$",
        "description": N_("The same for the telephone, such as E3004."),
    },
    "retryable": {
        "type": "boolean",
        "description": N_("Whether the very same request, with the same key, may succeed later."),
    },
}

FACTS: dict[str, dict[str, Any]] = {
    "field": {
        "type": ["string", "null"],
        "description": N_("Where the request breaks the contract; null if it is the whole."),
    },
    "fault": {"type": "string", "description": N_("What is wrong there; for the maker of the till, in English.")},
    "days_max": {"type": "integer", "description": N_("The longest stretch of days that can be asked for.")},
    "scope": {"type": "string", "description": N_("What this device was paired for.")},
    "retry_after_seconds": {"type": "integer", "description": N_("How long to wait, as in Retry-After.")},
    "next_code_in_seconds": {"type": "integer", "description": N_("When the telephone shows its next code.")},
    "age_seconds": {"type": "integer", "description": N_("How old the request, or the sale, is.")},
    "available_cents": {"type": "integer", "description": N_("What could be paid, in centimes; 0 if nothing.")},
    "cap_per_sale_cents": {
        "type": "integer",
        "description": N_("What a paper card may spend at once, in centimes."),
    },
    "cap_per_day_cents": {"type": "integer", "description": N_("What a paper card may spend in a day, in centimes.")},
    "spent_today_cents": {"type": "integer", "description": N_("What this card spent today already, in centimes.")},
    "refundable_cents": {"type": "integer", "description": N_("What can still be given back, in centimes.")},
    "siret": {"type": "string", "description": N_("The number that no shop has here.")},
    "size": {"type": "integer", "description": N_("The size that was asked about.")},
    "redemption": {"type": "string", "format": "uuid", "description": N_("The sale that was asked about.")},
    "seal": {"type": "integer", "description": N_("The seal that no longer fits what is in the database.")},
    "training": {
        "const": True,
        "description": N_("Only at a till in training, and then true: nothing of this is in the books."),
    },
}

# What the core writes itself, because a proof is a file, too.
OF_THE_CORE: dict[tuple[str, str], str] = {
    ("Proof", "bonpois"): N_("checkpoint or receipt: which kind of proof this is."),
    ("Proof", "checkpoint"): N_("The signed head of the books, a note in text form."),
    ("Proof", "keys"): N_("The keys of the books, the first one first."),
    ("Proof", "older_size"): N_("The size of the checkpoint that was asked about."),
    ("Proof", "consistency"): N_("The hashes that lead from the older root to the present one, in base64."),
    ("Proof", "facts"): N_("The facts that are proven."),
    ("Proof", "content"): N_("What two people approved; never in these answers."),
    ("Proof", "certified"): N_("Of a certificate; never in these answers."),
    ("Key", "public_key"): N_("An Ed25519 key, in base64."),
    ("Key", "endorsement"): N_("What the key before it signed of it, in base64; none for the first."),
    ("Leaf", "content"): N_("The fact as it was sealed."),
    ("Leaf", "position"): N_("Its place in the tree, counted from 0."),
    ("Leaf", "proof"): N_("The hashes that lead from it to the root, in base64."),
}

# A refusal with its facts, where it has any.
_SHOWN: list[Refusal] = [
    errors.InvalidRequest(fault="Expected `int`, got `str`", field="basket[0].amount_cents"),
    errors.OutOfScope(scope="merchant"),
    errors.TooManyRequests(retry_after_seconds=840),
    errors.StaleRequest(age_seconds=75),
    errors.CodeAlreadyUsed(next_code_in_seconds=21),
    errors.InsufficientBalance(available_cents=0),
    errors.TooManyAttempts(retry_after_seconds=901),
    errors.CapReached(
        available_cents=2_000, cap_per_sale_cents=20_000, cap_per_day_cents=30_000, spent_today_cents=28_000
    ),
    errors.RefundTooLarge(refundable_cents=600),
    errors.MerchantBalanceTooLow(available_cents=120),
    errors.VoidTooLate(refundable_cents=850, age_seconds=1_204),
    errors.AlreadyRefunded(refundable_cents=600),
    errors.UnknownMerchant(siret="81234567800099"),
    errors.UnknownCheckpoint(size=1000),
    errors.NotSealedYet(),
    errors.FactNotAsSealed(seal=31),
    errors.Unavailable(retry_after_seconds=2),
]
_BY_CLASS = {type(refusal): refusal for refusal in _SHOWN}


def shown(refusal: type[Refusal]) -> Refusal:
    """An example of a refusal, with the facts that go with it."""
    return _BY_CLASS.get(refusal) or refusal()
