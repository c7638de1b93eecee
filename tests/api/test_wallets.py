"""What a household's telephone is told, and what it can do; and that it can do nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from ledger.cards.actions import block_card, issue_card, list_cards
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.errors import NotPossibleNow, TelephoneEnrolled
from ledger.redemptions.holders import answer_dispute, list_disputes
from ledger.sealing.actions import seal
from ledger.wallets.actions import invite_wallet
from tests.contract import operations
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, PROGRAMME, Town, credential
from tests.wallets import WalletClient, enrol, new_nonce


@pytest.fixture
async def wallet(till: TillClient, ledger: Ledger, clock: FixedClock, town: Town) -> WalletClient:
    """The telephone of the household that has one; its second card is on paper."""
    return await WalletClient.enrolled(ledger, till.client, clock, town.phone_card)


async def test_a_telephone_is_enrolled_and_shows_a_code_that_pays(
    wallet: WalletClient, till: TillClient, town: Town
) -> None:
    shown = (await wallet.get()).json()
    assert (shown["balance_cents"], shown["last_step"]) == (120_00, 0)
    assert [(card["kind"], card["state"], card["own"]) for card in shown["cards"]] == [
        ("phone", "active", True),
        ("paper", "active", False),
    ]
    code = f"BP1/{town.phone_card.number}/{wallet.code()}"
    assert (await till.redeem(town.phone_card, credential=code)).status_code == 201
    after = (await wallet.get()).json()
    assert (after["balance_cents"], after["last_step"] > 0) == (111_50, True)


async def test_a_lost_answer_is_given_again_to_the_same_telephone_only(
    ledger: Ledger, till: TillClient, clock: FixedClock, town: Town
) -> None:
    code, nonce = (await invite_wallet(ledger, town.phone_card.number, AGENT)).code, new_nonce()
    first = await enrol(till.client, code, nonce)
    again = await enrol(till.client, code.lower().replace("-", " "), nonce)
    assert (again.status_code, again.json()) == (201, first.json())
    assert (await enrol(till.client, code)).json()["code"] == "enrolment-refused"
    clock.instant += timedelta(minutes=15)
    assert (await enrol(till.client, code, nonce)).json()["code"] == "enrolment-refused"


async def test_of_two_telephones_at_once_one_is_enrolled(ledger: Ledger, till: TillClient, town: Town) -> None:
    code, nonce = (await invite_wallet(ledger, town.phone_card.number, AGENT)).code, new_nonce()
    answers = await asyncio.gather(*(enrol(till.client, code, one) for one in (nonce, nonce, new_nonce(), new_nonce())))
    assert sorted(answer.status_code for answer in answers) in ([201, 201, 422, 422], [201, 422, 422, 422])
    assert len({answer.json()["token"] for answer in answers if answer.status_code == 201}) == 1


async def test_a_code_works_for_thirty_days_and_not_for_a_blocked_card(
    ledger: Ledger, till: TillClient, clock: FixedClock, town: Town
) -> None:
    old = await invite_wallet(ledger, town.phone_card.number, AGENT)
    clock.instant = old.expires_at
    assert (await enrol(till.client, old.code)).status_code == 422
    new = await invite_wallet(ledger, town.phone_card.number, AGENT)
    await block_card(ledger, town.phone_card.number, AGENT)
    assert (await enrol(till.client, new.code)).status_code == 422
    with pytest.raises(NotPossibleNow):
        await invite_wallet(ledger, town.phone_card.number, AGENT)
    with pytest.raises(NotPossibleNow):
        await invite_wallet(ledger, town.paper_card.number, AGENT)


@pytest.mark.usefixtures("wallet")
async def test_a_card_has_one_telephone(ledger: Ledger, town: Town) -> None:
    with pytest.raises(TelephoneEnrolled):
        await invite_wallet(ledger, town.phone_card.number, AGENT)


async def test_guessing_codes_is_paused(till: TillClient, ledger: Ledger, town: Town) -> None:
    answers = [await enrol(till.client, "00000-00000-00000") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    right = await invite_wallet(ledger, town.phone_card.number, AGENT)
    assert (await enrol(till.client, right.code)).status_code == 429


CALLS = [one for one in operations().values() if one.told["security"]]


@pytest.mark.parametrize("name", [one.name for one in CALLS])
async def test_the_tokens_of_telephones_and_of_devices_open_nothing_of_each_other(
    quiet_wallet: WalletClient, quiet_till: TillClient, town: Town, name: str
) -> None:
    operation = operations()[name]
    for_wallets = operation.told["security"] == [{"wallet": []}]
    device = replace(quiet_till, token=town.office.token)
    strangers = [quiet_till, device] if for_wallets else [replace(quiet_till, token=quiet_wallet.token)]
    body: Any = None
    if "requestBody" in operation.told:
        [content] = operation.told["requestBody"]["content"].values()
        body = content["examples"]["example"]["value"]
    path = operation.path
    for part in ("redemption_id", "conversion_id", "till_id"):
        path = path.replace("{" + part + "}", "0199b7e3-4f10-7c3a-9d52-6a1f0c9e2b41")
    for stranger in strangers:
        answer = await quiet_till.client.request(operation.method, path, headers=stranger.headers("key"), json=body)
        expected = "wallet-unknown" if for_wallets else "unauthorised"
        assert (answer.status_code, answer.json()["code"]) == (401, expected)


@pytest.fixture(scope="module")
async def quiet_wallet(quiet_till: TillClient, quiet_urls: Any, keys: Any, town: Town) -> Any:
    """A telephone for what is refused."""
    database = Database.at(quiet_urls.app)
    try:
        ledger = Ledger(database, quiet_till.clock, keys)
        yield await WalletClient.enrolled(ledger, quiet_till.client, quiet_till.clock, town.phone_card)
    finally:
        await database.aclose()


async def test_purchases_are_those_of_this_telephone_and_of_the_paper_cards(
    wallet: WalletClient, till: TillClient, ledger: Ledger, clock: FixedClock, town: Town
) -> None:
    other = await issue_card(ledger, town.households["PHONE"], "phone", AGENT)
    sale = (await till.redeem(town.phone_card, (FRUIT, 500))).json()["id"]
    await till.redeem(town.second_card, (FRUIT, 300))
    await till.redeem(other, (FRUIT, 200))
    await till.redeem(town.paper_card, (FRUIT, 100))
    await till.refund(sale, 120)
    found = (await wallet.get("/history")).json()
    assert [(one["approved_cents"], one["refunded_cents"]) for one in found["purchases"]] == [(300, 0), (500, 120)]
    assert found["purchases"][1]["card_ending"] == str(town.phone_card.number)[-4:]
    assert found["next_cursor"] is None
    assert str(other.number)[-4:] not in {card["ending"] for card in (await wallet.get()).json()["cards"]}


async def test_older_purchases_follow_by_a_cursor_that_is_good_for_one_telephone(
    wallet: WalletClient, till: TillClient, town: Town
) -> None:
    for _ in range(31):
        await till.redeem(town.second_card, (FRUIT, 1))
    first = (await wallet.get("/history")).json()
    rest = (await wallet.get("/history", cursor=first["next_cursor"])).json()
    assert (len(first["purchases"]), len(rest["purchases"]), rest["next_cursor"]) == (30, 1, None)
    assert (await wallet.get("/history", cursor="x" + first["next_cursor"])).status_code == 400


async def test_shops_are_those_that_take_pois_now(wallet: WalletClient, town: Town) -> None:
    shops = (await wallet.get("/shops")).json()["shops"]
    assert [shop["name"] for shop in shops] == [shop.name for shop in town.shops]
    assert set(shops[0]) == {"name", "town", "categories"}


async def test_a_lost_paper_card_is_blocked_at_once_and_the_telephone_goes_on(
    wallet: WalletClient, till: TillClient, town: Town
) -> None:
    paper = await wallet.card("paper")
    answers = await asyncio.gather(*(wallet.post("/block", {"card": paper}) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await till.redeem(town.second_card)).json()["code"] == "card-blocked"
    assert (await till.redeem(town.phone_card)).status_code == 201


async def test_a_telephone_that_blocks_itself_sees_nothing_more_and_the_balance_stays(
    wallet: WalletClient, till: TillClient, town: Town
) -> None:
    await wallet.post("/block", {"card": await wallet.card("phone")})
    for path in ("", "/history", "/shops"):
        assert (await wallet.get(path)).json()["code"] == "card-blocked"
    assert (await till.balance(town.second_card)).json()["balance_cents"] == 120_00


async def test_nobody_elses_card_is_blocked(wallet: WalletClient, ledger: Ledger, town: Town) -> None:
    [strange] = await list_cards(ledger, town.households["PAPER"])
    answer = await wallet.post("/block", {"card": str(strange.id)})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_a_changed_pin_counts_at_once(wallet: WalletClient, till: TillClient, town: Town) -> None:
    paper = await wallet.card("paper")
    for pin in ("2580", "7319"):
        answer = await wallet.post("/pin", {"card": paper, "pin": pin, "code": wallet.code()})
        assert answer.status_code == 200, answer.text
    assert (await till.redeem(town.second_card)).json()["code"] == "code-refused"
    assert (await till.redeem(town.second_card, pin="2580")).json()["code"] == "code-refused"
    assert (await till.redeem(town.second_card, pin="7319")).status_code == 201
    assert (await till.redeem(town.phone_card, credential=credential(town.phone_card, till.clock.now()))).is_success


async def test_a_pin_is_changed_by_the_key_of_the_telephone_and_not_by_its_token_alone(
    wallet: WalletClient, till: TillClient, town: Town
) -> None:
    paper = await wallet.card("paper")
    codes = [
        (await wallet.post("/pin", {"card": paper, "pin": "7319", "code": "00000000"})).status_code for _ in "12345"
    ]
    paused = await wallet.post("/pin", {"card": paper, "pin": "7319", "code": wallet.code()})
    assert (codes, paused.status_code) == ([422] * 5, 429)
    assert (await till.redeem(town.second_card)).status_code == 201


async def test_a_disputed_purchase_is_seen_by_an_agent_and_answered(
    wallet: WalletClient, till: TillClient, ledger: Ledger, town: Town, superuser: asyncpg.Connection
) -> None:
    sale = (await till.redeem(town.second_card, (FRUIT, 300))).json()["id"]
    strange = (await till.redeem(town.paper_card, (FRUIT, 300))).json()["id"]
    twice = await asyncio.gather(*(wallet.post("/disputes", {"purchase": sale}) for _ in range(2)))
    assert [answer.status_code for answer in twice] == [200, 200]
    assert (await wallet.post("/disputes", {"purchase": strange})).status_code == 404
    [found] = await list_disputes(ledger, PROGRAMME)
    assert (str(found.redemption_id), found.household_id) == (sale, town.households["PHONE"])
    await answer_dispute(ledger, found.redemption_id, AGENT)
    with pytest.raises(NotPossibleNow):
        await answer_dispute(ledger, found.redemption_id, AGENT)
    assert await list_disputes(ledger, PROGRAMME) == []
    assert len(await list_disputes(ledger, PROGRAMME, answered=True)) == 1
    assert (await wallet.get("/history")).json()["purchases"][0]["state"] == "answered"


async def test_a_guest_reads_the_balance_and_shares_the_tills_pauses(till: TillClient, town: Town) -> None:
    card = town.paper_card
    right = {"card_number": f"{card.number}", "pin": card.pin}
    wrong = right | {"pin": f"{(int(card.pin or 0) + 1) % 10_000:04}"}
    found = await till.client.post("/v1/guest/balance", json=right)
    assert (found.status_code, found.json()["balance_cents"]) == (200, 120_00)
    for nth in range(3):  # fifteen a day over all tills and guests
        for _ in range(5):
            answer = await till.client.post("/v1/guest/balance", json=wrong)
            assert answer.json()["code"] == "code-refused", nth
        till.clock.instant += timedelta(minutes=15)  # type: ignore[attr-defined]
    assert (await till.client.post("/v1/guest/balance", json=right)).status_code == 429
    at_till = await till.balance(card, credential=str(card.number))
    assert (at_till.status_code, at_till.json()["code"]) == (429, "too-many-attempts")
    assert (await till.redeem(card)).status_code == 201  # whoever holds the card itself is not locked out


@pytest.mark.parametrize("number", ["0000000018", "1234567897", "BP1/1234567897/ABCDEFG234", "no-number-x"])
async def test_a_guest_learns_nothing_of_numbers(quiet_till: TillClient, number: str) -> None:
    answer = await quiet_till.client.post("/v1/guest/balance", json={"card_number": number[:20], "pin": "1234"})
    assert answer.json()["code"] in {"code-refused", "invalid-request"}


async def test_a_lost_telephone_is_blocked_by_the_paper_card(
    wallet: WalletClient, till: TillClient, town: Town
) -> None:
    card = town.second_card
    body = {"card_number": str(card.number), "pin": card.pin}
    blocked = [(await till.client.post("/v1/guest/block", json=body)).json()["telephones"] for _ in range(2)]
    assert blocked == [1, 0]
    assert (await wallet.get()).json()["code"] == "card-blocked"
    assert (await till.redeem(card)).status_code == 201


async def test_the_books_agree_after_all_of_it(
    wallet: WalletClient, till: TillClient, ledger: Ledger, town: Town, superuser: asyncpg.Connection
) -> None:
    sale = (await till.redeem(town.phone_card)).json()["id"]
    await wallet.post("/disputes", {"purchase": sale})
    paper = await wallet.card("paper")
    await wallet.post("/pin", {"card": paper, "pin": "7319", "code": wallet.code()})
    await wallet.post("/block", {"card": await wallet.card("phone")})
    await seal(ledger)
    assert await run_checks(ledger) == []
