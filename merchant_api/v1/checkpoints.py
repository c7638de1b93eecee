"""The books prove themselves: to a till about its own sale, to anybody that they only grew.

An answer is the very file that `bonpois verify` reads. Nothing in a checkpoint is secret, so nobody is asked who he is.
"""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from ledger import errors
from ledger.errors import N_, NotFound, UnknownTransaction
from ledger.sealing.actions import prove_checkpoint, prove_sale
from ledger.sealing.rules.proofs import Proof
from merchant_api.contract.told import tells
from merchant_api.dependencies import CallingTill, OpenedLedger
from merchant_api.v1 import examples
from merchant_api.v1.documents import SaleId

_SIZE_MAX = 10**15  # leaves; more than any books will have


@get(
    "/checkpoint",
    operation_id="getCheckpoint",
    opt=tells(
        N_("The last checkpoint"),
        N_("The last signed head of the books. Keep it, and ask later whether the books only grew since."),
        errors.NotSealedYet,
        answer=examples.CHECKPOINT,
    ),
)
async def checkpoint(ledger: OpenedLedger) -> Proof:
    return await prove_checkpoint(ledger)


@get(
    "/checkpoint/consistency",
    operation_id="getConsistency",
    opt=tells(
        N_("Have the books only grown?"),
        N_("The proof that the books only grew since a checkpoint of this size (RFC 9162, section 2.1.4.2)."),
        errors.NotSealedYet,
        errors.UnknownCheckpoint,
        answer=examples.CONSISTENCY,
    ),
)
async def consistency(
    ledger: OpenedLedger,
    older_size: Annotated[
        int,
        QueryParameter(name="from", ge=1, le=_SIZE_MAX, description=N_("The size in the checkpoint that was kept.")),
    ],
) -> Proof:
    return await prove_checkpoint(ledger, older_size)


@get(
    "/redemptions/{redemption_id:uuid}/proof",
    operation_id="getRedemptionProof",
    opt=tells(
        N_("Prove a sale"),
        N_(
            "The proof that a sale of this shop is in the sealed books (RFC 9162, section 2.1.3.2), some seconds after "
            "it was made."
        ),
        errors.NotFound,
        errors.NotSealedYet,
        errors.FactNotAsSealed,
        answer=examples.RECEIPT,
    ),
)
async def proof_of_sale(redemption_id: SaleId, ledger: OpenedLedger, proving_device: CallingTill) -> Proof:
    try:
        return await prove_sale(ledger, redemption_id, proving_device.merchant_id)
    except UnknownTransaction:
        raise NotFound from None
