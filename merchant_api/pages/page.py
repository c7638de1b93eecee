"""One page: a template, its words in a language, and what a browser may do with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ledger.texts import gettext, language
from merchant_api.pages.assets import PACKAGE, Asset, Assets

# Nothing from elsewhere, nothing inline. Whatever a page needs beyond that it names itself.
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding, Accept-Language",
    "X-Content-Type-Options": "nosniff",
}
_NO_DEVICES = "geolocation=(), microphone=(), payment=(), usb=()"


@dataclass(frozen=True)
class Page:
    """`template` below `merchant_api`; `words`: by name, the English text marked for the catalogue.

    `policy` adds to the sources of a directive of the Content-Security-Policy; `camera`: the page may ask for it.
    """

    template: str
    words: Mapping[str, str]
    policy: Mapping[str, str]
    camera: bool = False

    def headers(self) -> dict[str, str]:
        """What a browser is told beside the page."""
        sources = _POLICY | {name: f"{_POLICY.get(name, '')} {more}".strip() for name, more in self.policy.items()}
        policy = "; ".join(f"{name} {value}" for name, value in sources.items())
        devices = f"camera=({'self' if self.camera else ''}), {_NO_DEVICES}"
        return _HEADERS | {"Content-Security-Policy": policy, "Permissions-Policy": devices}

    def html(self, assets: Assets, **facts: Any) -> Asset:
        """The page in the language of the context."""
        return written(self.template, assets, {name: gettext(word) for name, word in self.words.items()}, **facts)


def written(template: str, assets: Assets, words: Mapping[str, str], **facts: Any) -> Asset:
    """A template with words in whatever language; its script finds the same words in `<meta name="words">`."""
    rendered: str = (
        _environment()
        .get_template(template)
        .render(
            asset=assets.url,
            words=words,
            words_json=json.dumps(words, ensure_ascii=False, separators=(",", ":")),
            **{"language": language(), "direction": "ltr", **facts},
        )
    )
    return Asset(rendered.encode(), "text/html")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
