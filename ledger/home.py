"""Where an installation keeps what is its own, and what the environment says about its database."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from ledger.errors import BadConfiguration, FileUnreadable

ROLE_PREFIX_DEFAULT = "bonpois"
_ROLE_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,30}")
_URL_SCHEME = re.compile(r"(?:postgresql(?:\+asyncpg)?|postgres)://")


@dataclass(frozen=True)
class Home:
    """One folder per installation: the embedded database, the keys, the clock of a rehearsal."""

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self.path.absolute())

    @classmethod
    def resolve(cls, folder: Path | str | None = None) -> Home:
        """The folder given, else `BONPOIS_HOME`, else the user's data folder; nothing is made yet."""
        chosen = folder or os.environ.get("BONPOIS_HOME") or platformdirs.user_data_path("bonpois")
        return cls(Path(chosen).expanduser())

    @property
    def postgres(self) -> Path:
        return self.path / "pg"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def rehearsal_clock(self) -> Path:
        return self.path / "rehearsal" / "clock"

    def make(self) -> Home:
        """Make the folders, each for its owner only; a home that exists keeps the mode it has."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.postgres, self.keys, self.rehearsal_clock.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise FileUnreadable(file=str(error.filename), reason=error.strerror) from None
        return self


@dataclass(frozen=True)
class Settings:
    """The database's settings. Without `database_url`, the embedded PostgreSQL of the home is meant."""

    home: Home
    database_url: str | None = field(default=None, repr=False)
    owner_url: str | None = field(default=None, repr=False)
    role_prefix: str = ROLE_PREFIX_DEFAULT
    pooled: bool = False

    @classmethod
    def from_environment(cls, home: Home, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the `BONPOIS_…` variables; `BadConfiguration` names a bad one, never its value."""
        prefix = environment.get("BONPOIS_ROLE_PREFIX") or ROLE_PREFIX_DEFAULT
        if not _ROLE_PREFIX.fullmatch(prefix):
            raise BadConfiguration(setting="BONPOIS_ROLE_PREFIX", pattern=_ROLE_PREFIX.pattern)
        return cls(
            home=home,
            database_url=_url(environment, "BONPOIS_DATABASE_URL"),
            owner_url=_url(environment, "BONPOIS_OWNER_URL"),
            role_prefix=prefix,
            pooled=_switch(environment, "BONPOIS_DATABASE_POOLED"),
        )

    @property
    def embedded(self) -> bool:
        return self.database_url is None


def _url(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name)
    if not text:
        return None
    scheme = _URL_SCHEME.match(text)
    if scheme is None:
        raise BadConfiguration(setting=name, pattern="postgresql://…")
    return "postgresql://" + text[scheme.end() :]  # the one spelling that every client of ours takes


def _switch(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name) or "0"
    if text not in {"0", "1"}:
        raise BadConfiguration(setting=name, pattern="0 | 1")
    return text == "1"
