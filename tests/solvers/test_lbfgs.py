"""L-BFGS on softmax stays where the classes sum to zero, whatever its metric."""

import numpy as np
from scipy import sparse

from onelayer.designs import make_design
from onelayer.logistic import Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solvers import Run, named_solver


def test_a_sparse_softmax_problem_is_solved_to_its_tolerance():
    """A step along all classes together is held by the penalty alone: it used to stall here."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 60))
    y = np.digitize(X[:, 0] + rng.normal(size=3000), [-1, 1])
    X = np.where(X > 0, X, 0)
    found = {}
    for held in (X, sparse.csr_array(X)):
        objective = Objective(
            design=make_design(held),
            head=Softmax(3),
            targets=y,
            weights=np.full(3000, 1 / 3000),
            penalty=Penalty(1 / 3000),
        )
        for name in ("newton", "lbfgs"):
            theta, solution = Run(objective, *named_solver(name, objective, 0.1)).solve()
            assert solution.status == "converged"
            assert solution.passes < 60
            np.testing.assert_allclose(theta.sum(axis=1), 0, atol=1e-12)
            value, _ = objective.value_and_gradient(theta)
            assert abs(solution.objective - value) <= 1e-12
            found[name, sparse.issparse(held)] = value
    assert max(found.values()) - min(found.values()) <= 1e-7 * min(found.values())
