"""What layers of fewer examples say: a learning curve from the folds that are there."""

from __future__ import annotations

from dataclasses import replace

from onelayer.estimators.folds import FOLDS, Folding, OutOfFold, out_of_fold

HALVINGS = 4
"""A sixteenth, an eighth, a quarter and a half of the examples: with all of them five sizes, and
together less work than the layers of all."""

FEWEST_A_CLASS = 5
"""Examples a class, on average, below which no layer is trained: one that has seen fewer is so
uncertain that the curve begins with noise."""

JUDGED = 2000
"""Examples judged after which no further fold is trained: the mean of a log loss whose standard
deviation is 0.4, as it is for adult, is then known to 0.01, and a difference of pairs better."""


def of_fewer(folding: Folding, trained_on: int) -> list[OutOfFold]:
    """Judge examples by layers of a sixteenth to a half of `trained_on`, the fewest first.

    The penalty is the same C, as a person with fewer examples would have it, so lambda is larger.
    The layers of all examples are not trained again: `folding` has judged by them already.
    """
    found = []
    for halvings in range(HALVINGS, 0, -1):
        most = trained_on >> halvings
        if most < FEWEST_A_CLASS * len(folding.classes):
            continue
        # Out of fold it is lambda that stays, as the C of fewer examples is made larger: undone.
        C = folding.asked.C * (most * FOLDS / (FOLDS - 1) / len(folding.labels))
        asked = replace(folding.asked, C=C)
        judged = out_of_fold(replace(folding, asked=asked, most=most, enough=JUDGED))
        if judged is not None:
            found.append(judged)
    return found
