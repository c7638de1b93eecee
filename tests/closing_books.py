"""October's books with both its statements, matched and sealed, ready to be certified; made once and cloned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from ledger.approvals.actions import approve, propose
from ledger.certificates import rules, store
from ledger.certificates.actions import approve_certificate, approve_reopening, propose_certificate, propose_reopening
from ledger.certificates.model import KIND, Reason
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from ledger.reconciliation.actions import import_statement, match_statement
from ledger.reconciliation.model import Account
from ledger.sealing.actions import seal
from tests import month
from tests.conftest import NOW
from tests.databases import TestServer
from tests.october_books import ISSUED_CENTS
from tests.reserve_books import fill_with_payouts
from tests.tampering import GUARDED, UNGUARDED

OCT, NOV, LONG_AGO = date(2026, 10, 1), date(2026, 11, 1), date(2020, 1, 1)
STATEMENTS = {
    Account.POIS: month.OCTOBER / "releve-pois-2026-10.csv",
    Account.RESERVE: month.OCTOBER / "releve-reserve-2026-10.camt053.xml",
}

# The document of the one voucher of these books, which the identities of a certificate ask for.
_VOUCHER = f"""
    INSERT INTO ledger.voucher (
        id, serial, account_id, household_id, programme_version_id, decision_id, aid_run_id, face_cents, valid_from,
        valid_until
    )
    SELECT gen_random_uuid(), 'AA-2026-2026-000001', id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
        gen_random_uuid(), {ISSUED_CENTS}, '2026-10-05', '2026-12-07'
    FROM ledger.account WHERE name = 'voucher:AA-2026-2026-000001'
"""


@asynccontextmanager
async def closing_books(server: TestServer, keys: Keyring) -> AsyncIterator[TestServer]:
    """A server whose template is this month, on 2 November."""
    async with server.clone() as urls:
        clock = FixedClock(NOW)
        ledger = Ledger(Database.at(urls.app), clock, keys)
        async with connected(urls.owner, role=f"{urls.role_prefix}_owner") as owner:
            await fill_with_payouts(ledger, clock, owner)
        async with connected(urls.owner) as superuser:
            await superuser.execute(f"{UNGUARDED}; {_VOUCHER}; {GUARDED}")
        for account, file in STATEMENTS.items():
            await import_statement(ledger, file, month.MAKER, account)
            await match_statement(ledger, month.MAKER, account)
        await seal(ledger)
        await ledger.database.aclose()
        yield replace(server, template=urlsplit(urls.app).path.removeprefix("/"))


async def certify(ledger: Ledger, period: date | None = None) -> UUID:
    """Seal, prepare, approve; gives the proposal."""
    await seal(ledger)
    draft = await propose_certificate(ledger, month.MAKER_SIGNER, period)
    await approve_certificate(ledger, draft.proposal_id, month.CHECKER_SIGNER)
    await seal(ledger)
    return draft.proposal_id


async def certify_nothing(ledger: Ledger, period: date = LONG_AGO) -> None:
    """A month before everything, certified past the use case, since it has no statement; and reopened."""
    async with ledger.unit_of_work() as work:
        seal_ = await store.seal(work)
        assert seal_ is not None
        made = rules.content(
            period=period,
            version=1,
            rehearsal=False,
            links=(None, None),
            made_with=("", ""),
            prepared_at=work.now,
            checkpoint=seal_[1],
            accounts=(),
            identities=(),
        )
        text = rules.written(made)
        proposal_id = await propose(work, KIND, text, month.MAKER_SIGNER)
        await store.add_draft(work, proposal_id, period, 1, seal_[0], text)
        await approve(work, proposal_id, month.CHECKER_SIGNER)
        await store.certify(work, proposal_id)
    await reopen(ledger, period)


async def reopen(ledger: Ledger, period: date = OCT) -> UUID:
    """Prepare, approve; gives the proposal."""
    wanted = await propose_reopening(ledger, period, Reason.WRONG_MATCH, month.MAKER_SIGNER)
    await approve_reopening(ledger, wanted.proposal_id, month.CHECKER_SIGNER)
    return wanted.proposal_id


async def buyer_and_seller(connection: asyncpg.Connection) -> tuple[int, int]:
    """The accounts of a sale in these books: the voucher's and a merchant's."""
    rows = await connection.fetch(
        "SELECT id FROM ledger.account WHERE name LIKE 'voucher:%' OR name ~ '^merchant:[0-9]+$' ORDER BY kind, id"
    )
    return rows[0]["id"], rows[1]["id"]
