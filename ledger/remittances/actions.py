"""What is done with remittances: make one, write it again, list them, read the association's answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import DayNotOver, NothingToRemit, UnknownRemittance
from ledger.identifiers import new_event_id
from ledger.imported_files import record_file, refuse_repeated
from ledger.people_files import read_table
from ledger.remittances import store
from ledger.remittances.model import Acknowledgement, Line, MadeRemittance, Remittance
from ledger.remittances.rules import (
    ACKNOWLEDGEMENT_COLUMNS,
    lines_of,
    read_answers,
    render,
    require_answerable,
)

_KIND = "acknowledgement"
_ROLES = (Role.FINANCE, Role.TREASURER)


async def make_remittance(ledger: Ledger, day: date, operator: str, *, dry_run: bool = False) -> MadeRemittance:
    """Tell the association of all sales and refunds booked until a day that it was not told of: each once.

    What is booked later for an earlier day goes into the next one. Refuses `DayNotOver`, `NothingToRemit` and who
    may not (`operator_named`).
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, *_ROLES)
        if day >= paris_day(work.now):
            raise DayNotOver(day=day.isoformat())
        await store.take_turn(work)
        lines = lines_of(await store.untold(work, day))
        if not lines:
            raise NothingToRemit(day=day.isoformat())
        made = _made(work, day, await store.next_number(work), lines)
        if not dry_run:
            await store.add(work, made.remittance, lines, who.id)
        return made


def _made(work: UnitOfWork, day: date, number: int, lines: Sequence[Line]) -> MadeRemittance:
    content = render(number, lines)
    remittance = Remittance(
        id=new_event_id(),
        number=number,
        first_day=min(line.booked_on for line in lines),
        last_day=day,
        line_count=len(lines),
        item_count=sum(len(line.items) for line in lines),
        control_cents=sum(line.control_cents for line in lines),
        sha256=sha256(content).digest(),
        made_at=work.now,
    )
    return MadeRemittance(remittance, content)


async def rewrite_remittance(ledger: Ledger, number: int) -> MadeRemittance:
    """The file of an earlier remittance again, the same to the byte. Refuses `UnknownRemittance`."""
    async with ledger.unit_of_work() as work:
        found = await store.remittance_numbered(work, number)
        if found is None:
            raise UnknownRemittance(remittance=number)
        content = render(number, await store.lines_of(work, found.id))
        assert sha256(content).digest() == found.sha256, "a remittance was written otherwise than it was sent"
        return MadeRemittance(found, content)


async def list_remittances(ledger: Ledger) -> list[Remittance]:
    """All remittances by number, with how much of each is answered."""
    async with ledger.unit_of_work() as work:
        return await store.remittances(work)


async def read_acknowledgement(ledger: Ledger, path: Path, operator: str, *, dry_run: bool = False) -> Acknowledgement:
    """Take the association's answer, all of it or nothing: its reference of each line, or why it refused it.

    Refuses `FileUnreadable`, `FileFaulty` (every fault at once), `FileAlreadyImported` and who may not
    (`operator_named`).
    """
    table = read_table(path, ACKNOWLEDGEMENT_COLUMNS)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, *_ROLES)
        await store.take_turn(work)
        await refuse_repeated(work, _KIND, b"", table.file, table.content)
        answers = read_answers(table)
        states = await store.line_states(work, [answer for _, answer in answers])
        require_answerable(table, answers, states)
        table.raise_faults()
        answered = [(one, states[one.remittance_number, one.line_number]) for _, one in answers]
        if not dry_run:
            await store.add_answers(work, answered, who.id)
            await record_file(work, _KIND, b"", table.content, row_count=len(answers), operator_id=who.id)
        accepted = sum(answer.accepted for _, answer in answers)
        return Acknowledgement(len(answers), accepted, len(answers) - accepted)
