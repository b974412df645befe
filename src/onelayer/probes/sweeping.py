"""One file of features by one protocol: C is chosen, a layer trained with it, and judged once."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from onelayer.estimators.cross_validation import Solved
from onelayer.estimators.parameter_meanings import strength
from onelayer.estimators.problem import Data
from onelayer.estimators.search import Candidate
from onelayer.inputs.examples import joined
from onelayer.model.choice import Choosing, choose
from onelayer.probes.asked import ProbeAsked
from onelayer.probes.feature_parts import FeatureParts
from onelayer.probes.hits import Hits, score_by
from onelayer.probes.penalty_search import PenaltySearch, PenaltyTried, fitted, probe_data
from onelayer.probes.probed import Probed
from onelayer.probes.protocols import Grid, Halving


@dataclass(frozen=True)
class _Swept:
    """What a search of C found, and the data and layer that are judged."""

    curve: tuple[PenaltyTried, ...]
    C: float
    data: Data
    solved: Solved


def sweep(parts: FeatureParts, asked: ProbeAsked, since: float) -> Probed:
    """Choose C, train and judge; `since` is when the reading began, by `perf_counter`."""
    search = asked.protocol.search
    swept = _own(parts, asked) if search is None else _published(parts, asked, search)
    return Probed(
        facts=parts.facts(),
        curve=swept.curve,
        chosen=swept.C,
        strength=strength(swept.C, swept.data.weights.total),
        solution=swept.solved.solution,
        hits=Hits.of(swept.solved.layer, parts.test),
        seconds=perf_counter() - since,
    )


def _published(parts: FeatureParts, asked: ProbeAsked, search: Grid | Halving) -> _Swept:
    """Every C on train, judged by val; then train and val together at the best."""
    if parts.val is None:
        raise ValueError("a published protocol chooses on val")

    def tell(C: float, done: int, fits: int) -> None:
        asked.progress(f"{parts.name}: C = {C:.2g}", done, fits)

    found = PenaltySearch(
        data=probe_data(parts.train, scaled=asked.protocol.scaled),
        score=score_by(asked.measure, parts.val),
        accuracy=asked.accuracy,
        tell=tell,
    )
    found.run(search)
    C = found.best[0].C
    asked.progress(f"{parts.name}: train and val at C = {C:.2g}", 0, 1)
    data = probe_data(joined([parts.train, parts.val]), scaled=asked.protocol.scaled)
    return _Swept(found.curve(), C, data, fitted(data, C, asked.accuracy))


def _own(parts: FeatureParts, asked: ProbeAsked) -> _Swept:
    """As `onelayer train` does, but for the calibration, which moves no answer."""
    trials: list[Candidate] = []
    choice = choose(
        Choosing(
            train=parts.train,
            judge=parts.val,
            class_weight=None,
            l1_ratio=0.0,
            seed=asked.seed,
            keep=lambda _estimator: None,
            tell=lambda done, fits: asked.progress(f"{parts.name}: choosing C", done, fits),
            each=trials.append,
        )
    ).choice
    data = probe_data(parts.train, scaled=asked.protocol.scaled)
    total = data.weights.total
    curve = tuple(
        PenaltyTried.of(one.C, strength(one.C, total), -one.mean, one.whole.solution)
        for one in sorted(trials, key=lambda one: one.C)
    )
    asked.progress(f"{parts.name}: train at C = {choice.C:.2g}", 0, 1)
    return _Swept(curve, choice.C, data, fitted(data, choice.C, asked.accuracy))
