"""Chapter 6, a picture is a column: three channels, one column, and the way back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from onelayer import lesson
from onelayer.lesson.figures.style import INK, PAPER
from onelayer.playground.drawing import drawn_whole
from onelayer.playground.screen import Answer, Chapter, Drawing, Number, Part, whole
from onelayer.readers import read_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif")
SIDES = (4, 8, 16, 32, 64)


def opened(file: bytes | None, side: int = 16) -> np.ndarray:
    """Return the reader's file as uint8 `(side, side, 3)`, cropped to a square, or the cat.

    Raises
    ------
    DataError
        If the file is no picture; the message says why.
    """
    if file is None:
        return lesson.example_picture()
    return read_picture(file, side, "RGB", "crop")


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


def _drawing(image: np.ndarray, row: int, column: int) -> Drawing:
    fill = partial(_fill, image=image, row=row, column=column)
    alt = "The picture, its red, green and blue channel, and the first and last entries of x"
    caption = (
        "The picture, the light of each channel, and the column: row by row, pixel by pixel, "
        "red green blue. The square marks your pixel."
    )
    return drawn_whole("picture", fill, alt, caption, (5.8, 4.4))


def _fill(figure: Figure, image: np.ndarray, row: int, column: int) -> None:
    figure.set_layout_engine("constrained")
    grid = figure.add_gridspec(2, 3, width_ratios=(1, 1, 0.62))
    places = [grid[0, 0], grid[0, 1], grid[1, 0], grid[1, 1], grid[:, 2]]
    axes = [figure.add_subplot(place) for place in places]
    lesson.figures.picture_as_column(axes, image)
    axes[0].texts[-1].remove()  # the order is told in the caption, where there is room
    for ax in axes[:4]:
        for color, width in ((PAPER, 3.4), (INK, 1.6)):
            corner = (column - 0.5, row - 0.5)
            ax.add_patch(_square(corner, color, width))


def _square(corner: tuple[float, float], color: str, width: float) -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, 1, 1, fill=False, edgecolor=color, linewidth=width)


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
            answer,
            (("the cat", {"row": 5, "column": 4}),),
        ),
    ),
)
