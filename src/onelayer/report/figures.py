"""The report's curves as SVG inside the page, in the page's own colours, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onelayer.calibration import Bin
from onelayer.inputs.moving import ColumnMoves
from onelayer.readers.tables.dates import DAY, written
from onelayer.report.axis import Axis
from onelayer.report.by_threshold import ByThreshold
from onelayer.report.chart import ACCENT, INK, LOW, MUTED, SECOND, Chart, Pen
from onelayer.report.judging import Roc
from onelayer.report.learning import LearningCurve
from onelayer.report.partial_dependence import Effect
from onelayer.solution import Record
from onelayer.words import short_c

POINTS = 400  # of a curve, at most: more than there are pixels

_SHARES = (-0.02, 1.02)
_ASIDE = Pen(MUTED, 1, "4 4")
_CURVES = (Pen(ACCENT), Pen(SECOND), Pen(INK, dash="2 3.3"))


def cost_by_pass(history: Sequence[Record]) -> str:
    """J over what was paid for it: passes, or steps where these cost no further pass."""
    by_steps = costs_no_passes(history)
    kept = _thinned(len(history))
    x = [history[i].iteration if by_steps else history[i].passes for i in kept]
    J = [history[i].objective for i in kept]
    named = Axis("step" if by_steps else "passes over the data")
    chart = Chart("cost", named, Axis("cost J", low=0))
    chart.line(x, J, Pen(ACCENT))
    if len(kept) <= 40:
        chart.dots(x, J, ACCENT, 2.5)
    return chart.svg()


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
    x = Axis("C, from a strong penalty to a weak one", logarithmic=True)
    chart = Chart("choice", x, Axis("log loss, nats", margin=0.2))
    if tried.errors:
        errors = np.array(tried.errors)
        chart.band(tried.Cs, losses - errors, losses + errors, ACCENT)
    chart.line(tried.Cs, losses, Pen(ACCENT))
    chart.dots(tried.Cs, losses, ACCENT, 2.5)
    late = 2 * place >= len(losses)
    note = f"taken: {short_c(tried.taken)}"
    chart.upright(tried.taken, Pen(SECOND, 1, "4 4"), note, before=late)
    chart.dots([tried.taken], [losses[place]], SECOND, 5)
    return chart.svg()


def roc_curve(curve: Roc) -> str:
    """Hits over false alarms as the threshold falls, beside chance."""
    kept = _thinned(len(curve.hits))
    chart = _of_shares("roc", "share of false alarms", "share of hits")
    chart.line([0, 1], [0, 1], _ASIDE)
    chart.line(curve.false_alarms[kept], curve.hits[kept], Pen(ACCENT))
    return chart.svg()


def by_threshold(found: ByThreshold, name: str) -> str:
    """Recall, precision and, where there are costs, the mean cost over the threshold."""
    kept = _thinned(len(found.thresholds))
    x = found.thresholds[kept]
    chart = _of_shares("threshold", f"answered from this probability of {name}", "share")
    chart.upright(found.used, _ASIDE)
    chart.line(x, found.recall[kept], Pen(ACCENT), "found (recall)")
    chart.line(x, found.precision[kept], Pen(SECOND), "right (precision)")
    if found.cost is not None:
        cost = found.cost[kept] / max(float(found.cost.max()), 1e-300)
        chart.line(x, cost, Pen(INK, 1.4, "1.4 2.3"), "cost, of the highest")
    chart.legend("lower center")
    return chart.svg()


def precision_recall(found: ByThreshold) -> str:
    """Precision over recall as the threshold falls."""
    kept = _thinned(len(found.thresholds))
    chart = _of_shares("precision", "share found (recall)", "share right (precision)")
    chart.across(float(found.precision[0]), _ASIDE)
    chart.line(found.recall[kept], found.precision[kept], Pen(ACCENT))
    return chart.svg()


def learning_curve(curve: LearningCurve, guessing: float) -> str:
    """Log loss with its 95 % interval over how many examples were trained on."""
    x = [step.trained_on for step in curve.steps]
    y = [step.loss.value for step in curve.steps]
    within = [step.loss.interval or (step.loss.value, step.loss.value) for step in curve.steps]
    low, high = np.array(within).T
    sizes = [(size, f"{size:,}") for size in x]
    chart = Chart(
        "learning",
        Axis("examples trained on", logarithmic=True, ticks=sizes),
        Axis("log loss of others", low=0, high=1.25 * max(guessing, y[-1])),
    )
    chart.across(guessing, _ASIDE)
    chart.band(x, low, high, ACCENT)
    chart.line(x, y, Pen(ACCENT))
    chart.dots(x, y, ACCENT, 3)
    return chart.svg()


def effect(place: int, found: Effect, classes: Sequence[str], highest: float) -> str:
    """Probabilities over the values of one column; below them where the examples lie.

    A tick is a hundredth of them. All such figures have one scale, up to the highest probability.
    """
    moves = found.moves
    rug = np.unique(np.nanquantile(moves.held, np.linspace(0, 1, 101)))
    rug = rug[(rug >= moves.values[0]) & (rug <= moves.values[-1])]
    width = 2 if moves.notation is None else 1  # the days of a week are close together
    chart = Chart(f"effect{place}", Axis(ticks=_moments(moves)), Axis(low=0, high=highest), LOW)
    chart.rug(rug, Pen(MUTED, 0.8))
    for pen, name, p in zip(_CURVES, classes, found.probabilities.T, strict=False):
        chart.line(moves.values, p, pen._replace(width=width), name)
    if len(classes) > 1:
        chart.legend()
    return chart.svg()


def _moments(moves: ColumnMoves) -> list[tuple[float, str]] | None:
    """Return the dates that are written below a column of dates."""
    if moves.notation is None:
        return None
    first, last = moves.values[0], moves.values[-1]
    return [(at, _moment(at, moves)) for at in np.linspace(first, last, 4)[:-1]]


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
    said = "how sure it was" if of is None else f"probability of {of}"
    chart = _of_shares("reliability", said, "share that was so")
    chart.line([0, 1], [0, 1], _ASIDE)
    if before is not None:
        chart.rings(*_points(before), SECOND, 3.5, "before")
    chart.stems(x, low, high, Pen(ACCENT, 1.6, opacity=0.7))
    chart.dots(x, y, ACCENT, 3.5, "calibrated")
    if before is not None:
        chart.legend("upper left")
    return chart.svg()


def _points(bins: Sequence[Bin]) -> tuple[list[float], list[float]]:
    return [found.confidence for found in bins], [found.rate.value for found in bins]


def _of_shares(name: str, x: str, y: str) -> Chart:
    """A chart with shares on both axes."""
    low, high = _SHARES
    return Chart(name, Axis(x, low, high), Axis(y, low, high))


def _thinned(n: int) -> np.ndarray:
    """At most `POINTS` positions of n, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, POINTS)).round().astype(int))
