"""The report's curves as SVG inside the page, in the page's own colours, light and dark.

Each function draws with matplotlib in stand-in colours; `_inline` puts the page's CSS variables in
their place, so that one figure serves both. Its letters are the page's.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.calibration import Bin
from onelayer.inputs.moving import ColumnMoves
from onelayer.readers.tables.dates import DAY, written
from onelayer.report.by_threshold import ByThreshold
from onelayer.report.judging import Roc
from onelayer.report.learning import LearningCurve
from onelayer.report.partial_dependence import Effect
from onelayer.solution import Record
from onelayer.words import short_c

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# No figure has such a colour by chance, and no two are alike.
INK, MUTED, LINE, ACCENT, SECOND = "#010203", "#020304", "#030405", "#040506", "#050607"
_VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", ACCENT: "accent", SECOND: "second"}

SIZE = (4.7, 3.3)  # inches: at 340 pixels, a telephone's width, letters of 9 points can be read
LOW = (4.7, 2.1)
POINTS = 400  # of a curve, at most: more than there are pixels

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.solid_capstyle": "round",
    "axes.formatter.use_mathtext": False,
    "axes.formatter.useoffset": False,
}


def cost_by_pass(history: Sequence[Record]) -> str:
    """J over what was paid for it: passes, or steps where these cost no further pass."""
    by_steps = costs_no_passes(history)
    kept = _thinned(len(history))
    x = [history[i].iteration if by_steps else history[i].passes for i in kept]
    J = [history[i].objective for i in kept]

    def draw(ax: Axes) -> None:
        ax.plot(
            x, J, color=ACCENT, linewidth=2, marker="o" if len(kept) <= 40 else "", markersize=4
        )
        ax.set_xlabel("step" if by_steps else "passes over the data")
        ax.set_ylabel("cost J")
        ax.set_ylim(bottom=0)

    return _drawn("cost", draw)


def costs_no_passes(history: Sequence[Record]) -> bool:
    """Whether the steps of a solver read no data: its Gram matrix was made before."""
    return history[-1].passes - history[0].passes < 1


@dataclass(frozen=True)
class Penalties:
    """What was tried: C, its log loss, the standard error of that (or none at all), the C taken."""

    Cs: Sequence[float]
    losses: Sequence[float]
    errors: Sequence[float]
    taken: float


def loss_by_c(tried: Penalties) -> str:
    """Log loss on other examples, with its standard error, over the values of C that were tried."""
    losses, place = np.array(tried.losses), list(tried.Cs).index(tried.taken)

    def draw(ax: Axes) -> None:
        if tried.errors:
            errors = np.array(tried.errors)
            band = (losses - errors, losses + errors)
            ax.fill_between(tried.Cs, *band, color=ACCENT, alpha=0.15, linewidth=0)
        ax.plot(tried.Cs, losses, color=ACCENT, linewidth=2, marker="o", markersize=4)
        ax.axvline(tried.taken, color=SECOND, linewidth=1, linestyle=(0, (4, 4)))
        ax.plot([tried.taken], [losses[place]], "o", color=SECOND, markersize=9)
        ax.annotate(
            f"taken: {short_c(tried.taken)}",
            (tried.taken, 1),
            (-6 if 2 * place >= len(losses) else 6, -2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if 2 * place >= len(losses) else "left",
            va="top",
            color=SECOND,
        )
        ax.set_xscale("log")
        ax.minorticks_off()
        ax.margins(y=0.2)
        ax.set_xlabel("C, from a strong penalty to a weak one")
        ax.set_ylabel("log loss, nats")

    return _drawn("choice", draw)


def roc_curve(curve: Roc) -> str:
    """Hits over false alarms as the threshold falls, beside chance."""
    kept = _thinned(len(curve.hits))

    def draw(ax: Axes) -> None:
        ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        ax.plot(curve.false_alarms[kept], curve.hits[kept], color=ACCENT, linewidth=2)
        ax.set_xlabel("share of false alarms")
        ax.set_ylabel("share of hits")
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))

    return _drawn("roc", draw)


def by_threshold(found: ByThreshold, name: str) -> str:
    """Recall, precision and, where there are costs, the mean cost over the threshold."""
    kept = _thinned(len(found.thresholds))
    x = found.thresholds[kept]

    def draw(ax: Axes) -> None:
        ax.axvline(found.used, color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        ax.plot(x, found.recall[kept], color=ACCENT, linewidth=2, label="found (recall)")
        ax.plot(x, found.precision[kept], color=SECOND, linewidth=2, label="right (precision)")
        if found.cost is not None:
            cost = found.cost[kept] / max(float(found.cost.max()), 1e-300)
            ax.plot(x, cost, ":", color=INK, linewidth=1.4, label="cost, of the highest")
        ax.set_xlabel(f"answered from this probability of {name}", parse_math=False)
        ax.set_ylabel("share")
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        ax.legend(loc="lower center", frameon=False, labelcolor=INK, handletextpad=0.5)

    return _drawn("threshold", draw)


def precision_recall(found: ByThreshold) -> str:
    """Precision over recall as the threshold falls."""
    kept = _thinned(len(found.thresholds))
    base = float(found.precision[0])

    def draw(ax: Axes) -> None:
        ax.axhline(base, color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        ax.plot(found.recall[kept], found.precision[kept], color=ACCENT, linewidth=2)
        ax.set_xlabel("share found (recall)")
        ax.set_ylabel("share right (precision)")
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))

    return _drawn("precision", draw)


def learning_curve(curve: LearningCurve, guessing: float) -> str:
    """Log loss with its 95 % interval over how many examples were trained on."""
    x = [step.trained_on for step in curve.steps]
    y = [step.loss.value for step in curve.steps]
    within = [step.loss.interval or (step.loss.value, step.loss.value) for step in curve.steps]

    def draw(ax: Axes) -> None:
        ax.axhline(guessing, color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        ax.fill_between(x, *np.array(within).T, color=ACCENT, alpha=0.15, linewidth=0)
        ax.plot(x, y, color=ACCENT, linewidth=2, marker="o", markersize=5)
        ax.set_xscale("log", base=2)
        ax.set_xticks(x, [f"{size:,}" for size in x])
        ax.minorticks_off()
        ax.set_xlabel("examples trained on")
        ax.set_ylabel("log loss of others")
        ax.set_ylim(bottom=0, top=1.25 * max(guessing, y[-1]))

    return _drawn("learning", draw)


def effect(place: int, found: Effect, classes: Sequence[str], highest: float) -> str:
    """Probabilities over the values of one column; below them where the examples lie.

    A tick is a hundredth of them. All such figures have one scale, up to the highest probability.
    """
    moves = found.moves
    rug = np.unique(np.nanquantile(moves.held, np.linspace(0, 1, 101)))
    rug = rug[(rug >= moves.values[0]) & (rug <= moves.values[-1])]
    width = 2 if moves.notation is None else 1  # the days of a week are close together

    def draw(ax: Axes) -> None:
        ends = ax.get_xaxis_transform()
        ax.vlines(rug, 0, 0.06, color=MUTED, linewidth=0.8, transform=ends)
        for (colour, dashes), name, p in zip(_CURVES, classes, found.probabilities.T, strict=False):
            ax.plot(moves.values, p, dashes, color=colour, linewidth=width, label=name)
        ax.set_ylim(0, highest)
        if moves.notation is not None:
            ticks = np.linspace(moves.values[0], moves.values[-1], 4)[:-1]
            ax.set_xticks(ticks, [_moment(at, moves) for at in ticks], ha="left")
        if len(classes) > 1:
            legend = ax.legend(frameon=False, labelcolor=INK, handletextpad=0.5)
            for text in legend.get_texts():
                text.set_parse_math(False)

    return _drawn(f"effect{place}", draw, LOW)


_CURVES = ((ACCENT, "-"), (SECOND, "-"), (INK, ":"))


def _moment(seconds: float, moves: ColumnMoves) -> str:
    """Return a date, and the time too where the column moves over some days alone."""
    days = moves.values[-1] - moves.values[0] > 4 * DAY
    at = seconds // DAY * DAY if days else seconds // 60 * 60
    return written(at, moves.notation or "")


def reliability(bins: Sequence[Bin], before: Sequence[Bin] | None, of: str | None) -> str:
    """How often what was said was so, with 95 % intervals, over how sure it was.

    `of` is the class whose probability it is; None: the likeliest class of each example. `before`
    are the bins before calibration, drawn hollow.
    """
    low, high = np.array([found.rate.interval for found in bins]).T
    x, y = _points(bins)

    def draw(ax: Axes) -> None:
        ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        if before is not None:
            hollow = ax.plot(*_points(before), "o", color=SECOND, markersize=7, label="before")[0]
            hollow.set_markerfacecolor("none")
        ax.vlines(x, low, high, color=ACCENT, linewidth=1.6, alpha=0.7)
        ax.plot(x, y, "o", color=ACCENT, markersize=6, label="calibrated")
        if before is not None:
            ax.legend(loc="upper left", frameon=False, labelcolor=INK, handletextpad=0.3)
        ax.set_xlabel("how sure it was" if of is None else f"probability of {of}", parse_math=False)
        ax.set_ylabel("share that was so")
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))

    return _drawn("reliability", draw)


def _points(bins: Sequence[Bin]) -> tuple[list[float], list[float]]:
    return [found.confidence for found in bins], [found.rate.value for found in bins]


def _thinned(n: int) -> np.ndarray:
    """At most `POINTS` positions of n, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, POINTS)).round().astype(int))


def _drawn(name: str, draw: Any, size: tuple[float, float] = SIZE) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with mpl.rc_context({**_SETTINGS, "svg.hashsalt": name}), warnings.catch_warnings():
        # The letters are the reader's: matplotlib's own fonts need not have them.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        # It is laid out here: of a figure that has a layout of its own `savefig` draws all twice.
        figure = Figure(figsize=size)
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        ConstrainedLayoutEngine().execute(figure)
        return _inline(figure, name)


def _inline(figure: Figure, name: str) -> str:
    """Return an <svg> in the page's colours and letters, its identifiers the page's alone."""
    file = StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = file.getvalue()[file.getvalue().index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    head, body = svg.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var(--{variable})")
    return f'{head} aria-hidden="true">{body}'
