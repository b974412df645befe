"""The trials of `check`: small data on which each slip shows, and what each slip would answer.

A trial calls the learner's function once and compares every quantity that came with the one due;
where it differs, it is compared with what the known slips would have given on the same data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.lesson import slips
from onelayer.lesson.algorithm import cost, optimize, predict, propagate, sigmoid
from onelayer.lesson.calls import Call, Finding, Told, call, told
from onelayer.lesson.slips import Slip

Trial = Callable[[Callable[..., Any]], tuple[str, list[Finding]]]
Candidates = list[tuple[tuple[Slip, ...], Any]]

# Two features, three examples: n_x differs from m, and no slip's answer equals another's.
_W = np.array([[0.5], [-0.3]])
_B = 0.2
_X = np.array([[1.0, -2.0, 0.5], [3.0, 1.0, -1.5]])
_Y = np.array([[1.0, 0.0, 1.0]])
_DATA = "w = [[0.5], [-0.3]], b = 0.2, X = [[1, -2, 0.5], [3, 1, -1.5]], Y = [[1, 0, 1]]"


@dataclass(frozen=True)
class Quantity:
    """One thing that a function returns: its due value, its slips, and how its shape can slip."""

    name: str
    due: Any
    candidates: Candidates
    turned: Slip = slips.SHAPE

    def findings(self, came: Any, of: Call) -> Iterator[Finding]:
        """Compare what came, first its shape, then its values."""
        due, array = np.asarray(self.due), _numbers(came)
        if came is ...:
            yield of.finding(slips.BLANK, self._told(came), self._told(self.due))
            return
        if array is None:
            yield of.finding(slips.RETURN_VALUE, self._told(came), self._told(self.due))
            return
        if array.shape != due.shape:
            yield of.finding(self._shape_slip(array, due), self._told(array), self._told(due))
            if array.size != due.size:
                return
            array = array.reshape(due.shape)
        if not _same(array, due):
            for slip in self._slips(array):
                yield of.finding(slip, self._told(array), self._told(due))

    def told_due(self) -> Told:
        """Write the due value in words."""
        return self._told(self.due)

    def _shape_slip(self, array: np.ndarray, due: np.ndarray) -> Slip:
        if due.ndim and array.ndim == 1:
            return slips.RANK_1
        return self.turned if not due.ndim or array.shape == due.T.shape else slips.SHAPE

    def _slips(self, array: np.ndarray) -> tuple[Slip, ...]:
        known = (named for named, value in self.candidates if _same(array, np.asarray(value)))
        return next(known, (slips.OTHER,))

    def _told(self, value: Any) -> Told:
        return Told(f"{self.name} = {told(value)}")


def _numbers(value: Any) -> np.ndarray | None:
    """Return `value` as floats, or None if it holds anything but real numbers."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # rows of different lengths
        return None
    real = array.dtype.kind in "fiub"
    return array.astype(float) if real else None


def _same(came: np.ndarray, due: np.ndarray) -> bool:
    return came.shape == due.shape and np.allclose(came, due, rtol=1e-6, atol=1e-9, equal_nan=True)


def _sigmoid_trial(said: str, z: Any) -> Trial:
    def trial(function: Callable[..., Any]) -> tuple[str, list[Finding]]:
        made = call(function, said, z, names=("z",))
        due = sigmoid(z)
        candidates: Candidates = [
            ((slips.SIGN_OF_Z,), sigmoid(-z)),
            ((slips.TANH,), np.tanh(z)),
            ((slips.DERIVATIVE,), due * (1 - due)),
            ((slips.NAN,), np.where(np.abs(z) > 700, np.nan, due)),
        ]
        quantity = Quantity("a", due, candidates)
        found = list(made.misbehaviour(quantity.told_due()))
        if made.error is None:
            found += quantity.findings(made.value, made)
        return said, found

    return trial


def _propagate_candidates(quantity: Callable[[np.ndarray], Any], mean: Slip) -> Candidates:
    """List what each slip in dZ or in the mean makes of dw or db."""
    n_x, m = _X.shape
    Z = _W.T @ _X + _B
    A = sigmoid(Z)
    residuals: list[tuple[tuple[Slip, ...], np.ndarray]] = [
        ((), A - _Y),
        ((slips.SIGN_OF_DZ,), _Y - A),
        ((slips.NO_RESIDUAL,), A),
        ((slips.NO_SIGMA,), Z - _Y),
        ((slips.NO_BIAS,), sigmoid(Z - _B) - _Y),
    ]
    means: list[tuple[tuple[Slip, ...], float]] = [
        ((), 1),
        ((mean,), m),
        ((slips.TWICE,), 1 / m),
        ((slips.BY_N_X,), m / n_x),
    ]
    return [
        (of_residual + of_mean, factor * quantity(dZ) / m)
        for of_mean, factor in means
        for of_residual, dZ in residuals
    ]


def cost_candidates(A: np.ndarray, Y: np.ndarray) -> Candidates:
    """List what each slip in the cost makes of it."""
    m, J = A.shape[1], cost(A, Y)
    return [
        ((slips.MEAN_COST,), J * m),
        ((slips.SIGN_OF_COST,), -J),
        ((slips.SIGN_OF_COST, slips.MEAN_COST), -J * m),
        ((slips.TWICE,), J / m),
        ((slips.BASE_2,), J / np.log(2)),
        ((slips.BASE_10,), J / np.log(10)),
        ((slips.ONE_CLASS,), -(Y * np.log(A)).mean()),
        ((slips.ONE_CLASS,), -((1 - Y) * np.log1p(-A)).mean()),
        ((slips.SQUARED,), ((A - Y) ** 2).mean()),
        ((slips.SQUARED,), ((A - Y) ** 2).mean() / 2),
    ]


def _cost_candidates() -> Candidates:
    n_x, m = _X.shape
    Z = _W.T @ _X + _B
    A = sigmoid(Z)
    return [
        *cost_candidates(A, _Y),
        ((slips.BY_N_X,), cost(A, _Y) * m / n_x),
        ((slips.NO_BIAS,), cost(sigmoid(Z - _B), _Y)),
    ]


def _propagate_trial(function: Callable[..., Any]) -> tuple[str, list[Finding]]:
    said = f"propagate(w, b, X, Y) with {_DATA}"
    made = call(function, said, _W, _B, _X, _Y)
    found = list(made.misbehaviour(_PAIR))
    if made.error is None:
        found += _propagated(made)
    return said, found


_PAIR = Told('({"dw": an (n_x, 1) array, "db": a number}, the cost, a number)')


def _propagated(made: Call) -> Iterator[Finding]:
    parts = _parts(made.value, 2, [(0, ("dw", "db"))])
    if parts is None:
        yield made.finding(slips.RETURN_VALUE, made.value, _PAIR)
        return
    grads, J = propagate(_W, _B, _X, _Y)
    dw = Quantity(
        "dw",
        grads["dw"],
        _propagate_candidates(lambda dZ: _X @ dZ.T, slips.MEAN_DW),
        slips.TRANSPOSED,
    )
    db = Quantity(
        "db",
        grads["db"],
        _propagate_candidates(lambda dZ: dZ.sum(), slips.MEAN_DB),
        slips.DB_ARRAY,
    )
    yield from dw.findings(parts[0]["dw"], made)
    yield from db.findings(parts[0]["db"], made)
    yield from Quantity("cost", J, _cost_candidates(), slips.COST_ARRAY).findings(parts[1], made)


def _parts(value: Any, length: int, keyed: list[tuple[int, tuple[str, ...]]]) -> Any | None:
    """Return `value` if it is a tuple of that length whose parts hold these keys."""
    if not isinstance(value, tuple | list) or len(value) != length:
        return None
    for place, keys in keyed:
        part = value[place]
        if not isinstance(part, Mapping) or any(key not in part for key in keys):
            return None
    return value


def _certain_trial(z: float, y: float) -> Trial:
    """Every example is right and certain, a is y to working precision: the cost is 0, not nan."""
    said = f"propagate where every z is {z:g} and every y is {y:g}"

    def trial(function: Callable[..., Any]) -> tuple[str, list[Finding]]:
        X = np.array([[1.0, 1.0, 1.0], [0.5, 0.25, -0.5]])
        made = call(function, said, np.array([[z], [0.0]]), 0.0, X, np.full((1, 3), y))
        found = list(made.misbehaviour(Told("cost = 0")))
        parts = _parts(made.value, 2, [])
        came = None if parts is None else _numbers(parts[1])
        if made.error is None and came is not None and came.size == 1:
            J = float(came.reshape(()))
            if np.isnan(J):
                found.append(made.finding(slips.NAN_COST, Told("cost = nan"), Told("cost = 0")))
            elif abs(J) > 1e-4:  # a learner may clip a at 1e-5
                found.append(
                    made.finding(slips.CERTAIN_COST, Told(f"cost = {J:g}"), Told("cost = 0"))
                )
        return said, found

    return trial


_RATE = 0.1


def _descend(steps: int, rate: float) -> tuple[np.ndarray, float]:
    """Walk as gradient descent would with this rate; a negative one climbs."""
    w, b = _W, _B
    for _ in range(steps):
        grads, _ = propagate(w, b, _X, _Y)
        w, b = w - rate * grads["dw"], b - rate * grads["db"]
    return w, b


def _walks(steps: int) -> list[tuple[tuple[Slip, ...], tuple[np.ndarray, float]]]:
    """List where w and b end with each slip."""
    m = _X.shape[1]
    return [
        ((slips.ASCENT,), _descend(steps, -_RATE)),
        ((slips.SUMMED_STEP,), _descend(steps, _RATE * m)),
        ((slips.ASCENT, slips.SUMMED_STEP), _descend(steps, -_RATE * m)),
        ((slips.NO_RATE,), _descend(steps, 1.0)),
        ((slips.ITERATIONS,), _descend(steps + 1, _RATE)),
        *([((slips.ITERATIONS,), _descend(steps - 1, _RATE))] if steps > 1 else []),
    ]


_TRIPLE = Told('({"w": ..., "b": ...}, {"dw": ..., "db": ...}, the list of costs)')


def _optimize_trial(steps: int) -> Trial:
    said = f"optimize(w, b, X, Y, {steps}, {_RATE}) with {_DATA}"

    def trial(function: Callable[..., Any]) -> tuple[str, list[Finding]]:
        made = call(function, said, _W, _B, _X, _Y, steps, _RATE)
        found = list(made.misbehaviour(_TRIPLE))
        if made.error is None:
            found += _optimized(made, steps)
        return said, found

    return trial


def _optimized(made: Call, steps: int) -> Iterator[Finding]:
    parts = _parts(made.value, 3, [(0, ("w", "b")), (1, ("dw", "db"))])
    costs = None if parts is None else _cost_list(parts[2])
    if parts is None or costs is None:
        yield made.finding(slips.RETURN_VALUE, made.value, _TRIPLE)
        return
    params, grads, due_costs = optimize(_W, _B, _X, _Y, steps, _RATE)
    yield from _updated(made, parts[0], params, steps)
    late, _ = propagate(params["w"], params["b"], _X, _Y)
    for name in ("dw", "db"):
        after: Candidates = [((slips.GRADS_LATE,), late[name])]
        turned = slips.TRANSPOSED if name == "dw" else slips.DB_ARRAY
        yield from Quantity(name, grads[name], after, turned).findings(parts[1][name], made)
    yield from _recorded(made, costs, np.array(due_costs), steps)


def _updated(made: Call, came: Any, due: Any, steps: int) -> Iterator[Finding]:
    """Compare w and b; where both stand still it is one slip, not two."""
    w, b = _numbers(came["w"]), _numbers(came["b"])
    start = [_W, np.asarray(_B)]
    if w is not None and b is not None and _same(w, start[0]) and _same(b, start[1]):
        yield made.finding(slips.NOT_UPDATED, Told("w and b unchanged"), Told("a step downhill"))
        return
    walks = _walks(steps)
    for_w: Candidates = [((slips.W_NOT_UPDATED,), _W), *((s, end[0]) for s, end in walks)]
    for_b: Candidates = [((slips.B_NOT_UPDATED,), _B), *((s, end[1]) for s, end in walks)]
    yield from Quantity("w", due["w"], for_w).findings(came["w"], made)
    yield from Quantity("b", due["b"], for_b, slips.B_ARRAY).findings(came["b"], made)


def _cost_list(costs: Any) -> np.ndarray | None:
    """Return the costs as a flat array: a learner's may be numbers or arrays of one entry."""
    array = _numbers(costs)
    return None if array is None else array.reshape(-1)


def _recorded(made: Call, came: np.ndarray, due: np.ndarray, steps: int) -> Iterator[Finding]:
    every = np.array(optimize(_W, _B, _X, _Y, steps + 1, _RATE, record_every=1)[2])
    wrong = [
        (slips.COST_NONE, every[:0]),
        (slips.COST_EVERY, every[:-1]),
        (slips.COST_LATE, every[1::100]),
        (slips.COST_FIRST, every[100:steps:100]),
    ]
    if steps > 100 and not _same(came, due):
        slip = next((slip for slip, costs in wrong if _same(came, costs)), slips.OTHER)
        yield made.finding(slip, *(Told(f"costs = {_short(costs)}") for costs in (came, due)))


def _short(costs: np.ndarray) -> str:
    return np.array2string(costs, precision=6, separator=", ", threshold=6)


# z = 1.5, 0 (a is exactly 0.5), -2.5 and 0.25; without b the last would be 0.
_PREDICT = (
    np.array([[1.0], [-1.0]]),
    0.5,
    np.array([[1.0, 0.5, 0.0, 0.25], [0.0, 1.0, 3.0, 0.5]]),
)


def _predict_trial(columns: slice) -> Trial:
    w, b, X = _PREDICT[0], _PREDICT[1], _PREDICT[2][:, columns]
    A = np.round(sigmoid(w.T @ X + b), 6).tolist()
    said = f"predict(w, b, X) where A = {A}"

    def trial(function: Callable[..., Any]) -> tuple[str, list[Finding]]:
        made = call(function, said, w, b, X)
        due = predict(w, b, X)
        # One example cannot tell the slips apart: it is there for its shape.
        candidates = _label_candidates(w, b, X) if due.size > 1 else []
        quantity = Quantity("labels", due, candidates, slips.COLUMN_LABELS)
        found = list(made.misbehaviour(quantity.told_due()))
        if made.error is None:
            found += _labelled(quantity, made)
        return said, found

    return trial


def _label_candidates(w: np.ndarray, b: float, X: np.ndarray) -> Candidates:
    Z = w.T @ X + b
    return [
        ((slips.AT_HALF,), Z >= 0),
        ((slips.INVERTED,), Z < 0),
        ((slips.INVERTED,), Z <= 0),
        ((slips.LABEL_BIAS,), Z - b > 0),
    ]


def _labelled(quantity: Quantity, made: Call) -> Iterator[Finding]:
    came = _numbers(made.value)
    if made.value is None:
        yield made.finding(slips.RETURN_VALUE, None, quantity.told_due())
    elif made.value is ...:
        yield made.finding(slips.BLANK, Told("..."), quantity.told_due())
    elif came is None or not np.isin(came, (0, 1)).all():
        yield made.finding(slips.NOT_LABELS, made.value, quantity.told_due())
    else:
        yield from quantity.findings(made.value, made)


TRIALS: dict[str, list[Trial]] = {
    "sigmoid": [
        _sigmoid_trial("sigmoid(0.0)", 0.0),
        _sigmoid_trial("sigmoid(np.array([[-1.5, 0.0, 2.0]]))", np.array([[-1.5, 0.0, 2.0]])),
        _sigmoid_trial("sigmoid(np.array([[1.0], [-3.0]]))", np.array([[1.0], [-3.0]])),
        _sigmoid_trial("sigmoid(np.array([[-800.0, 800.0]]))", np.array([[-800.0, 800.0]])),
    ],
    "propagate": [_propagate_trial, _certain_trial(40.0, 1.0), _certain_trial(-800.0, 0.0)],
    "optimize": [_optimize_trial(1), _optimize_trial(3), _optimize_trial(201)],
    "predict": [_predict_trial(slice(None)), _predict_trial(slice(1))],
}
