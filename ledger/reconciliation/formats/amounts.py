"""Amounts and days as banks and spreadsheets write them: by a form that is told, else where only one reading fits."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

_MARKS = re.compile(r"(?i)^(?:€|eur|pois)\s*|\s*(?:€|eur|pois)$")
_BLANKS = "[ \u00a0\u202f\u2009'’]"
_FORMS = {
    ",": re.compile(
        rf"(?P<whole>\d{{1,3}}(?:(?:{_BLANKS}|\.)\d{{3}})+|\d{{1,15}})(?:,(?P<cents>\d{{1,2}}))?", re.ASCII
    ),
    ".": re.compile(
        rf"(?P<whole>\d{{1,3}}(?:(?:{_BLANKS}|,)\d{{3}})+|\d{{1,15}})(?:\.(?P<cents>\d{{1,2}}))?", re.ASCII
    ),
}
_UNCLEAR = re.compile(r"\d{1,3}(?:[.,]\d{3})+", re.ASCII)  # thousands, or three decimal places
_SIGNS = {"-": -1, "+": 1, "": 1}

DAY_FORMS = (
    *("dd/mm/yyyy", "yyyy-mm-dd", "dd.mm.yyyy", "dd-mm-yyyy", "yyyymmdd", "dd/mm/yy", "dd.mm.yy", "dd-mm-yy"),
    *("yyyy/mm/dd", "mm/dd/yyyy", "ddmmyyyy"),
)
_PARTS = {"yyyy": r"(?P<year>\d{4})", "yy": r"(?P<year>\d{2})", "mm": r"(?P<month>\d{w})", "dd": r"(?P<day>\d{w})"}
_SPLIT = re.compile(r"yyyy|yy|mm|dd|[./-]")
_TIME = r"(?:[ T]\d{1,2}[:h]\d{2}(?::\d{2})?.*)?"


def parse_amount(text: str, decimal: str | None = None) -> int:
    """Centimes, with whatever sign people write: `-12,50`, `12,50-`, `(12,50)`, `1 234,50 €`, `1.234,50`.

    `decimal`: `,` or `.` where it is told. Without it an amount that could be read in two ways (`1.234`) is refused,
    as is anything else that is none (`ValueError`).
    """
    bare = text.strip().replace("\N{MINUS SIGN}", "-")
    bracketed = re.fullmatch(r"\((.*)\)", bare)
    bare = _MARKS.sub("", bracketed[1] if bracketed else bare)
    sign, bare = (bare[:1], bare[1:]) if bare[:1] in {"-", "+"} else ("", bare)
    if bare[-1:] in {"-", "+"} and not sign:
        sign, bare = bare[-1:], bare[:-1]
    cents = _unsigned(_MARKS.sub("", bare.strip()), decimal)
    return (-1 if bracketed else 1) * _SIGNS[sign] * cents


def _unsigned(text: str, decimal: str | None) -> int:
    readings = {
        int(re.sub(r"\D", "", found["whole"])) * 100 + int((found["cents"] or "0").ljust(2, "0"))
        for mark in (decimal or ",.")
        if (found := _FORMS[mark].fullmatch(text)) and (decimal or not _UNCLEAR.fullmatch(text))
    }
    if len(readings) != 1:
        raise ValueError(text)
    return readings.pop()


def parse_day_as(text: str, form: str) -> date:
    """A day in one of `DAY_FORMS`, a time after it passed over; `ValueError` if it is none."""
    found = _pattern(form).fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)
    return date(year, int(found["month"]), int(found["day"]))


@cache
def _pattern(form: str) -> re.Pattern[str]:
    width = "{1,2}" if re.search("[./-]", form) else "{2}"
    parts = [_PARTS[part].replace("{w}", width) if part in _PARTS else re.escape(part) for part in _SPLIT.findall(form)]
    return re.compile("".join(parts) + _TIME, re.ASCII)
