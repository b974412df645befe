"""The weights as pictures, one a class: what the layer looks for."""

from __future__ import annotations

import numpy as np

GREY_KEY = "blue: a bright pixel speaks for the class; red: against it"
COLOUR_KEY = "each pixel in the colour that speaks for the class; grey: it does not matter"


def weight_pictures(coef: np.ndarray, shape: tuple[int, int, int]) -> tuple[list[np.ndarray], str]:
    """Paint w as pictures of `shape` (height, width, channels), uint8 RGB, and how to read them.

    Grey weights are blue where a bright pixel speaks for the class and red where it speaks against
    it. Weights that differ between the channels are drawn as colours, 1/2 + w / (2 max|w|): the
    colour that speaks for the class, grey where it does not matter. Each picture has its own range.
    """
    panels = coef.reshape(-1, *shape)
    if _coloured(panels):
        return [_in_colours(panel[:, :, :3]) for panel in panels], COLOUR_KEY
    return [_in_blue_and_red(panel[:, :, :3].mean(axis=2)) for panel in panels], GREY_KEY


def weight_titles(classes: np.ndarray) -> list[str]:
    """What each picture is called; with two classes there is one, as w of the other is -w."""
    names = [str(label) for label in classes]
    return [f"{names[1]} rather than {names[0]}"] if len(names) == 2 else names


def _coloured(panels: np.ndarray) -> bool:
    """Whether the weights of the red, green and blue channel differ anywhere."""
    colours = panels[..., :3]
    return bool(np.ptp(colours, axis=-1).max() > 1e-3 * np.abs(colours).max())


def _in_colours(w: np.ndarray) -> np.ndarray:
    return np.rint(255 * (0.5 + w / (2 * _largest(w)))).astype(np.uint8)


def _in_blue_and_red(w: np.ndarray) -> np.ndarray:
    from matplotlib import colormaps

    painted = colormaps["RdBu"](0.5 + w / (2 * _largest(w)), bytes=True)
    return np.asarray(painted)[:, :, :3]


def _largest(w: np.ndarray) -> float:
    return float(np.abs(w).max()) or 1.0
