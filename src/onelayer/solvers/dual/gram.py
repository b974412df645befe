"""Few examples, many features (m < n): the same problem in m variables.

The optimum lies in the span of the rows, W = X^T alpha. With K = X X^T = L L^T (pivoted Cholesky,
rank r) the rows of L (m, r) are the examples in an orthonormal basis of that span: a logistic
regression on L with the same penalty has the same optimum, and one factorisation serves every
penalty. W = X^T P L_r^-T V.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, final

import numpy as np
from scipy import linalg

from onelayer.designs import make_design
from onelayer.designs.blockwise import Blockwise
from onelayer.objective import Objective
from onelayer.solvers.algebra import noise
from onelayer.solvers.smooth.newton_decrement import newton_decrement
from onelayer.solvers.solver import Solver, State
from onelayer.vectors import dot

ALIKE = 1e-12  # guard: of the largest parameter


@dataclass(frozen=True)
class RowBasis:
    """The examples in r orthonormal coordinates: L (m, r), and the pivot rows that span them."""

    coordinates: np.ndarray
    pivots: np.ndarray

    @classmethod
    def of(cls, K: np.ndarray) -> RowBasis:
        """Factor the Gram matrix K (m, m); of rank 0, it is given one coordinate, zero."""
        lost = noise(len(K)) * float(np.diag(K).max())
        whole = _cholesky(K, lost)
        if whole is not None:
            return cls(whole, np.arange(len(K)))
        factor, pivots, rank, _ = linalg.lapack.dpstrf(K, tol=lost, lower=1)
        pivots -= 1
        coordinates = np.zeros((len(K), max(rank, 1)))
        coordinates[pivots, :rank] = np.tril(factor)[:, :rank]
        return cls(coordinates, pivots[:rank])

    def reduce(self, objective: Objective) -> Objective:
        """The same problem in these coordinates."""
        loss = replace(objective.in_memory, design=make_design(self.coordinates), shared=None)
        return replace(objective, loss=loss)

    def restore(
        self, objective: Objective, reduced: Objective, thetas: list[np.ndarray]
    ) -> list[np.ndarray]:
        """Solutions of the reduced problem in the objective's own variables, in one pass."""
        parts = [reduced.split(theta) for theta in thetas]
        alphas = np.hstack([self.alpha(V) for V, _ in parts])
        Ws = np.hsplit(objective.design.combine(alphas), len(thetas))
        return [objective.join(W, b) for W, (_, b) in zip(Ws, parts, strict=True)]

    def alpha(self, V: np.ndarray) -> np.ndarray:
        """The combination of examples (m, k) that gives V (r, k)."""
        rank = len(self.pivots)
        alpha = np.zeros((len(self.coordinates), V.shape[1]))
        triangle = self.coordinates[self.pivots, :rank]
        alpha[self.pivots] = np.linalg.solve(triangle.T, V[:rank])
        return alpha

    def project(self, Z: np.ndarray) -> np.ndarray:
        """V (r, k) with L V = Z, for the z of any W: its part in the span of the rows."""
        rank = len(self.pivots)
        V = np.zeros((self.coordinates.shape[1], Z.shape[1]))
        V[:rank] = np.linalg.solve(self.coordinates[self.pivots, :rank], Z[self.pivots])
        return V


@dataclass
class Rows:
    """What the fits of the same rows share: one basis, and where the last of them ended.

    last: theta as it was returned, and in the basis.
    """

    basis: RowBasis | None = None
    last: tuple[np.ndarray, np.ndarray] | None = None

    def of(self, design: Blockwise) -> RowBasis:
        """The basis, made when first asked for, in one pass."""
        if self.basis is None:
            self.basis = RowBasis.of(design.gram())
        return self.basis

    def start(self, objective: Objective, reduced: Objective, theta: np.ndarray) -> np.ndarray:
        """Theta in the basis; a pass, but for zero and for where the last fit ended."""
        if not theta.any():
            return reduced.start()
        if self.last is not None and _alike(theta, self.last[0]):
            return self.last[1]
        W, b = objective.split(theta)
        Z = objective.design.forward(W, np.zeros_like(b))
        return reduced.join(self.of(objective.design).project(Z), b)


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two starts differ by the rounding of a change of variables alone."""
    if one.shape != other.shape:
        return False
    return bool(np.abs(one - other).max() <= ALIKE * np.abs(other).max())


def _cholesky(K: np.ndarray, lost: float) -> np.ndarray | None:
    """L of K = L L^T; None where K has less than full rank.

    By NumPy, as all that follows is: SciPy has a BLAS of its own, and where both are at work their
    idle threads take the cores from each other. On 200 pictures, two cores, a path of ten fits
    took 1.25 s with LAPACK's pivoted factorisation, its triangular and least-squares solutions.
    """
    try:
        L = np.linalg.cholesky(K)
    except np.linalg.LinAlgError:
        return None
    return L if np.diag(L).min() ** 2 > lost else None


@dataclass(frozen=True, kw_only=True)
class GramState(State):
    """A state in the r coordinates; the inner solver's own is kept beside it.

    restored: theta in the objective's variables, where someone has looked.
    """

    tol: float
    basis: RowBasis
    reduced: Objective
    inner: State
    restored: np.ndarray | None = None


@final
@dataclass(frozen=True)
class Gram(Solver[GramState]):
    """An inner solver on the coordinates of the examples; one pass for K, one for W."""

    inner: Solver[Any]
    rows: Rows = field(default_factory=Rows)
    name: ClassVar[str] = "gram"
    needs: ClassVar[frozenset[str]] = frozenset({"gram"})
    exact: ClassVar[bool] = True

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> GramState:
        """Factor the Gram matrix; a start other than zero is projected on the rows' span."""
        basis = self.rows.of(objective.design)
        reduced = basis.reduce(objective)
        start = self.rows.start(objective, reduced, theta)
        inner = self.inner.init(reduced, start, tol)
        start_state = GramState(
            theta=inner.theta,
            value=inner.value,
            gradient=inner.gradient,
            tol=tol,
            basis=basis,
            reduced=reduced,
            inner=inner,
        )
        return _with(start_state, inner)

    def step(self, objective: Objective, state: GramState) -> GramState:
        """One step of the inner solver."""
        del objective
        return _with(state, self.inner.step(state.reduced, state.inner))

    def polish(self, objective: Objective, state: GramState) -> GramState:
        """The inner solver's, and a look at the objective itself where the basis may be poor.

        K is rounded in units of its largest entry: beside a feature of size 1e8, one of size 1 is
        lost in it. Directions as short as that rounding can be worth `doubt` in J, for
        sum (v dz)^2 <= J max v; where that matters, the gradient at W itself, or Newton's
        decrement, shows what the basis has missed.
        """
        state = _with(state, self.inner.polish(state.reduced, state.inner))
        m, longest = len(state.basis.coordinates), (state.basis.coordinates**2).sum(axis=1).max()
        twice_l2, eps = 2 * objective.penalty.l2, np.finfo(np.float64).eps  # of K, whatever X is
        doubt = m * eps * longest * objective.weights.max() * min(1.0, state.value)
        if twice_l2 == 0 or doubt <= state.tol * state.value * twice_l2:
            return state
        theta = self.parameters(objective, state)
        state = replace(state, restored=theta)
        value, gradient = objective.value_and_gradient(theta)
        bound = dot(gradient, gradient) / twice_l2  # J is strongly convex in W
        if bound <= state.tol * value:
            return replace(state, value=value, gap=max(state.gap, bound))
        A = objective.curvature(theta)
        gap = newton_decrement(objective, A, value, gradient, np.copy).gap
        return replace(state, value=value, gap=gap, stalled=gap > state.tol * value)

    def confirm(self, objective: Objective, state: GramState) -> GramState:
        """The inner solver's, but for what `polish` has found."""
        del objective
        confirmed = _with(state, self.inner.confirm(state.reduced, state.inner))
        return replace(confirmed, gap=max(confirmed.gap, state.gap if state.stalled else 0.0))

    def parameters(self, objective: Objective, state: GramState) -> np.ndarray:
        """W = X^T alpha."""
        theta = state.restored
        if theta is None:
            theta = state.basis.restore(objective, state.reduced, [state.theta])[0]
        self.rows.last = objective.symmetric(theta).copy(), state.theta
        return theta


def _with(state: GramState, inner: State) -> GramState:
    """The basis is orthonormal: value, gap and the norm of the gradient are the objective's own."""
    return replace(
        state,
        theta=inner.theta,
        value=inner.value,
        gradient=inner.gradient,
        gap=inner.gap,
        stalled=inner.stalled,
        runaway=inner.runaway,
        inner=inner,
        restored=None,
    )
