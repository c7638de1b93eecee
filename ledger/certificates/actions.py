"""A month is certified by two people, and reopened by two; until then nothing in it changes (L11).

Who prepares signs the text of the certificate; who approves has it written again from the books, under locks, and signs
only what is still the same, word for word.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from importlib import resources
from importlib.metadata import version as version_of
from uuid import UUID

from ledger.approvals.actions import approve, propose, require_content
from ledger.approvals.model import Signer
from ledger.calendar import paris_day
from ledger.certificates import rules, store
from ledger.certificates.model import KIND, REOPENING_KIND, Certificate, Content, Draft, Reason, Reopening
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    CertifiedClosingDiffers,
    FileWaits,
    MonthNotCertified,
    MonthNotCovered,
    MonthNotSealed,
    NoStatement,
    UnknownProposal,
)
from ledger.reconciliation.actions import identities_within, report_within, statements_within
from ledger.reconciliation.model import Account, Report


async def propose_certificate(ledger: Ledger, signer: Signer, period: date | None = None) -> Draft:
    """Prepare a month for another person to certify, signed; by default the next one in turn.

    `period`: its first day. Seal the books before, so that a checkpoint covers the month.
    Refuses `NoStatement`, `MonthNotOver`, `MonthCertified`, `PreviousNotCertified`, `MonthNotCovered`, `FileWaits`,
    `ProofNotZero`, `CertifiedClosingDiffers`, `MonthNotSealed`, and as `propose` does.
    """
    async with ledger.unit_of_work() as work:
        await store.take_turn(work)
        month = period or await _due(work)
        seal = await store.seal(work)
        if seal is None:
            raise MonthNotSealed(period=f"{month:%Y-%m}")
        content = await _content(work, month, work.now, seal)
        text = rules.written(content)
        proposal_id = await propose(work, KIND, text, signer)
        await store.add_draft(work, proposal_id, month, content.version, seal[0], text)
        return await _draft(work, proposal_id)


async def approve_certificate(ledger: Ledger, proposal_id: UUID, signer: Signer) -> Draft:
    """Certify a month that another one prepared: from now on nothing in it changes.

    Refuses `UnknownProposal`, `ContentDiffers` where anything has changed since it was prepared, whatever
    `propose_certificate` refuses, and as `approve` does.
    """
    async with ledger.unit_of_work() as work:
        await store.take_turn(work)
        draft = await _draft(work, proposal_id)
        prepared = rules.read(draft.content)
        seal = await store.seal(work, draft.seal_number)
        assert seal is not None, "a draft names a seal that is there"
        content = await _content(work, draft.period, datetime.fromisoformat(prepared.prepared_at), seal)
        await require_content(work, proposal_id, rules.written(content))
        await approve(work, proposal_id, signer)
        await store.certify(work, proposal_id)
        return draft


async def propose_reopening(ledger: Ledger, period: date, reason: Reason, signer: Signer) -> Reopening:
    """Propose that the last certified month be opened again, for a reason that is kept.

    Refuses `MonthNotCertified`, `LaterMonthCertified`, and as `propose` does.
    """
    async with ledger.unit_of_work() as work:
        await store.take_turn(work)
        found = rules.require_last(period, await store.certificates(work))
        text = rules.reopening_text(period, found.version, reason)
        proposal_id = await propose(work, REOPENING_KIND, text, signer)
        await store.add_proposed_reopening(work, proposal_id, found, reason)
        return await _reopening(work, proposal_id)


async def approve_reopening(ledger: Ledger, proposal_id: UUID, signer: Signer) -> Reopening:
    """Open a month again; its certificate stays as it is, and the next version supersedes it.

    Refuses `UnknownProposal`, `MonthNotCertified`, `LaterMonthCertified`, and as `approve` does.
    """
    async with ledger.unit_of_work() as work:
        await store.take_turn(work)
        wanted = await _reopening(work, proposal_id)
        found = rules.require_last(wanted.period, await store.certificates(work))
        if found.version != wanted.version:
            raise MonthNotCertified(period=f"{wanted.period:%Y-%m}", version=wanted.version)
        text = rules.reopening_text(wanted.period, wanted.version, wanted.reason)
        await require_content(work, proposal_id, text)
        await approve(work, proposal_id, signer)
        await store.reopen(work, proposal_id)
        return wanted


async def list_certificates(ledger: Ledger) -> list[Certificate]:
    """All certificates that were ever signed, by month and version."""
    async with ledger.unit_of_work() as work:
        return await store.certificates(work)


async def certificate_of(ledger: Ledger, period: date, version: int | None = None) -> tuple[Certificate, Content]:
    """One certificate, by default the last version of its month, with what was signed. Refuses `MonthNotCertified`."""
    async with ledger.unit_of_work() as work:
        found = [one for one in await store.certificates(work) if one.period == period]
        wanted = [one for one in found if version in {None, one.version}]
        if not wanted:
            raise MonthNotCertified(period=f"{period:%Y-%m}", version=version)
        return wanted[-1], rules.read((await _draft(work, wanted[-1].proposal_id)).content)


async def show_certificate(ledger: Ledger, proposal_id: UUID) -> Content:
    """What was proposed. Refuses `UnknownProposal`."""
    async with ledger.unit_of_work() as work:
        return rules.read((await _draft(work, proposal_id)).content)


async def show_reopening(ledger: Ledger, proposal_id: UUID) -> Reopening:
    """What was proposed. Refuses `UnknownProposal`."""
    async with ledger.unit_of_work() as work:
        return await _reopening(work, proposal_id)


async def certificate_content(work: UnitOfWork, proposal_id: UUID) -> bytes | None:
    """The text of a proposed certificate, as the books keep it; nothing where there is no such thing."""
    found = await store.draft(work, proposal_id)
    return None if found is None else found.content


async def reopening_content(work: UnitOfWork, proposal_id: UUID) -> bytes | None:
    """The text of a proposed reopening, written again from its row; nothing where there is no such thing."""
    found = await store.proposed_reopening(work, proposal_id)
    return None if found is None else rules.reopening_text(found.period, found.version, found.reason)


async def altered_certificates(work: UnitOfWork) -> AsyncIterator[tuple[object, dict[str, object]]]:
    """Each certificate that stands and tells something else than the books do: whose and what."""
    moved, files = await store.moved_by_month(work), await store.files_by_month(work)
    for certificate in [one for one in await store.certificates(work) if one.holds]:
        draft = await store.draft(work, certificate.proposal_id)
        seal = None if draft is None else await store.seal(work, draft.seal_number)
        content = None if draft is None else rules.readable(draft.content)
        if content is None or seal is None:
            yield f"{certificate.period:%Y-%m}", {"fault": "without its text or its seal"}
            continue
        if content.checkpoint != seal[1]:
            yield content.period, {"fault": "another checkpoint"}
        for part in content.accounts:
            months = moved.get(part.account, [])
            ours = sum(cents for month, cents in months if month <= certificate.period)
            last_day = rules.month_end(certificate.period)
            matches = await store.matches_sha256(work, part.account, certificate.period, last_day)
            theirs = files.get((part.account, certificate.period), ([], 0, 0))
            if not rules.tells(part, ours, theirs, matches):
                yield content.period, {"account": part.account, "ours_cents": ours, "theirs_cents": theirs[2]}


async def _due(work: UnitOfWork) -> date:
    """The next month in turn: the one after the last certified, or the first with a statement."""
    until = await store.certified_until(work)
    return await _first_month(work) if until is None else rules.month_after(until)


async def _first_month(work: UnitOfWork) -> date:
    told = await statements_within(work)
    if not told:
        raise NoStatement(account=Account.POIS.value, period=None)
    return min(every[0].first_day for every in told.values()).replace(day=1)


async def _content(work: UnitOfWork, period: date, prepared_at: datetime, seal: tuple[int, str]) -> Content:
    """What a certificate says now, of this day of preparation and with this checkpoint; or why there can be none."""
    last_day = rules.month_end(period)
    until = await store.certified_until(work)
    rules.require_turn(period, paris_day(work.now), await _first_month(work), until)
    if not await store.is_sealed_until(work, last_day, seal[0]):
        raise MonthNotSealed(period=f"{period:%Y-%m}")
    then = replace(work, now=prepared_at)
    reports = await _reports(then, period, last_day)
    identities = await identities_within(then, period, last_day)
    rules.require_identities(identities)
    every = await store.certificates(work)
    superseded = [one for one in every if one.period == period]
    previous = next((one for one in every if one.holds and rules.month_end(one.period) == until), None)
    before = rules.read((await _draft(work, previous.proposal_id)).content) if previous else None
    parts = [
        rules.account_part(
            report,
            await store.matches_sha256(work, report.statement.account.value, period, last_day),
            rules.account_of(before, report.statement.account.value),
        )
        for report in reports
    ]
    for part in parts:
        if not rules.continues(part):
            raise CertifiedClosingDiffers(account=part.account, period=f"{period:%Y-%m}")
    return rules.content(
        period=period,
        version=1 + max((one.version for one in superseded), default=0),
        rehearsal=await store.is_rehearsal(work),
        links=(rules.link(superseded[-1] if superseded else None), rules.link(previous)),
        made_with=(version_of("bonpois"), _rules_digest()),
        prepared_at=prepared_at,
        checkpoint=seal[1],
        accounts=parts,
        identities=identities,
    )


async def _reports(work: UnitOfWork, period: date, last_day: date) -> Sequence[Report]:
    """The report of each account that has statements; each must have one of this month, to its end, and none waits."""
    reports = []
    for account in sorted({*await statements_within(work), Account.POIS}):
        waiting = await store.file_waiting(work, account.value, last_day)
        if waiting is not None:
            raise FileWaits(account=account.value, file=waiting)
        try:
            report = await report_within(work, account, period)
        except NoStatement:
            raise MonthNotCovered(account=account.value, period=f"{period:%Y-%m}", until=None) from None
        rules.require_proven(report, last_day)
        reports.append(report)
    return reports


def _rules_digest() -> str:
    folder = resources.files("ledger.reconciliation.rules")
    files = [file for file in folder.iterdir() if file.name.endswith(".py")]
    return rules.digest_of_rules((file.name, file.read_bytes()) for file in files)


async def _draft(work: UnitOfWork, proposal_id: UUID) -> Draft:
    found = await store.draft(work, proposal_id)
    if found is None:
        raise UnknownProposal(proposal=str(proposal_id))
    return found


async def _reopening(work: UnitOfWork, proposal_id: UUID) -> Reopening:
    found = await store.proposed_reopening(work, proposal_id)
    if found is None:
        raise UnknownProposal(proposal=str(proposal_id))
    return found
