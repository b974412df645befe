"""The fits of a probe, a penalty at a time: how each ended, and what the layer is worth on val."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from onelayer.estimators.cross_validation import Accuracy, PenaltyPath, Solved
from onelayer.estimators.parameter_meanings import strength
from onelayer.estimators.problem import Data
from onelayer.inputs.examples import Examples
from onelayer.layer import Layer
from onelayer.model.choice import data_of
from onelayer.probes.protocols import Grid, Halving
from onelayer.solution import Solution, Status


@dataclass(frozen=True, kw_only=True)
class PenaltyTried:
    """One fit of a search.

    Attributes
    ----------
    C
        Per sum of L.
    strength
        lambda, per mean of L: 1 / (C m).
    score
        What the layer is worth where C is chosen; more is better, but for a log loss.
    status, gap, gap_kind, steps, passes, seconds
        How it was solved for, see `Solution`.
    """

    C: float
    strength: float
    score: float
    status: Status
    gap: float
    gap_kind: str
    steps: int
    passes: float
    seconds: float

    @classmethod
    def of(cls, C: float, lam: float, score: float, solution: Solution) -> PenaltyTried:
        """What a solution says of itself."""
        return cls(
            C=C,
            strength=lam,
            score=score,
            status=solution.status,
            gap=solution.gap,
            gap_kind=solution.gap_kind,
            steps=solution.iterations,
            passes=solution.passes,
            seconds=solution.seconds,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {**asdict(self), "status": str(self.status)}


def probe_data(examples: Examples, *, scaled: bool) -> Data:
    """What a fit takes, as the features are or standardised."""
    data = data_of(examples)
    return data if scaled else replace(data, scaling=None)


def fitted(data: Data, C: float, accuracy: Accuracy) -> Solved:
    """The layer at one C, by itself."""
    return PenaltyPath(data, [], 0.0, accuracy).at(C).whole


@dataclass(kw_only=True)
class PenaltySearch:
    """Fits from the strongest penalty to the weakest, each begun at a stronger one's layer.

    Attributes
    ----------
    data
        What is trained on.
    score
        What a layer is worth where C is chosen; more is better.
    accuracy
        Of every fit.
    tell
        Called as tell(C, fits so far, fits in all).
    tried
        The fits, by C.
    """

    data: Data
    score: Callable[[Layer], float]
    accuracy: Accuracy
    tell: Callable[[float, int, int], None]
    tried: dict[float, PenaltyTried] = field(default_factory=dict)
    _best: tuple[PenaltyTried, Solved] | None = field(default=None, init=False)

    def run(self, search: Grid | Halving) -> Solved:
        """Try what the protocol asks for; the best layer, of equals the most strongly penalised."""
        path = PenaltyPath(self.data, [], 0.0, self.accuracy)
        if isinstance(search, Grid):
            for C in search.values:
                self._try(path, C, len(search.values))
        else:
            self._halve(path, search)
        return self.best[1]

    @property
    def best(self) -> tuple[PenaltyTried, Solved]:
        """The fit chosen, and its layer."""
        if self._best is None:
            raise ValueError("nothing has been tried")
        return self._best

    def _halve(self, path: PenaltyPath, search: Halving) -> None:
        """Both neighbours of the best, at half the distance each time, down to the finest."""
        first = search.places
        step, halvings = first[1] - first[0], (first[1] - first[0]).bit_length() - 1
        fits = len(first) + 2 * halvings
        branches: dict[int, PenaltyPath] = {}

        def at(place: int, along: PenaltyPath) -> None:
            self._try(along, search.value(place), fits)
            branches[place] = along.branch()

        for place in first:
            at(place, path)
        while step > 1:
            step //= 2
            places = {search.value(place): place for place in branches}
            peak = places[self.best[0].C]
            for place in (peak - step, peak + step):
                if first[0] <= place <= first[-1]:
                    at(place, branches[max(one for one in branches if one < place)].branch())

    def _try(self, path: PenaltyPath, C: float, fits: int) -> None:
        self.tell(C, len(self.tried), fits)
        solved = path.at(C).whole
        lam = strength(C, self.data.weights.total)
        found = PenaltyTried.of(C, lam, self.score(solved.layer), solved.solution)
        self.tried[C] = found
        if self._best is None or _rank(found) > _rank(self._best[0]):
            self._best = found, solved

    def curve(self) -> tuple[PenaltyTried, ...]:
        """All fits, from the strongest penalty to the weakest."""
        return tuple(self.tried[C] for C in sorted(self.tried))


def _rank(one: PenaltyTried) -> tuple[float, float]:
    return one.score, -one.C
