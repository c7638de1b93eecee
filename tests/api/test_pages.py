"""What holds for every page: nothing from elsewhere, nothing inline, files that may be kept for ever."""

from __future__ import annotations

import re

import pytest

from merchant_api.pages import assets, routes
from merchant_api.till import routes as till_routes
from tests.tills import TillClient

PAGES = ["/till", "/merchant"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_names_only_files_of_its_own_that_may_be_kept_for_ever(quiet_till: TillClient, path: str) -> None:
    client = quiet_till.client
    page = await client.get(path)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    named = re.findall(r'(?:href|src|data-\w+)="([^"]+)"', page.text)
    assert named
    for address in named:
        file = await client.get(address)
        assert file.status_code == 200, address
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert file.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_speaks_as_it_is_asked_to(quiet_till: TillClient, path: str) -> None:
    french, english = [await quiet_till.client.get(path, params={"lang": code}) for code in ("fr", "en")]
    assert '<html lang="fr"' in french.text
    assert '<html lang="en"' in english.text


async def test_a_file_of_another_version_is_the_present_one_and_not_kept(quiet_till: TillClient) -> None:
    answer = await quiet_till.client.get("/assets/0000000000000000/base/tokens.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize("name", ["base/none.css", "../app.py", "base/..%2f..%2fapp.py", "till/../../app.py"])
async def test_there_is_no_way_out_of_the_folders_of_the_pages(quiet_till: TillClient, name: str) -> None:
    answer = await quiet_till.client.get(f"/assets/{assets.installed().version}/{name}")
    assert answer.status_code == 404


async def test_a_service_without_the_vendored_files_says_so_and_serves(
    quiet_till: TillClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = assets.Assets({name: file for name, file in assets.installed().files.items() if "vendor/" not in name})
    for module in (routes, till_routes):
        monkeypatch.setattr(module, "installed", lambda: bare)
    routes.tell_what_is_missing()
    assert "make install" in capsys.readouterr().out
    page = await quiet_till.client.get("/till")
    assert page.status_code == 200
    assert "data-reader" not in page.text
