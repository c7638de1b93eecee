"""What the model says of euros, households, aid runs and the end of vouchers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tests.properties.machine.asking import Told, same
from tests.properties.machine.books import (
    FUND,
    IN_TRANSIT,
    ISSUED,
    MANDATED,
    Books,
    Differs,
    Household,
    Mandate,
    Proposal,
    Rules,
    Run,
    Voucher,
    day_of,
)
from tests.properties.machine.sales import end_voucher

_NUMBER = re.compile(r"[A-Za-z0-9/.-]{1,30}")


def mandate(books: Books, programme: str, number: str, cents: int, operator: str, answer: Told) -> None:
    code = None if _NUMBER.fullmatch(number) and 0 < cents <= 10**12 else "bad-value"
    code = code or books.bars(operator, "finance") or _programme(books, programme)
    if answer.was(code or ("already-exists" if number in books.mandates else None)):
        return
    books.transfer("mandate", IN_TRANSIT, MANDATED, cents)
    books.mandates[number] = Mandate(number, cents)


def confirm(books: Books, number: str, operator: str, answer: Told) -> None:
    """`answer.result` is the transaction of the funding."""
    found = books.mandates.get(number)
    code = books.bars(operator, "finance", "treasurer") or _state(found, "in-transit")
    code = "already-exists" if code == "not-possible-now" and found and found.state == "confirmed" else code
    if answer.was(code or _too_low(books, IN_TRANSIT, found)) or found is None:
        return
    legs = ((FUND, found.cents), (IN_TRANSIT, -found.cents), (ISSUED, found.cents), (books.pool, -found.cents))
    books.move("funding", *legs, transaction=answer.result)
    found.state, found.funding = "confirmed", answer.result


def cancel(books: Books, number: str, operator: str, answer: Told) -> None:
    found = books.mandates.get(number)
    code = books.bars(operator, "finance") or _state(found, "in-transit", "taken-back")
    code = code or _too_low(books, IN_TRANSIT, found) or _too_low(books, MANDATED, found)
    if answer.was(code) or found is None:
        return
    books.transfer("mandate-cancelled", MANDATED, IN_TRANSIT, found.cents)
    found.state = "cancelled"


def _state(found: Mandate | None, *possible: str) -> str | None:
    if found is None:
        return "unknown-mandate"
    return None if found.state in possible else "not-possible-now"


def _too_low(books: Books, account: str, found: Mandate | None) -> str | None:
    return "account-too-low" if found and books.held(account) < found.cents else None


def _programme(books: Books, programme: str) -> str | None:
    return None if programme == books.code else "unknown-programme"


@dataclass(frozen=True)
class Applicant:
    """A household of a file: who has little resources is granted so much."""

    case: str
    adults: int
    children: int
    poor: bool

    @property
    def cents(self) -> int:
        return 10_00 * self.adults + 25_00 * self.children if self.poor else 0


def register(books: Books, applicants: tuple[Applicant, ...], content: str, operator: str, answer: Told) -> None:
    """`answer.result`: the households by case number, once they are in."""
    cases = [one.case for one in applicants]
    known = {one.case for one in books.households.values() if one.active}
    code = books.bars(operator, "agent") or ("file-already-imported" if content in books.files else None)
    if answer.was(code or ("file-faulty" if known & set(cases) or len(set(cases)) < len(cases) else None)):
        return
    books.files.add(content)
    for one in applicants:
        household = Household(one.case, waiting=[one.cents] if one.poor else [])
        books.households[answer.result[one.case]] = household


def decide_again(books: Books, household: UUID, cents: int, answer: Told) -> None:
    """A later decision of the same household."""
    answer.was(None)
    books.households[household].waiting.append(cents)


def change_rules(books: Books, rules: Rules, operator: str, answer: Told) -> None:
    if not answer.was(books.bars(operator, "finance", "approver")):
        books.rules = rules


def reserved(books: Books, *, pending_too: bool) -> int:
    """What runs will still take from the pool."""
    states = {"pending", "approved"} if pending_too else {"approved"}
    open_runs = (run for run in books.runs.values() if not run.issued)
    return sum(run.total for run in open_runs if books.proposals[run.proposal].state in states)


def signing(books: Books, name: str, own_key: bool, *roles: str) -> str | None:
    """Why somebody's signature is not taken."""
    return books.bars(name, *roles) or (None if own_key else "signature-refused")


def limited(books: Books, name: str, cents: int, now: datetime) -> str | None:
    """Whether this would be more than somebody may prepare within the days."""
    limit = books.people[name].limit
    if limit is None or not cents:
        return None
    since = now - timedelta(days=limit[1])
    own = [one for one in books.proposals.values() if one.by == name and one.at > since and one.state != "rejected"]
    return "limit-reached" if sum(one.cents for one in own) + cents > limit[0] else None


def prepare(books: Books, programme: str, operator: str, own_key: bool, now: datetime, answer: Told) -> None:
    lines = [(id_, cents) for id_, one in books.households.items() if one.active for cents in one.waiting]
    total = sum(cents for _, cents in lines)
    code = books.bars(operator) or _programme(books, programme) or (None if lines else "nothing-to-issue")
    if code is None and books.held(books.pool) - reserved(books, pending_too=True) < total:
        code = "pool-too-low"
    code = code or signing(books, operator, own_key, "agent", "finance") or limited(books, operator, total, now)
    if answer.was(code):
        return
    run, number = answer.result, len(books.runs) + 1
    until = day_of(now) + timedelta(days=books.rules.days)
    same((run.number, run.total_cents, run.voucher_count), (number, total, len(lines)), "run")
    same((run.valid_from, run.valid_until), (day_of(now), until), "validity")
    books.proposals[run.proposal_id] = Proposal(run.proposal_id, "aid-run", operator, total, now)
    books.runs[number] = Run(number, run.proposal_id, books.rules, day_of(now), until, lines)
    for household in {household for household, _ in lines}:
        books.households[household].waiting = []


def approve_run(books: Books, number: int, operator: str, own_key: bool, now: datetime, answer: Told) -> None:
    """`answer.result`: what each of its households holds afterwards."""
    run = books.runs.get(number)
    proposal = books.proposals[run.proposal] if run else None
    code = books.bars(operator) or ("unknown-run" if run is None else None)
    if run and proposal and not code:
        if run.issued_at == now and answer.code is None:
            return  # two at once: the second helped to issue what the first had approved
        code = _approvable(books, run, proposal, operator, own_key, now)
    if answer.was(code) or run is None or proposal is None:
        return
    proposal.state, run.issued_at = "approved", now
    _issue(books, run, answer)


def _approvable(
    books: Books,
    run: Run,
    proposal: Proposal,
    operator: str,
    own_key: bool,
    now: datetime,
) -> str | None:
    if run.issued or proposal.state == "rejected":
        return "not-pending"
    if day_of(now) > run.valid_until:
        return "not-possible-now"
    code = signing(books, operator, own_key, "approver") or ("same-person" if operator == proposal.by else None)
    short = books.held(books.pool) < reserved(books, pending_too=False) + run.total
    return code or ("pool-too-low" if short else None)


def _issue(books: Books, run: Run, answer: Told) -> None:
    series = f"{books.code}-{run.valid_from.year}-"
    last = sum(serial.startswith(series) for serial in books.vouchers)
    due = list(run.lines)
    for household, held in answer.result.items():
        for one in held:
            if one.serial not in books.vouchers and (household, one.face_cents) in due:
                due.remove((household, one.face_cents))
                same((one.valid_from, one.valid_until), (run.valid_from, run.valid_until), "validity")
                voucher = Voucher(one.serial, household, run.rules, one.valid_from, one.valid_until)
                books.vouchers[one.serial] = voucher
    new = sorted(serial for serial in books.vouchers if serial.startswith(series))[last:]
    if due or new != [f"{series}{last + nth:06}" for nth in range(1, len(run.lines) + 1)]:
        raise Differs(f"run {run.number}: vouchers {new}, missing {due}")
    faces = {one.serial: one.face_cents for held in answer.result.values() for one in held}
    books.move("issue", (books.pool, run.total), *((f"voucher:{serial}", -faces[serial]) for serial in new))


def lapse(books: Books, operator: str, now: datetime, answer: Told) -> None:
    """All in one transaction, if there is anything left on them."""
    if answer.was(books.bars(operator)):
        return
    due = [one for one in books.vouchers.values() if one.state == "active" and one.last_day < day_of(now)]
    rests = [(one.account, books.held(one.account)) for one in due if books.held(one.account)]
    same((answer.result.vouchers, answer.result.returned_cents), (len(due), sum(c for _, c in rests)), "lapsed")
    if rests:
        books.move("lapse", *rests, (books.pool, -sum(cents for _, cents in rests)))
    for one in due:
        one.state = "lapsed"


def revoke(books: Books, serial: str, operator: str, answer: Told) -> None:
    found = books.vouchers.get(serial)
    code = books.bars(operator, "approver", "finance") or ("unknown-voucher" if found is None else None)
    if not answer.was(code or ("not-possible-now" if found and found.state != "active" else None)) and found:
        end_voucher(books, found, "revocation")


def erase(books: Books, case: str, operator: str, *, give_up: bool, answer: Told) -> None:
    roles = ("approver", "finance") if give_up else ("agent", "approver", "finance")
    found = next((id_ for id_, one in books.households.items() if one.active and one.case == case), None)
    own = [one for one in books.vouchers.values() if one.household == found]
    left = sum(books.held(one.account) for one in own)
    code = books.bars(operator, *roles) or ("unknown-household" if found is None else None)
    code = code or ("household-has-money" if left and not give_up else None)
    code = code or ("not-possible-now" if _in_a_run(books, found) else None)
    if answer.was(code) or found is None:
        return
    active = [one for one in own if one.state == "active"]
    cards = [one for one in books.cards.values() if one.household == found and not one.blocked]
    told = answer.result
    same((told.cards_blocked, told.vouchers_revoked, told.given_up_cents), (len(cards), len(active), left), "erasure")
    for voucher in active:
        end_voucher(books, voucher, "revocation")
    for card in cards:
        card.blocked = True
    books.households[found].active = False


def _in_a_run(books: Books, household: UUID | None) -> bool:
    waiting = [run for run in books.runs.values() if not run.issued]
    return any(
        household in {one for one, _ in run.lines} and books.proposals[run.proposal].state != "rejected"
        for run in waiting
    )


def reject(books: Books, proposal: UUID, operator: str, own_key: bool, answer: Told) -> None:
    """Whoever may approve it, and who prepared it; the decisions of a run wait again."""
    found = books.proposals.get(proposal)
    if found is None or found.state != "pending":
        answer.was("unknown-proposal" if found is None else "not-pending")
        return
    checkers = ("approver",) if found.kind == "aid-run" else ("approver", "reviewer")
    if answer.was(signing(books, operator, own_key, *(() if operator == found.by else checkers))):
        return
    found.state = "rejected"
    for run in books.runs.values():
        if run.proposal == proposal:
            for household, cents in run.lines:
                books.households[household].waiting.append(cents)
