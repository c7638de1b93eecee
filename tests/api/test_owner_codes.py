"""The owner's code: each one once, few guesses, one answer for every wrong one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from ledger.clock import FixedClock
from ledger.conversions.actions import close_merchant
from ledger.database.unit_of_work import Ledger
from ledger.errors import NotPossibleNow, UnknownMerchant
from ledger.merchants.owners import enrol_owner
from tests.api.test_secrecy import dumped
from tests.owners import Owner
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town, paired


@pytest.fixture
async def office(till: TillClient, ledger: Ledger, clock: FixedClock, town: Town) -> Owner:
    """The owner of the first shop, which has earned 50 Pois."""
    assert (await till.redeem(town.paper_card, (FRUIT, 50_00))).status_code == 201
    return await Owner.of(ledger, till, clock, town.office, AGENT)


def wrong(owner: Owner, nth: int = 1) -> str:
    """None of the codes that are right about now."""
    right = {owner.code(steps) for steps in (-1, 0, 1)}
    return next(code for code in (f"{number:08}" for number in range(nth * 10, nth * 10 + 10)) if code not in right)


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_the_code_of_now_or_of_half_a_minute_around_is_right(office: Owner, steps: int) -> None:
    assert (await office.convert(1_00, owner_code=office.code(steps))).status_code == 201


@pytest.mark.parametrize("steps", [-3, -2, 2, 3, 1000])
async def test_a_code_of_another_time_is_wrong(office: Owner, steps: int) -> None:
    answer = await office.convert(1_00, owner_code=office.code(steps))
    assert (answer.status_code, answer.json()["code"]) == (422, "code-refused")
    assert await office.balance() == (50_00, 0)


async def test_a_code_is_good_for_one_movement_of_any_kind(office: Owner, town: Town) -> None:
    code = office.code()
    made = await office.convert(1_00, owner_code=code)
    answers = [
        await office.convert(1_00, owner_code=code),
        await office.coupons(1_00, owner_code=code),
        await office.pay(town.shops[1].siret, 1_00, owner_code=code),
        await office.cancel(made.json()["id"], owner_code=code),
        await office.coupons(1_00, owner_code=office.code(-1)),
    ]
    assert {answer.json()["code"] for answer in answers} == {"code-already-used"}
    assert 0 < answers[0].json()["next_code_in_seconds"] <= 30
    assert (await office.coupons(1_00)).status_code == 201


async def test_a_used_code_is_no_guess(office: Owner) -> None:
    code = office.code()
    for _ in range(8):
        await office.convert(1_00, owner_code=code)
    assert (await office.convert(1_00)).status_code == 201


async def test_after_five_wrong_codes_none_is_looked_at_for_a_while(
    office: Owner, clock: FixedClock, app: asyncpg.Connection
) -> None:
    answers = [await office.convert(1_00, owner_code=wrong(office, nth)) for nth in range(1, 6)]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].json()["code"] == "code-refused"
    key = str(uuid4())
    paused = await office.convert(1_00, key, owner_code=office.code())
    assert (paused.status_code, paused.json()["code"], paused.json()["retryable"]) == (429, "too-many-attempts", True)
    assert paused.headers["retry-after"] == str(paused.json()["retry_after_seconds"])
    clock.instant += timedelta(minutes=15)
    assert (await office.convert(1_00, key, owner_code=office.code())).status_code == 201  # a pause leaves no trace


async def test_guesses_on_one_device_do_not_lock_the_owner_out_of_another(
    office: Owner, ledger: Ledger, town: Town
) -> None:
    for nth in range(1, 6):
        await office.convert(1_00, owner_code=wrong(office, nth))
    assert (await office.convert(1_00)).status_code == 429
    assert (await office.at(await paired(ledger, town.shops[0], "merchant")).convert(1_00)).status_code == 201


async def test_guesses_at_once_are_counted_one_by_one(office: Owner, app: asyncpg.Connection) -> None:
    guesses = [wrong(office, nth) for nth in range(1, 21)]
    answers = await asyncio.gather(*(office.convert(1_00, owner_code=guess) for guess in guesses))
    assert sorted(answer.status_code for answer in answers) == [422] * 5 + [429] * 15
    assert await app.fetchval("SELECT failures FROM ledger.failure_count WHERE scope = 'owner-code'") == 5


async def test_a_wrong_code_is_refused_for_good_under_its_key(office: Owner) -> None:
    key, guess = str(uuid4()), wrong(office)
    first, again = [await office.convert(1_00, key, owner_code=guess) for _ in range(2)]
    assert (first.status_code, again.content) == (422, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert (await office.convert(1_00, key)).json()["code"] == "idempotency-conflict"


async def test_without_an_owner_nothing_moves(till: TillClient, town: Town) -> None:
    body = {"amount_cents": 1_00, "owner_code": "12345678"}
    answer = await till.at(town.office).post("/v1/conversions", body, str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (403, "owner-code-not-set")


async def test_the_code_of_another_shops_owner_is_wrong(
    office: Owner, till: TillClient, ledger: Ledger, clock: FixedClock, town: Town
) -> None:
    other = await Owner.of(ledger, till, clock, await paired(ledger, town.shops[1], "merchant"), AGENT)
    assert (await office.convert(1_00, owner_code=other.code())).json()["code"] == "code-refused"


async def test_a_new_code_takes_the_place_of_a_lost_one(office: Owner, ledger: Ledger, town: Town) -> None:
    found = await enrol_owner(ledger, town.shops[0].siret, AGENT)
    assert (await office.convert(1_00)).json()["code"] == "code-refused"
    renewed = Owner(office.device, office.clock, found.secret)
    assert (await renewed.convert(1_00)).status_code == 201


async def test_the_secret_is_shown_once_as_a_key_uri_and_kept_encrypted(
    ledger: Ledger, town: Town, superuser: asyncpg.Connection
) -> None:
    found = await enrol_owner(ledger, town.shops[0].siret, AGENT)
    assert found.uri == (
        f"otpauth://totp/Pois:{town.shops[0].siret}?secret={found.secret}&algorithm=SHA256&digits=8&period=30"
    )
    assert found.secret not in repr(found)
    assert found.secret not in await dumped(superuser)


async def test_a_secret_of_one_merchant_cannot_stand_in_for_another(
    office: Owner, till: TillClient, town: Town, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        """INSERT INTO ledger.owner_secret (merchant_id, number, secret, enrolled_by, enrolled_at)
        SELECT $1, 1, secret, enrolled_by, enrolled_at FROM ledger.owner_secret""",
        town.shops[1].id,
    )
    [device] = [till for till in town.tills if till.merchant.id == town.shops[1].id][:1]
    assert device.scope == "till"
    await owner.execute("ALTER TABLE ledger.till DISABLE TRIGGER append_only")
    await owner.execute("UPDATE ledger.till SET scope = 'merchant' WHERE id = $1", device.till_id)
    with capture_logs() as logs:
        answer = await office.at(device).convert(1_00)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert [entry["event"] for entry in logs] == ["keys missing"]


async def test_nobody_enrols_a_merchant_that_is_not_there(ledger: Ledger) -> None:
    with pytest.raises(UnknownMerchant):
        await enrol_owner(ledger, "11111111111111", AGENT)


async def test_nobody_enrols_a_merchant_that_has_left(ledger: Ledger, town: Town) -> None:
    await close_merchant(ledger, town.shops[2].siret, AGENT)
    with pytest.raises(NotPossibleNow):
        await enrol_owner(ledger, town.shops[2].siret, AGENT)
