"""The soak in small, so that it can be run when it is needed."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.databases import folder_in_memory

CHECKOUT = Path(__file__).parents[2]


async def test_a_small_soak_ends_with_a_table_and_no_fault() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.soak", "--steps", "40", "--cycles", "2", "--seed", "1"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
        env=os.environ | {"TMPDIR": str(folder_in_memory() or tempfile.gettempdir())},
    )
    said, complained = await process.communicate()
    head, *rows, seed = said.decode().splitlines()
    assert (process.returncode, seed) == (0, "seed 1"), complained.decode()
    assert head.split() == ["part", "cycles", "acknowledged", "lost", "doubled", "violations"]
    assert [row.split()[-5:][2:] for row in rows] == [["0", "0", "0"]] * 4
    assert [row.split()[-5] for row in rows] == ["40", "2", "1", "2"]
