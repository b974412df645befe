"""The weighted mean loss of some examples as a function of (W, b): all that a solver sees of them.

Where the examples lie is the loss's business. A loss over parts is the sum of the parts' losses, in
the order of the parts, and nothing of size m comes out of it: every method of `Loss` gives sums, a
small sample, or a handle that is not looked into. `loss_in_memory.py` offers more, by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from onelayer.designs.drawn_rows import Drawn
from onelayer.designs.passes import Traits
from onelayer.designs.scaling import Scaling
from onelayer.errors import UsageError
from onelayer.logistic import Head
from onelayer.words import spelt

if TYPE_CHECKING:
    from onelayer.designs.loss_in_memory import LossInMemory

Gradient = tuple[float, np.ndarray, np.ndarray]
"""The loss, dW (n, k) and db (k,)."""


Parameters = tuple[np.ndarray, np.ndarray]
"""W (n, k) and b (k,), or a step in them."""


class Moments(NamedTuple):
    """sum h (k,), sum h x' (n, k) and sum h x'^2 (n, k), for one h a row or one a row and class."""

    total: np.ndarray
    sums: np.ndarray
    squares: np.ndarray


class Foresight(NamedTuple):
    """What a bound on the gap needs of the activations p that Newton's model foresees.

    apart: sum v KL(p || a); P (n, k): X'^T (v (p - y)); see `foresight.py`.
    """

    apart: float
    P: np.ndarray


class Arrival(NamedTuple):
    """Where a step has led: the loss, dW and db there, and what Newton's model foresaw from where.

    means (K,) are sum v p of the activations p foreseen, apart is sum v KL(p || a), and P (n, k)
    is X'^T (v (p - y)): see `foresight.py`. sizes (2, k): sum v dz^2 and sum (v dz)^2; H: the
    Hessian there, if it was asked for.
    """

    value: float
    G: np.ndarray
    db: np.ndarray
    means: np.ndarray
    apart: float
    P: np.ndarray
    sizes: np.ndarray
    H: np.ndarray


class Turn(NamedTuple):
    """The last length at which J still falls and the next, if there are, with J and its slope."""

    lengths: np.ndarray
    values: np.ndarray
    slopes: np.ndarray


def falls_on(value: float, slope: float) -> bool:
    """Whether J falls further beyond a point; no more where it is not finite."""
    return bool(slope <= 0 and np.isfinite(value))


class Loss(ABC):
    """sum_i v_i L(a_i, y_i), the weights v summing to 1. Each method is one read at most."""

    head: Head

    @property
    @abstractmethod
    def traits(self) -> Traits:
        """Shape and size of X, and what it offers."""

    @property
    @abstractmethod
    def held_by(self) -> str:
        """What holds X, for messages."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype:
        """Of products: what rounding takes from them is `finfo(dtype).eps`."""

    @property
    @abstractmethod
    def compiled(self) -> bool:
        """Whether its reads are kernels, whose threads BLAS must not disturb."""

    @property
    def kernels_here(self) -> bool:
        """Whether this process runs kernels for it, and its linear algebra keeps to them too."""
        return self.compiled

    @property
    @abstractmethod
    def bytes_read(self) -> int:
        """Of X, so far."""

    @abstractmethod
    def value_and_gradient(self, W: np.ndarray, b: np.ndarray) -> Gradient:
        """The loss, dW = X'^T (v dz) and db = sum v dz."""

    @abstractmethod
    def along(
        self, W: np.ndarray, b: np.ndarray, V: np.ndarray, c: np.ndarray, steps: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The loss and its slope (steps,) at (W + t V, b + t c) for many t, in one read."""

    def turn(
        self,
        start: Parameters,
        step: Parameters,
        steps: np.ndarray,
        beside: tuple[np.ndarray, np.ndarray],
    ) -> Turn:
        """Between which two of many lengths, ascending, a convex J ceases to fall; one read.

        J is this loss, and `beside` it (steps,) a value and a slope at each length.
        """
        values, slopes = self.along(*start, *step, steps)
        values, slopes = values + beside[0], slopes + beside[1]
        place = [*map(falls_on, values, slopes), False].index(False)
        near = slice(max(place - 1, 0), place + 1)
        return Turn(steps[near], values[near], slopes[near])

    @abstractmethod
    def expansion(self, W: np.ndarray, b: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, Any]:
        """`value_and_gradient`, and the Hessian with it: one read of small data, else two."""

    @abstractmethod
    def hessian(
        self, W: np.ndarray, b: np.ndarray, features: np.ndarray | None = None
    ) -> np.ndarray:
        """d2(loss)/d(W, b)2: (n + 1, k, n + 1, k), the intercept last; of all features, or some."""

    @abstractmethod
    def curvature(self, W: np.ndarray, b: np.ndarray) -> Any:
        """A handle on d2L/dz2 at (W, b), for the methods below."""

    @abstractmethod
    def product(
        self, curvature: Any, V: np.ndarray, c: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """X'^T (v (d2L/dz2) (X' V + c)) and its intercept part: the Hessian times (V, c)."""

    def roughly(self, curvature: Any, share: float) -> tuple[Any, float]:
        """A handle on about `share` of the curvature, and what its products take of a read's.

        Its products are fast, and as exact as those of float32: for directions. The curvature
        itself where nothing is faster.
        """
        del share
        return curvature, 1.0

    def direction_dtype(self, curvature: Any) -> np.dtype:
        """Of the vectors whose products with it are as exact as they are wanted."""
        del curvature
        return np.dtype(np.float64)

    @abstractmethod
    def intercept_curvature(self, curvature: Any) -> np.ndarray:
        """sum v d2L/dz2: (k, k), the Hessian's part for b. No read."""

    @abstractmethod
    def foresight(
        self,
        start: Parameters,
        step: Parameters,
        length: float,
        *,
        balanced: bool,
        arrived: Arrival | None = None,
        gradient: np.ndarray | None = None,
    ) -> Foresight:
        """Of a at start + length step, and of the p foreseen from the start at start + step.

        balanced: the residuals of p sum to zero, as those of an optimum with a free intercept do.
        arrived: what `arrival` has found there, if it was asked, which saves a read of parts.
        gradient: the loss's dW there, beside which few rows keep more digits of p - a.
        Two reads of data in memory.
        """

    @abstractmethod
    def arrival(
        self, start: Parameters, step: Parameters, length: float, features: np.ndarray | None
    ) -> Arrival:
        """At start + length step, of the p foreseen from the start at start + step.

        With features, the Hessian of these. One read where X does not lie in memory, else four.
        """

    @abstractmethod
    def moments(self, curvature: Any = None, *, shared: bool = False) -> Moments:
        """Of h = v a (1 - a), a column a class; `shared`: of the mean curvature of all classes.

        Without a curvature of v itself, one column.
        """

    @abstractmethod
    def drawn(self, count: int, curvature: Any = None) -> Drawn:
        """About `count` rows drawn in proportion to v, or to v times the mean curvature."""

    @abstractmethod
    def some_rows(self, count: int) -> np.ndarray:
        """About `count` rows [x' 1] in float32, evenly spaced; of those in memory, if there are."""

    @abstractmethod
    def magnitudes(self, count: int) -> np.ndarray:
        """Mean squares (n + 1,) of what [W b] is multiplied by, in about `count` rows."""

    @abstractmethod
    def centres(self) -> np.ndarray:
        """What is taken from x', in its own units (n,): x' = x scale - centre. No read."""

    @abstractmethod
    def reach(self, V: np.ndarray, c: np.ndarray) -> float:
        """The most by which X' V + c moves a class of a row with weight against its mean class."""

    @abstractmethod
    def shares(self) -> np.ndarray:
        """sum v y of each class (K,), of both where the head is binary. No read."""

    @property
    @abstractmethod
    def counted(self) -> float:
        """As many rows of equal weight tell as much: 1 / sum v^2 (Kish 1965). No read."""

    @property
    @abstractmethod
    def least_weight(self) -> float:
        """The smallest weight that is not 0."""

    @abstractmethod
    def weighted(self, weights: np.ndarray) -> Loss:
        """The same examples under other weights (m,): a fold, say. The sample stays what it was."""

    @abstractmethod
    def rescaled(self, scaling: Scaling) -> Loss:
        """The same examples under a scaling more."""

    @abstractmethod
    def forward_parts(self, W: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Rows and their z = X' W + b, some at a time, in order; k as many columns as wanted."""

    @property
    def in_memory(self) -> LossInMemory:
        """Itself, with all that a loss in memory offers; a `UsageError` where it lies elsewhere."""
        raise UsageError(
            f"This needs all rows of X in memory, and {self.held_by} leaves them where "
            f"they lie: give more {spelt('memory')} where X fits, or fewer rows"
        )

    @property
    def remark(self) -> str:
        """What a fit's reason is to say of how it is read, where that is not as usual."""
        return ""

    def of_sample(self) -> Loss:
        """That of the sample of rows that stays in memory where X does not."""
        raise UsageError(f"{type(self).__name__} keeps no sample beside X")

    def of_fold(self, number: int) -> Loss:
        """That of the rows that a fold is trained on, where each row's fold lies with it."""
        raise UsageError(f"{self.held_by} knows of no fold {number}: give weights of its rows")

    @abstractmethod
    def exactly(self) -> Loss:
        """The same with products in float64; itself where they are."""
