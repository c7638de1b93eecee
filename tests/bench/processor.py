"""How much of the processors each side used, from /proc: 1.0 is one processor, all the time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ledger.home import Home

_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def shares(home: Home, **pids: int) -> Iterator[dict[str, float]]:
    """Filled at the end of the block: what these processes, the PostgreSQL of this home and all others used meanwhile.

    Others: whatever else the machine did, without which the figures would be better.
    """
    lock = home.postgres / "data" / "postmaster.pid"
    postmaster = int(lock.read_text(encoding="ascii").split()[0])
    told: dict[str, float] = {}
    before, began = _used(pids, postmaster), time.perf_counter()
    yield told
    took = time.perf_counter() - began
    used = {name: (seconds - before[name]) / took for name, seconds in _used(pids, postmaster).items()}
    used["others"] = max(0.0, used["others"] - sum(share for name, share in used.items() if name != "others"))
    told |= {f"{name}_cpu_share": round(share, 2) for name, share in used.items()}


def _used(pids: Mapping[str, int], postmaster: int) -> dict[str, float]:
    """Seconds of processor time since they were started; `others`: of the whole machine."""
    each = {name: _seconds(pid) for name, pid in pids.items()}
    return each | {"postgres": _family(postmaster), "others": _machine()}


def _machine() -> float:
    """All that was not idle, as /proc/stat counts it (proc(5)): user, nice, system, interrupts."""
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text("ascii").split()[1:8])
    return (user + nice + system + sum(interrupts)) / _TICKS


def _family(postmaster: int) -> float:
    """Of the server and its present processes; those that ended count through their parent."""
    pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return sum(_seconds(pid, ended_children=pid == postmaster) for pid in pids if _is_of(pid, postmaster))


def _is_of(pid: int, postmaster: int) -> bool:
    fields = _fields(pid)
    return pid == postmaster or (fields is not None and int(fields[1]) == postmaster)


def _seconds(pid: int, *, ended_children: bool = False) -> float:
    fields = _fields(pid)
    if fields is None:
        return 0.0
    return sum(map(int, fields[11 : 15 if ended_children else 13])) / _TICKS


def _fields(pid: int) -> list[str] | None:
    """What /proc/<pid>/stat says after the program's name (proc(5)); nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
