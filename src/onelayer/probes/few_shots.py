"""Few examples a class, drawn again and again: the mean over the draws, and how far it varies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from time import perf_counter
from typing import TYPE_CHECKING, Any, final

import numpy as np

from onelayer.errors import DataError
from onelayer.inputs.examples import Examples
from onelayer.probes.asked import ProbeAsked
from onelayer.probes.feature_parts import FeatureFacts, FeatureParts
from onelayer.probes.hits import Hits, Measured, score_by
from onelayer.probes.penalty_search import PenaltySearch, PenaltyTried, probe_data
from onelayer.probes.probed import (
    in_points,
    measures_dict,
    numbered_names,
    pairs_by_number,
    unsolved,
)
from onelayer.probes.protocols import ProbeProtocol
from onelayer.sheets.printable import Printable
from onelayer.sheets.sheet import Group, Pairs, Sheet
from onelayer.words import count_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from onelayer.displays import ShotsDisplay

VAL_SHOTS = 4
"""Examples a class that choose C, at most: as many as are trained on, and no more. Source: CoOp."""
BY_DRAW = (
    "Means over the draws, with the half width of their 95 % interval by Student's t. Differences "
    "are in points, paired by the draw."
)


@dataclass(frozen=True, kw_only=True)
class Draw:
    """One layer on a few examples a class.

    Attributes
    ----------
    shots, seed
        How many a class, and by which seed they were drawn.
    chosen
        The C taken.
    curve
        Every fit of its search.
    values
        The layer's measures on test, by name.
    """

    shots: int
    seed: int
    chosen: float
    curve: tuple[PenaltyTried, ...]
    values: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class ShotsProbed:
    """One file of features, probed with few examples."""

    facts: FeatureFacts
    draws: tuple[Draw, ...]
    seconds: float

    @property
    def shots(self) -> list[int]:
        """The numbers of examples a class."""
        return sorted({draw.shots for draw in self.draws})

    def values(self, shots: int, measure: str) -> np.ndarray:
        """A measure of every draw of so many, by seed."""
        return np.array([draw.values[measure] for draw in self.draws if draw.shots == shots])

    def measures(self, shots: int) -> dict[str, Measured]:
        """The means over the draws of so many, with their intervals."""
        names = next(iter(self.draws)).values
        return {name: mean_of_draws(self.values(shots, name)) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            **self.facts.to_dict(),
            "shots": [
                {"shots": k, "measures": measures_dict(self.measures(k))} for k in self.shots
            ],
            "draws": [
                {
                    "shots": draw.shots,
                    "seed": draw.seed,
                    "C": draw.chosen,
                    "measures": draw.values,
                    "curve": [one.to_dict() for one in draw.curve],
                }
                for draw in self.draws
            ],
            "seconds": self.seconds,
        }


def probe_few(parts: FeatureParts, asked: ProbeAsked, since: float) -> ShotsProbed:
    """Draw, choose C and judge, for every number of examples and every seed.

    `since` is when the reading began, by `perf_counter`.
    """
    draws = tuple(_draws(parts, asked))
    return ShotsProbed(facts=parts.facts(), draws=draws, seconds=perf_counter() - since)


def _draws(parts: FeatureParts, asked: ProbeAsked) -> Iterator[Draw]:
    if asked.protocol.search is None:
        raise ValueError("few-shot has a search")
    runs = [(k, asked.seed + number) for k in asked.shots for number in range(asked.seeds)]
    for done, (shots, seed) in enumerate(runs):
        asked.progress(f"{parts.name}: {shots} a class, seed {seed}", done, len(runs))
        train, val = _drawn(parts, shots, seed)
        found = PenaltySearch(
            data=probe_data(train, scaled=asked.protocol.scaled),
            score=score_by(asked.measure, val),
            accuracy=asked.accuracy,
            tell=lambda _C, _done, _fits: None,
        )
        solved = found.run(asked.protocol.search)
        measures = Hits.of(solved.layer, parts.test).measures()
        yield Draw(
            shots=shots,
            seed=seed,
            chosen=found.best[0].C,
            curve=found.curve(),
            values={name: one.value for name, one in measures.items()},
        )


def _drawn(parts: FeatureParts, shots: int, seed: int) -> tuple[Examples, Examples]:
    """So many of every class to train on, and at most `VAL_SHOTS` to choose on."""
    random, choosing = np.random.default_rng(seed), min(shots, VAL_SHOTS)
    apart = parts.val is not None
    rows = _of_every_class(parts.train, shots + (0 if apart else choosing), random)
    train = parts.train.take(rows[:, :shots].ravel())
    if parts.val is None:
        return _alone(train), _alone(parts.train.take(rows[:, shots:].ravel()))
    chosen = _of_every_class(parts.val, choosing, random)
    return _alone(train), _alone(parts.val.take(chosen.ravel()))


def _of_every_class(examples: Examples, count: int, random: np.random.Generator) -> np.ndarray:
    """Rows (K, count), drawn without replacement."""
    found = []
    for number, label in enumerate(examples.classes.tolist()):
        rows = np.flatnonzero(examples.labels == number)
        if len(rows) < count:
            raise DataError(
                f"{examples.audit.source} has {count_of(len(rows), 'examples')} of {label}, and "
                f"{count} of every class are drawn: ask for fewer shots"
            )
        found.append(random.choice(rows, count, replace=False))
    return np.array(found)


def _alone(examples: Examples) -> Examples:
    """With a copy of their rows, few as they are; nobody has looked at these."""
    return replace(examples.compact(), survey=None)


def mean_of_draws(values: np.ndarray) -> Measured:
    """The mean, and its 95 % interval by Student's t; of a single draw there is none."""
    from scipy.stats import t

    mean, n = float(values.mean()), len(values)
    if n < 2:
        return Measured(mean, float("nan"), float("nan"))
    half = float(t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return Measured(mean, mean - half, mean + half)


@final
@dataclass(frozen=True, kw_only=True)
class FewShotProbe(Printable):
    """Features probed with few examples a class, side by side.

    Attributes
    ----------
    protocol, measure
        As in `Probe`.
    probed
        A file of features each.
    """

    protocol: ProbeProtocol
    probed: tuple[ShotsProbed, ...]
    measure: str

    @property
    def frame(self) -> Any:
        """A row a draw: features, shots, seed, C and the measures."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "features": one.facts.name,
                    "shots": draw.shots,
                    "seed": draw.seed,
                    "C": draw.chosen,
                    **draw.values,
                }
                for one in self.probed
                for draw in one.draws
            ]
        )

    @property
    def differences(self) -> dict[tuple[str, str], list[Measured] | None]:
        """Of every pair, by the measure, number by number; paired by the draw.

        None where the same seed drew other examples.
        """
        pairs: dict[tuple[str, str], list[Measured] | None] = {}
        for a, b in combinations(self.probed, 2):
            found = [
                mean_of_draws(a.values(k, self.measure) - b.values(k, self.measure))
                for k in a.shots
            ]
            pairs[a.facts.name, b.facts.name] = found if _same_labels(a, b) else None
        return pairs

    @property
    def sheet(self) -> Sheet:
        """A row a file of features, a column a number of examples."""
        first = self.probed[0]
        labels = numbered_names([one.facts.name for one in self.probed])
        rows = tuple(
            (label, *(_mean(one.measures(k)[self.measure]) for k in one.shots))
            for label, one in zip(labels, self.probed, strict=True)
        )
        seeds = len(first.draws) // len(first.shots)
        fits = [fit for one in self.probed for draw in one.draws for fit in draw.curve]
        told = dict.fromkeys(note for one in self.probed for note in one.facts.said)
        return Sheet(
            title=f"Linear probe, protocol few-shot: {self.measure} in % by examples a class",
            facts=(
                ("source", self.protocol.source),
                ("draws", f"{seeds} of each number, seeds from {first.draws[0].seed}"),
                ("chosen", self.protocol.chosen),
                ("fits", f"{len(fits):,}, the largest gap {max(fit.gap for fit in fits):.1e}"),
                ("seconds", " ".join(f"{one.seconds:.1f}" for one in self.probed)),
            ),
            alarm=unsolved([fit.status for fit in fits]),
            heads=("features", *(f"{k}" for k in first.shots)),
            groups=(Group("", rows),),
            figures=self._apart(),
            notes=(BY_DRAW, *(f"{note}." for note in told)),
        )

    def _apart(self) -> Pairs:
        """How every pair differs, by their numbers in the table: a difference a number of shots."""
        pairs = pairs_by_number(len(self.probed))
        shots = self.probed[0].shots
        return tuple(
            (
                pair,
                "not compared: the same seed draws other examples"
                if found is None
                else "; ".join(
                    f"{k} a class {in_points(one)}" for k, one in zip(shots, found, strict=True)
                ),
            )
            for pair, found in zip(pairs, self.differences.values(), strict=True)
        )

    @property
    def fits(self) -> Sheet:
        """A row a draw: the C taken and its measures."""
        names = list(self.probed[0].draws[0].values)
        groups = [
            Group(
                one.facts.name,
                tuple(
                    (
                        f"{draw.shots} a class, seed {draw.seed}",
                        f"{draw.chosen:.3g}",
                        *(f"{100 * draw.values[name]:.2f}" for name in names),
                        f"{max(fit.gap for fit in draw.curve):.1e}",
                    )
                    for draw in one.draws
                ),
            )
            for one in self.probed
        ]
        heads = ("draw", "C", *names, "largest gap")
        return Sheet(title="Every draw of few-shot", heads=heads, groups=tuple(groups))

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: the protocol, every draw and fit, means and differences."""
        return {
            "protocol": {"name": self.protocol.name, **dict(self.protocol.rows())},
            "measure": self.measure,
            "probed": [one.to_dict() for one in self.probed],
            "differences": [
                {"first": a, "second": b, "by_shots": found and [one._asdict() for one in found]}
                for (a, b), found in self.differences.items()
            ],
        }

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> ShotsDisplay:
        """Draw the measure by the number of examples a class, a line a file of features."""
        from onelayer.displays import ShotsDisplay

        curves = {
            one.facts.name: (one.shots, [one.measures(k)[self.measure] for k in one.shots])
            for one in self.probed
        }
        return ShotsDisplay(curves, what=f"{self.measure} on test").plot(ax=ax, **kwargs)


def _same_labels(a: ShotsProbed, b: ShotsProbed) -> bool:
    """Whether the same seed draws the same examples of both, and the same judge them."""
    if a.shots != b.shots or a.facts.labels.keys() != b.facts.labels.keys():
        return False
    return all(
        np.array_equal(a.facts.labels[part], b.facts.labels[part]) for part in a.facts.labels
    )


def _mean(one: Measured) -> str:
    half = "" if one.high != one.high else f" +- {100 * (one.high - one.value):.2f}"
    return f"{100 * one.value:.2f}{half}"
