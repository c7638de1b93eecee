"""The owner sees the shop's devices, invites a till and revokes one; another shop's are as if they did not exist."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.merchants.actions import suspend_merchant
from tests.owners import Owner
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town, paired

TILLS = "/v1/merchant/tills"


@pytest.fixture
async def office(till: TillClient, ledger: Ledger, clock: FixedClock, town: Town) -> Owner:
    """The owner of the first shop, whose first till has sold for 8.50 Pois."""
    assert (await till.redeem(town.paper_card)).status_code == 201
    return await Owner.of(ledger, till, clock, town.office, AGENT)


async def invite(owner: Owner, **more: str) -> httpx.Response:
    return await owner.ask(f"{TILLS}/invite", **more)


async def revoke(owner: Owner, till: UUID | str, **more: str) -> httpx.Response:
    return await owner.ask(f"{TILLS}/{till}/revoke", **more)


async def states(owner: Owner) -> dict[str, str]:
    return {one["id"]: one["state"] for one in (await owner.device.get(TILLS)).json()["tills"]}


async def test_the_list_has_this_shops_devices_with_their_last_sale(
    office: Owner, till: TillClient, town: Town
) -> None:
    listed = {one["id"]: one for one in (await office.device.get(TILLS)).json()["tills"]}
    own = [one for one in (*town.tills, town.office) if one.merchant.id == town.shops[0].id]
    assert listed.keys() == {str(one.till_id) for one in own}
    assert listed[str(town.tills[0].till_id)]["last_sale_at"] is not None
    assert listed[str(town.tills[3].till_id)]["last_sale_at"] is None
    assert [one["scope"] for one in listed.values() if one["here"]] == ["merchant"]


async def test_an_invited_till_is_connected_once_and_sells(office: Owner, till: TillClient, town: Town) -> None:
    answer = await invite(office)
    assert answer.status_code == 201
    code = answer.json()["pairing_code"]
    made, again = [await till.client.post("/v1/tills/pair", json={"pairing_code": code}) for _ in range(2)]
    assert (made.status_code, made.json()["scope"], made.json()["merchant"]) == (201, "till", town.shops[0].name)
    assert again.json()["code"] == "pairing-code-refused"
    new = TillClient(till.client, till.clock, made.json()["token"])
    assert (await new.redeem(town.crowd[0], (FRUIT, 1_00))).status_code == 201
    assert (await states(office))[made.json()["till_id"]] == "paired"


async def test_an_invitation_is_over_after_fifteen_minutes(office: Owner, till: TillClient, clock: FixedClock) -> None:
    code = (await invite(office)).json()["pairing_code"]
    clock.instant += timedelta(minutes=15)
    assert (await till.client.post("/v1/tills/pair", json={"pairing_code": code})).status_code == 401


async def test_a_revoked_till_is_not_known_any_more(office: Owner, till: TillClient, town: Town) -> None:
    answer = await revoke(office, town.tills[0].till_id)
    assert (answer.status_code, answer.json()["state"]) == (200, "revoked")
    assert (await till.redeem(town.crowd[0])).json()["code"] == "unauthorised"
    assert (await states(office))[str(town.tills[0].till_id)] == "revoked"
    code = office.code(1)
    assert (await revoke(office, town.tills[0].till_id)).json()["code"] == "till-disconnected"
    assert (await revoke(office, town.tills[3].till_id, owner_code=code)).status_code == 200  # it used up no code


async def test_the_device_that_asks_may_revoke_itself(office: Owner, town: Town) -> None:
    answer = await revoke(office, town.office.till_id)
    assert answer.json()["here"] is True
    assert (await office.device.get(TILLS)).status_code == 401


async def test_another_shops_till_is_as_if_it_did_not_exist(office: Owner, town: Town) -> None:
    theirs, nobodys = [await revoke(office, till) for till in (town.tills[1].till_id, uuid4())]
    assert (theirs.status_code, theirs.json()["code"]) == (404, "not-found")
    assert theirs.content == nobodys.content


async def test_orders_and_movements_share_the_owners_codes(office: Owner, town: Town) -> None:
    assert (await invite(office)).status_code == 201
    code = office.code()
    answers = [
        await office.convert(1_00, owner_code=code),
        await invite(office, owner_code=code),
        await revoke(office, town.tills[3].till_id, owner_code=code),
    ]
    assert [answer.json()["code"] for answer in answers] == ["code-already-used"] * 3
    assert (await office.convert(1_00)).status_code == 201
    assert (await invite(office, owner_code=office.code())).json()["code"] == "code-already-used"


async def test_one_code_at_ten_orders_at_once_makes_one_invitation(office: Owner, app: asyncpg.Connection) -> None:
    code = office.code()
    before = await app.fetchval("SELECT count(*) FROM ledger.pairing")
    answers = await asyncio.gather(*(invite(office, owner_code=code) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 9
    assert await app.fetchval("SELECT count(*) FROM ledger.pairing") == before + 1


async def test_wrong_codes_are_counted_together_with_those_of_movements(office: Owner, town: Town) -> None:
    for _ in range(3):
        assert (await invite(office, owner_code="00000000")).json()["code"] == "code-refused"
    for _ in range(2):
        await revoke(office, town.tills[3].till_id, owner_code="00000000")
    assert (await office.convert(1_00)).json()["code"] == "too-many-attempts"
    assert (await invite(office)).status_code == 429


async def test_a_suspended_shop_sees_its_devices_and_changes_none(office: Owner, ledger: Ledger, town: Town) -> None:
    await suspend_merchant(ledger, town.shops[0].siret, AGENT)
    assert (await office.device.get(TILLS)).status_code == 200
    assert (await invite(office)).json()["code"] == "merchant-not-active"
    assert (await revoke(office, town.tills[3].till_id)).json()["code"] == "merchant-not-active"


async def test_a_till_changes_nothing(till: TillClient, town: Town) -> None:
    for path in (f"{TILLS}/invite", f"{TILLS}/{town.tills[3].till_id}/revoke"):
        answer = await till.post(path, {"owner_code": "12345678"})
        assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope")


async def test_the_shops_to_pay_are_the_others_that_take_pois(office: Owner, ledger: Ledger, town: Town) -> None:
    await suspend_merchant(ledger, town.shops[2].siret, AGENT)
    payees = (await office.device.get("/v1/merchant/payees")).json()["payees"]
    shop = town.shops[1]
    assert payees == [{"name": shop.name, "town": shop.town, "siret": shop.siret}]


async def test_the_commission_of_today_stands_beside_the_balance(office: Owner) -> None:
    answer = (await office.device.get("/v1/merchant/balance")).json()
    assert answer["commission_basis_points"] == 200


async def test_the_paired_device_of_another_shop_cannot_be_told_from_none(
    office: Owner, ledger: Ledger, till: TillClient, clock: FixedClock, town: Town
) -> None:
    stranger = await Owner.of(ledger, till, clock, await paired(ledger, town.shops[1], "merchant"), AGENT)
    assert str(town.office.till_id) not in await states(stranger)
    assert (await revoke(stranger, town.office.till_id)).status_code == 404
    assert (await states(office))[str(town.office.till_id)] == "paired"
