"""The read of all the data before the first step: whether all is finite, and how large X is.

Whoever reads X first hands on what it has found, and nobody looks again. Blocks come in the order
of the rows, and what is kept of them does not depend on where they end. What else wants to see all
of X (the numbering of rows by their content) is shown each block while it is in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy import sparse

from onelayer.designs.scaling import ColumnMoments
from onelayer.designs.values import blocks_of, largest


@final
@dataclass(frozen=True, eq=False)
class SampledRows:
    """Some rows of X (s, n), their targets and weights (s,) that sum to 1, to stand for all.

    moments: of the columns over all rows, under the weights of all.
    """

    X: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    moments: ColumnMoments


@final
@dataclass(frozen=True)
class Survey:
    """What was found, and at what cost.

    Attributes
    ----------
    largest
        max |x|; NaN or infinity where X holds one.
    bytes_read
        Of X, to find it.
    sample
        Rows that stay in memory where X does not; None where X does.
    """

    largest: float
    bytes_read: int
    sample: SampledRows | None = None

    @property
    def moments(self) -> ColumnMoments | None:
        """Of the columns, where they were looked for."""
        return None if self.sample is None else self.sample.moments


def survey(X: Any, look: Callable[[np.ndarray], None] | None = None) -> Survey:
    """Read X once, dense or CSR; `look` is shown every block of rows of a dense X.

    Bytes are finite and at most 255: they are read for `look` alone.
    """
    if look is None:
        return Survey(largest(X), 0 if X.dtype == np.uint8 else size_of(X))
    top = 0.0
    for block in blocks_of(X):
        top = float(np.maximum(top, largest(block)))
        look(block)
    return Survey(top, size_of(X))


def size_of(X: Any) -> int:
    """Bytes of rows as they lie."""
    if sparse.issparse(X):
        return int(X.data.nbytes + X.indices.nbytes + X.indptr.nbytes)
    return int(X.nbytes)
