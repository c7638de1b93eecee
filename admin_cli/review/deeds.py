"""What a review's orders do: the use cases of the commands of the same names, each in its own unit of work.

Each leaves the entry in the audit trail that its command would have left.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from admin_cli.review.state import Act, Done, Order
from ledger.adjustments.model import Reason
from ledger.approvals.actions import record_command, reject_proposal
from ledger.approvals.model import Reason as RejectReason
from ledger.errors import Refusal
from ledger.reconciliation.actions import unmatch_line
from ledger.reconciliation.choices import accept_suggestion
from ledger.reconciliation.model import Account
from ledger.reconciliation.model.breaks import BreakFile, Course, Deed, ReopenReason, State
from ledger.reconciliation.resolving import (
    Correction,
    assign_break,
    break_file,
    comment_break,
    erase_comment,
    propose_claim,
    propose_correction,
    propose_write_off,
    reopen_break,
    wait_for_break,
)

if TYPE_CHECKING:
    from admin_cli.console import Session
    from ledger.approvals.model import Signer

COMMANDS = {
    Act.ACCEPT: "reconcile accept",
    Act.ASSIGN: "break assign",
    Act.COMMENT: "break comment",
    Act.WAIT: "break wait",
    Act.CLAIM: "break claim",
    Act.CORRECT: "break correct",
    Act.WRITE_OFF: "break write-off",
}


class AsksElsewhere(Protocol):
    """A keyboard that others may use in between, to ask for a passphrase."""

    def as_found(self) -> AbstractContextManager[None]: ...


@dataclass
class Desk:
    """Where orders are carried out; the operator's key is unlocked once, when it is needed first."""

    session: Session
    account: Account
    period: date | None
    keyboard: AsksElsewhere
    unlocked: Signer | None = None

    async def carry_out(self, order: Order) -> Done | None:
        """Carry out an order; nothing is left to take back after an undo. Refuses as its use case does."""
        words = COMMANDS[order.act] if order.done is None else _UNDOING[order.done.act]
        try:
            done = await (self._do(order) if order.done is None else self._undo(order, order.done))
        except Refusal as refusal:
            await record_command(self.session.ledger, self.session.operator, words, refusal.label)
            raise
        await record_command(self.session.ledger, self.session.operator, words, "ok")
        return done

    async def _do(self, order: Order) -> Done:
        if order.act is Act.ACCEPT:
            return await self._accept(order)
        if order.act in {Act.CLAIM, Act.CORRECT, Act.WRITE_OFF}:
            return await self._propose(order)
        return await self._look_after(order)

    async def _accept(self, order: Order) -> Done:
        ledger, operator = self.session.ledger, self.session.operator
        made = await accept_suggestion(ledger, str(order.item.id), operator, self.account, period=self.period)
        line = made.suggestion.match.lines[0]
        return Done(Act.ACCEPT, order.item.id, record=line.record, month=line.closed_on.replace(day=1))

    async def _look_after(self, order: Order) -> Done:
        ledger, operator, handle = self.session.ledger, self.session.operator, order.item.id.hex
        life = order.item.life
        if order.act is Act.ASSIGN:
            await assign_break(ledger, handle, operator, operator)
            return Done(Act.ASSIGN, order.item.id, owner=life.owner if life else None)
        if order.act is Act.COMMENT:
            file = await comment_break(ledger, handle, order.words, operator)
            return Done(Act.COMMENT, order.item.id, event_id=_last_comment(file, operator))
        assert order.day is not None, "one waits until a day"
        await wait_for_break(ledger, handle, order.day, operator)
        waited = life is not None and life.state is State.WAITING and life.course is Course.WAIT
        return Done(Act.WAIT, order.item.id, due_on=life.due_on if life and waited else None)

    async def _propose(self, order: Order) -> Done:
        signer, handle = await self._signer(), order.item.id.hex
        if order.act is Act.CLAIM:
            assert order.day is not None, "a claim has a day"
            claim = await propose_claim(self.session.ledger, handle, order.day, signer)
            return Done(Act.CLAIM, order.item.id, proposal_id=claim.proposal_id)
        if order.act is Act.WRITE_OFF:
            move = await propose_write_off(self.session.ledger, handle, signer, order.words or None)
        else:
            move = await propose_correction(self.session.ledger, handle, _correction(order), signer)
        return Done(order.act, order.item.id, proposal_id=move.proposal_id)

    async def _undo(self, order: Order, done: Done) -> None:
        ledger, operator, handle = self.session.ledger, self.session.operator, order.item.id.hex
        if done.record is not None:
            await unmatch_line(ledger, done.record, operator, self.account, period=done.month)
        elif done.proposal_id is not None:
            await reject_proposal(ledger, done.proposal_id, await self._signer(), RejectReason.WITHDRAWN)
        elif done.event_id is not None:
            events = [event.id for event in (await break_file(ledger, handle)).events]
            await erase_comment(ledger, handle, events.index(done.event_id) + 1, operator)
        elif done.act is Act.ASSIGN:
            await assign_break(ledger, handle, done.owner, operator)
        elif done.due_on is not None:
            await wait_for_break(ledger, handle, done.due_on, operator)
        else:
            await reopen_break(ledger, handle, ReopenReason.MISTAKE, operator)

    async def _signer(self) -> Signer:
        if self.unlocked is None:
            with self.keyboard.as_found():
                self.unlocked = await self.session.signer()
        return self.unlocked


def _correction(order: Order) -> Correction:
    """Our transaction taken back, where a reason was given; else what follows from the difference."""
    if not order.words or order.item.found is None:
        return Correction()
    return Correction(Reason(order.words), reverses_id=order.item.found.units[0].id)


def _last_comment(file: BreakFile, operator: str) -> UUID:
    own = [event for event in file.events if event.deed is Deed.COMMENT and event.by == operator]
    return max(own, key=lambda event: (event.at, event.nth)).id


_UNDOING = {
    Act.ACCEPT: "reconcile unmatch",
    Act.ASSIGN: "break assign",
    Act.COMMENT: "break erase-comment",
    Act.WAIT: "break reopen",
    Act.CLAIM: "approval reject",
    Act.CORRECT: "approval reject",
    Act.WRITE_OFF: "approval reject",
}
