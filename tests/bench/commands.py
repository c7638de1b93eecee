"""Commands of the product as a person would give them, with the seconds they take and the memory they need."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from ledger.home import Home

_BONPOIS = str(Path(sys.executable).with_name("bonpois"))


async def measured(home: Home, *arguments: str) -> dict[str, float]:
    """Run `bonpois ARGUMENTS` on a home; it must succeed. Seconds, and the peak of its own memory in MB."""
    return await asyncio.to_thread(_run, [_BONPOIS, "--home", str(home.path), *arguments])


def _run(command: list[str]) -> dict[str, float]:
    began = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, used = os.wait4(pid, 0)
    took = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        sys.exit(f"{' '.join(command[3:])} ended with {code}: the books are broken, or it could not look")
    return {"seconds": round(took, 1), "peak_mb": used.ru_maxrss // 1024}
