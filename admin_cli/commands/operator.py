"""`bonpois operator`: the people who answer for what is changed, their roles and keys, and what they did."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_cli.arguments import AMOUNT, AMOUNT_METAVAR, FILE, FILE_METAVAR, Whole
from admin_cli.console import Session, command, noun_group
from admin_cli.display import amount, facts, table
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ledger.approvals.model import AuditEntry, Limit, Operator, Signer

ROLES = ("agent", "approver", "finance", "reviewer", "treasurer", "auditor")
LIMIT_DAYS_DEFAULT, LIMIT_DAYS_MAX = 30, 366

noun = noun_group("operator", help=N_("The people who use these commands, and what they may do."))

NAME = click.argument("name", metavar=N_("NAME"), help=N_("Small letters, digits, dot and hyphen."))
ROLE = click.option(
    "--role",
    "roles",
    type=click.Choice(ROLES),
    multiple=True,
    required=True,
    help=N_("What the person may do; repeat it for several."),
)
LIMIT = click.option(
    "--limit",
    "limit_cents",
    type=AMOUNT,
    metavar=AMOUNT_METAVAR,
    help=N_("The most that the person may prepare within the days of --limit-days."),
)
LIMIT_DAYS = click.option(
    "--limit-days",
    type=Whole(1, LIMIT_DAYS_MAX),
    metavar=N_("DAYS"),
    default=str(LIMIT_DAYS_DEFAULT),
    help=N_("Days over which the limit is counted, back from now; by default 30."),
)


def _public_key(*, required: bool = False) -> Callable[[Any], Any]:
    text = N_("A public key that the person made with `bonpois operator key`.")
    return click.option("--public-key", type=FILE, metavar=FILE_METAVAR, help=text, required=required)


@command(
    noun,
    "add",
    help=N_("Register a person with a key; makes the home when there is none yet. The first one registers himself."),
    changes=True,
    creates=True,
    first=True,
)
@NAME
@ROLE
@LIMIT
@LIMIT_DAYS
@_public_key()
async def add(
    session: Session,
    name: str,
    roles: tuple[str, ...],
    limit_cents: int | None,
    limit_days: int,
    public_key: Path | None,
) -> None:
    from admin_cli.operator_keys import KeyFile, read_public_key
    from ledger.approvals.actions import add_operator
    from ledger.approvals.model import Role

    by, new = await _appointer(session, name), None
    if public_key is None and by.name != name:
        new = KeyFile.of(name).make_or_unlock()
    key = read_public_key(public_key) if public_key else (new or by).public_key
    wanted = [Role(role) for role in roles]
    operator = await add_operator(session.ledger, name, key, wanted, by, _limit(limit_cents, limit_days))
    session.show(document(operator), _("{name} is registered.").format(name=operator.name), people(operator))


@command(
    noun, "key", help=N_("Make your key on this machine; the public half is for whoever registers you."), opens=False
)
@NAME
async def key(session: Session, name: str) -> None:
    from admin_cli.operator_keys import KeyFile, public_pem

    file = KeyFile.of(name)
    text = public_pem(file.make_or_unlock())
    if session.as_json:
        session.show({"operator": name, "file": str(file.path), "public_key": text})
    else:
        sys.stdout.write(text)


@command(noun, "list", help=N_("List the people registered."))
async def list_(session: Session) -> None:
    from ledger.approvals.actions import list_operators

    operators = await list_operators(session.ledger)
    columns = [_("Name"), _("Roles"), _("State"), _("Limit"), _("Days")]
    rows = [
        (
            found.name,
            ", ".join(role_label(role) for role in found.roles),
            state(found.state),
            amount(found.limit.cents if found.limit else None),
            found.limit.days if found.limit else None,
        )
        for found in operators
    ]
    session.show([document(found) for found in operators], table(columns, rows))


@command(noun, "roles", help=N_("Give a person these roles and this limit instead of those of before."), changes=True)
@NAME
@ROLE
@LIMIT
@LIMIT_DAYS
async def roles(session: Session, name: str, roles: tuple[str, ...], limit_cents: int | None, limit_days: int) -> None:
    from ledger.approvals.actions import change_roles
    from ledger.approvals.model import Role

    by, wanted = await session.signer(), [Role(role) for role in roles]
    operator = await change_roles(session.ledger, name, wanted, by, _limit(limit_cents, limit_days))
    session.show(document(operator), people(operator))


@command(noun, "rekey", help=N_("Let a person sign with another key from now on."), changes=True)
@NAME
@_public_key(required=True)
async def rekey(session: Session, name: str, public_key: Path) -> None:
    from admin_cli.operator_keys import read_public_key
    from ledger.approvals.actions import replace_key

    operator = await replace_key(session.ledger, name, read_public_key(public_key), await session.signer())
    session.show(document(operator), people(operator))


@command(noun, "suspend", help=N_("Let a person do nothing any more."), changes=True)
@NAME
async def suspend(session: Session, name: str) -> None:
    from ledger.approvals.actions import suspend_operator

    operator = await suspend_operator(session.ledger, name, await session.signer())
    session.show(document(operator), people(operator))


@command(noun, "resume", help=N_("Let a suspended person work again."), changes=True)
@NAME
async def resume(session: Session, name: str) -> None:
    from ledger.approvals.actions import resume_operator

    operator = await resume_operator(session.ledger, name, await session.signer())
    session.show(document(operator), people(operator))


@command(noun, "audit", help=N_("List every command that was to change something: who, when, and how it ended."))
@click.option("--operator", "name", metavar=N_("NAME"), help=N_("This person's only."))
async def audit(session: Session, name: str | None) -> None:
    from ledger.approvals.actions import audit_trail

    entries = await audit_trail(session.ledger, name)
    rows = [(entry.occurred_at, entry.operator, entry.command, outcome(entry)) for entry in entries]
    session.show(entries, table([_("When"), _("Who"), _("Command"), _("Outcome")], rows))


async def _appointer(session: Session, name: str) -> Signer:
    """Who registers somebody: the operator who says so; in a home without anybody, the person himself."""
    from admin_cli.operator_keys import KeyFile
    from ledger.approvals.actions import list_operators

    if any(found.appointments for found in await list_operators(session.ledger)):
        session.require_operator()
        return await session.signer()
    session.operator_name = name
    return KeyFile.of(name).make_or_unlock()


def _limit(cents: int | None, days: int) -> Limit | None:
    from ledger.approvals.model import Limit

    return None if cents is None else Limit(cents, days)


def document(operator: Operator) -> dict[str, object]:
    """The JSON of an operator."""
    return {
        "id": operator.id,
        "name": operator.name,
        "added_at": operator.added_at,
        "state": operator.state,
        "roles": operator.roles,
        "limit": operator.limit,
        "public_key": _hex(operator.public_key),
    }


def people(operator: Operator) -> RenderableType:
    """An operator for people."""
    return facts(
        [
            (_("Name"), operator.name),
            (_("Roles"), ", ".join(role_label(role) for role in operator.roles)),
            (_("State"), state(operator.state)),
            (_("Limit"), amount(operator.limit.cents if operator.limit else None)),
            (_("Public key"), _hex(operator.public_key)),
        ]
    )


def _hex(key: bytes | None) -> str | None:
    return None if key is None else key.hex()


def outcome(entry: AuditEntry) -> str:
    """How a command ended, in words."""
    return {"ok": _("done"), "failed": _("failed")}.get(entry.outcome, entry.outcome)


def state(code: str) -> str:
    """The state of an operator, in words."""
    return {"active": _("active"), "suspended": _("suspended")}.get(code, code)


def role_label(role: str) -> str:
    """A role, in words."""
    words = {
        "agent": _("agent"),
        "approver": _("approver"),
        "finance": _("finance officer"),
        "reviewer": _("reviewer"),
        "treasurer": _("treasurer of the association"),
        "auditor": _("auditor"),
    }
    return words.get(role, role)
