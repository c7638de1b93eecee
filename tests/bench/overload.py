"""Ten times the tills that are usual, each asking again as soon as it is answered, however; then the usual number.

What has to hold: nobody waits beyond two seconds for an answer of any kind, every sale that was granted is in the
books once, and two seconds later all is as before.
"""

from __future__ import annotations

from typing import Any

from ledger.database.unit_of_work import Ledger
from tests.bench.measuring import Measuring
from tests.bench.town import Town

TILLS, TIMES = 256, 10
WAIT_MS_MAX = 2_000
_AFTER_SECONDS = 2.0
_SALES = "SELECT count(*) FROM ledger.redemption"


async def overload(ledger: Ledger, measuring: Measuring, town: Town, seconds: float) -> dict[str, Any]:
    """`rush`: while too many come; `after`: from two seconds after on; `lost`: granted, but not in the books once."""
    before = await _sales(ledger)
    rush = await measuring.run(town, TILLS * TIMES, too_many=True, seconds=seconds, warm_up=2)
    lost = rush["booked"] - (await _sales(ledger) - before)
    after = await measuring.run(town, TILLS, seconds=_AFTER_SECONDS, warm_up=_AFTER_SECONDS)
    return {"rush": rush, "after": after, "lost": lost, "holds": lost == 0 and rush["longest_ms"] <= WAIT_MS_MAX}


async def _sales(ledger: Ledger) -> int:
    pool = await ledger.database.pool()
    return int(await pool.fetchval(_SALES))
