"""Where each coefficient goes on a cone: to infinity, to minus infinity, either way or nowhere."""

from __future__ import annotations

import numpy as np

from onelayer.statistics.cone import Face, lowest, toward_boundary
from onelayer.statistics.margins import APART, Margins


def find_signs(
    face: Face, rows: np.ndarray, margins: Margins, effects: np.ndarray, *, exact: bool
) -> np.ndarray:
    """Where each coefficient h^T c goes, for h the rows of `effects`: (p,) of inf, -inf, nan or 0.

    Inf where h^T c >= 0 in all of the cone {c: F c >= 0} and > 0 in some of it, -inf where it is
    <= 0 in all of it, nan where it takes both signs, 0 where it is 0 in all of it. Telling the
    first three apart takes linear programs; without `exact` they are all nan, but in a cone of one
    dimension, where no program is needed.
    """
    h, inside = effects @ face.span, face.span.T @ face.direction
    sizes = np.linalg.norm(effects, axis=1)
    moves = np.linalg.norm(h, axis=1) > APART * sizes
    to = np.where(moves & face.above.any(), np.nan, 0)
    if face.above.any() and face.span.shape[1] == 1:
        return np.where(moves, np.copysign(np.inf, h[:, 0] * inside[0]), 0)
    if not exact or not face.above.any():
        return to
    cone = _Cone(face, rows, margins)
    for j in np.flatnonzero(moves):
        value = float(h[j] @ inside)
        if abs(value) > APART * sizes[j] and cone.keeps_sign(h[j] * np.sign(value), inside):
            to[j] = np.copysign(np.inf, value)
    return to


class _Cone:
    """{c: G c >= 0} in the span of a face: its working rows, and others as they are met."""

    def __init__(self, face: Face, rows: np.ndarray, margins: Margins) -> None:
        self.face, self.rows, self.margins = face, rows, margins
        self.G = margins.functionals(rows)[face.above] @ face.span

    def keeps_sign(self, h: np.ndarray, inside: np.ndarray) -> bool:
        """Whether h^T c >= 0 in all of the cone, where it is > 0 inside."""
        tried = toward_boundary(self.G, inside, -h)
        while h @ tried >= 0 or self._grown(tried):
            tried = lowest(self.G, h)
            value = float(h @ tried)
            if value > -APART * float(np.linalg.norm(h)):
                return True
            # Half the way inside: what the program allowed itself at the boundary does not count.
            share = 0.5 * -value / (float(h @ inside) - value)
            tried = tried + share * (inside - tried)
        return False

    def _grown(self, tried: np.ndarray) -> bool:
        """Whether the point is not in the cone; rows that say so join the working ones."""
        against = self.margins.against(self.face.span @ tried, self.rows)
        if len(against) == 0:
            return False
        self.rows = np.concatenate([self.rows, against])
        G = self.margins.functionals(against) @ self.face.span
        self.G = np.vstack([self.G, G[np.linalg.norm(G, axis=1) > APART]])
        return True
