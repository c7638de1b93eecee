"""How certified months are shown, to people and to programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import RenderableType

from admin_cli.display import Cell, amount, facts, table
from ledger.certificates.model import Certificate, Content, Draft, Reason, Reopening
from ledger.certificates.rules import read
from ledger.errors import N_
from ledger.reconciliation.model import Account
from ledger.reconciliation.told import ACCOUNTS
from ledger.texts import gettext as _

REASONS = {
    Reason.STATEMENT_CORRECTED: N_("the statement was corrected"),
    Reason.WRONG_MATCH: N_("something was matched wrongly"),
    Reason.BOOKING_MISSING: N_("a booking was missing"),
    Reason.AUDIT_FINDING: N_("an auditor found something"),
}


def draft_document(draft: Draft) -> dict[str, Any]:
    """The JSON of a certificate that was prepared."""
    return {"number": draft.number, **content_document(read(draft.content))}


def content_document(content: Content) -> dict[str, Any]:
    """Everything that is signed."""
    document: dict[str, Any] = msgspec.to_builtins(content)
    return document


def reopening_document(wanted: Reopening) -> dict[str, Any]:
    """The JSON of a reopening."""
    return {
        "number": wanted.number,
        "period": f"{wanted.period:%Y-%m}",
        "version": wanted.version,
        "reason": wanted.reason.value,
    }


def certificate_document(found: Certificate) -> dict[str, Any]:
    """The JSON of a certificate, without what was signed."""
    return {
        "period": f"{found.period:%Y-%m}",
        "version": found.version,
        "holds": found.holds,
        "proposal": found.number,
        "content_sha256": found.content_sha256.hex(),
        "prepared_by": found.prepared_by,
        "certified_by": found.certified_by,
        "certified_at": found.certified_at,
        "reopened_by": found.reopened_by,
        "reopened_reason": found.reopened_reason,
    }


def draft_for_people(draft: Draft) -> list[RenderableType]:
    """What now waits for another person's signature."""
    content = read(draft.content)
    rows = [
        (
            _(ACCOUNTS[Account(part.account)]),
            amount(part.statement.closing_cents),
            amount(part.ledger.closing_cents),
            part.matched.lines,
            len(part.differences),
            amount(part.proof.proof_cents),
        )
        for part in content.accounts
    ]
    columns = [_("Account"), _("Their closing"), _("Our closing"), _("Lines matched"), _("Differences"), _("Proof")]
    text = _("Another person now approves it: `bonpois approval approve {number}`.").format(number=draft.number)
    head: list[tuple[str, Cell]] = [
        (_("Number"), draft.number),
        (_("Period"), content.period),
        (_("Version"), content.version),
    ]
    return [facts(head), table(columns, rows), text]


def certificates_table(found: Sequence[Certificate]) -> RenderableType:
    """One row per version."""
    columns = [_("Period"), _("Version"), _("Prepared by"), _("Certified by"), _("On"), _("State")]
    rows = [
        (
            f"{one.period:%Y-%m}",
            one.version,
            one.prepared_by,
            one.certified_by,
            one.certified_at,
            _("certified") if one.reopened_reason is None else _reopened(one.reopened_reason),
        )
        for one in found
    ]
    return table(columns, rows)


def _reopened(reason: Reason) -> str:
    return _("reopened: {reason}").format(reason=_(REASONS[reason]))
