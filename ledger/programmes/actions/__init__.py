"""What can be done with a programme, in the order of a month; one module per subject."""

from __future__ import annotations

from ledger.programmes.actions.aid_runs import (
    aid_run_content,
    aid_run_numbered,
    aid_run_proposed,
    approve_aid_run,
    list_aid_runs,
    prepare_aid_run,
    revocable_in_aid_run,
    revoke_aid_run,
)
from ledger.programmes.actions.erasures import erase_household, erase_silent_households, silent_households
from ledger.programmes.actions.funding import (
    cancel_mandate,
    confirm_funding,
    list_mandates,
    programme_funds,
    record_mandate,
    reserved_cents,
)
from ledger.programmes.actions.households import household_profile, import_households, list_households
from ledger.programmes.actions.liquidations import liquidation
from ledger.programmes.actions.programmes import (
    import_programme,
    list_programmes,
    programme_coded,
)
from ledger.programmes.actions.renewals import renew_decisions

__all__ = [
    "aid_run_content",
    "aid_run_numbered",
    "aid_run_proposed",
    "approve_aid_run",
    "cancel_mandate",
    "confirm_funding",
    "erase_household",
    "erase_silent_households",
    "household_profile",
    "import_households",
    "import_programme",
    "liquidation",
    "list_aid_runs",
    "list_households",
    "list_mandates",
    "list_programmes",
    "prepare_aid_run",
    "programme_coded",
    "programme_funds",
    "record_mandate",
    "renew_decisions",
    "reserved_cents",
    "revocable_in_aid_run",
    "revoke_aid_run",
    "silent_households",
]
