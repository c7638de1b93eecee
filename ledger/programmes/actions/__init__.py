"""What can be done with a programme, in the order of a month; one module per subject."""

from __future__ import annotations

from ledger.programmes.actions.aid_runs import approve_aid_run, list_aid_runs, prepare_aid_run
from ledger.programmes.actions.funding import confirm_funding, list_mandates, programme_funds, record_mandate
from ledger.programmes.actions.households import household_profile, import_households, list_households
from ledger.programmes.actions.programmes import (
    import_programme,
    list_programmes,
    programme_coded,
)

__all__ = [
    "approve_aid_run",
    "confirm_funding",
    "household_profile",
    "import_households",
    "import_programme",
    "list_aid_runs",
    "list_households",
    "list_mandates",
    "list_programmes",
    "prepare_aid_run",
    "programme_coded",
    "programme_funds",
    "record_mandate",
]
