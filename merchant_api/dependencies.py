"""What routes are given by name; `app` says by whom."""

from __future__ import annotations

from litestar.di import NamedDependency

from ledger.database.unit_of_work import Ledger
from ledger.merchants.model import TillSession
from ledger.wallets.model import Wallet
from merchant_api.training.desk import FrontDesk

OpenedLedger = NamedDependency[Ledger]
OneDesk = NamedDependency[FrontDesk]
CallingTill = NamedDependency[TillSession]
HoldingWallet = NamedDependency[Wallet]
