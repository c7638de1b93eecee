"""What becomes of a transfer, in the reader's words."""

from __future__ import annotations

from ledger.texts import gettext as _


def state_label(code: str) -> str:
    """The state of a transfer."""
    words = {
        "prepared": _("waits for approval"),
        "approved": _("approved, not yet written"),
        "refused": _("rejected by the second person"),
        "withdrawn": _("given up"),
        "exported": _("written for the bank"),
        "sent": _("received by the bank"),
        "accepted": _("accepted by the bank"),
        "rejected": _("rejected by the bank"),
        "paid": _("carried out by the bank"),
        "returned": _("sent back by the bank"),
    }
    return words.get(code, code)
