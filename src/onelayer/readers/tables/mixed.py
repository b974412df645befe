"""Values in memory, of one type or several, as one column of Arrow."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from onelayer.readers.tables.notation import PLAIN, Notation


def cells(values: list[Any], example: str | None = None) -> Any:
    """One Arrow type for all: text where their types differ, numbers as the column has them."""
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    kinds = {type(value) for value in plain if value is not None}
    if len(kinds) > 1 and not kinds <= {int, float}:
        notation = PLAIN if example is None else Notation.parse(example)
        plain = [_text(value, notation) for value in plain]
    return pa.array(plain, from_pandas=True)


def _text(value: Any, notation: Notation) -> str | None:
    """What a cell of text would have been; a number, shortest: 3.0 is 3."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return notation.written(float(value)) if math.isfinite(value) else str(value)
    return None if value is None else str(value)
