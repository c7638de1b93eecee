"""The files and processes of one embedded PostgreSQL: how it is made, started, told alive, and stopped.

Whether it is alive is told by a lock that PostgreSQL itself inherits, so it is held until its very last
process is gone; never by process ids, which the system gives to others.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import struct
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from ledger.database.locks import EXCLUSIVE, SHARED, Lock
from ledger.database.programs import Account, Programs, account_for, reached
from ledger.errors import EmbeddedFailed, HomeClosed
from ledger.home import Home

SUPERUSER = "postgres"
PORT = 5432  # no port is opened; it is part of the socket's name
SECONDS_MAX = 120  # also a crash recovery has to end in this time
_SOCKET = f".s.PGSQL.{PORT}"
_SOCKET_BYTES_MAX = 107  # sockaddr_un: 108 with the closing zero
_POLL_SECONDS = 0.01
_ANSWER_SECONDS_MAX = 5
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # "do you speak TLS?": the shortest question of the protocol
_LOG_BYTES_MAX = 8 * 1024 * 1024

_CONFIGURATION = """
# Written when this folder was made. ALTER SYSTEM overrides it.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
max_prepared_transactions = 0
wal_level = replica
fsync = on
full_page_writes = on
synchronous_commit = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
idle_in_transaction_session_timeout = '60s'
# The log tells what happened, never about whom: no statement, no parameter, no DETAIL with a row's values.
log_checkpoints = off
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
"""
_UNSAFE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@dataclass(frozen=True)
class Cluster:
    """The files and processes of one home's server. Its methods need `start.lock`, save `socket_folder`."""

    home: Home

    @property
    def folder(self) -> Path:
        return self.home.postgres

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def account(self) -> Account | None:
        """As whom the server runs: the owner of its data, which is the owner of the home for new ones."""
        if not self.data.exists():
            return account_for(self.home.path)
        if os.geteuid() not in {0, self.data.stat().st_uid}:
            raise HomeClosed(folder=str(self.data), owner_uid=self.data.stat().st_uid)
        return account_for(self.data)

    def ensure_running(self, *, durable: bool = True) -> None:
        """Come back when the server answers; recover from whatever was killed before."""
        deadline = time.monotonic() + SECONDS_MAX
        started = False
        while not (self.alive() and self.ready()):
            if not self.alive():
                if started:
                    raise EmbeddedFailed(log=str(self.log), said=self._last_words())
                self._launch(durable=durable)
                started = True
            elif not self._socket_reachable() and self.postmaster() is not None:
                self.stop()  # its socket was cleaned away: nobody can reach it any more
            if time.monotonic() > deadline:
                raise EmbeddedFailed(log=str(self.log), seconds=SECONDS_MAX)
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Roll back open transactions, write a checkpoint, end. Nobody else's process is ever signalled."""
        account = self.account()
        if self.postmaster() is not None:
            with reached(self.data, account) as data, self.log.open("ab") as log:
                arguments = ("stop", "-D", data.path, "-m", "fast", "-W")
                Programs.for_account(account).run("pg_ctl", *arguments, inherit=data.descriptors, output=log)
        deadline = time.monotonic() + SECONDS_MAX
        while self.alive():
            if time.monotonic() > deadline:
                raise EmbeddedFailed(log=str(self.log), seconds=SECONDS_MAX)
            time.sleep(_POLL_SECONDS)

    def alive(self) -> bool:
        """Does any process of this server exist, be it an orphaned backend?"""
        with closing(Lock(self.folder / "alive.lock")) as lock:
            try:
                lock.take(EXCLUSIVE)
            except BlockingIOError:
                return True
            return False

    def ready(self) -> bool:
        """Does it take connections? The socket is asked first: only then is the status file this server's."""
        return self._socket_answers() and self._status_line(7) == "ready"

    def postmaster(self) -> int | None:
        """The postmaster's process id, proven by its working folder (by its socket if not on Linux)."""
        text = self._status_line(0)
        if not text.isdigit():
            return None
        working_folder = Path(f"/proc/{text}/cwd")
        try:
            proven = working_folder.samefile(self.data)
        except OSError:
            proven = not Path("/proc/self/cwd").exists() and self._socket_answers()
        return int(text) if proven else None

    def socket_folder(self) -> Path:
        """`pg/socket`, or where it points to when that path is too long for a socket."""
        folder = self.folder / "socket"
        return folder.readlink() if folder.is_symlink() else folder

    def _launch(self, *, durable: bool) -> None:
        if not self.data.exists():
            self._create()
        account = self.account()
        self._adopt(account)
        socket_folder = self._make_socket_folder(account)
        self._forget_the_dead()
        self._shorten_log()
        with (
            reached(self.data, account) as data,
            reached(socket_folder, account) as sockets,
            closing(Lock(self.folder / "alive.lock")) as alive,
            self.log.open("ab") as log,
        ):
            alive.take(SHARED)
            folders = shlex.quote(f'unix_socket_directories="{sockets.path}"')
            options = f"-c {folders} {'' if durable else _UNSAFE}"
            Programs.for_account(account).run(
                "pg_ctl",
                *("start", "-D", data.path, "-W", "-o", options),
                inherit=(alive.descriptor, *data.descriptors, *sockets.descriptors),
                output=log,
            )

    def _adopt(self, account: Account | None) -> None:
        """Take over data whose owner cannot run PostgreSQL: restored by root, or from another machine."""
        if account is not None and self.data.stat().st_uid != account.uid:
            for parent, _, names in os.walk(self.data):
                for path in (Path(parent), *(Path(parent, name) for name in names)):
                    os.chown(path, account.uid, account.gid, follow_symlinks=False)

    def _create(self) -> None:
        """Make the data folder beside and rename it into place: a cut leaves none rather than half of one."""
        for leftover in self.folder.glob("data.new-*"):
            shutil.rmtree(leftover)
        fresh = Path(tempfile.mkdtemp(prefix="data.new-", dir=self.folder))
        account = self.account()
        _give(fresh, account)
        programs = Programs.for_account(account)
        with reached(fresh, account) as data, self.log.open("ab") as log:
            arguments = ("-D", data.path, *_initdb_options(programs))
            if programs.run("initdb", *arguments, inherit=data.descriptors, output=log) != 0:
                raise EmbeddedFailed(log=str(self.log), said=self._last_words())
        with (fresh / "postgresql.conf").open("a", encoding="ascii") as file:
            file.write(_CONFIGURATION)
        (fresh / "pg_hba.conf").write_text("local all all trust\n", encoding="ascii")
        fresh.rename(self.data)
        _sync(self.folder)

    def _make_socket_folder(self, account: Account | None) -> Path:
        folder = self.folder / "socket"
        if len(os.fsencode(folder / _SOCKET)) <= _SOCKET_BYTES_MAX:
            folder.unlink() if folder.is_symlink() else None
            folder.mkdir(mode=0o700, exist_ok=True)
        elif not (folder.is_symlink() and self._socket_reachable()):
            shutil.rmtree(folder) if folder.is_dir() and not folder.is_symlink() else folder.unlink(missing_ok=True)
            place = tempfile.gettempdir()
            if len(os.fsencode(place)) > _SOCKET_BYTES_MAX // 2:
                place = "/tmp"  # noqa: S108 - mkdtemp makes a folder of our own in it
            folder.symlink_to(tempfile.mkdtemp(prefix=self._socket_prefix(), dir=place))
        _give(self.socket_folder(), account)
        return self.socket_folder()

    def _socket_prefix(self) -> str:
        """Tells a home from its copy, which must not meet the first one's server."""
        return f"bonpois-{self.folder.stat().st_ino:x}-"

    def _socket_reachable(self) -> bool:
        """Is the socket's folder still there, a folder, the server's own, and this home's?"""
        folder = self.socket_folder()
        try:
            status, owner = folder.lstat(), self.data.stat().st_uid
        except OSError:
            return False
        ours = folder.parent == self.folder or folder.name.startswith(self._socket_prefix())
        return ours and status.st_uid == owner and status.st_mode & 0o170777 == 0o040700

    def _socket_answers(self) -> bool:
        """Ask for a word, not for a connection only: the kernel accepts those for a server that is dying."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_ANSWER_SECONDS_MAX)
            try:
                client.connect(str(self.socket_folder() / _SOCKET))
                client.sendall(_SSL_REQUEST)
                return client.recv(1) != b""
            except OSError:
                return False

    def _forget_the_dead(self) -> None:
        """Remove what a killed server left. PostgreSQL would take any process with the old id for itself."""
        stranger = self.postmaster()
        if stranger is not None:  # it holds no lock of ours
            raise EmbeddedFailed(started_by_hand=stranger)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (_SOCKET, f"{_SOCKET}.lock"):
            with suppress(OSError):
                (self.socket_folder() / name).unlink()

    def _status_line(self, number: int) -> str:
        with suppress(OSError, IndexError):
            return (self.data / "postmaster.pid").read_text(encoding="ascii").splitlines()[number].strip()
        return ""

    def _shorten_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))

    def _last_words(self) -> str:
        with suppress(OSError):
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
            return next((line for line in reversed(lines) if "FATAL" in line or "rror" in line), "")
        return ""


def _initdb_options(programs: Programs) -> tuple[str, ...]:
    """C.UTF-8 by PostgreSQL itself where it can: then no update of the C library changes an index's order."""
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    options = ("-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--data-checksums", "--no-instructions")
    return (*options, *(locale if programs.major_version >= 17 else ("--locale=C.UTF-8",)))


def _give(folder: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
