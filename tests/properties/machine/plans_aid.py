"""Steps of the CCAS: euros in, households, runs, the end of vouchers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from uuid import UUID

from ledger.approvals.actions import reject_proposal
from ledger.approvals.model import Reason, Signer
from ledger.programmes.actions import (
    approve_aid_run,
    cancel_mandate,
    confirm_funding,
    erase_household,
    import_households,
    import_programme,
    list_households,
    prepare_aid_run,
    record_mandate,
)
from ledger.vouchers.actions import lapse_vouchers, list_vouchers, revoke
from ledger.vouchers.model import Voucher
from tests.people import signer
from tests.properties.machine import aid
from tests.properties.machine.aid import Applicant
from tests.properties.machine.asking import Op
from tests.properties.machine.draws import Draw, Scene
from tests.properties.machine.ground import BASKETS, household_rows, programme_file
from tests.properties.machine.plans_sales import make_card

_FUNDING_OF = """
    SELECT f.transaction_id FROM ledger.funding AS f INNER JOIN ledger.mandate AS m ON m.id = f.mandate_id
    WHERE m.number = $1
"""
# A later decision: no command makes one yet, but the books take it, and a household may hold several vouchers.
_DECIDE_AGAIN = """
    INSERT INTO ledger.decision (
        id, household_id, programme_version_id, inputs_hmac, granted, reason, amount_cents, decided_by, decided_at
    )
    SELECT $1, d.household_id, d.programme_version_id, d.inputs_hmac, true, 'below-ceiling', $3, d.decided_by, $4
    FROM ledger.decision AS d WHERE d.household_id = $2 LIMIT 1
"""


def month(scene: Scene, draw: Draw) -> Iterator[Op]:
    """The same, but the run may be left to others."""
    return islice(opening(scene, draw), 6 if draw.slips(0.3) else None)


def opening(scene: Scene, draw: Draw) -> Iterator[Op]:
    """Euros arrive, a household comes, everybody who waits gets a voucher: without it, nothing moves for long."""
    number, runs = f"2026-{len(scene.books.mandates) + 1}", len(scene.books.runs)
    yield _mandate(scene, scene.books.code, number, 400_00, "fay")
    yield _confirm(scene, number, "tom")
    applicant = Applicant(f"M{draw.getrandbits(30)}", 2, 1, poor=True)
    yield _register(scene, (applicant,), household_rows((applicant,)), "ana")
    household = next(id_ for id_, one in scene.books.households.items() if one.case == applicant.case)
    yield make_card(scene, household, draw.choice(["paper", "phone"]), "ana")
    preparer = draw.choice(["ana", "dual"])
    yield _prepare(scene, scene.books.code, preparer, signer(preparer), own=True)
    if len(scene.books.runs) > runs:
        yield _approve(scene, runs + 1, "omar", signer("omar"), own=True)


def programme(scene: Scene, draw: Draw) -> str:
    return "NONE-2026" if draw.slips(0.06) else scene.books.code


def mandate(scene: Scene, draw: Draw) -> Op:
    used = list(scene.books.mandates)
    number = f"2026-{len(used) + 1}"
    if draw.slips(0.2):
        number = draw.choice(["not a number", *used])
    cents = -1 if draw.slips(0.03) else draw.choice([draw.randint(1, 90_00), 150_00, 300_00])
    return _mandate(scene, programme(scene, draw), number, cents, draw.who("fay"))


def _mandate(scene: Scene, code: str, number: str, cents: int, operator: str) -> Op:
    return Op(
        f"mandate {number} of {cents}",
        lambda: record_mandate(scene.ledger, code, number, cents, operator),
        lambda books, told: aid.mandate(books, code, number, cents, operator, told),
    )


def _some_mandate(scene: Scene, draw: Draw, state: str) -> str:
    """One in this state, mostly."""
    waiting = [one.number for one in scene.books.mandates.values() if one.state == state]
    return draw.one(list(scene.books.mandates) if draw.slips(0.25) else waiting, "2026-0")


def confirm(scene: Scene, draw: Draw) -> Op:
    return _confirm(scene, _some_mandate(scene, draw, "in-transit"), draw.who("fay", "tom"))


def _confirm(scene: Scene, number: str, operator: str) -> Op:
    async def ask() -> UUID:
        await confirm_funding(scene.ledger, number, operator)
        found: UUID = await scene.connection.fetchval(_FUNDING_OF, number)
        return found

    return Op(f"confirm {number}", ask, lambda books, told: aid.confirm(books, number, operator, told))


def cancel(scene: Scene, draw: Draw) -> Op:
    number = _some_mandate(scene, draw, draw.choice(["in-transit", "taken-back"]))
    operator = draw.who("fay")
    return Op(
        f"cancel mandate {number}",
        lambda: cancel_mandate(scene.ledger, number, operator),
        lambda books, told: aid.cancel(books, number, operator, told),
    )


def register(scene: Scene, draw: Draw) -> Op:
    """A file of a few households; a case number may be that of somebody known, or of somebody erased."""
    known = [one.case for one in scene.books.households.values()]
    cases = [f"N{draw.getrandbits(20)}" for _ in range(draw.randint(1, 3))]
    if draw.slips(0.2):
        cases.append(draw.choice(known))
    applicants = tuple(Applicant(case, draw.randint(1, 2), draw.randint(0, 2), not draw.slips(0.1)) for case in cases)
    content, operator = household_rows(applicants), draw.who("ana")
    if scene.books.files and draw.slips(0.1):
        content = draw.choice([one for one in sorted(scene.books.files) if one.startswith("dossier")] or [content])
    return _register(scene, applicants, content, operator)


def _register(scene: Scene, applicants: tuple[Applicant, ...], content: str, operator: str) -> Op:
    path = scene.ground.file("menages.csv")
    path.write_text(content, encoding="utf-8")

    async def ask() -> dict[str, UUID]:
        await import_households(scene.ledger, scene.books.code, path, operator)
        return {
            entry.case_number: entry.household_id for entry in await list_households(scene.ledger, scene.books.code)
        }

    return Op(
        f"register {applicants}", ask, lambda books, told: aid.register(books, applicants, content, operator, told)
    )


def decide_again(scene: Scene, draw: Draw) -> Op:
    household = draw.one([id_ for id_, one in scene.books.households.items() if one.active], UUID(int=0))
    decision, cents, now = draw.uuid(), draw.randint(1_00, 40_00), scene.now
    return Op(
        f"decide again on {household}: {cents}",
        lambda: scene.connection.execute(_DECIDE_AGAIN, decision, household, cents, now),
        lambda books, told: aid.decide_again(books, household, cents, told),
    )


def change_rules(scene: Scene, draw: Draw) -> Op:
    basket = frozenset(draw.choice(BASKETS))
    rules = replace(scene.books.rules, eligible=basket, days=draw.choice([9, 20]), grace_days=draw.choice([0, 5]))
    path, operator = programme_file(scene.ground.folder, rules), draw.who("fay")
    return Op(
        f"change the rules: {sorted(basket)}",
        lambda: import_programme(scene.ledger, path, operator),
        lambda books, told: aid.change_rules(books, rules, operator, told),
    )


def prepare(scene: Scene, draw: Draw) -> Op:
    name = draw.who("ana", "lim", "dual", "dual")
    key, own = draw.signer(name)
    return _prepare(scene, programme(scene, draw), name, key, own=own)


def _prepare(scene: Scene, code: str, name: str, key: Signer, *, own: bool) -> Op:
    now = scene.now
    return Op(
        f"{name} prepares a run",
        lambda: prepare_aid_run(scene.ledger, code, key),
        lambda books, told: aid.prepare(books, code, name, own, now, told),
    )


def approve(scene: Scene, draw: Draw) -> Op:
    waiting = [one.number for one in scene.books.runs.values() if not one.issued]
    number = 99 if draw.slips(0.05) else draw.one(list(scene.books.runs) if draw.slips(0.1) else waiting, 99)
    name = draw.who("omar", "dual")
    if number in scene.books.runs and draw.slips(0.3):  # who prepared it tries, too
        name = scene.books.proposals[scene.books.runs[number].proposal].by
    key, own = draw.signer(name)
    return _approve(scene, number, name, key, own=own)


def _approve(scene: Scene, number: int, name: str, key: Signer, *, own: bool) -> Op:
    now = scene.now
    run = scene.books.runs.get(number)
    households = {household for household, _ in run.lines} if run else set()

    async def ask() -> dict[UUID, list[Voucher]]:
        await approve_aid_run(scene.ledger, scene.books.code, number, key)
        return {household: await list_vouchers(scene.ledger, household) for household in households}

    return Op(
        f"{name} approves run {number}", ask, lambda books, told: aid.approve_run(books, number, name, own, now, told)
    )


def reject(scene: Scene, draw: Draw) -> Op:
    pending = [one.id for one in scene.books.proposals.values() if one.state == "pending"]
    proposal = draw.one(list(scene.books.proposals) if draw.slips(0.2) else pending, draw.uuid())
    name = draw.who("omar", "rex", "ana", "fay")
    key, own = draw.signer(name)
    return Op(
        f"{name} rejects {proposal}",
        lambda: reject_proposal(scene.ledger, proposal, key, Reason.MISTAKE),
        lambda books, told: aid.reject(books, proposal, name, own, told),
    )


def lapse(scene: Scene, draw: Draw) -> Op:
    operator, now = draw.who("ana", "fay"), scene.now
    return Op(
        "let vouchers lapse",
        lambda: lapse_vouchers(scene.ledger, operator),
        lambda books, told: aid.lapse(books, operator, now, told),
    )


def revoke_one(scene: Scene, draw: Draw) -> Op:
    serial = "NONE-2026-000001" if draw.slips(0.2) else draw.one(list(scene.books.vouchers), "NONE-2026-000001")
    operator = draw.who("omar", "fay")
    return Op(
        f"revoke {serial}",
        lambda: revoke(scene.ledger, serial, operator),
        lambda books, told: aid.revoke(books, serial, operator, told),
    )


def erase(scene: Scene, draw: Draw) -> Op:
    case = "X0" if draw.slips(0.05) else draw.choice([one.case for one in scene.books.households.values()])
    give_up, operator = draw.slips(0.3), draw.who("fay", "omar")
    return Op(
        f"erase {case}{', giving up its money' if give_up else ''}",
        lambda: erase_household(scene.ledger, scene.books.code, case, operator, give_up=give_up),
        lambda books, told: aid.erase(books, case, operator, give_up=give_up, answer=told),
    )
