"""What can be asked about the past. Each answer is read from one snapshot of the books, while tills go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import UnknownAccount, UnknownProgramme
from ledger.reports import rules, store
from ledger.reports.model import AidReport, Balance, Moment, Standing, TrialBalance

NOW = Moment()


async def balance_of(ledger: Ledger, account: str, moment: Moment = NOW) -> Balance:
    """What an account held. By instant a few look-ups, by day a sum over the account's postings.

    Refuses `UnknownAccount`, and `BadValue` for a moment that is still to come.
    """
    async with _asked(ledger, moment) as (work, standing):
        found = await store.balance(work, account, moment)
        if found is None:
            raise UnknownAccount(account=account)
        return Balance(**asdict(standing), account=account, **found._asdict())


async def trial_balance(ledger: Ledger, moment: Moment = NOW, *, accounts: bool = False) -> TrialBalance:
    """Debits, credits and balances by kind of account, on request by account too; equal sums in each asset.

    Refuses `BadValue` for a moment that is still to come.
    """
    async with _asked(ledger, moment) as (work, standing):
        kinds = await store.kinds_moved(work, moment)
        one_by_one = await store.accounts_moved(work, moment) if accounts else None
        totals = rules.totals(kinds)
        balanced = all(total.balances for total in totals)
        return TrialBalance(**asdict(standing), balanced=balanced, totals=totals, kinds=kinds, accounts=one_by_one)


async def aid_report(ledger: Ledger, programme_code: str | None = None, moment: Moment = NOW) -> AidReport:
    """Issued = spent + lapsed + returned + outstanding, of one programme or of all, and whether it holds.

    Refuses `UnknownProgramme`, and `BadValue` for a moment that is still to come.
    """
    async with _asked(ledger, moment) as (work, standing):
        codes = await store.programmes(work)
        if programme_code is not None and programme_code not in codes:
            raise UnknownProgramme(programme=programme_code)
        moved, held = await store.aid_moved(work, moment), await store.held_cents(work)
        found = rules.aid_by_programme(codes, moved, held)
        parts = tuple(part for part in found if programme_code in {None, part.programme})
        holds = all(part.holds for part in parts)
        return AidReport(**asdict(standing), holds=holds, programmes=parts, total=rules.aid_in_all(parts))


@asynccontextmanager
async def _asked(ledger: Ledger, moment: Moment) -> AsyncIterator[tuple[UnitOfWork, Standing]]:
    """One snapshot, and how an answer about this moment stands in it."""
    async with ledger.unit_of_work() as work:
        await work.freeze()
        now, final_until, certified_until = await store.now(work)
        rules.require_past(moment, now, paris_day(work.now))
        yield work, rules.standing(moment, now, final_until, certified_until)
