"""The covariance of the estimates: Fisher's, the sandwich, and the sandwich over clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.statistics.estimate import Estimate
from onelayer.statistics.observations import Observations

KINDS = ("fisher", "HC0", "HC1", "cluster")


@dataclass(frozen=True)
class Errors:
    """Which standard errors: `kind` of `KINDS`; for clusters the group of each row, 0, 1, ..."""

    kind: str = "fisher"
    groups: np.ndarray | None = None
    clusters: int = 0
    label: str = ""

    @property
    def words(self) -> str:
        """What a summary says of them."""
        if self.groups is not None:
            of = f" of {self.label}" if self.label else ""
            return f"robust to dependence within {self.clusters:,} clusters{of}"
        return {
            "fisher": "Fisher information",
            "HC0": "robust (sandwich, HC0)",
            "HC1": "robust (sandwich, HC1: n / (n - p))",
        }[self.kind]


def make_errors(robust: bool | str, cluster: Any, counts: np.ndarray, label: str = "") -> Errors:
    """What `robust` and `cluster` ask for.

    Raises
    ------
    UsageError, DataError
        When they contradict each other, or a cluster is missing or of the wrong length.
    """
    if cluster is None:
        kinds = {False: "fisher", True: "HC1"}
        kind = kinds[robust] if isinstance(robust, bool) else str(robust).upper()
        if kind not in ("FISHER", *KINDS[:3]):
            raise UsageError(f"robust={robust!r}: expected False, True (HC1), 'HC0' or 'HC1'")
        return Errors("fisher" if kind == "FISHER" else kind)
    if robust:
        raise UsageError("Clustered standard errors are robust already: leave robust out")
    groups = _groups(cluster, len(counts))
    clusters = len(np.unique(groups[counts > 0]))
    if clusters < 2:
        raise DataError("Clustered standard errors need two clusters at least: all rows are in one")
    return Errors("cluster", groups, clusters, label)


def covariance(estimate: Estimate, errors: Errors) -> np.ndarray:
    """Cov (p, p) of the parameters in the sample's variables.

    ::

        Fisher   I^-1
        HC0      I^-1 (sum_i n_i s_i s_i^T) I^-1,  s_i = (a_i - y_i) (x) [x_i 1]
        HC1      HC0 times N / (N - p)
        cluster  I^-1 (sum_g s_g s_g^T) I^-1 times G/(G - 1) (N - 1)/(N - p),  s_g = sum n_i s_i

    n_i are frequency weights: a count of 2 is the row twice, in s_g too. N counts observations.
    Cost: a pass for each but Fisher; for clusters also the G times p of the s_g.
    """
    if errors.kind == "fisher":
        return estimate.inverse
    bread, N, p = estimate.inverse, estimate.sample.total, estimate.parameters
    if p >= N:
        raise DataError(f"{N:g} observations are too few for robust errors of {p} parameters")
    if errors.groups is None:
        middle = _middle(estimate)
        factor = N / (N - p) if errors.kind == "HC1" else 1.0
    else:
        middle, G = _clustered(estimate, errors.groups), errors.clusters
        factor = G / (G - 1) * (N - 1) / (N - p)
    return factor * bread @ middle @ bread


def _middle(estimate: Estimate) -> np.ndarray:
    """sum_i n_i s_i s_i^T: (p, p)."""
    sample = estimate.sample

    def scores(rows: slice, Z: np.ndarray) -> np.ndarray:
        residual = sample.head.residual(Z, sample.targets[rows])
        return residual * np.sqrt(sample.counts[rows, None])

    parameters = sample.objective.split(estimate.theta)
    return sample.square(sample.design.outer_pass(*parameters, scores, sample.offset))


def _clustered(estimate: Estimate, groups: np.ndarray) -> np.ndarray:
    """sum_g s_g s_g^T: (p, p)."""
    sample = estimate.sample
    Z = sample.objective.in_memory.forward(*sample.objective.split(estimate.theta))
    residual = sample.head.residual(Z, sample.targets) * sample.counts[:, None]
    scores = sample.design.groups_pass(groups, residual[:, -sample.blocks :])
    scores = scores[:, :, : sample.rows].reshape(len(scores), -1)
    return scores.T @ scores


def _groups(cluster: Any, m: int) -> np.ndarray:
    labels = np.asarray(cluster)
    if labels.shape != (m,):
        raise DataError(f"cluster has shape {labels.shape}, expected {(m,)}: a label for each row")
    if not (labels == labels).all():  # noqa: PLR0124 (NaN is not equal to itself)
        row = int(np.argmax(labels != labels))  # noqa: PLR0124
        raise DataError(f"cluster is missing at row {row}, counted from 0: leave that row out")
    _, groups = np.unique(labels, return_inverse=True)
    return groups


def standard_errors(sample: Observations, cov: np.ndarray) -> np.ndarray:
    """(q, rows): of the coefficients for X as given."""
    F, rows = sample.to_given, sample.rows
    squares = [
        np.einsum("ij,jk,ik->i", F, cov[at : at + rows, at : at + rows], F)
        for at in range(0, len(cov), rows)
    ]
    return np.sqrt(np.array(squares))
