"""One read for several problems at once: it waits until all ask for one, and serves all.

The problems have the same rows, head and targets and differ in their weights (the folds of a
cross-validation). Each has a place, and a solver that believes it is alone; each works in a thread
of its own, and whoever comes last makes the read, in which the problems are columns of one W. A
problem that goes on with products in float64 keeps its place: what is asked at one time is grouped
by precision, a read a group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias, final

import numpy as np

from onelayer.designs.blockwise import Blockwise
from onelayer.designs.meeting import Meeting
from onelayer.designs.passes import Ledger, Pass, Sums
from onelayer.designs.scaling import Scaling

Forward: TypeAlias = tuple[np.ndarray, np.ndarray]
"""W and b, for which z is asked."""

Request: TypeAlias = Forward | Pass
"""What one problem asks of a read."""

Kind: TypeAlias = tuple[str, bool]
"""What a request is for, and whether its products are to be in float64."""

Asked: TypeAlias = tuple[Kind, Request]
"""What one problem asks, and of which kind that is."""


def shared_reads(design: Blockwise, present: int) -> Meeting[Asked]:
    """Where so many problems wait for a read of a design; each is told its answer and its share.

    Its share are the bytes that were read, divided by the problems that they were read for.
    """
    return Meeting(present, partial(_reads, design))


def _reads(design: Blockwise, asked: dict[int, Asked]) -> dict[int, tuple[Any, int]]:
    """A read for each kind of request that is asked for at one time."""
    answers: dict[int, tuple[Any, int]] = {}
    for kind in sorted({kind for kind, _ in asked.values()}):
        together = [at for at in asked if asked[at][0] == kind]
        read = design.exactly() if kind[1] else design
        found = _answer(read, [asked[at][1] for at in together])
        share = design.traits.nbytes // len(together)
        answers |= {at: (one, share) for at, one in zip(together, found, strict=True)}
    return answers


def _kind(request: Request) -> str:
    """Requests of one kind are answered by one read."""
    if isinstance(request, Pass):
        return "loss" if request.A is None else "product"
    return f"forward of {request[0].shape[1]} columns"


def _answer(design: Blockwise, requests: list[Any]) -> list[Any]:
    """One read for requests of one kind: their parameters side by side."""
    if not isinstance(requests[0], Pass):
        (Ws, bs), k = zip(*requests, strict=True), requests[0][0].shape[1]
        Z = design.forward(np.hstack(Ws), np.concatenate(bs))
        return [np.ascontiguousarray(Z[:, c]) for c in _columns(requests, k)]
    first = requests[0]
    loss, G, db = design.sums(
        Pass(
            W=np.hstack([request.W for request in requests]),
            b=np.concatenate([request.b for request in requests]),
            head=first.head,
            targets=first.targets,
            weights=np.hstack([request.weights for request in requests]),
            A=_beside([request.A for request in requests]),
            offset=_beside([request.offset for request in requests]),
        )
    )
    columns = _columns(requests, first.W.shape[1])
    return [(loss[i : i + 1], G[:, c], db[c]) for i, c in enumerate(columns)]


def _beside(arrays: list[np.ndarray | None]) -> np.ndarray | None:
    """What all requests have, or none."""
    given = [array for array in arrays if array is not None]
    return np.hstack(given) if given else None


def _columns(requests: list[Any], k: int) -> list[slice]:
    return [slice(i * k, (i + 1) * k) for i in range(len(requests))]


@final
@dataclass(frozen=True)
class Place:
    """One problem's place among those that share reads: the `Reads` of its loss.

    A problem with a scaling of its own (a fold's moments) has its own X'' = (X' - centre) * scale,
    X' being what is read. The ledger counts this problem's share of what was read.
    """

    among: Meeting[Asked]
    number: int
    ledger: Ledger
    scaling: Scaling | None = None
    exact: bool = False

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z (m, k), with the others'."""
        Z: np.ndarray = self._ask(self._fold(W, b))
        return Z

    def sums(self, asked: Pass) -> Sums:
        """Loss, X''^T dz and sum dz, with the others'."""
        W, b = self._fold(asked.W, asked.b)
        loss, G, db = self._ask(replace(asked, W=W, b=b))
        return loss, G if self.scaling is None else self.scaling.fold_gradient(G, db), db

    def exactly(self) -> Place:
        """The same place, on the same ledger, with products in float64."""
        return replace(self, exact=True)

    def _ask(self, request: Request) -> Any:
        answer, share = self.among.ask(self.number, ((_kind(request), self.exact), request))
        self.ledger.bytes_read += share  # the read itself is in the whole's already
        return answer

    def _fold(self, W: np.ndarray, b: np.ndarray) -> Forward:
        return (W, b) if self.scaling is None else self.scaling.fold(W, b)
