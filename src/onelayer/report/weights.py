"""The weights as pictures, one a class: what the layer looks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

COLUMNS = 5
GREY_KEY = "blue: a bright pixel speaks for the class; red: against it"
COLOUR_KEY = "each pixel in the colour that speaks for the class; grey: it does not matter"
INCHES = 1.7  # a panel; five of them fit a page


def save_weights(
    coef: np.ndarray, classes: np.ndarray, shape: tuple[int, int, int], path: str | Path
) -> None:
    """Draw w as pictures of `shape` (height, width, channels), one a class, into a PNG or SVG.

    Grey weights are blue where a bright pixel speaks for the class and red where it speaks against
    it. Weights that differ between the channels are drawn as colours, 1/2 + w / (2 max|w|): the
    colour that speaks for the class, grey where it does not matter. Each panel has its own
    range. With two classes there is one panel, since w of the one is -w of the other.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = coef.reshape(-1, *shape)
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(INCHES * columns, (INCHES + 0.25) * rows + 0.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    coloured = _coloured(panels)
    for axis, panel, title in zip(axes, panels, _titles(classes), strict=False):
        axis.set_title(title, fontsize=10)
        _draw(axis, panel, coloured=coloured)
    figure.supxlabel(COLOUR_KEY if coloured else GREY_KEY, fontsize=8)
    figure.savefig(path, dpi=120)


def _titles(classes: np.ndarray) -> list[str]:
    names = [str(label) for label in classes]
    return [f"{names[1]} rather than {names[0]}"] if len(names) == 2 else names


def _coloured(panels: np.ndarray) -> bool:
    """Whether the weights of the red, green and blue channel differ anywhere."""
    colours = panels[..., :3]
    return bool(np.ptp(colours, axis=-1).max() > 1e-3 * np.abs(colours).max())


def _draw(axis: Any, panel: np.ndarray, *, coloured: bool) -> None:
    colours = panel[:, :, :3]
    largest = float(np.abs(colours).max()) or 1.0
    if coloured:
        axis.imshow(0.5 + colours / (2 * largest))
    else:
        axis.imshow(colours.mean(axis=2), cmap="RdBu", vmin=-largest, vmax=largest)
