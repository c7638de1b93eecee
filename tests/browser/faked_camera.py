"""A card in front of a camera: a video that Chromium takes for one."""

from __future__ import annotations

from pathlib import Path

import segno
from PIL import Image

WIDTH, HEIGHT = 640, 480
_TILT_DEGREES = 7
_FRAMES = 2


def video_of(text: str, path: Path) -> Path:
    """A QR code held a little askew, on a grey table, as raw video (YUV4MPEG2): it needs no encoder."""
    code = Image.new("L", (1, 1))
    matrix = [list(row) for row in segno.make_qr(text, error="l").matrix_iter(scale=1, border=4)]
    code = Image.new("L", (len(matrix), len(matrix)))
    code.putdata([0 if dark else 255 for row in matrix for dark in row])
    card = code.resize((300, 300), Image.Resampling.NEAREST).rotate(
        _TILT_DEGREES, Image.Resampling.BILINEAR, expand=True, fillcolor=110
    )
    picture = Image.new("L", (WIDTH, HEIGHT), 110)
    picture.paste(card, ((WIDTH - card.width) // 2, (HEIGHT - card.height) // 2))
    grey = bytes([128]) * (WIDTH * HEIGHT // 4)  # no colour, in both of its planes
    frame = b"FRAME\n" + picture.tobytes() + grey + grey
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * _FRAMES)
    return path
