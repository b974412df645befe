"""The weights as a file of pictures, one a class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from onelayer.displays.weights import WeightsDisplay
from onelayer.model_file import written_whole


def save_weights(
    coef: np.ndarray, classes: np.ndarray, shape: tuple[int, int, int], path: str | Path
) -> None:
    """Draw the weights as a `WeightsDisplay` has them into a PNG, SVG or PDF."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    WeightsDisplay(coef, classes, shape).plot(figure=figure)
    kind = Path(path).suffix[1:].lower()
    with written_whole(path) as part:
        figure.savefig(part, dpi=120, format=kind)
