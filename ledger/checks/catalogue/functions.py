"""That the functions which keep the books are those that the program ships; all other guards rest on them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import cache

from sqlalchemy import text

from ledger.checks.model import Check, Culprit
from ledger.database.migrate import FOLDER
from ledger.database.unit_of_work import UnitOfWork

_SHIPPED = re.compile(
    r"^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) ((?:ledger|identity)\.\w+)\s*\(.*?\bAS \$\$(.*?)\$\$",
    re.DOTALL | re.MULTILINE,
)
_PRESENT = text("""
    SELECT n.nspname || '.' || p.proname AS name, p.prosrc AS body
    FROM pg_proc AS p INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('ledger', 'identity') ORDER BY name
""")


async def look(work: UnitOfWork) -> AsyncIterator[Culprit]:
    """Every function of ours that has another body than its last migration gave it, or that none has made."""
    for row in await work.run(_PRESENT):
        if row.body != shipped().get(row.name):
            yield row.name, {"fault": "changed" if row.name in shipped() else "not shipped"}


@cache
def shipped() -> dict[str, str]:
    """The body of each function as the last migration that makes it writes it."""
    files = sorted((FOLDER / "versions").glob("[0-9]*.sql"))
    return {name: body for file in files for name, body in _SHIPPED.findall(file.read_text(encoding="utf-8"))}


CHECKS = (Check("functions-are-as-shipped", "L2", look=look),)
