"""A month is certified by two people and closed (L11): what is refused before, what the database refuses after."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from ledger.approvals.actions import reject_proposal
from ledger.approvals.model import Reason as Rejection
from ledger.books.transaction import TransactionKind
from ledger.certificates.actions import (
    approve_certificate,
    approve_reopening,
    certificate_of,
    list_certificates,
    propose_certificate,
    propose_reopening,
)
from ledger.certificates.model import Reason
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    ContentDiffers,
    LaterMonthCertified,
    MonthCertified,
    MonthNotCertified,
    MonthNotCovered,
    MonthNotOver,
    MonthNotSealed,
    NotPending,
    PreviousNotCertified,
    RoleMissing,
    SamePerson,
)
from ledger.reconciliation.actions import import_statement, match_statement, reconciliation_report, unmatch_line
from ledger.reconciliation.model import Account
from ledger.reports.actions import balance_of
from ledger.reports.model import Moment
from ledger.reports.model import Reason as Standing
from ledger.sealing.actions import seal
from tests.month import CHECKER_SIGNER, MAKER, MAKER_SIGNER, OCTOBER
from tests.reserve_books import fill_with_payouts
from tests.straight import NOON, account, post, refused_as

OCT, NOV = date(2026, 10, 1), date(2026, 11, 1)
L11 = "BPL11"


@pytest.fixture
async def october(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> Ledger:
    """Both statements of October imported and matched on 2 November, all of it sealed."""
    await fill_with_payouts(ledger, clock, owner)
    await import_statement(ledger, OCTOBER / "releve-pois-2026-10.csv", MAKER)
    await import_statement(ledger, OCTOBER / "releve-reserve-2026-10.camt053.xml", MAKER, Account.RESERVE)
    for each in Account:
        await match_statement(ledger, MAKER, each)
    await seal(ledger)
    return ledger


async def certify(ledger: Ledger, period: date | None = None) -> UUID:
    await seal(ledger)
    draft = await propose_certificate(ledger, MAKER_SIGNER, period)
    await approve_certificate(ledger, draft.proposal_id, CHECKER_SIGNER)
    return draft.proposal_id


async def test_a(october: Ledger) -> None:
    await certify(october)
    found, content = await certificate_of(october, OCT)
    print(found)
    print(content)
    from ledger.certificates.rules import faults
    print(faults(content))
    assert all(holds for _, holds, _ in faults(content))
