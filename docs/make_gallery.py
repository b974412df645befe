"""Write every figure of the lesson into docs/gallery as PNG: python docs/make_gallery.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from onelayer.lesson import figures

DOTS_PER_INCH = 130


def write_gallery(folder: Path) -> list[Path]:
    """Draw each figure on its own page and return the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(name, folder / f"{name}.png") for name in figures.__all__]


def _write(name: str, path: Path) -> Path:
    figure = np.ravel(getattr(figures, name)())[0].figure
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
    plt.close(figure)
    return path


if __name__ == "__main__":
    plt.switch_backend("Agg")
    for written in write_gallery(Path(__file__).parent / "gallery"):
        print(f"{written.name}: {written.stat().st_size / 1000:.0f} kB")
