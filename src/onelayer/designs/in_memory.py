"""The design of rows in memory, dense or CSR, as designs hold them."""

from __future__ import annotations

from typing import Any

from scipy import sparse

from onelayer.designs.csr import CsrDesign
from onelayer.designs.dense import DenseDesign
from onelayer.designs.passes import SMALL_BYTES
from onelayer.designs.scaling import Scaling


def design_in_memory(
    X: Any,
    scaling: Scaling | None = None,
    *,
    double: bool = False,
    kernels_from: int = SMALL_BYTES,
) -> CsrDesign | DenseDesign:
    """An array's or a CSR matrix's; with `double` products are in float64, as those of CSR are.

    An array of fewer bytes than `kernels_from` is read by NumPy.
    """
    if sparse.issparse(X):
        return CsrDesign(X, scaling)
    return DenseDesign(X, scaling, double=double, kernels_from=kernels_from)
