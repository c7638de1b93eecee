"""What goes in and out about the shop's own devices, and the shops that it can pay."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar.params import PathParameter
from msgspec import Meta, Struct

from ledger.errors import N_
from ledger.merchants.model import Invitation, Merchant, OwnTill
from merchant_api.v1.money_documents import OwnerCodeText

TillId = Annotated[UUID, PathParameter(description=N_("The device that is to be revoked."))]


class OrderBody(Struct, forbid_unknown_fields=True):
    """The owner's consent."""

    owner_code: OwnerCodeText


class OwnTillDocument(Struct):
    """A device of this shop."""

    id: Annotated[UUID, Meta(description=N_("The device."))]
    scope: Annotated[
        Literal["till", "merchant", "training"],
        Meta(description=N_("till: it sells. merchant: it sees to the merchant's money. training: it only practises.")),
    ]
    state: Annotated[Literal["paired", "revoked"], Meta(description=N_("paired: it works. revoked: it never will."))]
    paired_at: Annotated[datetime, Meta(tz=True, description=N_("When it was connected, in UTC."))]
    last_sale_at: Annotated[
        datetime | None,
        Meta(description=N_("Its last sale, in UTC; null if none of the shop's last 2,000 is its own.")),
    ]
    here: Annotated[bool, Meta(description=N_("Whether it is the device that asks."))]


class OwnTillsDocument(Struct):
    """The devices of this shop, the newest first."""

    tills: Annotated[list[OwnTillDocument], Meta(description=N_("The devices, the newest first."))]


class InvitationDocument(Struct):
    """A code that connects one more till, said once."""

    pairing_code: Annotated[str, Meta(description=N_("For POST /v1/tills/pair at the new till; it is said once."))]
    expires_at: Annotated[datetime, Meta(tz=True, description=N_("When it is worth nothing any more, in UTC."))]


class PayeeDocument(Struct):
    """A shop that can be paid."""

    name: Annotated[str, Meta(description=N_("Its name."))]
    town: Annotated[str, Meta(description=N_("Its town."))]
    siret: Annotated[str, Meta(description=N_("Its 14 digits in the register of firms."))]


class PayeesDocument(Struct):
    """The other shops that take Pois."""

    payees: Annotated[list[PayeeDocument], Meta(description=N_("The shops by name."))]


def till_document(till: OwnTill, here: UUID) -> OwnTillDocument:
    """A device as its owner sees it."""
    sold = None if till.last_sale_at is None else till.last_sale_at.astimezone(UTC)
    state: Literal["paired", "revoked"] = "paired" if till.state == "paired" else "revoked"
    return OwnTillDocument(till.id, till.scope, state, till.paired_at.astimezone(UTC), sold, till.id == here)


def invitation_document(invitation: Invitation) -> InvitationDocument:
    """The code, this once."""
    return InvitationDocument(invitation.code, invitation.expires_at.astimezone(UTC))


def payee_document(merchant: Merchant) -> PayeeDocument:
    """What one has to know of a shop to pay it."""
    return PayeeDocument(merchant.name, merchant.town, merchant.siret)
