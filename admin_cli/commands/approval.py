"""`bonpois approval`: what one prepared and another decides about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from admin_cli.approval_kinds import KINDS
from admin_cli.arguments import REASON, Whole
from admin_cli.commands.adjust import debit_and_credit
from admin_cli.console import Session, command, noun_group
from admin_cli.display import amount, facts, table
from ledger.errors import N_, NotPossibleNow
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from ledger.approvals.model import Proposal

NUMBER_MAX = 10**9

noun = noun_group("approval", help=N_("What one person prepared and another decides about."))


def _number() -> Callable[[Any], Any]:
    help_text = N_("Its number; see `bonpois approval list`.")
    return click.argument("number", type=Whole(1, NUMBER_MAX), metavar=N_("NUMBER"), help=help_text)


@command(noun, "list", help=N_("List what waits for another person."))
@click.option("--all", "every", is_flag=True, help=N_("What is decided, too."))
async def list_(session: Session, *, every: bool) -> None:
    from ledger.approvals.actions import list_proposals

    found = await list_proposals(session.ledger, pending_only=not every)
    columns = [_("Number"), _("Matter"), _("Amount"), _("Prepared by"), _("On"), _("State"), _("Decided by")]
    rows = [
        (
            proposal.number,
            kind_label(proposal.kind),
            amount(proposal.amount_cents or None),
            proposal.prepared_by_name,
            proposal.prepared_at,
            state(proposal.state),
            proposal.decided_by_name,
        )
        for proposal in found
    ]
    session.show([document(proposal) for proposal in found], table(columns, rows))


@command(noun, "show", help=N_("Show what would be approved."))
@_number()
async def show(session: Session, number: int) -> None:
    from ledger.approvals.actions import proposal_numbered

    proposal = await proposal_numbered(session.ledger, number)
    kind = KINDS.get(proposal.kind)
    content = await kind.show(session.ledger, proposal.id) if kind else None
    told = _facts_of(content)
    parts = [facts(told)] if told else []
    session.show(
        {**document(proposal), "content": content},
        people(proposal),
        *parts,
        *_postings_of(content),
        *_transfers_of(content),
    )


@command(noun, "approve", help=N_("Approve what somebody else prepared, and carry it out."), changes=True)
@_number()
async def approve(session: Session, number: int) -> None:
    from ledger.approvals.actions import proposal_numbered

    proposal = await proposal_numbered(session.ledger, number)
    kind = KINDS.get(proposal.kind)
    if kind is None:
        raise NotPossibleNow(proposal=number, kind=proposal.kind)
    content = await kind.approve(session.ledger, proposal.id, await session.signer())
    decided = await proposal_numbered(session.ledger, number)
    session.show({**document(decided), "content": content}, people(decided))


@command(noun, "reject", help=N_("Reject what was prepared, or take it back; it reserves nothing."), changes=True)
@_number()
@REASON
async def reject(session: Session, number: int, reason: str) -> None:
    from ledger.approvals.actions import proposal_numbered, reject_proposal
    from ledger.approvals.model import Reason

    proposal = await proposal_numbered(session.ledger, number)
    decided = await reject_proposal(session.ledger, proposal.id, await session.signer(), Reason(reason))
    session.show(document(decided), people(decided))


def document(proposal: Proposal) -> dict[str, object]:
    """The JSON of a proposal."""
    return {
        "number": proposal.number,
        "id": proposal.id,
        "kind": proposal.kind,
        "state": proposal.state,
        "amount_cents": proposal.amount_cents,
        "content_sha256": proposal.content_sha256.hex(),
        "prepared_by": proposal.prepared_by_name,
        "prepared_at": proposal.prepared_at,
        "decided_by": proposal.decided_by_name,
        "decided_at": proposal.decided_at,
        "reason": proposal.reason,
    }


def people(proposal: Proposal) -> RenderableType:
    """A proposal for people."""
    return facts(
        [
            (_("Number"), proposal.number),
            (_("Matter"), kind_label(proposal.kind)),
            (_("Amount"), amount(proposal.amount_cents or None)),
            (_("State"), state(proposal.state)),
            (_("Prepared by"), proposal.prepared_by_name),
            (_("On"), proposal.prepared_at),
            (_("Decided by"), proposal.decided_by_name),
            (_("SHA-256 of the content"), proposal.content_sha256.hex()),
        ]
    )


def kind_label(kind: str) -> str:
    """A kind of proposal, in words."""
    return _(KINDS[kind].label) if kind in KINDS else kind


def state(code: str) -> str:
    """The state of a proposal, in words."""
    return {"pending": _("waits"), "approved": _("approved"), "rejected": _("rejected")}.get(code, code)


def _postings_of(content: object) -> list[RenderableType]:
    """The journal entry that would be booked, where the content is one."""
    postings = content.get("postings") if isinstance(content, dict) else None
    if not postings:
        return []
    rows = [(each["account"], *map(amount, debit_and_credit(each["amount_cents"]))) for each in postings]
    return [table([_("Account"), _("Debit"), _("Credit")], rows)]


def _transfers_of(content: object) -> list[RenderableType]:
    """Who would be paid, where the content is a lot of payouts."""
    transfers = content.get("transfers") if isinstance(content, dict) else None
    if not transfers:
        return []
    sums = ("gross_cents", "commission_cents", "net_cents")
    rows = [(each["end_to_end"], each["merchant_name"], *(amount(each[name]) for name in sums)) for each in transfers]
    return [table([_("Transfer"), _("Merchant"), _("Gross"), _("Commission"), _("Net")], rows)]


def _facts_of(content: object) -> list[tuple[str, Any]]:
    """The members of a content, amounts as people write them; what is nested is left to --json."""
    members = msgspec.to_builtins(content, builtin_types=())
    if not isinstance(members, dict):
        return []
    plain = {name: value for name, value in members.items() if not isinstance(value, dict | list)}
    return [(name, amount(value) if name.endswith("_cents") else str(value)) for name, value in plain.items()]
