"""What z means: the probabilities of the classes, and the class that is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onelayer.calibration.decisions import Costs, Decision
from onelayer.logistic import Head
from onelayer.measures import decide, made_of_rows, probabilities_of


def class_offsets(class_weights: np.ndarray) -> np.ndarray:
    """What takes class weights out of z, (K,) or for two classes (1,): z_k - log s_k.

    A layer fitted with a weight s_k on the examples of class k is fitted to a world in which that
    class is s_k times as frequent: its a_k is proportional to s_k p_k. Source: Saerens, Latinne and
    Decaestecker 2002.
    """
    logs = np.log(class_weights)
    return logs[:1] - logs[1:] if len(logs) == 2 else logs.mean() - logs


@dataclass(frozen=True, kw_only=True, eq=False)
class Readout:
    """a = sigma(z / T) or softmax(z / T), and the class that is answered.

    Attributes
    ----------
    head
        Binary or softmax.
    temperature
        T; 1 leaves the probabilities as the layer has them. It changes no answer by itself.
    class_weights
        (K,), weights of the fit that are taken out of the probabilities: z_k / T - log s_k.
        None where there were none, or nobody asked for it.
    decision
        The rule that answers; None: the largest z, as the layer was fitted to tell. (Class weights
        that are taken out of the probabilities stay in these answers: they were given for that.)
    """

    head: Head
    temperature: float = 1.0
    class_weights: np.ndarray | None = None
    decision: Decision | None = None

    @property
    def offsets(self) -> np.ndarray | None:
        """What is added to z / T, (1,) or (K,); None where no class weights are taken out."""
        return None if self.class_weights is None else class_offsets(self.class_weights)

    def logits(self, Z: np.ndarray) -> np.ndarray:
        """The z whose sigma or softmax are the probabilities; the shape of Z."""
        divided, offsets = Z / self.temperature, self.offsets
        return divided if offsets is None else divided + offsets

    def logits_of(self, Z: np.ndarray) -> np.ndarray:
        """The same of many rows, made of some at a time; Z itself where nothing changes it."""
        return Z if self.plain else made_of_rows(len(Z), lambda rows: self.logits(Z[rows]))

    def probabilities(self, Z: np.ndarray) -> np.ndarray:
        """a for every class, (m, K), from Z (m, 1) or (m, K)."""
        return probabilities_of(self.logits(Z), self.head)

    def answers(self, Z: np.ndarray) -> np.ndarray:
        """The class of each example, 0..K-1, (m,); some rows are answered at a time."""
        return made_of_rows(len(Z), lambda rows: self._answers(Z[rows]))

    def _answers(self, Z: np.ndarray) -> np.ndarray:
        if self.decision is None:
            return decide(Z, self.head)
        return self.decision.answers(self.probabilities(Z))

    def rule_in_words(self, names: Sequence[str]) -> str | None:
        """How `answers` answers the classes `names`, where it is not the likeliest; else None."""
        if self.decision is not None:
            return self.decision.in_words(names)
        if self.class_weights is not None:
            return "the class that is likeliest before class weights are taken out"
        return None

    def cost(
        self, labels: np.ndarray, answers: np.ndarray, weights: np.ndarray | None = None
    ) -> float | None:
        """The mean cost of these answers (m,) to `labels` (m,); None where there are no costs."""
        rule = self.decision
        return rule.mean_cost(labels, answers, weights) if isinstance(rule, Costs) else None

    @property
    def plain(self) -> bool:
        """Whether the probabilities are the layer's own."""
        return self.temperature == 1 and self.class_weights is None
