"""How X is held, and the passes over it. A pass reads each block of rows once.

A design hides storage: nothing above it asks whether X is sparse or made of bytes. Shapes: X is
(m, n); W (n, k) and b (k,) with k = problems * head.width; targets (m,); weights (m, problems),
each column summing to 1, so that the sums below are weighted means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.designs.scaling import Scaling
from onelayer.logistic import Head


@dataclass
class Ledger:
    """Bytes of X read so far."""

    bytes_read: int = 0


@dataclass(frozen=True)
class Traits:
    """What the choice of a solver needs to know of a design."""

    m: int
    n: int
    nbytes: int
    density: float
    offers: frozenset[str]


class Design(ABC):
    """X' = (X - centre) * scale, read block by block and never made as a whole.

    A block is a 2-d array of rows that knows `@` and `.T`, in `dtype`, the type of its products.
    A scaling that the blocks do not hold is `folded` into W and b instead.
    """

    traits: Traits
    ledger: Ledger
    dtype: np.dtype
    folded: Scaling | None

    @abstractmethod
    def blocks(self) -> Iterator[tuple[slice, Any]]:
        """Rows and their block, entered in the ledger."""

    @abstractmethod
    def outer(self, block: Any, h: np.ndarray) -> np.ndarray:
        """[block 1]^T diag(h) [block 1]: (n + 1, n + 1)."""

    @abstractmethod
    def gram(self) -> np.ndarray:
        """X' X'^T: (m, m)."""

    @abstractmethod
    def combine(self, alpha: np.ndarray) -> np.ndarray:
        """X'^T alpha: (n, k) from (m, k)."""

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z = X' W + b: (m, k)."""
        W, b = self._fold(W, b)
        Z = np.empty((self.traits.m, W.shape[1]))
        for rows, block in self.blocks():
            Z[rows] = block @ W + b
        return Z

    def loss_pass(
        self, W: np.ndarray, b: np.ndarray, head: Head, targets: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Loss (problems,), G = X'^T (v dz) (n, k) and db = sum v dz (k,), in one read."""
        Wx, bx = self._fold(W, b)
        loss, G, db = np.zeros(weights.shape[1]), np.zeros(W.shape), np.zeros(b.shape)
        for rows, block in self.blocks():
            Z = block @ Wx + bx
            loss += (head.loss(Z, targets[rows]) * weights[rows]).sum(axis=0)
            dZ = head.residual(Z, targets[rows]) * weights[rows].repeat(head.width, axis=1)
            G += block.T @ dZ.astype(self.dtype)
            db += dZ.sum(axis=0)
        return loss, self._fold_gradient(G, db), db

    def hessian_pass(
        self, W: np.ndarray, b: np.ndarray, head: Head, weights: np.ndarray
    ) -> np.ndarray:
        """d2(loss)/d(W, b)2 of one problem: (n + 1, k, n + 1, k), the intercept last."""
        Wx, bx = self._fold(W, b)
        n, k = W.shape[0] + 1, head.width
        H = np.zeros((n, k, n, k))
        for rows, block in self.blocks():
            A = head.curvature_activation(block @ Wx + bx)
            C = head.curvature(A) * weights[rows][:, :, None]
            for c in range(k):
                for d in range(c + 1):
                    H[:, c, :, d] += self.outer(block, C[:, c, d])
        for c in range(k):
            for d in range(c):
                H[:, d, :, c] = H[:, c, :, d]
        return H if self.folded is None else self.folded.fold_hessian(H)

    def curvature_pass(self, W: np.ndarray, b: np.ndarray, head: Head) -> np.ndarray:
        """The head's curvature activations (m, k), which `hessian_product` takes."""
        Wx, bx = self._fold(W, b)
        A = np.empty((self.traits.m, W.shape[1]), self.dtype)
        for rows, block in self.blocks():
            A[rows] = head.curvature_activation(block @ Wx + bx)
        return A

    def hessian_product(
        self, A: np.ndarray, head: Head, weights: np.ndarray, V: np.ndarray, c: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """X'^T (h * (X' V + c)) and its intercept part, in one read."""
        Vx, cx = self._fold(V, c)
        P, dc = np.zeros(V.shape), np.zeros(c.shape)
        for rows, block in self.blocks():
            R = head.curvature_product(A[rows], block @ Vx + cx)
            R = R * weights[rows].repeat(head.width, axis=1)
            P += block.T @ R.astype(self.dtype)
            dc += R.sum(axis=0)
        return self._fold_gradient(P, dc), dc

    def _fold(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.folded is not None:
            W, b = self.folded.fold(W, b)
        return W.astype(self.dtype), b.astype(self.dtype)

    def _fold_gradient(self, G: np.ndarray, db: np.ndarray) -> np.ndarray:
        return G if self.folded is None else self.folded.fold_gradient(G, db)
