"""What people do about a break: look after it, comment on it, wait, ask for a correction, correct, write it off.

To wait and to comment one person is enough. Whatever concerns money or the books is proposed by one, signed, and
approved by another: a claim on the other side, our correction, a write-off. The last two are moves of
`ledger.adjustments` that name the break, so that nothing is booked but what two people signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.adjustments.actions import mirror_draft, propose_draft
from ledger.adjustments.model import Draft, Leg, Move, Reason
from ledger.adjustments.rules import adjustment, transfer_legs
from ledger.approvals.actions import approve, operator_named, proposal_of, propose, require_content
from ledger.approvals.model import Role, Signer
from ledger.books.transaction import TransactionKind
from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    BreakChanged,
    BreakSettled,
    CorrectionMisses,
    CorrectionUnclear,
    NothingToReopen,
    ResolutionWaits,
    UnknownBreak,
    UnknownComment,
    UnknownProposal,
)
from ledger.programmes.actions import list_programmes, programme_coded
from ledger.reconciliation.finding import Located, locate
from ledger.reconciliation.lives import lives_of, note_breaks
from ledger.reconciliation.model import Account
from ledger.reconciliation.model.breaks import BreakFile, Claim, Deed, ReopenReason, State
from ledger.reconciliation.rules import settling
from ledger.reconciliation.rules.lives import standing_comments
from ledger.reconciliation.store import breaks as break_store
from ledger.reconciliation.store import files

_LOOKS_AFTER = (Role.FINANCE, Role.TREASURER, Role.REVIEWER)


@dataclass(frozen=True, slots=True)
class Correction:
    """How our books are to be corrected: posting by posting, or by taking a transaction back; without either, by
    what follows from the difference.
    """

    reason: Reason | None = None
    legs: tuple[Leg, ...] = ()
    reverses_id: UUID | None = None


async def break_file(ledger: Ledger, handle: str) -> BreakFile:
    """A break with all that was ever done about it, comments opened. Refuses `UnknownBreak`, `BreakAmbiguous`."""
    async with ledger.unit_of_work() as work:
        return await _file(work, await locate(work, handle))


async def assign_break(ledger: Ledger, handle: str, owner: str | None, operator: str) -> BreakFile:
    """Give a break to an operator to look after, or to nobody.

    Refuses as `locate` does, `UnknownOperator`, `OperatorSuspended`, `RoleMissing`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, *_LOOKS_AFTER)
        given = await operator_named(work, owner) if owner is not None else None
        located = await _taken(work, handle)
        if given is None:
            await break_store.add_event(work, located.found.id, Deed.RELEASE, who.id)
        else:
            await break_store.add_event(work, located.found.id, Deed.ASSIGN, who.id, owner_id=given.id)
        return await _file(work, located)


async def comment_break(ledger: Ledger, handle: str, words: str, operator: str) -> BreakFile:
    """Say something about a break: the words lie encrypted in identity, the books keep their HMAC.

    Refuses as `locate` does, `BadValue`, `UnknownOperator`.
    """
    kept = settling.comment_as_typed(words)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator)
        located = await _taken(work, handle)
        await break_store.add_event(work, located.found.id, Deed.COMMENT, who.id, comment=kept)
        return await _file(work, located)


async def erase_comment(ledger: Ledger, handle: str, nth: int, operator: str) -> BreakFile:
    """Forget the words of a comment for good; that there was one stays on record.

    `nth`: its place in the file, from 1. Refuses as `locate` does, `UnknownComment`, `UnknownOperator`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator)
        located = await _taken(work, handle)
        events = (await _file(work, located)).events
        named = events[nth - 1] if 0 < nth <= len(events) else None
        if named is None or named not in standing_comments(events):
            raise UnknownComment(comment=nth)
        await break_store.add_event(work, named.break_id, Deed.ERASE, who.id, erases=named.nth)
        await break_store.forget_words(work, named.id)
        return await _file(work, located)


async def wait_for_break(ledger: Ledger, handle: str, until: date, operator: str) -> BreakFile:
    """Wait until a day for it to settle by itself; after that it is open again.

    Refuses as `locate` does, `BadValue`, `BreakSettled`, `ResolutionWaits`, `UnknownOperator`, `RoleMissing`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, *_LOOKS_AFTER)
        settling.require_due(until, paris_day(work.now))
        located = await _undecided(work, handle)
        await break_store.add_event(work, located.found.id, Deed.WAIT, who.id, due_on=until)
        return await _file(work, located)


async def reopen_break(ledger: Ledger, handle: str, reason: ReopenReason, operator: str) -> BreakFile:
    """End a wait, or a claim that came to nothing: the break is open again, as old as it is.

    Refuses as `locate` does, `NothingToReopen`, `UnknownOperator`, `RoleMissing`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, *_LOOKS_AFTER)
        located = await _taken(work, handle)
        if located.life.due_on is None or located.life.state not in {State.WAITING, State.OPEN}:
            raise NothingToReopen(difference=str(located.found.id), state=located.life.state.value)
        await break_store.add_event(work, located.found.id, Deed.REOPEN, who.id, reason=reason.value)
        return await _file(work, located)


async def propose_claim(ledger: Ledger, handle: str, until: date, signer: Signer) -> Claim:
    """Propose that the other side is to correct a break, until a day. It moves no money, so it counts to no limit.

    Refuses as `locate` and `propose` do, `BadValue`, `BreakSettled`, `ResolutionWaits`.
    """
    async with ledger.unit_of_work() as work:
        settling.require_due(until, paris_day(work.now))
        located = await _undecided(work, handle)
        break_id, value_cents = located.found.id, located.life.value_cents
        content = settling.claim_content(break_id, value_cents, until)
        proposal_id = await propose(work, settling.CLAIM, content, signer)
        await break_store.add_claim(work, proposal_id, break_id, value_cents, until)
        return await _claim(work, proposal_id)


async def approve_claim(ledger: Ledger, proposal_id: UUID, signer: Signer) -> Claim:
    """Approve a claim that another person proposed; the break then waits until its day.

    Refuses `UnknownProposal`, `ContentDiffers`, `BreakChanged` and as `approve` does.
    """
    async with ledger.unit_of_work() as work:
        claim = await _claim(work, proposal_id)
        await _take_turns(work)
        await require_content(work, proposal_id, await claim_content(work, proposal_id) or b"")
        try:
            located = await locate(work, claim.break_id.hex)
        except UnknownBreak:
            raise BreakChanged(proposal=claim.number, difference=str(claim.break_id)) from None
        if located.life.state.is_done or located.life.value_cents != claim.value_cents:
            raise BreakChanged(proposal=claim.number, difference=str(claim.break_id))
        await approve(work, proposal_id, signer)
        return claim


async def show_claim(ledger: Ledger, proposal_id: UUID) -> Claim:
    """What was proposed. Refuses `UnknownProposal`."""
    async with ledger.unit_of_work() as work:
        return await _claim(work, proposal_id)


async def claim_content(work: UnitOfWork, proposal_id: UUID) -> bytes | None:
    """What a claim says, made again from the rows of today; nothing where there is no such claim."""
    row = await break_store.claim(work, proposal_id)
    return None if row is None else settling.claim_content(row.break_id, row.value_cents, row.due_on)


async def propose_correction(ledger: Ledger, handle: str, correction: Correction, signer: Signer) -> Move:
    """Propose to correct our books so that a break is settled to the cent.

    Refuses as `locate` does, `BreakSettled`, `ResolutionWaits`, `CorrectionUnclear`, `CorrectionMisses`, and all that
    a move is refused for.
    """
    async with ledger.unit_of_work() as work:
        located = await _undecided(work, handle)
        return await _proposed(work, located, await _drafted(work, located, correction), signer)


async def propose_write_off(ledger: Ledger, handle: str, signer: Signer, programme: str | None = None) -> Move:
    """Propose to give a difference up: it goes to suspense, of a programme where it is in Pois.

    Refuses as `propose_correction` does; `CorrectionUnclear` where there are several programmes and none is named.
    """
    codes = [one.code for one in await list_programmes(ledger)]
    async with ledger.unit_of_work() as work:
        located = await _undecided(work, handle)
        if programme is not None:
            codes = [(await programme_coded(work, programme)).code]
        if located.account is Account.POIS and len(codes) != 1:
            raise CorrectionUnclear(difference=str(located.found.id), programmes=codes)
        pool = f"programme:{codes[0]}:pool" if codes else ""
        legs = settling.written_off(located.found, located.account, pool)
        return await _proposed(work, located, adjustment(legs, Reason.WRITTEN_OFF, located.found.id), signer)


async def _drafted(work: UnitOfWork, located: Located, correction: Correction) -> Draft:
    found = located.found
    if correction.reverses_id is not None and correction.reason is not None and not correction.legs:
        return await mirror_draft(work, correction.reverses_id, correction.reason, found.id)
    if correction.legs and correction.reason is not None and correction.reverses_id is None:
        return adjustment(correction.legs, correction.reason, found.id)
    kind = settling.plain_correction(found, located.account)
    if kind is None or correction != Correction():
        raise CorrectionUnclear(difference=str(found.id))
    fund, owed = "association:guarantee-fund", "association:owes-reserve"
    is_loss = kind is TransactionKind.RESERVE_LOSS
    debit, credit = (owed, fund) if is_loss else (fund, owed)
    reason = Reason.BANK_FEE if is_loss else Reason.MADE_GOOD
    return Draft(kind, reason, transfer_legs(debit, credit, abs(found.difference_cents)), break_id=found.id)


async def _proposed(work: UnitOfWork, located: Located, draft: Draft, signer: Signer) -> Move:
    """Nothing is proposed that leaves a cent of the difference."""
    move = await propose_draft(work, draft, signer)
    effect_cents = await break_store.effect_cents(work, located.account, move.proposal_id)
    needed_cents = -located.found.difference_cents
    if effect_cents != needed_cents:
        raise CorrectionMisses(needed_cents=needed_cents, effect_cents=effect_cents)
    return move


async def _taken(work: UnitOfWork, handle: str) -> Located:
    """A break, while nobody imports, matches or does anything else about one; what it is about is noted, if it was not:
    one that was seen by an earlier version of the program has its day of first sight only.
    """
    await _take_turns(work)
    located = await locate(work, handle)
    await note_breaks(work, located.account, [located.found])
    return located


async def _undecided(work: UnitOfWork, handle: str) -> Located:
    """The same of one that is still to be decided about. Refuses `BreakSettled`, `ResolutionWaits`."""
    located = await _taken(work, handle)
    if located.life.state.is_done:
        raise BreakSettled(difference=str(located.found.id), state=located.life.state.value)
    if located.life.state is State.PROPOSED:
        raise ResolutionWaits(difference=str(located.found.id), proposal=located.life.proposal)
    return located


async def _take_turns(work: UnitOfWork) -> None:
    """Of all accounts, always in the same order."""
    for account in Account:
        await files.take_turn(work, account)


async def _file(work: UnitOfWork, located: Located) -> BreakFile:
    told = (await break_store.told_of(work, located.account, [located.found])).get(located.found.id)
    life = (await lives_of(work, located.account, [located.found]))[located.found.id]
    kin = {event.break_id for event in told.events} if told else set()
    events = await break_store.events_of(work, sorted(kin), with_words=True)
    ties = await break_store.ties_of(work, located.account, located.found)
    resolutions = told.resolutions if told else ()
    return BreakFile(
        located.account, located.statement.period, located.found, life, tuple(events), resolutions, tuple(ties)
    )


async def _claim(work: UnitOfWork, proposal_id: UUID) -> Claim:
    row = await break_store.claim(work, proposal_id)
    if row is None:
        raise UnknownProposal(proposal=str(proposal_id))
    number = (await proposal_of(work, proposal_id)).number
    return Claim(proposal_id, number, row.break_id, row.value_cents, row.due_on)
