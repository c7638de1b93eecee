"""What routes are given by name; `app` says by whom."""

from __future__ import annotations

from litestar.di import NamedDependency

from ledger.database.unit_of_work import Ledger
from ledger.merchants.model import TillSession
from ledger.redemptions.desk import Desk

OpenedLedger = NamedDependency[Ledger]
OneDesk = NamedDependency[Desk]
CallingTill = NamedDependency[TillSession]
