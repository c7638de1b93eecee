"""The style guide, as far as a machine can hold it."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("ledger", "merchant_api", "admin_cli")

LINE_COLUMNS_MAX = 120
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 400

# One short class per refusal: a list, however long, of which nobody reads more than a line.
IS_A_LIST = ("ledger/errors.py",)

# These wait for servers and clocks, and so count seconds; everything else in the core may handle money.
COUNTS_SECONDS = ("ledger/clock.py", "ledger/database/")

# Written so that this file does not contain what it forbids.
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:wo" + r"rk|ho" + r"me)(?:/|\b)")
REGISTRY = re.compile(r"https?://[^\s/]*(?:py" + r"pi|pythonhos" + r"ted|npm" + r"js)")


@cache
def files() -> list[Path]:
    """Everything in the checkout but what .gitignore leaves out, with or without git."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line[:1] not in {"", "#"}]
    return sorted(walk([".git", *ignored]))


def walk(ignored: list[str]) -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)]
        yield from (Path(folder, name) for name in names if not any(fnmatch(name, pattern) for pattern in ignored))


def texts() -> Iterator[tuple[str, str]]:
    """Each text file by its path from the root, with its content."""
    for path in files():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, a font, or a bank's file in an old encoding


def code(*suffixes: str) -> Iterator[tuple[str, str]]:
    return ((name, text) for name, text in texts() if name.startswith(CODE) and name.endswith(suffixes))


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_line_is_too_wide() -> None:
    wide = [
        f"{name}:{number}: {len(line)} columns"
        for name, text in texts()
        if name.endswith((".py", ".sql"))
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > LINE_COLUMNS_MAX
    ]
    assert not wide, "\n".join(wide)


def test_no_function_is_too_long() -> None:
    long = [
        f"{name}:{node.lineno}: {node.name}"
        for name, text in code(".py")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or node.lineno) - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert not long, "\n".join(long)


def test_no_file_of_code_is_too_long() -> None:
    long = [
        f"{name}: {len(text.splitlines())} lines"
        for name, text in code(".py", ".js", ".css", ".html", ".j2")
        if len(text.splitlines()) > FILE_LINES_MAX and name not in IS_A_LIST
    ]
    assert not long, "\n".join(long)


def test_no_float_can_touch_money() -> None:
    floats = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name, text in code(".py")
        if name.startswith("ledger/") and not name.startswith(COUNTS_SECONDS)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant | ast.Name) and is_float(node)
    ]
    assert not floats, "\n".join(floats)


def is_float(node: ast.Constant | ast.Name) -> bool:
    """A literal with a decimal point, or the very word, be it an annotation or a conversion."""
    return isinstance(node.value, float) if isinstance(node, ast.Constant) else node.id == "float"


@pytest.mark.parametrize("forbidden", [UNFINISHED, MACHINE_PATH, REGISTRY], ids=["unfinished", "path", "registry"])
def test_nothing_stands_here_that_does_not_belong(forbidden: re.Pattern[str]) -> None:
    found = lines_with(forbidden)
    assert not found, "\n".join(found)


def test_no_lock_file_records_addresses() -> None:
    assert not (ROOT / "uv.lock").exists()


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (UNFINISHED, "# TO" + "DO: later"),
        (MACHINE_PATH, 'open("/wo' + 'rk/main")'),
        (MACHINE_PATH, "cd /ho" + "me"),
        (REGISTRY, "https://files.pythonhos" + "ted.org/x"),
    ],
)
def test_the_forbidden_words_are_recognised(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize("line", ["https://example.org/ho" + "me", "rework/maintain", "/works", "~/wo" + "rk"])
def test_what_only_looks_like_a_machine_path_is_allowed(line: str) -> None:
    assert not MACHINE_PATH.search(line)
