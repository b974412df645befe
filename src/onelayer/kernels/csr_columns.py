"""Passes over some columns of compressed rows: choose them, and their products."""

from __future__ import annotations

from typing import Any

from onelayer.kernels.compile import kernel


@kernel
def copy(
    data: Any, indices: Any, indptr: Any, place: Any, start: int, stop: int, chosen: Any
) -> None:
    """Copy the entries of rows start..stop in chosen columns, those with place >= 0, renumbered.

    Every entry is written, and the next one overwrites it unless it was chosen: no branch to
    mispredict. `chosen` has data and indices, one longer than the entries read, and the end of
    each row.
    """
    chosen_data, chosen_indices, ends = chosen
    to = 0
    for i in range(start, stop):
        for e in range(indptr[i], indptr[i + 1]):
            j = place[indices[e]]
            chosen_data[to] = data[e]
            chosen_indices[to] = j
            to += j >= 0
        ends[i - start] = to


@kernel
def forward(data: Any, indices: Any, indptr: Any, d: Any, start: int, stop: int, z: Any) -> None:
    """z = X d for rows start..stop, summed in float64."""
    for i in range(start, stop):
        total = 0.0
        for e in range(indptr[i], indptr[i + 1]):
            total += data[e] * d[indices[e]]
        z[i] = total


@kernel
def backward(data: Any, indices: Any, indptr: Any, u: Any, start: int, stop: int, g: Any) -> None:
    """Add X^T u of rows start..stop to g, float64."""
    for i in range(start, stop):
        ui = u[i]
        for e in range(indptr[i], indptr[i + 1]):
            g[indices[e]] += data[e] * ui


@kernel
def gram(
    data: Any, indices: Any, indptr: Any, h: Any, start: int, stop: int, Q: Any, hx: Any
) -> None:
    """Add X^T diag(h) X of rows start..stop to the lower triangle of Q, and X^T h to hx.

    Columns ascend in a row.
    """
    for i in range(start, stop):
        hi = h[i]
        first = indptr[i]
        for e in range(first, indptr[i + 1]):
            j = indices[e]
            weighted = hi * data[e]
            hx[j] += weighted
            for f in range(first, e + 1):
                Q[j, indices[f]] += weighted * data[f]


@kernel
def mirror(Q: Any) -> None:
    """Copy the lower triangle of Q to the upper one, tile by tile."""
    s, tile = len(Q), 32
    for top in range(0, s, tile):
        for left in range(0, top + 1, tile):
            for i in range(top, min(top + tile, s)):
                for j in range(left, min(left + tile, i)):
                    Q[j, i] = Q[i, j]
