"""Rows on workers: some of them, put together in one place, are those of X in memory."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from onelayer.designs import on_one_worker
from onelayer.designs.dask_workers import ThisProcess
from onelayer.designs.remote_rows import RemoteRows

X = np.arange(24.0).reshape(12, 2)


def there(kind, edges):
    """X in groups between these edges, some of them empty."""
    cuts = [0, *sorted(edges), len(X)]
    groups = [X[start:stop] for start, stop in pairwise(cuts)]
    if kind == "csr":
        groups = [sparse.csr_array(group) for group in groups]
    return RemoteRows.of(ThisProcess(), groups)


some = st.lists(st.integers(0, len(X) - 1), max_size=20).map(lambda rows: np.array(rows, int))
cuts = st.lists(st.integers(0, len(X)), max_size=4)


def as_array(*parts):
    return [part.toarray() if sparse.issparse(part) else part for part in parts]


@pytest.mark.parametrize("kind", ["dense", "csr"])
@settings(max_examples=60, deadline=None)
@given(edges=cuts, rows=some, other_edges=cuts, other_rows=some)
def test_some_rows_of_several_are_put_together_in_their_order(
    kind, edges, rows, other_edges, other_rows
):
    parts = [(there(kind, edges), rows), (there("dense", other_edges), other_rows)]
    one, other = on_one_worker(parts, as_array)
    np.testing.assert_array_equal(one, X[rows])
    np.testing.assert_array_equal(other, X[other_rows])
    np.testing.assert_array_equal(there("dense", edges)[rows], X[rows])
