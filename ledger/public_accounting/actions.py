"""What is done here: make a paper of the books as they are at one instant, and write it to files for others."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

from ledger.approvals.actions import proposal_of, require_content
from ledger.approvals.model import Proposal
from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import FileThere, NoStatement, NotPossibleNow
from ledger.exports.actions import chart_of
from ledger.exports.rules import Chart
from ledger.new_files import new_file, refused_as_unreadable
from ledger.programmes.actions import liquidation
from ledger.programmes.model import AidRunLine, Liquidation
from ledger.programmes.rules import run_content
from ledger.public_accounting import store
from ledger.public_accounting.model import Imprint, Outputs, Paper
from ledger.public_accounting.rules.consumption import consumption_paper
from ledger.public_accounting.rules.layout import as_csv_file, as_pdf, as_workbook
from ledger.public_accounting.rules.reconciled import Month, reconciliation_paper
from ledger.public_accounting.rules.runs import liquidation_paper, slip_paper
from ledger.reconciliation.actions import prove_identities, reconciliation_report
from ledger.reconciliation.document import document, identities_document
from ledger.reconciliation.model import Account, Break
from ledger.reports.actions import NOW, aid_report
from ledger.reports.model import Moment


async def liquidate(ledger: Ledger, programme_code: str, number: int, accounts: Path | None = None) -> Paper:
    """The état liquidatif of an approved run. `accounts`: a file of numbers and names, as for the FEC.

    Refuses `UnknownProgramme`, `UnknownRun`, `NotPossibleNow` (not approved), `ContentDiffers` (the run is not what
    was signed), and `FileUnreadable`, `FileFaulty` for the file.
    """
    return liquidation_paper(*await _run(ledger, programme_code, number, chart_of(accounts)))


async def issue_slip(ledger: Ledger, programme_code: str, number: int, accounts: Path | None = None) -> Paper:
    """The bordereau of a run to the association. Refuses as `liquidate` does, and a run that is not issued whole."""
    found, proposal, chart, imprint = await _run(ledger, programme_code, number, chart_of(accounts))
    if found.run.state != "issued":
        raise NotPossibleNow(run=number, state=found.run.state, instead="bonpois aid approve")
    return slip_paper(found, proposal, chart, imprint)


async def state_consumption(
    ledger: Ledger, programme_code: str | None = None, moment: Moment = NOW, accounts: Path | None = None
) -> Paper:
    """The état de consommation of one programme or of all, by default at the end of this day, as far as it has come.

    Refuses as `aid_report` does, and as `liquidate` a file.
    """
    chart = chart_of(accounts)
    async with ledger.unit_of_work() as work:
        imprint = await _imprint(work)
    asked = Moment(on=paris_day(imprint.made_at)) if moment == NOW else moment
    return consumption_paper(await aid_report(ledger, programme_code, asked), chart, imprint)


async def state_reconciliation(
    ledger: Ledger, account: Account = Account.POIS, period: date | None = None, accounts: Path | None = None
) -> Paper:
    """The état de rapprochement of a month, by default the last; certified or not. Refuses `NoStatement`, and as
    `liquidate` a file.
    """
    chart = chart_of(accounts)
    report = await reconciliation_report(ledger, account, period=period)
    found = await prove_identities(ledger)
    carried = await _breaks_at_the_end_of(ledger, account, report.statement.first_day.replace(day=1) - timedelta(1))
    async with ledger.unit_of_work() as work:
        imprint = await _imprint(work)
    data = {**document(report), "identities": identities_document(found)["identities"]}
    return reconciliation_paper(Month(report, carried, found, data), chart, imprint)


def write_paper(paper: Paper, outputs: Outputs) -> None:
    """Write the files that somebody wants, each whole or not at all, and none if one of them is there already.

    Refuses `FileThere`, `FileUnreadable`.
    """
    for path in outputs.wanted:
        if path.exists() or outputs.wanted.count(path) > 1:
            raise FileThere(file=str(path))
    makers = ((outputs.pdf, as_pdf), (outputs.csv, as_csv_file), (outputs.xlsx, as_workbook))
    contents = [(path, make(paper)) for path, make in makers if path is not None]
    with ExitStack() as whole:
        for path, content in contents:
            file = whole.enter_context(new_file(path))
            with refused_as_unreadable(path):
                file.write(content)


async def _run(
    ledger: Ledger, programme_code: str, number: int, chart: Chart
) -> tuple[Liquidation, Proposal, Chart, Imprint]:
    """An approved run as it was signed."""
    async with ledger.unit_of_work() as work:
        await work.freeze()
        found = await liquidation(work, programme_code, number)
        lines = [AidRunLine(line.decision_id, line.household_id, line.amount_cents) for line in found.lines]
        await require_content(work, found.run.proposal_id, run_content(found.run, lines))
        return found, await proposal_of(work, found.run.proposal_id), chart, await _imprint(work)


async def _breaks_at_the_end_of(ledger: Ledger, account: Account, day: date) -> tuple[Break, ...]:
    """The breaks that a month ended with; none where it has no statement."""
    try:
        return (await reconciliation_report(ledger, account, period=day)).breaks
    except NoStatement:
        return ()


async def _imprint(work: UnitOfWork) -> Imprint:
    note = await store.last_note(work)
    head = None if note is None else " ".join(note.split("\n")[:3])  # name, size and root
    return Imprint(work.now, await store.is_rehearsal(work), head)
