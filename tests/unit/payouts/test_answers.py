"""What a bank says, in any order and as often as it likes: no transfer goes back, nothing is taken twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import FileFaulty
from ledger.payouts.formats import bank_messages
from ledger.payouts.model import Export, PayoutOrder, Transfer, TransferState
from ledger.payouts.rules.answers import Reading
from tests.bank_answers import entry, notice, statement, status

LOT = "LOT-1"
NETS = (1_00, 2_00, 3_00)
RANK: dict[str, int] = {"exported": 0, "sent": 1, "accepted": 2, "rejected": 3, "paid": 3, "returned": 4}


def order(*states: TransferState) -> PayoutOrder:
    """Three transfers of 1, 2 and 3 euros, in these states."""
    transfers = tuple(
        Transfer(UUID(int=n), n, UUID(int=n), UUID(int=n), "1", "x", f"{LOT}.00{n}", cents, 0, b"", state)
        for n, (cents, state) in enumerate(zip(NETS, states, strict=True), start=1)
    )
    export = Export(datetime(2026, 10, 6, tzinfo=UTC).date(), b"", datetime(2026, 10, 6, tzinfo=UTC))
    return PayoutOrder(UUID(int=1), 1, LOT, 1, "tess", "rita", export, transfers)


def read(lot: PayoutOrder, path: Path) -> Reading:
    reading = Reading.of([lot])
    reading.take(bank_messages.read(path))
    return reading


def states(reading: Reading) -> list[str]:
    return [one.state for one, _ in reading.transfers.values()]


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.sampled_from(sorted(RANK))] * 3),
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["RCVD", "ACTC", "ACSC", "RJCT"])), max_size=4),
    st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=4),
)
def test_whatever_is_said_no_transfer_goes_back(
    start: tuple[TransferState, ...], said: list[tuple[int, str]], booked: list[tuple[int, bool]]
) -> None:
    entries = [entry(NETS[n - 1], [(f"{LOT}.00{n}", NETS[n - 1])], back="AC04" if back else None) for n, back in booked]
    with TemporaryDirectory() as folder:
        paths = [
            status(Path(folder), LOT, [(f"{LOT}.00{n}", code, "") for n, code in said]),
            statement(Path(folder), *entries),
        ]
        for path in paths:
            reading = read(order(*start), path)
            pairs = list(zip(start, states(reading), strict=True))
            assert all(RANK[after] >= RANK[before] for before, after in pairs)
            assert len(reading.steps) + reading.known + len(reading.faults) == len(said if path == paths[0] else booked)
            if not reading.faults:
                [lot] = reading.lots.values()
                again = read(order(*[one.state for one, _ in reading.transfers.values()]), path)
                assert (again.steps, lot.reference) == ([], LOT)


def test_what_is_said_of_the_batch_holds_for_whom_it_does_not_name(tmp_path: Path) -> None:
    path = status(tmp_path, LOT, [(f"{LOT}.002", "RJCT", "AC04")], group="PART", batch="ACSC")
    reading = read(order("exported", "exported", "exported"), path)
    assert states(reading) == ["accepted", "rejected", "accepted"]
    assert {step.reason for step in reading.steps if step.event == "reject"} == {"AC04"}


def test_a_batch_is_one_sum_of_all_that_is_left(tmp_path: Path) -> None:
    path = statement(tmp_path, entry(3_00, batch=LOT))
    assert states(read(order("accepted", "accepted", "rejected"), path)) == ["paid", "paid", "rejected"]
    assert read(order("paid", "paid", "rejected"), path).known == 2
    by_reference = statement(tmp_path, entry(6_00, [(LOT, None)]))
    assert states(read(order("sent", "exported", "accepted"), by_reference)) == ["paid"] * 3
    without_amounts = notice(tmp_path, entry(6_00, [(f"{LOT}.00{n}", None) for n in (1, 2, 3)]))
    assert states(read(order("sent", "exported", "accepted"), without_amounts)) == ["paid"] * 3


def test_paid_and_back_in_one_file_whatever_comes_first(tmp_path: Path) -> None:
    back, paid = entry(1_00, [(f"{LOT}.001", 1_00)], back="AC01"), entry(6_00, batch=LOT)
    reading = read(order("exported", "exported", "exported"), statement(tmp_path, back, paid))
    assert (states(reading), reading.faults) == (["returned", "paid", "paid"], [])


@pytest.mark.parametrize("amount", ["1.005", "x", "-1.00", "1,00", ""])
def test_an_amount_that_is_none_is_told_with_its_row(tmp_path: Path, amount: str) -> None:
    path = statement(tmp_path, entry(1_00, [(f"{LOT}.001", None)]))
    path.write_text(path.read_text().replace(">1.00<", f">{amount}<"))
    with pytest.raises(FileFaulty) as refused:
        bank_messages.read(path)
    assert '"not-in-euros"' in str(refused.value.facts).replace("'", '"')


def test_what_is_no_xml_or_has_no_day_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text("<Document")
    with pytest.raises(FileFaulty):
        bank_messages.read(path)
    path = statement(tmp_path, entry(1_00))
    path.write_text(path.read_text().replace("2026-10-07", "7 oct"))
    with pytest.raises(FileFaulty):
        bank_messages.read(path)
