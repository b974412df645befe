"""The design of rows in memory, dense or CSR, as designs hold them."""

from __future__ import annotations

from typing import Any

from scipy import sparse

from onelayer.designs.csr import CsrDesign
from onelayer.designs.dense import DenseDesign
from onelayer.designs.scaling import Scaling


def design_in_memory(
    X: Any, scaling: Scaling | None = None, *, double: bool = False
) -> CsrDesign | DenseDesign:
    """An array's or a CSR matrix's; with `double` products are in float64, as those of CSR are."""
    return CsrDesign(X, scaling) if sparse.issparse(X) else DenseDesign(X, scaling, double=double)
