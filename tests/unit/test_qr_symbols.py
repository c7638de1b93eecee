"""QR symbols: which one, and that what is drawn is what is meant."""

from __future__ import annotations

import re
from itertools import pairwise

from ledger.cards.rules import new_paper_card
from ledger.qr_symbols import QUIET_MODULES, modules, svg, symbol
from tests.bench.scanning import CAMERAS, Camera, card_texts, scans

LARGEST_IN_2_Q = 29  # characters of alphanumeric mode, ISO/IEC 18004 table 7


def drawn(drawing: str, side: int) -> list[list[bool]]:
    """Which modules a path covers, by the even-odd rule: as many borders to the left as there are, odd is inside."""
    [path] = re.findall(r' d="M([^"]+)Z"', drawing)
    upright: list[tuple[int, int, int]] = []
    for loop in path.split("ZM"):
        points = [(int(x), int(y)) for x, y in (point.split() for point in loop.split("L"))]
        for (x, y), (x_next, y_next) in pairwise([*points, points[0]]):
            if x == x_next:
                upright.append((x, min(y, y_next), max(y, y_next)))
    return [
        [sum(border <= x and top <= y < bottom for border, top, bottom in upright) % 2 == 1 for x in range(side)]
        for y in range(side)
    ]


def test_a_card_takes_the_symbol_that_stands_an_angle_with_all_the_correction_that_fits() -> None:
    card = symbol(new_paper_card().uri)
    assert (card.designator, card.mode) == ("2-Q", "alphanumeric")
    assert symbol("A" * LARGEST_IN_2_Q).designator == "2-Q"
    assert symbol("A" * (LARGEST_IN_2_Q + 1)).designator == "2-M"
    assert symbol("A").designator == "2-H"
    assert symbol("https://pois.example.org/wallet#7K3QZ-90ABC-DEFGH").designator == "3-L"


def test_what_is_drawn_are_the_dark_modules_and_nothing_else() -> None:
    rows = modules(card_texts(1)[0])
    side = len(rows) + 2 * QUIET_MODULES
    covered = drawn(svg(card_texts(1)[0]), side)
    within = slice(QUIET_MODULES, -QUIET_MODULES)
    assert [tuple(row[within]) for row in covered[within]] == list(rows)
    assert sum(map(sum, covered)) == sum(map(sum, rows))  # hence a quiet zone without ink


def test_a_card_of_15_mm_scans_as_often_as_a_plain_symbol() -> None:
    """The study of `make bench` in small: of so few pictures, some may fall to either side."""
    read = {
        spoilt: [sum(scans(name, 15, camera, images=60)) for name in ("ours", "2-M")]
        for spoilt, camera in CAMERAS[15].items()
    }
    assert all(0.4 * 60 <= plain <= 0.9 * 60 for _ours, plain in read.values()), read
    assert all(ours >= plain - 3 for ours, plain in read.values()), read
    assert sum(ours for ours, _plain in read.values()) >= sum(plain for _ours, plain in read.values()), read


def test_a_card_held_upright_is_always_read() -> None:
    assert all(scans("ours", 15, Camera(), images=20))
