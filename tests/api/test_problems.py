"""How "no" is said: RFC 9457, in the till's language, without a word of ours or the database's inside."""

from __future__ import annotations

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from ledger.errors import CATALOGUE
from tests.tills import TillClient
from tests.town import Town

MEMBERS = {"type", "title", "status", "detail", "code", "number", "retryable"}


async def test_a_refusal_is_a_problem_document(quiet_till: TillClient, town: Town) -> None:
    answer = await quiet_till.redeem(town.poor_card)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/errors/insufficient-balance",
        "title": "Le solde est insuffisant.",
        "status": 422,
        "detail": "Réglez le reste autrement.",
        "code": "insufficient-balance",
        "number": "E3004",
        "retryable": False,
        "available_cents": 0,
    }


@pytest.mark.parametrize(
    ("accepted", "title"),
    [
        (None, "Le solde est insuffisant."),
        ("fr-FR", "Le solde est insuffisant."),
        ("en", "The balance is not sufficient."),
        ("en-GB,en;q=0.9,fr;q=0.8", "The balance is not sufficient."),
        ("fr;q=0.5, en;q=0.4", "Le solde est insuffisant."),
        ("de, ar;q=0.9", "Le solde est insuffisant."),
        (";;,=", "Le solde est insuffisant."),
    ],
)
async def test_it_speaks_the_language_of_the_till(
    quiet_till: TillClient, town: Town, accepted: str | None, title: str
) -> None:
    speaking = TillClient(quiet_till.client, quiet_till.clock, quiet_till.token, accepted)
    assert (await speaking.redeem(town.poor_card)).json()["title"] == title


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/v1/nowhere", 404, "There is nothing at this address."),
        ("DELETE", "/v1/redemptions", 405, "This address does not take this method."),
        ("GET", "/v1/redemptions", 401, "This till is not known here."),
        ("POST", "/v1/tills/pair", 400, "The request cannot be read."),
    ],
)
async def test_what_the_framework_refuses_is_said_in_our_words(
    quiet_till: TillClient, method: str, path: str, status: int, title: str
) -> None:
    answer = await quiet_till.client.request(method, path, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert set(answer.json()) >= MEMBERS
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_every_type_leads_to_its_explanation(quiet_till: TillClient, language: str) -> None:
    for number, refusal in CATALOGUE.items():
        answer = await quiet_till.client.get(f"/errors/{refusal.code}", headers={"Accept-Language": language})
        assert answer.status_code == 200
        explained = answer.json()
        assert (explained["number"], explained["status"]) == (f"E{number}", refusal.status)
        assert (explained["title"] == refusal.title) == (language == "en"), explained
    assert (await quiet_till.client.get("/errors/no-such-code")).status_code == 404


async def test_our_own_fault_says_nothing_of_the_inside(
    till: TillClient, town: Town, owner: asyncpg.Connection
) -> None:
    await owner.execute("ALTER TABLE ledger.request_outcome RENAME COLUMN fate TO destiny")
    with capture_logs() as logs:
        answers = [await till.redeem(town.paper_card), await till.abandon("key"), await till.balance(town.paper_card)]
    assert [entry["event"] for entry in logs] == ["redemption failed", "request failed", "request failed"]
    for answer in answers:
        assert_silent(answer)
        assert set(answer.json()) == MEMBERS
        assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (500, "internal-error", True)
    await owner.execute("ALTER TABLE ledger.request_outcome RENAME COLUMN destiny TO fate")
    assert (await till.redeem(town.paper_card)).status_code == 201


def assert_silent(answer: httpx.Response) -> None:
    """No traceback, no table, no driver, no statement."""
    for word in ("Traceback", "File ", "asyncpg", "sqlalchemy", "SELECT", "column", "relation", "destiny", "ledger."):
        assert word not in answer.text
