"""What JSON can hold: plain numbers, text, lists and objects, and never NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Return `value` as JSON has it; NaN and infinities become None (null)."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int)):
        return value
    return str(value)


def number(value: float) -> float | str:
    """Return a setting that may be infinite: JSON has no word for it, so "inf" is text."""
    return value if math.isfinite(value) else "inf"
