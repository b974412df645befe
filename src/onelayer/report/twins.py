"""Two levels of one column that say the same: one row instead of two."""

from __future__ import annotations

import numpy as np

OPPOSITE = 1e-3
"""The sum of two weights as a share of the larger, below which they are one number twice. Under a
penalty on squares the weights of the only two levels of a column are exactly opposite; a fit to a
relative gap of 1e-7 has them so to about its root."""


def without_twins(
    w: np.ndarray, features: tuple[str, ...] | None
) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Return weights (n,) and names, the only two levels of a column as one row.

    "sex = Male" of +1.35 and "sex = Female" of -1.35 become "sex = Male, not Female" of +2.7: by so
    much z is larger for the one than for the other.
    """
    if features is None:
        return w, features
    levels: dict[str, list[int]] = {}
    for j, name in enumerate(features):
        column, separated, _ = name.partition(" = ")
        levels.setdefault(column if separated else name, []).append(j)
    names, kept, found = list(features), np.ones(len(w), bool), w.copy()
    for column, places in levels.items():
        if len(places) == 2 and all(features[j].startswith(f"{column} = ") for j in places):
            high, low = sorted(places, key=lambda j: -w[j])
            if w[high] > 0 and abs(w[high] + w[low]) <= OPPOSITE * w[high]:
                names[high] = f"{features[high]}, not {features[low].removeprefix(f'{column} = ')}"
                found[high], kept[low] = w[high] - w[low], False
    return found[kept], tuple(name for name, here in zip(names, kept, strict=True) if here)
