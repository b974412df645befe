"""Average marginal effects: what moving a variable does to probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.designs.passes import add_offset
from onelayer.statistics.estimate import Estimate, probabilities
from onelayer.statistics.moves import Move

NEAR = 1e-6  # of 0 and 1, after standardising and back


@dataclass(frozen=True)
class Effects:
    """Effects and standard errors (K, E), of each class and move."""

    values: np.ndarray
    errors: np.ndarray


def average_effects(estimate: Estimate, cov: np.ndarray, moves: Sequence[Move]) -> Effects:
    """E_k = mean_i d a_ik / dv of a number v, or mean_i a_ik(v at a level) - a_ik(v at another).

    v moves all columns of X that it is in. The errors are the delta method's,
    sqrt(diag(G cov G^T)) with G = dE/dB, B (rows, K) the coefficients, zero for the first class.
    Rows count by their frequency weights.
    """
    K, q, rows = len(estimate.sample.classes), estimate.sample.blocks, estimate.sample.rows
    values, G = np.zeros((q, len(moves))), np.zeros((q, len(moves), q, rows))
    plain = [e for e, move in enumerate(moves) if move.plain]
    if plain:
        columns = [int(moves[e].columns[0]) for e in plain]
        values[:, plain], G[:, plain] = _derivatives(estimate, columns)
    others = [e for e, move in enumerate(moves) if not move.plain]
    if others:
        values[:, others], G[:, others] = _moved(estimate, [moves[e] for e in others])
    # The probabilities of all classes sum to 1, their effects to 0.
    values, G = (np.concatenate([-part.sum(axis=0)[None], part]) for part in (values, G))
    flat = G.reshape(K, len(moves), q * rows)
    variances = np.einsum("kep,pq,keq->ke", flat, cov, flat, optimize=True)
    return Effects(values, np.sqrt(variances.clip(0)))


def _derivatives(estimate: Estimate, columns: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """E (q, columns) and dE/dB (q, columns, q, rows), for columns that stand for themselves.

    E_kj = sum_c B_jc M_kc with M = mean da_k/dz_c, and for the scaled X
    d E_kj / d B_al = delta_ja M_kl + sum_c B_jc T_akcl, where T_a is the mean of x_a dM/dz_l.
    """
    sample, B = estimate.sample, _coefficients(estimate)[columns]
    K = len(sample.classes)

    def of_rows(rows: slice, Z: np.ndarray) -> np.ndarray:
        M, T = _curvatures(probabilities(Z))
        flat = np.hstack([M.reshape(len(Z), -1), T.reshape(len(Z), -1)])
        return flat * sample.shares[rows, None]

    parameters = sample.objective.split(estimate.theta)
    sums = sample.design.sums_pass(*parameters, of_rows, sample.offset)
    M = sums[-1, : K * K].reshape(K, K)[1:]
    T = sums[: sample.rows, K * K :].reshape(sample.rows, K, K, K)[:, 1:, :, 1:]
    unit = sample.scaling.scale[columns]
    gradients = np.einsum("jc,akcl->kjla", B, T, optimize=True)
    for place, j in enumerate(columns):
        gradients[:, place, :, j] += M[:, 1:]
    return M @ B.T * unit, gradients * unit[:, None, None]


def _curvatures(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """da_k/dz_c = a_k (delta_kc - a_c) (rows, K, K), and its dz_l (rows, K, K, K)."""
    eye = np.eye(A.shape[1])
    M = A[:, :, None] * (eye - A[:, None])
    first = np.einsum("rkl,rkc->rkcl", M, eye - A[:, None])
    return M, first - np.einsum("rk,rcl->rkcl", A, M)


def _moved(estimate: Estimate, moves: Sequence[Move]) -> tuple[np.ndarray, np.ndarray]:
    """E (q, moves) and dE/dB (q, moves, q, rows).

    In one pass for all moves that are the same in every row, and one for each other, so that the
    columns of one alone are held.
    """
    sample, q = estimate.sample, estimate.sample.blocks
    values, gradients = np.zeros((len(moves), q)), np.zeros((len(moves), sample.rows, q, q))
    together = [e for e, move in enumerate(moves) if move.constant]
    apart = [[e] for e, move in enumerate(moves) if not move.constant]
    for group in ([together] if together else []) + apart:
        ends = {e: _scaled(estimate, moves[e]) for e in group}
        for rows, part in _parts(estimate):
            for e in group:
                cut = [end[rows] if len(end) > 1 else end for end in ends[e]]
                value, gradient = part.of(moves[e].columns, cut)
                values[e] += value
                gradients[e] += gradient
    return values.T, gradients.transpose(2, 0, 3, 1)


def _scaled(estimate: Estimate, move: Move) -> list[np.ndarray]:
    """The ends as the scaled X has them."""
    scaling, ends = estimate.sample.scaling, move.ends()
    centre = scaling.centre[move.columns] * (len(ends) == 2)
    return [(end - centre) * scaling.scale[move.columns] for end in ends]


def _parts(estimate: Estimate) -> Iterator[tuple[slice, _Part]]:
    B, sample = _coefficients(estimate), estimate.sample
    offset = None if sample.offset is None else _of_all_classes(sample.offset)
    for rows, x in scaled_rows(estimate):
        z = add_offset(x @ B, offset, rows)
        yield rows, _Part(x, z, probabilities_of(z), sample.shares[rows], B)


def _of_all_classes(Z: np.ndarray) -> np.ndarray:
    """(m, K) with the first class 0, from (m, 1) or (m, K)."""
    return np.hstack([np.zeros_like(Z), Z]) if Z.shape[1] == 1 else Z - Z[:, :1]


@dataclass(frozen=True)
class _Part:
    """Some rows x (m, rows) of the scaled X with its constant; z and a (m, K), shares (m,); B."""

    x: np.ndarray
    z: np.ndarray
    A: np.ndarray
    shares: np.ndarray
    B: np.ndarray

    def of(self, columns: np.ndarray, ends: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """What these rows add to E (q,) and to dE/dB (rows, q, q)."""
        shape = (len(self.x), len(columns))
        wide = [np.broadcast_to(end, shape) for end in ends]
        return self._slope(columns, wide[0]) if len(wide) == 1 else self._change(columns, *wide)

    def _slope(self, columns: np.ndarray, dx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """E_k = sum a_k d_k for d_k = dx (B_k - sum_l a_l B_l).

        da_k d_k / dz_l = a_k (delta_kl - a_l) d_k - a_k a_l d_l.
        """
        s = dx @ self.B[columns]
        d = (s - np.einsum("ik,ik->i", self.A, s)[:, None])[:, 1:]
        A, M = self.A[:, 1:], self._curvature(self.A)
        N = M * d[:, :, None] - (self.shares[:, None] * A)[:, :, None] * (A * d)[:, None]
        gradient = np.tensordot(self.x.T, N, 1)
        gradient[columns] += np.tensordot(dx.T, M, 1)
        return self.shares @ (A * d), gradient

    def _change(
        self, columns: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """E_k = sum a_k(high) - a_k(low)."""
        rest = self.z - self.x[:, columns] @ self.B[columns]
        a, A = (probabilities_of(rest + end @ self.B[columns]) for end in (low, high))
        m, M = self._curvature(a), self._curvature(A)
        gradient = np.tensordot(self.x.T, M - m, 1)
        gradient[columns] = np.tensordot(high.T, M, 1) - np.tensordot(low.T, m, 1)
        return self.shares @ (A - a)[:, 1:], gradient

    def _curvature(self, A: np.ndarray) -> np.ndarray:
        """Shares times da_k/dz_l, without the first class: (m, q, q)."""
        A = A[:, 1:]
        return (self.shares[:, None] * A)[:, :, None] * (np.eye(A.shape[1]) - A[:, None])


def probabilities_of(Z: np.ndarray) -> np.ndarray:
    """a (rows, K) from the z of all K classes, that of the first 0."""
    return probabilities(Z[:, 1:] if Z.shape[1] == 2 else Z)


def scaled_rows(estimate: Estimate) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows of the scaled X with its constant, some at a time, in one pass."""
    sample = estimate.sample
    n, rows = len(sample.features), sample.rows
    yield from sample.design.project(np.eye(n, rows), np.eye(rows)[-1] * sample.intercept)


def dummy_columns(estimate: Estimate) -> np.ndarray:
    """Which features (n,) are zeros and ones alone; one pass."""
    scaling = estimate.sample.scaling
    found = np.ones(len(estimate.sample.features), dtype=bool)
    for _, x in scaled_rows(estimate):
        given = x[:, : len(found)] / scaling.scale + scaling.centre
        found &= (np.minimum(np.abs(given), np.abs(given - 1)) <= NEAR).all(axis=0)
    return found


def _coefficients(estimate: Estimate) -> np.ndarray:
    """B (rows, K): zero for the first class."""
    B: Any = np.vstack([np.zeros(estimate.sample.rows), estimate.reference]).T
    return np.ascontiguousarray(B)
