"""What is asked of a probe, beside its features."""

from __future__ import annotations

from dataclasses import dataclass

from onelayer.errors import UsageError
from onelayer.estimators.cross_validation import Accuracy
from onelayer.probes.hits import MEASURES
from onelayer.probes.protocols import ProbeProtocol
from onelayer.sources import Progress
from onelayer.words import spelt


@dataclass(frozen=True, kw_only=True)
class ProbeAsked:
    """How features are probed.

    Attributes
    ----------
    protocol
        What is done.
    measure
        What chooses C, one of `MEASURES`.
    seed
        Of everything random.
    accuracy
        Of every fit.
    shots, seeds
        Of `few-shot`: numbers of examples a class, and how often each is drawn.
    progress
        Told what is under way.

    Raises
    ------
    UsageError
        Where one of them is none.
    """

    protocol: ProbeProtocol
    measure: str
    seed: int
    accuracy: Accuracy
    shots: tuple[int, ...]
    seeds: int
    progress: Progress

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            known = " or ".join(repr(name) for name in MEASURES)
            raise UsageError(f"{spelt('measure')} is {self.measure!r}: give {known}")
        if not self.shots or min(self.shots) < 1:
            raise UsageError(f"{spelt('shots')} is {list(self.shots)}: give numbers of at least 1")
        if self.seeds < 1:
            raise UsageError(f"{spelt('seeds')} is {self.seeds}: give at least 1")
        if not self.accuracy.tol >= 0:
            raise UsageError(f"{spelt('tol')} is {self.accuracy.tol}: give a number of at least 0")
        if self.accuracy.max_iter < 1:
            raise UsageError(f"{spelt('max_iter')} is {self.accuracy.max_iter}: give at least 1")
