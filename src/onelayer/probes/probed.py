"""What probes found, for people and for programs: features side by side, and how they differ."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, final

from onelayer.probes.feature_parts import FeatureFacts
from onelayer.probes.hits import Hits, Measured
from onelayer.probes.penalty_search import PenaltyTried
from onelayer.probes.protocols import ProbeProtocol
from onelayer.sheets.printable import Printable
from onelayer.sheets.sheet import Group, Pairs, Sheet
from onelayer.solution import Solution, Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from onelayer.displays import ProbeDisplay

INTERVALS = "In brackets: 95 % intervals."
PAIRED = "Differences are in points, of the same examples; in brackets their 95 % intervals."


@dataclass(frozen=True, kw_only=True)
class Probed:
    """One file of features, probed.

    Attributes
    ----------
    facts
        Of what was trained on, what chose and what judged.
    curve
        Every fit of the search, from the strongest penalty to the weakest.
    chosen
        The C taken.
    strength
        Its lambda, per mean of L, in the layer that is judged.
    solution
        How that layer was solved for.
    hits
        What it gets right.
    seconds
        Of all of it, reading included, by the clock.
    """

    facts: FeatureFacts
    curve: tuple[PenaltyTried, ...]
    chosen: float
    strength: float
    solution: Solution
    hits: Hits
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        final = PenaltyTried.of(self.chosen, self.strength, float("nan"), self.solution).to_dict()
        del final["score"]
        return {
            **self.facts.to_dict(),
            "C": self.chosen,
            "lambda": self.strength,
            "measures": measures_dict(self.hits.measures()),
            "judged": final,
            "curve": [one.to_dict() for one in self.curve],
            "seconds": self.seconds,
        }


@final
@dataclass(frozen=True, kw_only=True)
class Probe(Printable):
    """Features by one protocol, side by side; `to` writes text, Markdown, LaTeX, HTML or CSV.

    Attributes
    ----------
    protocol
        What was done.
    probed
        A file of features each.
    measure
        What chose C.
    """

    protocol: ProbeProtocol
    probed: tuple[Probed, ...]
    measure: str

    @property
    def frame(self) -> Any:
        """A row a fit: features, C, strength, score, status, gap, steps, passes, seconds."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"features": one.facts.name, **fit.to_dict(), "chosen": one.chosen == fit.C}
                for one in self.probed
                for fit in one.curve
            ]
        )

    @property
    def differences(self) -> dict[tuple[str, str], dict[str, Measured] | None]:
        """Of every pair of features by name; None where other examples judged."""
        return {
            (a.facts.name, b.facts.name): a.hits.less(b.hits)
            for a, b in combinations(self.probed, 2)
        }

    @property
    def sheet(self) -> Sheet:
        """A row a file of features; differences below, where there are several."""
        names = list(self.probed[0].hits.measures())
        labels = numbered_names([one.facts.name for one in self.probed])
        rows = tuple(
            (label, *self._cells(one, names))
            for label, one in zip(labels, self.probed, strict=True)
        )
        return Sheet(
            title=f"Linear probe, protocol {self.protocol.name}",
            facts=self._facts(),
            alarm=unsolved([fit.status for one in self.probed for fit in one.curve]),
            heads=("features", *(f"{name} %" for name in names), "C", "largest gap", "s"),
            groups=(Group("", rows),),
            figures=self._apart() if len(self.probed) > 1 else self._intervals(),
            notes=(*self._said(), PAIRED if len(self.probed) > 1 else INTERVALS),
        )

    def _facts(self) -> Pairs:
        sizes = list(dict.fromkeys(one.facts.in_words() for one in self.probed))
        if len(sizes) > 1:
            sizes = [f"{one.facts.name}: {one.facts.in_words()}" for one in self.probed]
        fits = Counter(len(one.curve) for one in self.probed)
        return (
            ("source", self.protocol.source),
            ("features", self.protocol.features),
            ("examples", "; ".join(sizes)),
            ("C", f"the best of {' or '.join(map(str, fits))}, chosen {self.chosen_on}"),
            ("judged", f"a layer trained on {self.protocol.trained}"),
        )

    @property
    def chosen_on(self) -> str:
        """On what, and by what."""
        if self.protocol.search is None:
            return "on val by log loss" if self._has_val else "in five folds of train by log loss"
        return f"on val by {self.measure}"

    @property
    def _has_val(self) -> bool:
        return "val" in self.probed[0].facts.labels

    def _cells(self, one: Probed, names: list[str]) -> tuple[str, ...]:
        measures = one.hits.measures()
        gap = max([one.solution.gap, *(fit.gap for fit in one.curve)])
        return (
            *(f"{100 * measures[name].value:.2f}" for name in names if name in measures),
            f"{one.chosen:.3g}",
            f"{gap:.1e}",
            f"{one.seconds:.1f}",
        )

    def _intervals(self) -> Pairs:
        """Of a single file's measures."""
        return tuple(
            (name, f"{100 * one.value:.2f} % ({100 * one.low:.2f} to {100 * one.high:.2f})")
            for name, one in self.probed[0].hits.measures().items()
        )

    def _apart(self) -> Pairs:
        """How every pair differs, by their numbers in the table."""
        return tuple(
            (
                pair,
                "not compared: their test parts hold other labels, or in another order"
                if found is None
                else "; ".join(f"{name} {in_points(one)}" for name, one in found.items()),
            )
            for pair, found in zip(
                pairs_by_number(len(self.probed)), self.differences.values(), strict=True
            )
        )

    def _said(self) -> tuple[str, ...]:
        told = dict.fromkeys(note for one in self.probed for note in one.facts.said)
        return tuple(f"{note}." for note in told)

    @property
    def fits(self) -> Sheet:
        """A row a fit, with its gap and its cost, and the one chosen marked."""
        groups = []
        for one in self.probed:
            rows = tuple(_fit(fit, taken=one.chosen == fit.C) for fit in one.curve)
            groups.append(Group(one.facts.name if len(self.probed) > 1 else "", rows))
        score = "log loss" if self.protocol.search is None else self.measure
        return Sheet(
            title=f"Every fit of {self.protocol.name}; * is the one chosen",
            heads=("C", "lambda", score, "gap", "by", "steps", "passes", "s"),
            groups=tuple(groups),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: the protocol, every fit, measures and differences."""
        return {
            "protocol": {"name": self.protocol.name, **dict(self.protocol.rows())},
            "measure": self.measure,
            "probed": [one.to_dict() for one in self.probed],
            "differences": [
                {"first": a, "second": b, "measures": found and measures_dict(found)}
                for (a, b), found in self.differences.items()
            ],
        }

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> ProbeDisplay:
        """Draw what each C is worth, a line a file of features, with the C taken."""
        from onelayer.displays import ProbeDisplay

        curves = {
            one.facts.name: ([f.C for f in one.curve], [f.score for f in one.curve], one.chosen)
            for one in self.probed
        }
        what = "log loss (nats a row)" if self.protocol.search is None else f"{self.measure} on val"
        return ProbeDisplay(curves, what=what).plot(ax=ax, **kwargs)


def numbered_names(names: list[str]) -> list[str]:
    """Names as the table has them: with a number, by which differences call several."""
    if len(names) == 1:
        return names
    return [f"({number}) {name}" for number, name in enumerate(names, 1)]


def pairs_by_number(count: int) -> list[str]:
    """(1) - (2), (1) - (3), (2) - (3): as `itertools.combinations` has them."""
    return [f"({a}) - ({b})" for a, b in combinations(range(1, count + 1), 2)]


def measures_dict(found: dict[str, Measured]) -> dict[str, Any]:
    """Measures and their intervals as JSON has them; rates are fractions."""
    return {name: one._asdict() for name, one in found.items()}


def in_points(one: Measured) -> str:
    """A difference in points of a hundred, with its interval if any: +1.20 (0.35 to 2.05)."""
    if math.isnan(one.low):
        return f"{100 * one.value:+.2f}"
    return f"{100 * one.value:+.2f} ({100 * one.low:.2f} to {100 * one.high:.2f})"


def unsolved(statuses: list[Status]) -> str:
    """An alarm where fits did not end at their optimum; else nothing."""
    short = Counter(status for status in statuses if status is not Status.CONVERGED)
    if not short:
        return ""
    what = ", ".join(f"{times} {status}" for status, times in short.items())
    return f"{short.total()} of {len(statuses)} fits did not end at the gap asked for: {what}"


def _fit(fit: PenaltyTried, *, taken: bool) -> tuple[str, ...]:
    return (
        f"{fit.C:.3g}{' *' if taken else ''}",
        f"{fit.strength:.2e}",
        f"{fit.score:.4f}",
        f"{fit.gap:.1e}",
        fit.gap_kind if fit.status is Status.CONVERGED else str(fit.status),
        f"{fit.steps}",
        f"{fit.passes:.1f}",
        f"{fit.seconds:.2f}",
    )
