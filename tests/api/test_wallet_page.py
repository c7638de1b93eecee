"""The wallet's page as it is sent: small, nothing from elsewhere, nothing inline, and whole without network."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from merchant_api.pages import assets
from merchant_api.pages.assets import installed
from merchant_api.wallet import routes
from merchant_api.wallet.routes import WALLET, WALLET_MODULES
from merchant_api.wallet.words import DIRECTIONS, SPOKEN, words_in
from tests.tills import TillClient

BYTES_MAX = 150_000  # compressed, all languages and the drawing of the code together
AID = re.compile(
    r"\b(aides?|aid|ayudas? alimentaria|CCAS|social\w*|allocat\w*|welfare|bénéficiaires?|مساعدة غذائية)\b",
    re.IGNORECASE,
)


async def kept_by_the_worker(till: TillClient) -> list[str]:
    """Everything that the wallet needs, as its worker fetches it."""
    script = (await till.client.get("/wallet/worker.js")).text
    found = re.search(r"^const KEPT = (.*);$", script, re.MULTILINE)
    assert found
    kept: list[str] = json.loads(found[1])
    return kept


async def test_all_of_the_wallet_in_all_its_languages_is_small(quiet_till: TillClient) -> None:
    sent = [await quiet_till.client.get(address) for address in await kept_by_the_worker(quiet_till)]
    assert {answer.status_code for answer in sent} == {200}
    assert sum(len(gzip.compress(answer.content, mtime=0)) for answer in sent) < BYTES_MAX


@pytest.mark.parametrize("path", ["/wallet", "/balance"])
async def test_the_page_needs_nothing_that_the_worker_does_not_keep(quiet_till: TillClient, path: str) -> None:
    page = (await quiet_till.client.get(path)).text
    named = set(re.findall(r'(?:href|src)="(/[^"]+)"', page))
    assert named - {path} <= {*await kept_by_the_worker(quiet_till), installed().url("wallet/balance.js")}
    assert not re.findall(r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle=", page)


@pytest.mark.parametrize("code", SPOKEN)
async def test_each_language_is_whole_and_says_nothing_of_aid_and_no_name(quiet_till: TillClient, code: str) -> None:
    page = (await quiet_till.client.get("/wallet", params={"lang": code})).text
    assert f'<html lang="{code}" dir="{DIRECTIONS.get(code, "ltr")}"' in page
    assert not AID.search(page)


@pytest.mark.parametrize(
    ("header", "spoken"),
    [("ar-MA,fr;q=0.5", "ar"), ("es", "es"), ("de", "fr"), ("en;q=0.5, es;q=0.4", "en"), ("", "fr")],
)
async def test_the_telephone_says_which_language_it_prefers(quiet_till: TillClient, header: str, spoken: str) -> None:
    page = (await quiet_till.client.get("/wallet", headers={"Accept-Language": header})).text
    assert f'<html lang="{spoken}"' in page


async def test_a_language_that_nobody_speaks_is_none(quiet_till: TillClient) -> None:
    page = (
        await quiet_till.client.get("/wallet", params={"lang": "../../etc"}, headers={"Accept-Language": "es"})
    ).text
    assert '<html lang="es"' in page


async def test_only_our_own_worker_may_stand_behind_the_page(quiet_till: TillClient) -> None:
    policy = (await quiet_till.client.get("/wallet")).headers["content-security-policy"]
    assert policy == WALLET.headers()["Content-Security-Policy"]
    assert "worker-src 'self'" in policy
    assert "unsafe" not in policy
    worker = await quiet_till.client.get("/wallet/worker.js")
    assert worker.headers["service-worker-allowed"] == "/wallet"
    assert worker.headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
    assert worker.headers["cache-control"] == "no-cache"


async def test_a_service_without_what_draws_the_code_says_that_it_does_not_work(
    quiet_till: TillClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = assets.Assets({name: file for name, file in installed().files.items() if "vendor/" not in name})
    monkeypatch.setattr(routes, "installed", lambda: bare)
    page = (await quiet_till.client.get("/wallet", params={"lang": "en"})).text
    assert words_in("en")["failed"] in page.partition("<main")[2]
    assert "<script" not in page
    assert (await quiet_till.client.get("/balance")).text.count("<script") == 1


def test_every_module_is_there() -> None:
    assert installed().missing(*WALLET_MODULES) == []
