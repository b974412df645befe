"""What is exported: the parts of a model that make an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from onelayer.calibration import Costs, Readout, Threshold
from onelayer.card import Card
from onelayer.inputs import Inputs
from onelayer.layer import Layer

if TYPE_CHECKING:
    from onelayer.model import Model


@dataclass(frozen=True, eq=False)
class Subject:
    """A layer, what makes its rows, what its z means, and what the classes are called.

    Attributes
    ----------
    layer, inputs, readout
        As the model has them.
    classes
        (K,), with their dtype.
    card
        What is said of the model.
    """

    layer: Layer
    inputs: Inputs
    readout: Readout
    classes: np.ndarray
    card: Card

    @classmethod
    def of(cls, model: Model) -> Subject:
        """Return those parts of a model."""
        return cls(model.layer, model.inputs, model.readout, model.classes, model.card)

    def ties(self, Z: np.ndarray, error: np.ndarray) -> np.ndarray:
        """Mark the rows whose answer an error of z of at most `error` (m,) may change: bool (m,).

        A probability changes by at most half the error of z / T, and a mean cost by at most the
        sum of the costs times that.
        """
        rule, off = self.readout.decision, error / self.readout.temperature
        if rule is None:
            scores = np.column_stack([np.zeros(len(Z)), Z]) if Z.shape[1] == 1 else Z
            return _lead(scores) <= 2 * error
        A = self.readout.probabilities(Z)
        if isinstance(rule, Costs):
            size = np.abs(rule.matrix).sum(axis=0).max()
            return _lead(-np.einsum("ik,kj->ij", A, rule.matrix)) <= 2 * size * off
        if not isinstance(rule, Threshold):
            raise TypeError(f"a rule of the kind {type(rule).__name__} is unknown")
        others = np.delete(A, rule.position, axis=1)
        between = _lead(others) <= 2 * off if others.shape[1] > 1 else np.zeros(len(A), bool)
        return (np.abs(A[:, rule.position] - rule.value) <= off) | between


def _lead(scores: np.ndarray) -> np.ndarray:
    """How far the largest of each row is ahead of the next, (m,)."""
    ordered = np.sort(scores, axis=1)
    lead: np.ndarray = ordered[:, -1] - ordered[:, -2]
    return lead
