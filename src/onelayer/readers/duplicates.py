"""Which examples are the same."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

_DIGEST_BYTES = 16  # two different rows in a billion collide with probability 1e-21


def content_groups(images: np.ndarray) -> np.ndarray:
    """Number the rows by their content: equal bytes, equal number; int64 (m,).

    Numbers run 0, 1, ... in the order in which contents first appear.
    """
    numbers: dict[bytes, int] = {}
    groups = np.empty(len(images), dtype=np.int64)
    for row, image in enumerate(images):
        digest = blake2b(np.ascontiguousarray(image).data, digest_size=_DIGEST_BYTES).digest()
        groups[row] = numbers.setdefault(digest, len(numbers))
    return groups
