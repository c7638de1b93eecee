"""How often our card's QR symbol scans, beside a plain one of version 2-M at the same printed size.

`make bench` runs it as a part; alone: `python -m tests.bench.scanning [IMAGES]`. Each picture is one photograph of a
printed symbol: turned, held at an angle, out of focus, noisy. Both symbols meet the very same camera, and the decoder
is the one that the till page uses (zxing-cpp). Version 1-L, the smallest that holds a card, is measured beside them,
because it was our first choice: under an angle it is read less often, for want of an alignment pattern.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import numpy as np
import segno
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from stdnum import luhn

from ledger.cards.model import NUMBER_DIGITS
from ledger.qr_symbols import QUIET_MODULES, symbol

PIXELS_PER_MM = 6  # a telephone some 25 cm away whose picture is 1 280 pixels wide
SIZES_MM = (15, 25)
CARDS = 20
_FINER = 4  # the scene is drawn finer than the camera sees it
_MODULE = 12  # pixels of a module in the print
_PAPER, _INK = 0.85, 0.12  # how bright they look
_DISTANCE_SIDES = 3.0  # how far away the camera is, in sides of the symbol: so a tilt is seen in perspective
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Camera:
    """How a picture is spoilt: the angle from upright, the blur of a point and the noise of a pixel."""

    tilt_degrees: float = 0.0
    blur_pixels: float = 0.5
    noise: float = 0.02


# Where a plain symbol of version 2-M is read between 40 and 90 times of a hundred.
CAMERAS: dict[int, dict[str, Camera]] = {
    15: {
        "blur": Camera(blur_pixels=1.52),
        "tilt": Camera(tilt_degrees=57),
        "noise": Camera(noise=0.14),
        "all": Camera(tilt_degrees=30, blur_pixels=1.0, noise=0.04),
    },
    25: {
        "blur": Camera(blur_pixels=2.62),
        "tilt": Camera(tilt_degrees=60),
        "noise": Camera(noise=0.13),
        "all": Camera(tilt_degrees=30, blur_pixels=2.0, noise=0.05),
    },
}


def card_texts(count: int = CARDS) -> list[str]:
    """What the QR symbols of some cards hold; always the same ones."""
    chance = Random(2026)
    bodies = [str(chance.randrange(10**8, 9 * 10**8)) for _ in range(count)]
    numbers = [body + luhn.calc_check_digit(body) for body in bodies]
    assert all(len(number) == NUMBER_DIGITS for number in numbers)
    return [f"BP1/{number}/{''.join(chance.choices(_BASE32, k=10))}" for number in numbers]


@cache
def ours(text: str) -> segno.QRCode:
    """The symbol that our cards carry."""
    return symbol(text)


@cache
def plain(text: str) -> segno.QRCode:
    """The yardstick: version 2, level M."""
    return segno.make_qr(text, version=2, error="m", boost_error=False)


@cache
def smallest(text: str) -> segno.QRCode:
    """Version 1, level L: fewer and hence larger modules."""
    return segno.make_qr(text, version=1, error="l", boost_error=False)


SYMBOLS = {"ours": ours, "2-M": plain, "1-L": smallest}


def scans(name: str, size_mm: int, camera: Camera, images: int) -> list[bool]:
    """Of so many pictures of a symbol, which are read rightly. The same arguments give the same pictures."""
    texts = card_texts()
    return [_is_read(name, texts[nth % len(texts)], size_mm, camera, nth) for nth in range(images)]


def _is_read(name: str, text: str, size_mm: int, camera: Camera, nth: int) -> bool:
    picture = photographed(SYMBOLS[name](text), size_mm, camera, np.random.default_rng([size_mm, nth]))
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return any(each.text == text for each in found)


def photographed(code: segno.QRCode, size_mm: float, camera: Camera, chance: np.random.Generator) -> Picture:
    """One picture of a printed symbol that measures so many millimetres without its quiet zone."""
    print_ = _printed(code)
    modules = len(code.matrix)
    whole = size_mm * PIXELS_PER_MM * (modules + 2 * QUIET_MODULES) / modules
    width = int(whole * 1.7)
    corners = _corners(whole, width, camera.tilt_degrees, chance) * _FINER
    scene = print_.transform(
        (width * _FINER, width * _FINER),
        Image.Transform.PERSPECTIVE,
        _perspective(corners, print_.size[0]),
        Image.Resampling.BILINEAR,
        fillcolor=255,
    )
    seen = scene.resize((width, width), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(camera.blur_pixels))
    light = _INK + (_PAPER - _INK) * np.asarray(seen, dtype=np.float64) / 255
    noisy = light + chance.normal(0, camera.noise, light.shape)
    return np.asarray(np.clip(noisy, 0, 1) * 255, dtype=np.uint8)


def _printed(code: segno.QRCode) -> Image.Image:
    modules = np.array([list(row) for row in code.matrix], dtype=np.uint8)
    white = np.pad((1 - modules) * 255, QUIET_MODULES, constant_values=255).astype(np.uint8)
    side = white.shape[0] * _MODULE
    return Image.fromarray(white).resize((side, side), Image.Resampling.NEAREST)


def _corners(whole: float, width: int, tilt_degrees: float, chance: np.random.Generator) -> NDArray[np.float64]:
    """Where the four corners of the print are seen, after any turn and a tilt to any side."""
    turn, side = chance.uniform(0, 2 * np.pi, 2)
    shift = chance.uniform(-0.5, 0.5, 2)
    tilt = np.radians(tilt_degrees)
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * whole / 2
    turned = square @ _rotation(turn - side).T
    nearer = _DISTANCE_SIDES * whole / (_DISTANCE_SIDES * whole + turned[:, 1:] * np.sin(tilt))
    seen = turned * (1, np.cos(tilt)) * nearer
    corners: NDArray[np.float64] = seen @ _rotation(side).T + width / 2 + shift
    return corners


def _rotation(angle: float) -> NDArray[np.float64]:
    return np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])


def _perspective(corners: NDArray[np.float64], side: int) -> list[float]:
    """The eight coefficients by which Pillow finds the print's pixel for each one of the scene."""
    print_ = [(0, 0), (side, 0), (side, side), (0, side)]
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, print_, strict=True):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y)]
        values += [u, v]
    return [float(part) for part in np.linalg.solve(np.array(rows), np.array(values))]


def compared(size_mm: int, camera: Camera, images: int) -> dict[str, int]:
    """How often each symbol is read; and how often only ours, or only the yardstick: where these two are about equal,
    the difference is chance.
    """
    read = {name: scans(name, size_mm, camera, images) for name in SYMBOLS}
    both = list(zip(read["ours"], read["2-M"], strict=True))
    only = {"only ours": both.count((True, False)), "only 2-M": both.count((False, True))}
    return {name: sum(each) for name, each in read.items()} | only


def study(images: int) -> dict[str, Any]:
    """The comparison for each printed size and whatever spoils the pictures, of so many pictures each."""
    cells = {
        f"{size_mm} mm {spoilt}": compared(size_mm, camera, images)
        for size_mm in SIZES_MM
        for spoilt, camera in CAMERAS[size_mm].items()
    }
    return {"images": images, "read": cells}


def lines(results: dict[str, Any]) -> Iterator[str]:
    """The study as a table."""
    cells = results["read"]
    columns = list(next(iter(cells.values())))
    yield f"QR symbols read, of {results['images']} pictures each"
    yield " " * 14 + "".join(f"{column:>11}" for column in columns)
    for name, read in cells.items():
        yield f"{name:14}" + "".join(f"{read[column]:>11}" for column in columns)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    sys.stdout.write("\n".join(lines(study(count))) + "\n")
