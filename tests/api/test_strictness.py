"""Nothing is taken for what it is not: a text is no amount, wherever one is sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.tills import TillClient
from tests.town import FRUIT, Town

SALE = UUID(int=1)
CODE = "12345678"
BODIES: dict[str, dict[str, Any]] = {
    "/v1/redemptions": {"credential": "0000000018", "pin": "1234", "basket": [{"category": FRUIT}]},
    f"/v1/redemptions/{SALE}/refunds": {"reason": "other"},
    "/v1/conversions": {"owner_code": CODE},
    "/v1/payments": {"owner_code": CODE, "to_siret": "81234567800025"},
    "/v1/coupons": {"owner_code": CODE},
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("amount", ["850", 8.5, 850.0, True, False, None, [850], {"cents": 850}, "8,50", ""])
@pytest.mark.parametrize("path", BODIES)
async def test_an_amount_is_a_whole_number(quiet_till: TillClient, town: Town, path: str, amount: Any) -> None:
    body = BODIES[path]
    of_a_till = path.startswith("/v1/redemptions")
    if "basket" in body:
        body = body | {"basket": [{"category": FRUIT, "amount_cents": amount}]}
    else:
        body = body | {"amount_cents": amount}
    device = quiet_till if of_a_till else quiet_till.at(town.office)
    answer = await device.post(path, body, str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request"), answer.text
    assert answer.json()["field"] == ("basket[0].amount_cents" if "basket" in body else "amount_cents")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("value", ["true", 1, 0, "yes", None])
async def test_yes_and_no_are_true_and_false(quiet_till: TillClient, town: Town, value: Any) -> None:
    answer = await quiet_till.redeem(town.paper_card, allow_partial=value)
    assert (answer.status_code, answer.json()["field"]) == (400, "allow_partial")


@pytest.mark.parametrize("value", ["null", "NULL", "Null"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/redemptions", "from"),
        ("/v1/redemptions", "limit"),
        ("/v1/redemptions", "cursor"),
        ("/v1/day-totals", "day"),
        ("/v1/merchant/statement", "to"),
        ("/v1/conversions", "cursor"),
    ],
)
async def test_null_is_no_value_of_a_parameter(
    quiet_till: TillClient, town: Town, path: str, name: str, value: str
) -> None:
    device = quiet_till.at(town.office) if path in {"/v1/merchant/statement", "/v1/conversions"} else quiet_till
    answer = await device.get(path, **{name: value})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid-request", name)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("value", [1760000000, "1760000000", 1.5])
async def test_a_time_is_written_as_one(quiet_till: TillClient, town: Town, value: Any) -> None:
    answer = await quiet_till.redeem(town.paper_card, initiated_at=value)
    assert (answer.status_code, answer.json()["field"]) == (400, "initiated_at")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("path", ["/v1/tills/pair", "/v1/redemptions/abandon", "/v1/card/balance"])
@pytest.mark.parametrize("value", [12345, 1.5, True, None, ["x"]])
async def test_a_text_is_a_text(quiet_till: TillClient, path: str, value: Any) -> None:
    field = {"/v1/tills/pair": "pairing_code", "/v1/card/balance": "credential"}.get(path, "idempotency_key")
    answer = await quiet_till.post(path, {field: value})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid-request", field)
