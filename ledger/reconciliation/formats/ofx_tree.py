"""The elements of an OFX file: 1.x is SGML whose end tags may be missing, 2.x is XML; one reader for both.

An end tag closes whatever is open inside; a start tag closes an element that has a value
already, and one of its own name. Nothing is
executed, fetched or expanded beyond the five entities that the specification names.
"""

from __future__ import annotations

import re
from html import unescape

from ledger.reconciliation.formats.xml_tree import DEPTH_MAX, Element, NotXml

_TOKEN = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)\]\]>|<!--.*?-->|<[?!][^>]*>"
    r"|</(?P<close>[A-Za-z_][\w.:-]*)\s*>|<(?P<open>[A-Za-z_][\w.:-]*)(?P<rest>[^<>]*)>",
    re.DOTALL,
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")


def read_ofx(text: str) -> Element:
    """The element `OFX`. Raises `NotXml` where there is none."""
    root = Element("", "", 1)
    opened, end, row = [root], 0, 1
    for token in _TOKEN.finditer(text):
        between = text[end : token.start()]
        _add_text(opened, _unescaped(between))
        row += between.count("\n")
        _take(opened, token, row)
        row += token[0].count("\n")
        end = token.end()
    found = root.find("OFX")
    if found is None:
        raise NotXml(row, "no OFX")
    return found


def _take(opened: list[Element], token: re.Match[str], row: int) -> None:
    if token["cdata"] is not None:
        _add_text(opened, token["cdata"])
    elif token["close"]:
        _close(opened, token["close"].upper())
    elif token["open"]:
        if opened[-1].text.strip():  # it has a value: its end tag was left out
            opened.pop()
        _close(opened, token["open"].upper())  # nothing holds another of its own name
        if len(opened) > DEPTH_MAX:
            raise NotXml(row, "too deep")
        element = Element(token["open"].upper(), "", row)
        opened[-1].children.append(element)
        if not token["rest"].rstrip().endswith("/"):
            opened.append(element)


def _close(opened: list[Element], name: str) -> None:
    """Closes it and what is open inside; an end tag that nothing opened is passed over."""
    for place in range(len(opened) - 1, 0, -1):
        if opened[place].name == name:
            del opened[place:]
            return


def _add_text(opened: list[Element], text: str) -> None:
    if text.strip() and len(opened) > 1:
        opened[-1].text += text


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda found: unescape(found[0]), text)
