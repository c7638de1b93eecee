"""Generated files say what the code says; `make generate` writes them again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import generated


@pytest.mark.parametrize(
    ("path", "write"),
    [
        (generated.ERRORS, generated.errors_md),
        (generated.REFERENCE, generated.reference_md),
        (generated.OPENAPI, generated.openapi_json),
    ],
    ids=["errors", "reference", "openapi"],
)
def test_a_generated_file_is_fresh(path: Path, write: Callable[[], str]) -> None:
    assert path.read_text(encoding="utf-8") == write(), "run `make generate`"


@pytest.mark.parametrize(
    "write", [generated.errors_md, generated.reference_md, generated.openapi_json], ids=lambda f: f.__name__
)
def test_a_generated_file_is_the_same_each_time(write: Callable[[], str]) -> None:
    assert write() == write()
