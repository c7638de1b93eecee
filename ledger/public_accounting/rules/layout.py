"""How a paper is written: on A4, as one table for programs, as a workbook. The same values in each."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.calendar import PARIS
from ledger.public_accounting.model import Imprint, Paper, Part
from ledger.sheets import Value, as_csv, as_xlsx
from ledger.texts import format_date
from ledger.texts import gettext as _
from ledger.typesetting import blocks
from ledger.typesetting.press import typeset


def as_pdf(paper: Paper) -> bytes:
    """The paper, archival and accessible."""
    data = blocks.paper(
        list(_blocks(paper)),
        head=paper.issuer,
        reference=paper.reference,
        foot=_foot(paper.imprint),
        flipped=paper.flipped,
    )
    title = f"{paper.title} {paper.reference}"
    imprint = paper.imprint
    return typeset(blocks.DOCUMENT, data, title=title, made_at=imprint.made_at, rehearsal=imprint.rehearsal)


def as_csv_file(paper: Paper) -> bytes:
    """One table; each row says of which paper it is, and whether it is of a rehearsal."""
    said = _("yes") if paper.imprint.rehearsal else _("no")
    return as_csv(paper.flat, [(_("Paper"), paper.title), (_("Reference"), paper.reference), (_("Rehearsal"), said)])


def as_workbook(paper: Paper) -> bytes:
    """A sheet for each table; what is told of all stands on the first."""
    facts: list[tuple[str, Value]] = [(_("Paper"), paper.title), (_("Reference"), paper.reference), *paper.facts]
    facts += [(_("Closed"), paper.certified)] if paper.certified else []
    facts += [(_("Made"), _foot(paper.imprint))]
    facts += [(_("Rehearsal"), _("These are the books of a rehearsal."))] if paper.imprint.rehearsal else []
    sheets = [part.sheet for part in paper.parts]
    return as_xlsx(sheets, facts, title=paper.title, made_at=paper.imprint.made_at)


def _blocks(paper: Paper) -> Iterator[blocks.Block]:
    """What is certified stands with its tables; what is on new pages is annexed to it."""
    yield blocks.title(f"{paper.title} {paper.reference}")
    yield blocks.facts(paper.facts)
    for part in paper.parts:
        if not part.annexed:
            yield from _part(part)
    if paper.certified:
        yield blocks.certified(paper.certified)
    if paper.places:
        yield blocks.signatures([(place.role, place.who, place.when) for place in paper.places])
    annexes = [part for part in paper.parts if part.annexed]
    if annexes:
        yield blocks.page_break()
    for part in annexes:
        yield from _part(part)


def _part(part: Part) -> Iterator[blocks.Block]:
    if part.heading:
        yield blocks.heading(part.heading)
    yield from (blocks.paragraph(text) for text in part.said)
    yield blocks.listing(part.sheet)


def _foot(imprint: Imprint) -> str:
    local = imprint.made_at.astimezone(PARIS)
    values = {"day": format_date(local.date()), "time": f"{local:%H:%M}", "checkpoint": imprint.checkpoint}
    if imprint.checkpoint is None:
        return _("Made on {day} at {time}, Paris time.").format(**values)
    return _("Made on {day} at {time}, Paris time. Sealed books: {checkpoint}").format(**values)
