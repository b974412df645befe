"""The picture of a problem: gap against seconds for all, gap against passes for us."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from judge import gap
from results import Record

FLOOR = 1e-12  # where a gap of zero is drawn
OURS = "#c1272d"
PEERS = ("C0", "C1", "C2", "C4", "C5", "C6", "C7", "C8", "C9")  # matplotlib's cycle without its red


def draw(problem: str, records: list[Record], best: list[float], path: Path) -> None:
    """One PNG: points are tolerances, medians of their repeats; levels are dotted."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(
        1, 2, figsize=(12, 5), width_ratios=(3, 2), layout="constrained", sharey=True
    )
    for position, name in enumerate(_names(records)):
        _line(left, name, position, _points(records, name, best))
    _history(right, records, best)
    left.set(title=f"{problem}: all contenders", xlabel="seconds of fit", ylabel="relative gap")
    right.set(title="onelayer, step by step", xlabel="passes over the data")
    for axes in (left, right):
        axes.set_yscale("log")
        axes.axhline(1e-4, color="0.7", lw=0.8, ls=":")
        axes.axhline(1e-6, color="0.7", lw=0.8, ls=":")
        axes.grid(alpha=0.2)
    left.set_xscale("log")
    left.legend(fontsize=7, frameon=False, loc="best")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _names(records: list[Record]) -> list[str]:
    return list(dict.fromkeys(record.contender for record in records if record.kind == "fit"))


def _points(records: list[Record], name: str, best: list[float]) -> list[tuple[float, float]]:
    """(median seconds, median gap) of each tolerance, from loose to tight."""
    fits = [record for record in records if record.kind == "fit" and record.contender == name]
    points = []
    for tol in dict.fromkeys(record.tol for record in fits):
        same = [record for record in fits if record.tol == tol]
        seconds = median(record.seconds for record in same)
        points.append((seconds, max(FLOOR, median(gap(r.objectives, best) for r in same))))
    return points


def _line(axes: Any, name: str, position: int, points: list[tuple[float, float]]) -> None:
    seconds, gaps = zip(*points, strict=True)
    ours = name.startswith("onelayer")
    style: dict[str, Any] = {"color": OURS, "lw": 2, "zorder": 3} if ours else {"lw": 1}
    if not ours:
        style["color"] = PEERS[position % len(PEERS)]
    marker = "*" if len(points) == 1 else "osv^Dx+"[position % 7]
    axes.plot(seconds, gaps, marker=marker, ms=11 if marker == "*" else 4, label=name, **style)


def _history(axes: Any, records: list[Record], best: list[float]) -> None:
    steps = [r for r in records if r.kind == "history" and r.objectives]
    if not steps or len(best) != 1:
        axes.text(0.5, 0.5, "no history (a path, or no fit)", ha="center", transform=axes.transAxes)
        return
    gaps = [max(FLOOR, gap(record.objectives, best)) for record in steps]
    axes.plot([record.passes for record in steps], gaps, "o-", color=OURS, ms=4)
