"""What is left to estimate where a column separates some rows: the limit of the likelihood."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from onelayer.statistics.column_space import independent
from onelayer.statistics.effects import scaled_rows
from onelayer.statistics.estimate import maximise
from onelayer.statistics.fit import Fit
from onelayer.statistics.observations import make_sample
from onelayer.statistics.rank import TOLERANCE
from onelayer.statistics.tabulating import class_name

SHOWN = 4  # levels that are named


def limit(result: Fit) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients (p,) for X as given and their errors, of two classes that are half separated.

    Infinite, or NaN where either way will do, and with NaN errors, for columns that the likelihood
    does not bound. As these grow the separated rows cost nothing any more; the others decide on
    what is left, by the likelihood of theirs alone (Geyer 2009), as R and Stata report it. None
    where nothing is left, or that is not known.
    """
    found, sample = result.separation, result.estimate.sample
    if found is None or found.kind != "quasi-complete" or sample.blocks > 1:
        return None
    if result.errors.kind != "fisher":
        return None
    kept = np.flatnonzero(sample.counts > 0)
    left = np.zeros(len(sample.counts), dtype=bool)
    left[kept[~found.separated]] = True
    x = np.vstack([part[left[rows]] for rows, part in scaled_rows(result.estimate)])
    bounded = np.array([name not in found.directions for name in sample.names])
    order = np.argsort(~bounded, kind="stable")
    columns = np.sort(independent(x, order, TOLERANCE))
    part = make_sample(
        np.ascontiguousarray(x[:, columns]),
        sample.targets[left],
        sample.counts[left],
        classes=sample.classes,
        features=tuple(sample.names[j] for j in columns),
        intercept=False,
    )
    offset = None if sample.offset is None else sample.offset[left]
    estimate = maximise(replace(part, offset=offset))
    if estimate.separable or estimate.singular:
        return None
    F = sample.to_given[:, columns]
    coef = F @ estimate.coefficients[0]
    errors = np.sqrt(np.einsum("ij,jk,ik->i", F, estimate.inverse, F))
    free = np.flatnonzero(~bounded)
    coef[free] = [found.directions[sample.names[j]] for j in free]
    errors[free] = np.nan
    return coef, errors


def levels_in_words(result: Fit) -> str:
    """Levels, or zeros and ones, in which all rows share one response."""
    found, matrix = result.separation, result.matrix
    sample = result.estimate.sample
    if found is None or matrix is None or sample.blocks > 1:
        return ""
    texts = []
    for j, name in enumerate(matrix.features):
        ones = matrix.X[:, j] == 1
        dummy = bool((ones | (matrix.X[:, j] == 0)).all())
        classes = np.unique(sample.targets[ones])
        if dummy and len(classes) == 1 and not math.isfinite(found.directions.get(name, 0)):
            factor, _, level = name.removesuffix("]").rpartition("[")
            where = f"{factor} = {level}" if factor else f"{name} = 1"
            response = f"{result.context.response} = {class_name(sample.classes[classes[0]])}"
            texts.append(f"all {int(ones.sum()):,} rows with {where} have {response}")
    more = len(texts) - SHOWN
    return "; ".join(texts[:SHOWN] + [f"and {more} more"] * (more > 0))
