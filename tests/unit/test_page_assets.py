"""The pages before anybody opens them: their words are all there, their colours can be told apart."""

from __future__ import annotations

import re

import pytest

from merchant_api.pages.assets import FOLDERS, PACKAGE
from merchant_api.till.words import WORDS

_TOKENS = (FOLDERS["base"] / "tokens.css").read_text(encoding="utf-8")
_DAY, _NIGHT = _TOKENS.split("@media (prefers-color-scheme: dark)")
# Who writes on what, and how far apart they have to be (WCAG 2.2: text 4.5, edges of controls and drawings 3).
_PAIRS = [
    *[(ink, ground, 4.5) for ink in ("ink", "ink-soft") for ground in ("ground", "surface", "sunken")],
    ("on-strong", "strong", 4.5),
    ("on-strong", "strong-pressed", 4.5),
    ("on-tint", "tint", 4.5),
    *[(f"{kind}", f"{kind}-ground", 4.5) for kind in ("good", "warn", "bad")],
    *[(kind, ground, 4.5) for kind in ("good", "warn", "bad", "strong") for ground in ("ground", "surface")],
    *[("edge", ground, 3) for ground in ("ground", "surface")],
]


def colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("css", [_DAY, _NIGHT], ids=["day", "night"])
def test_what_is_written_can_be_read(css: str) -> None:
    found = colours(css)
    weak = {}
    for ink, ground, least in _PAIRS:
        lighter, darker = sorted((luminance(found[ink]), luminance(found[ground])), reverse=True)
        contrast = (lighter + 0.05) / (darker + 0.05)
        if contrast < least:
            weak[f"{ink} on {ground}"] = round(contrast, 2)
    assert not weak


def test_the_till_names_no_words_that_it_has_not_and_has_none_that_it_does_not_say() -> None:
    scripts = "".join(path.read_text(encoding="utf-8") for path in FOLDERS["till"].glob("*.js"))
    templates = [PACKAGE / "till" / "page.html.j2", PACKAGE / "pages" / "base.html.j2"]
    named = set(re.findall(r'"(\w+)"', scripts))
    named |= {word for path in templates for word in re.findall(r"words\.(\w+)", path.read_text(encoding="utf-8"))}
    named |= {"camera_insecure", "camera_none", "camera_refused", "camera_not_installed"}  # by the reason that is found
    assert set(re.findall(r'\bt\("(\w+)"', scripts)) <= set(WORDS)
    assert set(WORDS) <= named


@pytest.mark.parametrize("word", [" aid", "aide", "CCAS", "household", "ménage", "voucher", "benefici"])
def test_nobody_at_the_till_reads_of_aid(word: str) -> None:
    assert not [text for text in WORDS.values() if word.lower() in text.lower()]


def test_no_page_names_another_host() -> None:
    files = [path for place in ("base", "till") for path in FOLDERS[place].rglob("*") if path.is_file()]
    named = {address for path in files for address in re.findall(r"https?://[\w.-]+", path.read_text(encoding="utf-8"))}
    assert named == {"http://www.w3.org"}  # the name of the language of drawings
