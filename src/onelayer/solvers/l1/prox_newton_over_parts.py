"""L1 and elastic net over X that does not lie in memory: proximal Newton in a read or two a step.

The read that judges where a step has led gives J, its gradient and the bound on the gap there, and
the loss's Hessian on the features of the working set: its support, and the coordinates nearest to
violating the subgradient condition. Where features join, or where a Hessian takes longer than a
read, it is a read of its own. J's quadratic model is minimised as `prox_newton.py` minimises it.

The bound is by duality, at the activations p that the model foresaw: their residuals fulfil the
optimality conditions on the working set but for what the row-by-row model has missed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, NamedTuple, final

import numpy as np

from onelayer.designs.loss import Arrival, Parameters
from onelayer.designs.passes import SMALL_BYTES
from onelayer.errors import UsageError
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solvers.l1.joint_model import ChosenCoordinates, JointModel
from onelayer.solvers.l1.quadratic import compiled_sweep, minimise, sweep
from onelayer.solvers.l1.rounded_bound import EPS, RoundedBound, near_zero
from onelayer.solvers.l1.working_set import choose_coordinates
from onelayer.solvers.smooth.line_search import ROUNDING, SHORTER, falls
from onelayer.solvers.solver import Solver, State
from onelayer.words import spelt

BESIDE = 100  # guard: operations a byte of a row; where it takes no more, a Hessian comes unasked
MOST = 2000  # guard: coefficients; their Hessian is 32 MB, and takes 8 M operations a row
ROWS = 512  # guard: that tell how large columns are, for the bound's rounding
FEASIBLE = 1e-10  # guard: of 1, the most that residuals may sum to as a dual point


class LineStep(NamedTuple):
    """From (W, b) by (V, c)."""

    W: np.ndarray
    b: np.ndarray
    V: np.ndarray
    c: np.ndarray

    def at(self, length: float) -> Parameters:
        """Where it leads."""
        return self.W + length * self.V, self.b + length * self.c


@dataclass(frozen=True, kw_only=True)
class StateOverParts(State):
    """A state, and what later ones go on from; theta and the gradient are those of `near`.

    near: the problem in columns near zero, products in float64; centre (n,): what takes them there;
    dual: the best value of a dual point so far; bound: what rounding may do to one; features: the
    working set's; H: the loss's Hessian on them here, empty where it is still to be read.
    """

    near: Objective
    centre: np.ndarray
    dual: float
    bound: RoundedBound
    features: np.ndarray
    H: np.ndarray


@final
@dataclass(frozen=True)
class ProxNewtonOverParts(Solver[StateOverParts]):
    """Proximal Newton with the Hessian of a working set: products in float64."""

    name: ClassVar[str] = "coordinate-descent"
    needs: ClassVar[frozenset[str]] = frozenset({"hessian"})
    for_l1: ClassVar[bool] = True
    exact: ClassVar[bool] = True

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> StateOverParts:
        """J and its gradient; of the gap nothing is known before a step, and nothing of tol."""
        del tol
        W, b = objective.split(theta)
        # The bound adds up what products in float32 would hide.
        near, centre = near_zero(replace(objective, loss=objective.loss.exactly()))
        b = b + centre @ W
        theta = near.join(W, b)
        features = _few(_of_sample(near, theta), len(b))
        sizes = np.sqrt(near.loss.magnitudes(ROWS)[: near.loss.traits.n])
        before = StateOverParts(
            near=near,
            centre=centre,
            theta=theta,
            value=np.inf,
            gradient=theta,
            gap_kind="bound",
            dual=-np.inf,
            bound=RoundedBound(sizes),
            features=features,
            H=np.zeros(0),
        )
        nowhere = LineStep(W, b, np.zeros_like(W), np.zeros_like(b))
        return _taken(near, before, nowhere, 1.0)

    def step(self, objective: Objective, state: StateOverParts) -> StateOverParts:
        """To the model's minimum, or as far towards it as J falls."""
        del objective
        near, state = state.near, _widened(state.near, state)
        step = LineStep(*near.split(state.theta), *_direction(near, state))
        slope = _slope(near, state, step)
        whole = _taken(near, state, step, 1.0)
        if falls(state.value, whole.value, min(slope, 0.0)):
            return replace(whole, stalled=slope >= 0 or _is_idle(state, whole))
        length = _shorter(near, step, state.value)
        if length is None:
            return _where_it_was(state, whole)
        return _taken(near, replace(state, dual=whole.dual), step, length)

    def parameters(self, objective: Objective, state: StateOverParts) -> np.ndarray:
        """Theta of X where it lies."""
        W, b = state.near.split(state.theta)
        return objective.join(W, b - state.centre @ W)


def _of_sample(objective: Objective, theta: np.ndarray) -> np.ndarray:
    """The features that the sample's gradient chooses: no read."""
    if not objective.loss.traits.at_hand:
        return np.arange(0)
    return _features(objective, theta, objective.of_sample().value_and_gradient(theta)[1])


def _features(objective: Objective, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    (W, _), (G, _) = objective.split(theta), objective.split(gradient)
    return np.flatnonzero(choose_coordinates(W, G, objective.penalty.l1).any(axis=1))


def _widened(objective: Objective, state: StateOverParts) -> StateOverParts:
    """The state with a Hessian of all features that the step needs; a read where it has none."""
    (W, _), (G, _) = objective.split(state.theta), objective.split(state.gradient)
    needed = ((W != 0) | (np.abs(G) > objective.penalty.l1)).any(axis=1)
    needed[state.features] = False
    features = state.features
    if needed.any() or (len(features) == 0 and state.H.size == 0):
        wanted = _features(objective, state.theta, state.gradient)
        features = _few(np.union1d(wanted, needed.nonzero()), W.shape[1])
    elif state.H.size > 0:
        return state
    H = objective.loss.hessian(*objective.split(state.theta), features)
    return replace(state, features=features, H=H)


def _few(features: np.ndarray, k: int) -> np.ndarray:
    """The features, where they are not too many."""
    if len(features) * k <= MOST:
        return features
    of_classes = f" in {k} classes" if k > 1 else ""
    raise UsageError(
        f"This penalty leaves about {len(features):,} features{of_classes}, and of X that stays "
        f"where it lies at most {MOST:,} coefficients can be told apart: take a stronger "
        f"penalty (a smaller {spelt('C')}), {spelt('l1_ratio')}=0, or more {spelt('memory')} "
        "where X fits"
    )


def _direction(objective: Objective, state: StateOverParts) -> Parameters:
    """To the minimum of J's quadratic model on the working set."""
    penalty, features = objective.penalty, state.features
    (W, b), (G, db) = objective.split(state.theta), objective.split(state.gradient)
    at = ChosenCoordinates.of_all(len(features), len(b))
    model = JointModel.of(state.H, at, penalty.l2, intercept=objective.intercept)
    small = objective.loss.traits.nbytes < SMALL_BYTES
    least = partial(minimise, sweep=sweep if small else compiled_sweep())
    w, g = W[features].ravel(), G[features].ravel()
    change, c = model.minimum(w, g, db, penalty.l1, least)
    V = np.zeros_like(W)
    V[features] = change.reshape(-1, len(b))
    return V, c * objective.intercept


def _slope(objective: Objective, state: StateOverParts, step: LineStep) -> float:
    """What J's smooth slope and the change of the L1 part promise for the whole step."""
    G, db = objective.split(state.gradient)
    grown = np.abs(step.at(1.0)[0]).sum() - np.abs(step.W).sum()
    return float((G * step.V).sum() + db @ step.c + objective.penalty.l1 * grown)


def _shorter(objective: Objective, step: LineStep, before: float) -> float | None:
    """The length of many at which J is least; None where it falls at none. One read."""
    values, _ = objective.loss.along(*step, SHORTER)
    values = values + np.array([objective.penalty.value(step.at(t)[0]) for t in SHORTER])
    best = int(np.where(np.isfinite(values), values, np.inf).argmin())
    return float(SHORTER[best]) if values[best] < before else None


def _is_idle(state: StateOverParts, following: StateOverParts) -> bool:
    """Whether a step gained no more than J is rounded by, and the gap is about what it was."""
    gained = state.value - following.value
    return gained <= ROUNDING * EPS * abs(state.value) and following.gap > 0.5 * state.gap


def _taken(
    objective: Objective, state: StateOverParts, step: LineStep, length: float
) -> StateOverParts:
    """Where the step has led; a read."""
    penalty, (W, b) = objective.penalty, step.at(length)
    features = state.features if _comes_beside(objective, len(state.features), len(b)) else None
    arrival = objective.loss.arrival(step[:2], step[2:], length, features)
    value = arrival.value + penalty.value(W)
    dual = max(state.dual, _dual(objective, arrival, value, (W, b), state.bound))
    rounding = state.bound.of_value(np.sqrt(arrival.sizes[1]), W, b, EPS)
    return replace(
        state,
        theta=objective.join(W, b),
        value=value,
        gradient=objective.join(arrival.G + penalty.gradient(W), arrival.db),
        gap=max(value - dual, 0.0) + rounding,
        dual=dual,
        H=arrival.H,
    )


def _comes_beside(objective: Objective, features: int, k: int) -> bool:
    """Whether a Hessian takes no longer than the read does, whose bytes it needs: by size alone."""
    traits = objective.loss.traits
    return features > 0 and ((features + 1) * k) ** 2 <= BESIDE * traits.nbytes / traits.m


def _dual(
    objective: Objective, arrival: Arrival, value: float, at: Parameters, bound: RoundedBound
) -> float:
    """The value of the dual point of the activations foreseen; none where they are not balanced."""
    W, b = at
    total = (arrival.means - objective.loss.shares())[-len(b) :] * objective.intercept
    if np.abs(total).max() > FEASIBLE:
        return -np.inf
    size = np.sqrt(arrival.sizes[0])
    # The total counts twice: J - D has it times b, and the dual point may miss as much.
    price = bound.price(size, 2 * total, W, b)
    return value - above_dual(arrival, W, objective.penalty, value, bound.slack(size)) - price


def above_dual(
    arrival: Arrival, W: np.ndarray, penalty: Penalty, value: float, slack: np.ndarray
) -> float:
    """J at (W, b), the value, less that of the dual point of the p foreseen: a bound on the gap.

    With P = X^T (v (p - y)) and D = sum v H(p), J - D = sum v KL(p || a) + W.P + b.sum + penalty.
    Where some |P| are beyond l1 + slack by a factor 1 + x, p is scaled towards y, and D, concave
    and 0 at y, loses x / (1 + x) of itself at most; with an L2 part its conjugate, sum
    max(|P| - l1, 0)^2 / (2 l2), may be the smaller loss. The slack has a price: `RoundedBound`.
    """
    P, l1, l2 = arrival.P, penalty.l1, penalty.l2
    size = l1 * float(np.abs(W).sum())
    plain = arrival.apart + size + 0.5 * l2 * float((W * W).sum()) + float((W * P).sum())
    beyond = max(float((np.abs(P) / (l1 + slack)).max(initial=0)), 1.0)
    scaled = plain + (1 - 1 / beyond) * (value - plain)
    if l2 == 0:
        return scaled
    kept = np.clip(P, -l1, l1)
    pulled = W + (P - kept) / l2
    unscaled = arrival.apart + size + float((W * kept).sum()) + 0.5 * l2 * float((pulled**2).sum())
    return min(scaled, unscaled)


def _where_it_was(state: StateOverParts, tried: StateOverParts) -> StateOverParts:
    """The state itself where J falls nowhere, with what the trial's dual point tells of the gap."""
    rounding = tried.gap - max(tried.value - tried.dual, 0.0)
    gap = max(state.value - tried.dual, 0.0) + rounding
    return replace(state, gap=gap, dual=tried.dual, stalled=True)
