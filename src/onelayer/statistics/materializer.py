"""formulaic's reader of data frames, to which booleans are factors, as they are to R.

Imported where a model matrix is made: formulaic takes a while.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from formulaic.materializers import PandasMaterializer
from interface_meta import override  # formulaic's own way to mark what is overridden


class FactorialBooleans(PandasMaterializer):
    """`b`, `I(x > 0)` and products of them have the levels False and True.

    As numbers their products with other columns would have one column where R has two: `y ~ b:x`
    would fit a slope where b is true and none where it is false.
    """

    REGISTER_NAME = "onelayer"
    REGISTER_INPUTS = ()

    @override
    def _is_categorical(self, values: Any) -> bool:
        dtype = getattr(values, "dtype", None)
        boolean = isinstance(dtype, np.dtype) and dtype.kind == "b" and values.ndim == 1
        return boolean or super()._is_categorical(values)
