"""What the treasurer does with lots: prepare, see, withdraw, write for the bank, read what it answers."""

from __future__ import annotations

from ledger.payouts.actions.exporting import export_lot
from ledger.payouts.actions.ordering import (
    approve_lot,
    list_lots,
    lot_content,
    lot_proposed,
    prepare_lot,
    present_payer,
    set_payer,
    withdraw_lot,
)
from ledger.payouts.actions.reading import read_back

__all__ = [
    "approve_lot",
    "export_lot",
    "list_lots",
    "lot_content",
    "lot_proposed",
    "prepare_lot",
    "present_payer",
    "read_back",
    "set_payer",
    "withdraw_lot",
]
