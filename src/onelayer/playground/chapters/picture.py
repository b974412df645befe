"""Chapter 7, a picture is a column: three channels, one column, and the way back."""

from __future__ import annotations

from base64 import b64decode

import numpy as np

from onelayer import lesson
from onelayer.playground.plot import INK, canvas, drawing
from onelayer.playground.screen import (
    Answer,
    Chapter,
    Drawing,
    Entry,
    Number,
    Part,
    Slider,
    whole,
)
from onelayer.readers import read_picture
from onelayer.report.inlining import inlined

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif")
SIDE = 16  # pixels: the cat's, and what a reader's own is read at


def opened(file: bytes | None, side: int = SIDE) -> np.ndarray:
    """Return the reader's file as uint8 `(side, side, 3)`, cropped to a square, or the cat.

    Raises
    ------
    DataError
        If the file is no picture; the message says why.
    """
    if file is None:
        return lesson.example_picture()
    return read_picture(file, side, "RGB", "crop")


def given(row: int, column: int, file: str | None) -> Answer:
    """Answer the sliders, for the reader's own picture (base64) where there is one."""
    return answer(opened(None if file is None else b64decode(file)), row, column)


def answer(image: np.ndarray | None = None, row: int = 5, column: int = 4) -> Answer:
    """Make a column of `image` (the cat, if None), and follow one of its pixels into it."""
    image = opened(None) if image is None else image
    height, width, _ = image.shape
    row, column = min(row, height - 1), min(column, width - 1)
    x = lesson.image_to_column(image)
    place = 3 * (row * width + column)
    red, green, blue = x[place : place + 3, 0].tolist()
    same = np.array_equal(lesson.column_to_image(x, height, width), image)
    return Answer(
        f"The picture of shape {image.shape} became a column of shape {x.shape}. The pixel in "
        f"row {row}, column {column} stands in it from entry {place} on: red {red}, green {green}, "
        f"blue {blue}. " + ("And the way back gives the same picture." if same else ""),
        numbers=(
            whole("height", height),
            whole("width", width),
            Number("n_x", len(x), f"{len(x):,}", "$n_x$"),
            whole("entry", place),
            whole("red", red),
            whole("green", green),
            whole("blue", blue),
        ),
        drawings=(_drawing(image, row, column),),
    )


_PANEL, _GAP = 138, 26  # units of a picture's side, and between two
_BOX = 23  # units between two entries of the column


def _drawing(image: np.ndarray, row: int, column: int) -> Drawing:
    names = ("picture", "red", "green", "blue")
    alone = [image, *(image * (np.arange(3) == k) for k in range(3))]
    parts = []
    for k, (name, pixels) in enumerate(zip(names, alone, strict=True)):
        left, top = (k % 2) * (_PANEL + _GAP), 20 + (k // 2) * (_PANEL + _GAP)
        parts.append(_panel(name, pixels.astype(np.uint8), (left, top), (row, column)))
    parts.append(_entries(lesson.image_to_column(image)[:, 0], 3 * (row * image.shape[1] + column)))
    svg = canvas("".join(parts), 400, 326)
    alt = "The picture, its red, green and blue channel, and the entries of x for one pixel"
    caption = (
        "The picture, the light of each channel, and the column: row by row, pixel by pixel, "
        "red green blue. The square marks your pixel, and the filled boxes are its three numbers."
    )
    return drawing(svg, alt, caption)


def _panel(
    name: str, pixels: np.ndarray, corner: tuple[float, float], place: tuple[int, int]
) -> str:
    (left, top), (row, column) = corner, place
    high, wide = _PANEL / len(pixels), _PANEL / pixels.shape[1]
    square = (
        f'x="{left + column * wide:.1f}" y="{top + row * high:.1f}" width="{wide:.1f}" '
        f'height="{high:.1f}"'
    )
    return (
        f'<text x="{left}" y="{top - 6}" class="tick">{name}</text>'
        f'<image x="{left}" y="{top}" width="{_PANEL}" height="{_PANEL}" class="pixels" '
        f'preserveAspectRatio="none" href="{inlined(pixels).uri}"/>'
        f'<rect {square} stroke="#fff" stroke-width="3.4"/><rect {square} stroke="#111" '
        'stroke-width="1.6"/>'
    )


def _entries(x: np.ndarray, place: int) -> str:
    """Write the first entries of the column, those of the pixel, and the last."""
    shown = sorted({*range(3), *range(place, place + 3), *range(len(x) - 3, len(x))})
    parts = ['<text x="357" y="14" text-anchor="middle" class="tick">column</text>']
    top, before = 20, -1
    for entry in shown:
        if entry > before + 1:
            parts.append(f'<text x="357" y="{top + 14}" text-anchor="middle">⋮</text>')
            top += _BOX
        color, own = ("#d5382b", "#2f9e44", "#2f6fde")[entry % 3], place <= entry < place + 3
        fill = color if own else "none"
        ink = "#fff" if own else INK
        parts.append(
            f'<rect x="334" y="{top}" width="46" height="{_BOX - 3}" rx="3" stroke="{color}" '
            f'fill="{fill}"/><text x="357" y="{top + 15}" text-anchor="middle" fill="{ink}">'
            f"{x[entry]}</text>"
        )
        top, before = top + _BOX, entry
    return "".join(parts)


PICTURE = Chapter(
    "picture",
    "A picture is a column",
    (
        (
            "A picture of $h$ rows and $w$ columns holds three numbers a pixel: red, green and "
            "blue, each from 0 to 255. Written one below the other they are a column, and $m$ "
            "pictures side by side are the matrix $X$."
        ),
    ),
    (r"(h, w, 3) \to (3 h w, 1) \quad X : (n_x, m) \quad n_x = 3 h w",),
    """\
x = lesson.image_to_column(image)              # (h, w, 3) -> (3 h w, 1)
lesson.column_to_image(x, height, width)       # and back, unchanged
X = lesson.images_to_columns(images) / 255     # (n_x, m), from 0 to 1""",
    (
        Part(
            "picture",
            given,
            (
                Slider("row", "row", tuple(range(SIDE)), 5),
                Slider("column", "column", tuple(range(SIDE)), 4),
                Entry("file", "file", "Your own picture", None, ",".join(SUFFIXES)),
            ),
        ),
    ),
)
