"""Makes books older: sales by the hundred thousand through the desk itself, without HTTP between."""

from __future__ import annotations

import asyncio
import random
from hashlib import sha256

from ledger.cards.model import Credential
from ledger.database.connect import connected
from ledger.database.unit_of_work import Ledger
from ledger.errors import Refusal, Unavailable
from ledger.identifiers import new_event_id
from ledger.redemptions.desk import Desk
from ledger.redemptions.model import Line, RedemptionRequest, RequestKey
from tests.bench.inputs import CATEGORIES
from tests.bench.town import Town

_TILLS = 256
_PAUSE_SECONDS = 0.5
_LEGS_MAX = 3  # of a sale: two vouchers and the merchant

_COUNT = """
    SELECT (SELECT count(*) FROM ledger.ledger_transaction) AS transactions,
        (SELECT count(*) FROM ledger.posting) AS postings
"""


async def count_books(ledger: Ledger) -> tuple[int, int]:
    """Transactions and postings."""
    async with connected(ledger.database.url) as connection:
        row = await connection.fetchrow(_COUNT)
    return row["transactions"], row["postings"]


async def grow(ledger: Ledger, town: Town, *, transactions: int = 0, postings: int = 0) -> None:
    """Sell until there are so many of either; where there are, nothing happens."""
    while True:
        present, legs = await count_books(ledger)
        sales = max(transactions - present, (postings - legs) // _LEGS_MAX)
        if sales <= 0:
            return
        await sell(ledger, town, sales, seed=present)


async def sell(ledger: Ledger, town: Town, sales: int, seed: int) -> None:
    """So many sales on paper cards, spread over all merchants and cards. Each must be approved."""
    desk = Desk(ledger)
    left = iter(range(sales))
    chance = random.Random(seed)

    async def till(token: bytes) -> None:
        for _ in left:
            await _approved(desk, _request(town, token, chance))

    tokens = [sha256(token.encode()).digest() for token in town.tokens]
    await asyncio.gather(*(till(tokens[place % len(tokens)]) for place in range(_TILLS)))
    await desk.close()


async def _approved(desk: Desk, request: RedemptionRequest) -> None:
    """Sold; where the desk has too much to do, a moment later."""
    while True:
        result = (await desk.redeem(request)).result
        if not isinstance(result, Unavailable):
            break
        await asyncio.sleep(_PAUSE_SECONDS)
    assert not isinstance(result, Refusal), result


def _request(town: Town, token: bytes, chance: random.Random) -> RedemptionRequest:
    number, secret, pin = chance.choice(town.papers)
    basket = tuple(Line(name, chance.randint(10, 99)) for name in chance.sample(CATEGORIES, chance.randint(1, 3)))
    return RedemptionRequest(
        id=new_event_id(),
        bound=RequestKey(token, chance.randbytes(32), chance.randbytes(32)),
        credential=Credential(number, None, secret, pin),
        basket=basket,
        allow_partial=True,
        reference=None,
        initiated_at=None,
    )
