"""An exercise: a new place to keep X, in one file; every solver that needs only rows runs on it."""

import numpy as np
import pytest

from onelayer.designs import Design, make_design, make_scaling
from onelayer.errors import UsageError
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Status
from onelayer.solvers import Run, named_solver


class RowsOnly(Design):
    """A list of arrays, say what lies in the files of a folder."""

    def __init__(self, arrays, scaling=None):
        shape = sum(map(len, arrays)), arrays[0].shape[1]
        super().__init__(shape, arrays[0].dtype, sum(a.nbytes for a in arrays), scaling)
        self.arrays = arrays

    def read(self):
        start = 0
        for array in self.arrays:
            yield slice(start, start + len(array)), array
            start += len(array)


def objective(dtype, k, made):
    """4 MB of float32: products in float32 until they are too coarse."""
    rng = np.random.default_rng(k)
    X = rng.normal(3, 2, size=(7000, 150)).astype(dtype)
    y = np.argmax((X[:, :5] - 3) @ rng.normal(size=(5, k)) + rng.gumbel(size=(7000, k)), axis=1)
    v = np.full(7000, 1 / 7000)
    design = made(X, make_scaling(X, "standard", v))
    head = Binary() if k == 2 else Softmax(k)
    return Objective(loss=design.bind(head, y, v), penalty=Penalty(0.1))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("name", ["newton", "lbfgs", "truncated-newton", "gradient-descent"])
def test_solvers_that_need_only_rows(name, dtype, k):
    here = objective(dtype, k, lambda X, scaling: RowsOnly(np.array_split(X, 4), scaling))
    _, solution = Run(here, *named_solver(name, here, 0.9), max_iter=400).solve()
    known = objective(np.float64, k, make_design) if dtype != np.float16 else here
    _, best = Run(known, *named_solver("newton", known, 0.0), tol=1e-12).solve()
    assert solution.objective == pytest.approx(best.objective, rel=1e-7)
    assert solution.status is (Status.MAX_ITER if "descent" in name else Status.CONVERGED)


@pytest.mark.parametrize("name", ["gram", "dual-ascent"])
def test_what_it_does_not_offer_is_said(name):
    here = objective(np.float64, 2, lambda X, scaling: RowsOnly([X], scaling))
    with pytest.raises(UsageError, match=f"'{name}' needs .*, which RowsOnly does not offer; '"):
        Run(here, *named_solver(name, here, 0.0)).solve()
