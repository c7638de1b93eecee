"""The shop's own devices, by its owner: see, invite, revoke; and whom it can pay."""

from __future__ import annotations

from litestar import get, post
from litestar.params import JSONBody

from ledger import errors
from ledger.errors import N_
from ledger.merchants import own_tills
from ledger.merchants.actions import list_merchants
from merchant_api.contract.told import OWNER, tells
from merchant_api.dependencies import CallingTill, OpenedLedger
from merchant_api.v1 import examples
from merchant_api.v1.device_documents import (
    InvitationDocument,
    OrderBody,
    OwnTillDocument,
    OwnTillsDocument,
    PayeesDocument,
    TillId,
    invitation_document,
    payee_document,
    till_document,
)


@get(
    "/merchant/tills",
    operation_id="listTills",
    opt=tells(
        N_("The shop's devices"),
        N_("What is connected for this shop, and what was; the newest first."),
        answer=examples.TILLS,
    ),
)
async def list_tills(ledger: OpenedLedger, reading_device: CallingTill) -> OwnTillsDocument:
    found = await own_tills.own_tills(ledger, reading_device)
    return OwnTillsDocument([till_document(till, reading_device.till_id) for till in found])


@post(
    "/merchant/tills/invite",
    operation_id="inviteTill",
    status_code=201,
    opt=tells(
        N_("Invite a till"),
        N_(
            "Makes a one-time code that connects one more till of this shop within 15 minutes. It needs no key: an "
            "invitation whose answer was lost is worth nothing after that, and another one can be asked for."
        ),
        *OWNER,
        body=examples.ORDER,
        answer=examples.INVITATION,
    ),
)
async def invite(data: JSONBody[OrderBody], ledger: OpenedLedger, owning_device: CallingTill) -> InvitationDocument:
    return invitation_document(await own_tills.invite_own_till(ledger, owning_device, data.owner_code))


@post(
    "/merchant/tills/{till_id:uuid}/revoke",
    operation_id="revokeTill",
    status_code=200,
    opt=tells(
        N_("Revoke a device"),
        N_(
            "Disconnects a device of this shop for good, a lost one for instance; it may be the one that asks. It "
            "needs no key: the list of devices tells whether a request whose answer was lost had arrived."
        ),
        *OWNER,
        errors.NotFound,
        errors.TillDisconnected,
        body=examples.ORDER,
        answer=examples.REVOKED_TILL,
    ),
)
async def revoke(
    till_id: TillId, data: JSONBody[OrderBody], ledger: OpenedLedger, owning_device: CallingTill
) -> OwnTillDocument:
    revoked = await own_tills.revoke_own_till(ledger, owning_device, till_id, data.owner_code)
    return till_document(revoked, owning_device.till_id)


@get(
    "/merchant/payees",
    operation_id="listPayees",
    opt=tells(
        N_("Shops to pay"),
        N_("The other shops that take Pois, whom POST /v1/payments can pay."),
        answer=examples.PAYEES,
    ),
)
async def payees(ledger: OpenedLedger, reading_device: CallingTill) -> PayeesDocument:
    taking = [shop for shop in await list_merchants(ledger) if shop.state == "approved"]
    return PayeesDocument([payee_document(shop) for shop in taking if shop.id != reading_device.merchant_id])


ROUTES = [list_tills, invite, revoke, payees]
