"""What findings look at, and what one is."""

from __future__ import annotations

from dataclasses import dataclass

from onelayer.report.importance import Worth
from onelayer.report.judgement import Judgement
from onelayer.report.learning import LearningCurve
from onelayer.report.material import Judged, Material


@dataclass(frozen=True)
class NextStep:
    """One thing that stands out.

    Attributes
    ----------
    kind
        Its name, for programs.
    title, evidence, advice
        What was found, in a sentence; the figures that say so; what to do.
    """

    kind: str
    title: str
    evidence: str
    advice: str


@dataclass(frozen=True)
class Case:
    """All that findings look at."""

    material: Material
    judgement: Judgement
    judged: Judged
    worth: Worth
    curve: LearningCurve | None

    @property
    def unit(self) -> str:
        """What the examples are called, in the plural."""
        return self.material.audit.unit

    @property
    def names(self) -> list[str]:
        """The classes as text."""
        return [str(label) for label in self.material.layer.classes.tolist()]

    @property
    def base(self) -> float:
        """Guessing's log loss."""
        return self.judgement.base_loss.value
