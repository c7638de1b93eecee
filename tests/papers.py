"""Papers read back as others read them."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

from pypdf import PdfReader


def pages_of(file: Path) -> list[str]:
    """The text of each page of a PDF, as somebody copies it."""
    return [page.extract_text() for page in PdfReader(BytesIO(file.read_bytes())).pages]


def text_of(file: Path) -> str:
    """The same on one line: where a line breaks is up to the paper."""
    return " ".join(" ".join(pages_of(file)).split())


def rows_of(file: Path) -> list[dict[str, str]]:
    """A CSV by its headings."""
    return list(csv.DictReader(StringIO(file.read_bytes().decode("utf-8-sig"), newline=""), delimiter=";"))


def workbook_text(file: Path) -> str:
    """All that a workbook holds, markup included."""
    with ZipFile(file) as parts:
        return "\n".join(parts.read(name).decode() for name in parts.namelist())
