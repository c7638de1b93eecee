"""The second month: decided again, once each, on what is true then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import FileFaulty, NothingToIssue, UnknownOperator, UnknownProgramme
from ledger.programmes.actions import (
    approve_aid_run,
    erase_household,
    household_profile,
    prepare_aid_run,
    renew_decisions,
)
from ledger.programmes.model import Renewal
from tests.integration.test_households import csv_file, told
from tests.month import CHECKER, CODE, HOUSEHOLDS_FILE, MAKER, programme_with_households
from tests.people import signer

CASES = [line.split(";")[0] for line in HOUSEHOLDS_FILE.read_text(encoding="utf-8").splitlines()[1:]]
AGAIN = Renewal(households=60, granted=56, refused=4, total_cents=11_530_00, waiting=0)


async def issued_month(ledger: Ledger) -> None:
    """Everybody who is entitled has the voucher of the first month, and there is money for a second."""
    await programme_with_households(ledger, 25_000_00)
    run = await prepare_aid_run(ledger, CODE, signer(MAKER))
    await approve_aid_run(ledger, CODE, run.number, signer(CHECKER))


async def test_all_on_record_are_decided_again_and_issued_again(ledger: Ledger, clock: FixedClock) -> None:
    await issued_month(ledger)
    clock.instant += timedelta(days=31)
    assert await renew_decisions(ledger, CODE, MAKER) == AGAIN
    run = await prepare_aid_run(ledger, CODE, signer(MAKER))
    assert (run.voucher_count, run.total_cents) == (56, 11_530_00)


async def test_nobody_gets_two_decisions_for_one_voucher(ledger: Ledger) -> None:
    await issued_month(ledger)
    await renew_decisions(ledger, CODE, MAKER)
    again = await renew_decisions(ledger, CODE, MAKER)
    assert again == replace(AGAIN, households=4, granted=0, total_cents=0, waiting=56)
    run = await prepare_aid_run(ledger, CODE, signer(MAKER))
    assert run.voucher_count == 56
    assert (await renew_decisions(ledger, CODE, MAKER)).waiting == 56


async def test_the_rows_of_a_file_replace_what_is_on_record(ledger: Ledger, tmp_path: Path) -> None:
    await issued_month(ledger)
    case = CASES[0]
    file = csv_file(tmp_path, f"{case};1;0;0;100,00;50,00;fr;papier;")
    assert await renew_decisions(ledger, CODE, MAKER, file, dry_run=True) == await renew_decisions(
        ledger, CODE, MAKER, file
    )
    found = await household_profile(ledger, CODE, case)
    assert (found.profile.adults, found.profile.resources_cents, found.decision.granted) == (1, 100_00, True)


async def test_a_file_is_refused_whole_by_row(ledger: Ledger, tmp_path: Path) -> None:
    await issued_month(ledger)
    first, second, *_ = CASES
    rows = [f"{case};1;0;0;100,00;50,00;fr;papier;" for case in (first, second, "D99-1")]
    await renew_decisions(ledger, CODE, MAKER, csv_file(tmp_path, rows[1]))
    with pytest.raises(FileFaulty) as refused:
        await renew_decisions(ledger, CODE, MAKER, csv_file(tmp_path, *rows))
    assert told(refused.value) == {(3, "dossier", "case-waits"), (4, "dossier", "unknown-case")}
    assert (await prepare_aid_run(ledger, CODE, signer(MAKER))).voucher_count == 1
    with pytest.raises(NothingToIssue):
        await prepare_aid_run(ledger, CODE, signer(MAKER))


async def test_who_was_forgotten_or_never_registered_is_not_decided_on(ledger: Ledger) -> None:
    await issued_month(ledger)
    await erase_household(ledger, CODE, CASES[0], MAKER, give_up=True)
    assert (await renew_decisions(ledger, CODE, MAKER)).households == 59
    with pytest.raises(UnknownProgramme):
        await renew_decisions(ledger, "NO-2026", MAKER)
    with pytest.raises(UnknownOperator):
        await renew_decisions(ledger, CODE, "nobody")
