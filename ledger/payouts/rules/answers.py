"""What a bank's message changes of the transfers that it speaks of: all of it fits, or every fault is told. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ledger.errors import N_
from ledger.payouts.model import (
    BankEvent,
    BankMessage,
    Booked,
    NotOurs,
    PayoutOrder,
    Said,
    Step,
    Transfer,
    TransferState,
)
from ledger.payouts.rules.words import state_label
from ledger.people_files import Fault, FaultKind
from ledger.texts import format_cents

# Where each event leads from where, and where it tells nothing new: messages overlap, and come in any order.
LEADS: dict[BankEvent, tuple[TransferState, frozenset[TransferState], frozenset[TransferState]]] = {
    "send": ("sent", frozenset({"exported"}), frozenset({"sent", "accepted", "rejected", "paid", "returned"})),
    "accept": ("accepted", frozenset({"exported", "sent"}), frozenset({"accepted", "rejected", "paid", "returned"})),
    "reject": ("rejected", frozenset({"exported", "sent", "accepted"}), frozenset({"rejected"})),
    "pay": ("paid", frozenset({"exported", "sent", "accepted"}), frozenset({"paid", "returned"})),
    "return": ("returned", frozenset({"paid"}), frozenset({"returned"})),
}

UNKNOWN_REFERENCE = FaultKind(
    "unknown-reference", N_("No transfer and no lot of ours has this reference."), N_("Check whose file this is.")
)
OTHER_AMOUNT = FaultKind(
    "other-amount", N_("The bank booked {booked} instead of {expected}."), N_("Ask the bank; nothing was recorded.")
)
NOT_AT_THE_BANK = FaultKind(
    "not-at-the-bank",
    N_("No file of this transfer was written; with us its state is: {state}."),
    N_("Find out which file the bank was given."),
)
CONTRADICTS = FaultKind(
    "contradicts",
    N_("The bank says: {told}. With us the state of this transfer is: {state}."),
    N_("Ask the bank; what left the account nevertheless is booked as a loss of the reserve."),
)
NOT_PAID_YET = FaultKind(
    "not-paid-yet",
    N_("The transfer came back, but that it was paid is not known."),
    N_("Read the earlier statement first."),
)


@dataclass
class Reading:
    """The transfers as they become while a message is read, and what has to be told of it."""

    lots: dict[str, PayoutOrder]
    transfers: dict[str, tuple[Transfer, str]]
    steps: list[Step] = field(default_factory=list)
    known: int = 0
    not_ours: list[NotOurs] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @classmethod
    def of(cls, orders: Iterable[PayoutOrder]) -> Reading:
        lots = {order.reference: order for order in orders}
        return cls(lots, {one.end_to_end: (one, lot.reference) for lot in lots.values() for one in lot.transfers})

    def take(self, message: BankMessage) -> None:
        """What is said of transfers, then what left the account, and last what came back."""
        named = {said.reference for said in message.said if not said.whole}
        for said in message.said:
            self._take_status(said, named)
        for booked in sorted(message.booked, key=lambda entry: entry.event == "return"):
            self._take_booked(booked)

    def _take_status(self, said: Said, named: set[str]) -> None:
        """What is said of a batch is said of each transfer in it that is not named by itself."""
        if said.whole and said.reference in self.lots:
            for one in self._of_lot(said.reference):
                if one.end_to_end not in named:
                    named.add(one.end_to_end)
                    self._step(one, said)
        elif not said.whole and said.reference in self.transfers:
            self._step(self.transfers[said.reference][0], said)
        else:
            self.faults.append(UNKNOWN_REFERENCE.at(said.row, said.place, said.reference))

    def _take_booked(self, booked: Booked) -> None:
        ours = [said for said in booked.details if said.reference in self.transfers]
        batches = [*booked.batches, *(said.reference for said in booked.details)]
        whole = next((name for name in batches if name in self.lots), None)
        if ours:
            self._take_details(booked, ours)
        elif whole is not None:
            self._take_batch(booked, whole)
        for said in booked.details:
            if said.reference not in self.transfers and said.reference != whole:
                self._tell_not_ours(booked, said)

    def _take_details(self, booked: Booked, ours: Sequence[Said]) -> None:
        """Each transfer by its own amount; where the bank tells none, all together make up the entry."""
        found = [self.transfers[said.reference][0] for said in ours]
        told = [said.cents for said in ours]
        if None in told and len(ours) == len(booked.details):
            expected = sum(one.net_cents for one in found)
            self._compare(ours[0].row, ours[0].reference, booked.cents, expected)
        for said, one in zip(ours, found, strict=True):
            if said.cents is not None:
                self._compare(said.row, said.reference, said.cents, one.net_cents)
            self._step(one, said)

    def _take_batch(self, booked: Booked, reference: str) -> None:
        """An entry for a whole lot: all that was still to happen of it, or all that had happened already."""
        _, before, after = LEADS[booked.event]
        lot = self._of_lot(reference)
        due, done = ([one for one in lot if one.state in states] for states in (before, after))
        due_cents, done_cents = (sum(one.net_cents for one in group) for group in (due, done))
        if due and booked.cents == due_cents:
            for one in due:
                self._step(one, Said(booked.row, "PmtInfId", reference, booked.event, told_on=booked.told_on))
        elif done and booked.cents == done_cents:
            self.known += len(done)
        else:
            self._compare(booked.row, reference, booked.cents, due_cents or done_cents)

    def _compare(self, row: int, reference: str, booked_cents: int, expected_cents: int) -> None:
        if booked_cents != expected_cents:
            shown = {"booked": format_cents(booked_cents), "expected": format_cents(expected_cents)}
            self.faults.append(OTHER_AMOUNT.at(row, "Amt", reference, **shown))

    def _tell_not_ours(self, booked: Booked, said: Said) -> None:
        """What has the form of ours is a fault, what left the account for others is told, what came in is theirs."""
        if said.reference.rpartition(".")[0] in self.lots:
            self.faults.append(UNKNOWN_REFERENCE.at(said.row, said.place, said.reference))
        elif booked.event == "pay" or said.reason is not None:
            cents = booked.cents if said.cents is None else said.cents
            self.not_ours.append(NotOurs(said.row, said.reference, cents, booked.told_on))

    def _step(self, one: Transfer, said: Said) -> None:
        becomes, before, after = LEADS[said.event]
        if one.state in after:
            self.known += 1
        elif one.state in before:
            lot = self.transfers[one.end_to_end][1]
            self.steps.append(Step(one, lot, said.event, said.reason, said.told_on))
            self.transfers[one.end_to_end] = (replace(one, state=becomes, reason=said.reason), lot)
        else:
            self.faults.append(_fault_of(one, said, becomes))

    def _of_lot(self, reference: str) -> list[Transfer]:
        return [self.transfers[one.end_to_end][0] for one in self.lots[reference].transfers]


def _fault_of(one: Transfer, said: Said, becomes: TransferState) -> Fault:
    if one.state in {"prepared", "approved", "refused", "withdrawn"}:
        return NOT_AT_THE_BANK.at(said.row, said.place, one.end_to_end, state=state_label(one.state))
    if said.event == "return" and one.state in {"exported", "sent", "accepted"}:
        return NOT_PAID_YET.at(said.row, said.place, one.end_to_end)
    return CONTRADICTS.at(said.row, said.place, one.end_to_end, state=state_label(one.state), told=state_label(becomes))
