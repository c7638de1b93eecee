"""The contract as the service shows it: for programs and for people, and nothing in it from anywhere else."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from tests.contract import contract, operations
from tests.tills import TillClient


class Page(HTMLParser):
    """What a browser would fetch, follow or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


async def page(till: TillClient, language: str) -> Page:
    answer = await till.client.get("/docs", params={"lang": language})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return Page(answer.text)


async def test_programs_get_the_document_that_is_in_the_repository(quiet_till: TillClient) -> None:
    answer = await quiet_till.client.get("/openapi.json", headers={"Accept-Language": "fr"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == contract()


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({}, {}, "fr"),
        ({"Accept-Language": "en"}, {}, "en"),
        ({"Accept-Language": "en"}, {"lang": "fr"}, "fr"),
        ({}, {"lang": "en"}, "en"),
        ({}, {"lang": "xx"}, "fr"),
    ],
)
async def test_the_page_speaks_as_it_is_asked_to(
    quiet_till: TillClient, headers: dict[str, str], query: dict[str, str], language: str
) -> None:
    answer = await quiet_till.client.get("/docs", headers=headers, params=query)
    assert f'<html lang="{language}">' in answer.text


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_page_shows_every_call_with_every_refusal(quiet_till: TillClient, language: str) -> None:
    shown = await page(quiet_till, language)
    for name, operation in operations().items():
        assert name in shown.ids
        assert f"{operation.method} {operation.path}" in shown.text
        for code in operation.refusals:
            assert code in shown.text


async def test_in_french_no_english_is_left(quiet_till: TillClient) -> None:
    english = [told["summary"] for methods in contract()["paths"].values() for told in methods.values()]
    french = (await page(quiet_till, "fr")).text
    left = [text for text in english if f" {text} " in french]
    assert not left


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_nothing_comes_from_elsewhere_and_nothing_runs(quiet_till: TillClient, language: str) -> None:
    answer = await quiet_till.client.get("/docs", params={"lang": language})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    shown = Page(answer.text)
    assert not {"script", "style", "iframe", "object", "form"} & {tag for tag, _ in shown.tags}
    for tag, attributes in shown.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        address = attributes.get("href") or attributes.get("src")
        assert address is None or address.startswith(("#", "/", "data:,")), address
    assert (await quiet_till.client.get("/docs/page.css")).headers["content-type"].startswith("text/css")
    assert "url(" not in (await quiet_till.client.get("/docs/page.css")).text


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_page_can_be_read_aloud_and_by_keyboard(quiet_till: TillClient, language: str) -> None:
    shown = await page(quiet_till, language)
    assert len(shown.ids) == len(set(shown.ids))
    links = [attributes["href"] for tag, attributes in shown.tags if tag == "a"]
    assert not [link for link in links if link and link.startswith("#") and link[1:] not in shown.ids]
    headings = [int(tag[1]) for tag, _ in shown.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(deeper - before <= 1 for before, deeper in pairwise(headings))
    assert all("scope" in attributes for tag, attributes in shown.tags if tag == "th")
    assert {"main", "nav", "header"} <= {tag for tag, _ in shown.tags}


async def test_colours_are_far_enough_apart(quiet_till: TillClient) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text, by day and by night."""
    style = (await quiet_till.client.get("/docs/page.css")).text
    themes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", part)) for part in style.split("prefers-color-scheme: dark")]
    assert len(themes) == 2
    for theme in themes:
        for text in ("ink", "link"):
            for ground in ("paper", "soft"):
                assert contrast(theme[text], theme[ground]) >= 4.5, (text, ground)
        assert contrast(theme["line"], theme["paper"]) >= 3


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


async def test_the_pages_of_the_framework_are_not_there(quiet_till: TillClient) -> None:
    for path in ("/schema", "/schema/swagger", "/schema/openapi.json", "/docs/../openapi.py"):
        answer = await quiet_till.client.get(path)
        assert answer.status_code == 404
        assert json.loads(answer.content)["code"] == "not-found"
