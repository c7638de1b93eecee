"""Aid runs: prepared by one person, approved by another, then issued in chunks that survive being cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from ledger.approvals.actions import approve, operator_named, propose, require_content
from ledger.approvals.model import Signer
from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import NothingToIssue, NotPending, NotPossibleNow, PoolTooLow, UnknownProposal, UnknownRun
from ledger.identifiers import new_event_id
from ledger.programmes.actions.programmes import programme_coded, take_turn
from ledger.programmes.model import AidRun, AidRunLine, Programme
from ledger.programmes.rules import last_day_of_validity, run_content
from ledger.programmes.store import aid_runs as store
from ledger.vouchers.actions import issue_chunk, revocable_of_run, revoke_of_run
from ledger.vouchers.model import Ended, Grant, IssueOrder

Progress = Callable[[int, int], None]

_CHUNK_VOUCHERS = 5_000
_KIND = "aid-run"
_NO_PROPOSAL = UUID(int=0)


async def prepare_aid_run(ledger: Ledger, programme_code: str, signer: Signer) -> AidRun:
    """Gather every granted decision that is in no run yet, valid from today on; nothing is issued.

    Refuses as `propose` does, `UnknownProgramme`, `NothingToIssue`, and `PoolTooLow` where the pool does not
    cover this run beside those that wait already.
    """
    async with ledger.unit_of_work() as work:
        await operator_named(work, signer.name)
        programme, pool_cents = await take_turn(work, programme_code)
        lines = await store.waiting_lines(work, programme.id)
        if not lines:
            raise NothingToIssue(programme=programme_code)
        reserved_cents = await store.reserved_cents(work, programme.id, pending_too=True)
        _require_cover(pool_cents - reserved_cents, sum(line.amount_cents for line in lines))
        number = await store.last_number(work, programme.id) + 1
        draft = _draft(programme, number, paris_day(work.now), lines, signer.name)
        content = run_content(draft, lines)
        proposal_id = await propose(work, _KIND, content, signer, amount_cents=draft.total_cents)
        run = replace(draft, proposal_id=proposal_id)
        await store.add_run(work, run, lines)
        return run


async def approve_aid_run(
    ledger: Ledger, programme_code: str, number: int, signer: Signer, progress: Progress | None = None
) -> AidRun:
    """Approve a run that another person prepared, and issue its vouchers.

    The approval is one unit of work; each chunk of vouchers is another. A run that was approved and then cut
    goes on when this is called again, by anybody. `progress` is told how many vouchers of how many are issued.
    Refuses as `approve` does, `UnknownProgramme`, `UnknownRun`, `NotPending` (rejected, or all issued),
    `NotPossibleNow` (its validity is over), `PoolTooLow`, `ContentDiffers`.
    """
    async with ledger.unit_of_work() as work:
        run, lines = await _approved(work, programme_code, number, signer)
    for start in range(0, len(lines), _CHUNK_VOUCHERS):
        chunk = lines[start : start + _CHUNK_VOUCHERS]
        async with ledger.unit_of_work() as work:
            programme = await programme_coded(work, programme_code)
            await issue_chunk(work, _order(programme, run, chunk))
        if progress is not None:
            progress(start + len(chunk), len(lines))
    async with ledger.unit_of_work() as work:
        return await _run(work, programme_code, number)


async def revoke_aid_run(
    ledger: Ledger, programme_code: str, number: int, operator: str, progress: Progress | None = None
) -> Ended:
    """Take a run back: revoke each of its vouchers that is still active; what is left on them goes back to the pool.

    It goes in chunks, so that it can be cut and repeated. Of a run that is not issued whole, nothing is revoked:
    the rest of it would be issued afterwards, by whoever goes on with it.
    Refuses `UnknownOperator`, `RoleMissing`, `UnknownRun`, `NotPossibleNow` (not all issued, or rejected).
    """
    run = await _issued_whole(ledger, programme_code, number)
    return await revoke_of_run(ledger, run.id, operator, progress)


async def revocable_in_aid_run(ledger: Ledger, programme_code: str, number: int, operator: str) -> Ended:
    """What `revoke_aid_run` would come to now; nothing is revoked. Refuses as it does."""
    run = await _issued_whole(ledger, programme_code, number)
    return await revocable_of_run(ledger, run.id, operator)


async def list_aid_runs(ledger: Ledger) -> list[AidRun]:
    """All runs, by programme and number."""
    async with ledger.unit_of_work() as work:
        return await store.runs(work)


async def aid_run_numbered(ledger: Ledger, programme_code: str, number: int) -> AidRun:
    """One run of a programme. Refuses `UnknownRun`."""
    async with ledger.unit_of_work() as work:
        return await _run(work, programme_code, number)


async def aid_run_proposed(ledger: Ledger, proposal_id: UUID) -> AidRun:
    """The run that was put before another person under this proposal. Refuses `UnknownProposal`."""
    async with ledger.unit_of_work() as work:
        run = await store.run_proposed(work, proposal_id)
        if run is None:
            raise UnknownProposal(proposal=str(proposal_id))
        return run


async def aid_run_content(work: UnitOfWork, proposal_id: UUID) -> bytes | None:
    """What a proposal of a run says, made again from the rows of today; nothing where there is no such run."""
    run = await store.run_proposed(work, proposal_id)
    return None if run is None else run_content(run, await store.lines_of(work, run.id))


async def _approved(
    work: UnitOfWork, programme_code: str, number: int, signer: Signer
) -> tuple[AidRun, list[AidRunLine]]:
    """A run with its approval, given now or before, and the lines that were approved."""
    await operator_named(work, signer.name)
    programme, pool_cents = await take_turn(work, programme_code)
    run = await _run(work, programme_code, number)
    if run.state in {"issued", "rejected"}:
        raise NotPending(run=number, state=run.state)
    lines = await store.lines_of(work, run.id)
    await require_content(work, run.proposal_id, run_content(run, lines))
    if run.approval_id is not None:
        return run, lines
    today = paris_day(work.now)
    if today > run.valid_until:
        raise NotPossibleNow(run=number, valid_until=run.valid_until.isoformat(), today=today.isoformat())
    approval_id = await approve(work, run.proposal_id, signer)
    reserved_cents = await store.reserved_cents(work, programme.id, pending_too=False)
    _require_cover(pool_cents, reserved_cents)  # this run is approved by now, so it is among the reserved
    return replace(run, approval_id=approval_id), lines


async def _run(work: UnitOfWork, programme_code: str, number: int) -> AidRun:
    found = await store.run_numbered(work, programme_code, number)
    if found is None:
        raise UnknownRun(programme=programme_code, run=number)
    return found


async def _issued_whole(ledger: Ledger, programme_code: str, number: int) -> AidRun:
    run = await aid_run_numbered(ledger, programme_code, number)
    if run.state != "issued":
        instead = {"pending": "bonpois aid reject", "approved": "bonpois aid approve"}.get(run.state)
        raise NotPossibleNow(run=number, state=run.state, instead=instead)
    return run


def _require_cover(available_cents: int, needed_cents: int) -> None:
    if available_cents < needed_cents:
        raise PoolTooLow(available_cents=available_cents, needed_cents=needed_cents)


def _draft(programme: Programme, number: int, first_day: date, lines: Sequence[AidRunLine], prepared_by: str) -> AidRun:
    return AidRun(
        id=new_event_id(),
        programme_code=programme.code,
        number=number,
        programme_version_id=programme.version_id,
        proposal_id=_NO_PROPOSAL,
        approval_id=None,
        valid_from=first_day,
        valid_until=last_day_of_validity(first_day, programme.rules),
        voucher_count=len(lines),
        total_cents=sum(line.amount_cents for line in lines),
        prepared_by=prepared_by,
        approved_by=None,
        rejected=False,
        issued_count=0,
    )


def _order(programme: Programme, run: AidRun, lines: Sequence[AidRunLine]) -> IssueOrder:
    assert run.approval_id is not None
    return IssueOrder(
        approval_id=run.approval_id,
        aid_run_id=run.id,
        programme_id=programme.id,
        programme_code=programme.code,
        programme_version_id=run.programme_version_id,
        pool_account=programme.pool_account,
        valid_from=run.valid_from,
        valid_until=run.valid_until,
        grants=[Grant(line.decision_id, line.household_id, line.amount_cents) for line in lines],
    )
