"""What a layer would say of each example had it not been trained on it, without training again.

One Newton step from the optimum of all examples to that of all but one (Rad and Maleki 2020). With
X_i (k, (n + 1) k) the map from theta to z_i, H the Hessian of J, C_i = d2L/dz2 and v_i the weight,

    z_i without i  =  z_i + Q_i (I - v_i C_i Q_i)^-1 v_i dz_i,     Q_i = X_i H^-1 X_i^T  (k, k).

With one column of z, Q_i is the number q_i = x_i^T H^-1 x_i, and v_i h_i q_i is what statistics
calls the leverage of the row.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from onelayer.errors import UsageError
from onelayer.objective import Objective
from onelayer.solvers.algebra import lift_shift

ROWS = 4096  # guard: whose small systems are solved together
MOST = 5000  # guard: parameters, the inverse of whose Hessian is 200 MB


def leave_one_out(objective: Objective, theta: np.ndarray) -> np.ndarray:
    """z (m, k) of every row by the layer without it, approximately; theta is J's optimum.

    The row's whole weight is left out; lambda stays what it is, which is the same C.

    Raises
    ------
    UsageError
        With an L1 part, whose optimum no Newton step follows; with more than 5000 parameters;
        where H is singular.

    Cost: three passes: z; the Hessian, then its inverse; and k (k + 1) / 2 products of X with an
    (n + 1, n + 1) matrix, block by block. Beside it (m, k, k) numbers, never (m, m).
    """
    if objective.penalty.l1 > 0:
        raise UsageError("The leave-one-out estimate is for L2 penalties: set l1_ratio to 0")
    if theta.size > MOST:
        raise UsageError(
            f"The leave-one-out estimate needs the Hessian of all parameters, and {theta.size} are "
            f"more than the {MOST} that it is made for: use folds"
        )
    Z = objective.in_memory.forward(*objective.split(theta)).astype(np.float64)
    Q = _hat(objective, _inverse(objective, theta))
    head, v = objective.head, objective.weights[:, None]
    for start in range(0, len(Z), ROWS):
        rows = slice(start, start + ROWS)
        dz = v[rows] * head.residual(Z[rows], objective.targets[rows])
        C = head.curvature(head.curvature_activation(Z[rows])) * v[rows, :, None]
        left = np.eye(Z.shape[1]) - C @ Q[rows]
        Z[rows] += (Q[rows] @ np.linalg.solve(left, dz[:, :, None]))[:, :, 0]
    return Z


def _inverse(objective: Objective, theta: np.ndarray) -> np.ndarray:
    """H^-1 as (rows, k, rows, k), the intercept last; softmax's common shift lifted."""
    rows, k = theta.shape
    H = objective.hessian(theta)
    if k > 1:
        lift_shift(H.reshape(rows, k, rows, k))
    try:
        factor = linalg.cho_factor(H, lower=True, overwrite_a=True, check_finite=False)
    except linalg.LinAlgError as error:
        raise UsageError(
            "The leave-one-out estimate needs an optimum with curvature in every direction, which "
            "this problem has not without a penalty: give finite values of C"
        ) from error
    inverse: np.ndarray = linalg.cho_solve(factor, np.eye(rows * k), check_finite=False)
    return inverse.reshape(rows, k, rows, k)


def _hat(objective: Objective, inverse: np.ndarray) -> np.ndarray:
    """Q (m, k, k): x_i^T (H^-1)_cd x_i for each pair of classes, in one pass."""
    rows, k = inverse.shape[:2]
    n = objective.loss.traits.n + 1
    pairs = [(c, d) for c in range(k) for d in range(c + 1)]
    M = np.zeros((len(pairs), n, n))
    for place, (c, d) in enumerate(pairs):
        M[place, :rows, :rows] = inverse[:, c, :, d]
    forms = objective.design.forms_pass(M)
    Q = np.empty((len(forms), k, k))
    for place, (c, d) in enumerate(pairs):
        Q[:, c, d] = Q[:, d, c] = forms[:, place]
    return Q
