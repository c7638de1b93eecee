"""The files of the pages: read once, named by the hash of all of them, sent compressed.

Every file lives below `/assets/<version>/`, so that the modules find each other by relative addresses and a browser
may keep each for ever: whatever changes in any of them changes the version.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

# What stands below the version, and the folder that it comes from.
FOLDERS = {
    "base": PACKAGE / "pages" / "base",
    "vendor": PACKAGE / "pages" / "vendor",
    "till": PACKAGE / "till" / "static",
    "wallet": PACKAGE / "wallet" / "static",
    "merchant": PACKAGE / "merchant" / "static",
}
# Several sent as one: on a slow telephone each more that a page waits for costs a fifth of a second.
JOINED = {"wallet/whole.css": ("base/tokens.css", "base/base.css", "wallet/wallet.css")}
# What `make install` brings from npm packages. Without it the service works, and says so.
CAMERA = (
    "vendor/barcode-detector/dist/es/ponyfill.js",
    "vendor/barcode-detector/dist/es/zxing-exported.js",
    "vendor/zxing-wasm/dist/reader/zxing_reader.wasm",
)
DRAWING = ("vendor/qr/index.js",)

_MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
_VERSION_LENGTH = 16


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    media_type: str

    @cached_property
    def compressed(self) -> bytes:
        """The same for a browser that takes gzip (RFC 1952); made once, when it is first asked for."""
        return gzip.compress(self.content, mtime=0)


@dataclass(frozen=True)
class Assets:
    """All files by their names, such as `base/tokens.css`."""

    files: Mapping[str, Asset]

    @cached_property
    def version(self) -> str:
        """The hash of all names and contents."""
        digest = sha256()
        for name, asset in sorted(self.files.items()):
            digest.update(f"{name} {len(asset.content)}\n".encode() + asset.content)
        return digest.hexdigest()[:_VERSION_LENGTH]

    def url(self, name: str) -> str:
        """Where a file is; a page names none that is not there."""
        assert name in self.files, name
        return f"/assets/{self.version}/{name}"

    def missing(self, *names: str) -> list[str]:
        """Which of these are not installed."""
        return [name for name in names if name not in self.files]


@cache
def installed() -> Assets:
    """The files of this installation."""
    files = {name: asset for place, folder in FOLDERS.items() for name, asset in _read(place, folder)}
    for name, parts in JOINED.items():
        files[name] = Asset(b"\n".join(files[part].content for part in parts), files[parts[0]].media_type)
    return Assets(files)


def _read(place: str, folder: Path) -> list[tuple[str, Asset]]:
    return [
        (f"{place}/{path.relative_to(folder).as_posix()}", Asset(path.read_bytes(), _MEDIA_TYPES[path.suffix]))
        for path in sorted(folder.rglob("*"))
        if path.suffix in _MEDIA_TYPES
    ]
