"""Commands of the product as a person would give them, with the seconds they take and the memory they need."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ledger.home import Home

_BONPOIS = str(Path(sys.executable).with_name("bonpois"))


async def measured(home: Home, *arguments: str, good: Sequence[int] = (0,)) -> dict[str, float]:
    """Run `bonpois ARGUMENTS` on a home; it must end with a good code, and its answer is not shown. Seconds, and the
    peak of its own memory in MB.
    """
    return await asyncio.to_thread(_run, [_BONPOIS, "--home", str(home.path), *arguments], good)


def _run(command: list[str], good: Sequence[int]) -> dict[str, float]:
    began = time.perf_counter()
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=silent)
    _, status, used = os.wait4(pid, 0)
    took = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    if code not in good:
        sys.exit(f"{' '.join(command[3:])} ended with {code}: the books are broken, or it could not look")
    return {"seconds": round(took, 1), "peak_mb": used.ru_maxrss // 1024}
