"""One style for every figure: colours, letters and axes, defined once; matplotlib imported late."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

# Okabe and Ito's palette, told apart under every common colour blindness and in grey.
BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
FORWARD, BACKWARD = BLUE, VERMILION
INK, MUTED, FAINT, PAPER = "#222222", "#6B6B6B", "#E4E4E4", "#FFFFFF"
SHADE = "#F4F4F2"
# What is written over lines or colours stands on this.
GROUND: dict[str, Any] = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5, "alpha": 0.85}

_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "mathtext.fontset": "dejavuserif",
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "lines.linewidth": 2.2,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}

P = ParamSpec("P")
R = TypeVar("R")


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Draw under the lesson's settings and leave the caller's as they were."""

    @wraps(function)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        import matplotlib as mpl

        with mpl.rc_context(_SETTINGS):
            return function(*args, **kwargs)

    return drawn


def new_axes(ax: Any, size: tuple[float, float], rows: int = 1, columns: int = 1, **kw: Any) -> Any:
    """Return the caller's axes, or those of a new figure of that size in inches."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(rows, columns, figsize=size, layout="constrained", **kw)[1]


def label(ax: Axes, title: str, x: str = "", y: str = "") -> None:
    """Give an axes its title and labels, and a grid that stays behind."""
    ax.set_title(title, loc="left")
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.grid(visible=True, color=FAINT, linewidth=0.8)


def note(ax: Axes, x: float, y: float, text: str, color: str = INK, **kw: Any) -> None:
    """Write beside a curve, in data coordinates, on a paper ground."""
    ax.text(x, y, text, color=color, bbox=GROUND, **kw)
