"""One design for several problems at once: a pass waits until all ask for one, and serves all.

The problems have the same rows, head and targets and differ in their weights (the folds of a
cross-validation). Each has a seat, and a solver that believes it is alone; each works in a thread
of its own, and whoever comes last makes the pass, in which the problems are columns of one W.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Condition
from typing import Any, final

import numpy as np

from onelayer.designs.design import Design, Ledger, Sums
from onelayer.logistic import Head


@dataclass(frozen=True)
class Request:
    """What one problem asks of a pass: z, or the sums of a loss or a product, at W and b.

    What follows b are the further arguments of `Design.sums`, None for z.
    """

    kind: str
    W: np.ndarray
    b: np.ndarray
    head: Any = None
    targets: Any = None
    weights: Any = None
    A: Any = None


@dataclass
class Meeting:
    """Where `present` problems wait for one another."""

    design: Design
    present: int
    _asked: dict[int, Request] = field(default_factory=dict)
    _answers: dict[int, Any] = field(default_factory=dict)
    _condition: Condition = field(default_factory=Condition)

    def ask(self, seat: int, request: Request) -> Any:
        """The answer to this request, once every problem that is still present has asked."""
        with self._condition:
            self._asked[seat] = request
            self._answer_if_complete()
            self._condition.wait_for(lambda: seat in self._answers)
            answer = self._answers.pop(seat)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def leave(self) -> None:
        """One problem is done: the others wait for it no longer."""
        with self._condition:
            self.present -= 1
            self._answer_if_complete()

    def _answer_if_complete(self) -> None:
        if not self._asked or len(self._asked) < self.present:
            return
        asked, self._asked = self._asked, {}
        for kind in sorted({request.kind for request in asked.values()}):
            seats = sorted(seat for seat, request in asked.items() if request.kind == kind)
            try:
                answers = self._pass([asked[seat] for seat in seats])
            except Exception as error:  # noqa: BLE001 - every problem that waits shall hear of it
                answers = [error] * len(seats)
            self._answers.update(zip(seats, answers, strict=True))
        self._condition.notify_all()

    def _pass(self, requests: list[Request]) -> list[Any]:
        """One read for all: their parameters side by side."""
        first, k = requests[0], requests[0].W.shape[1]
        W = np.hstack([request.W for request in requests])
        b = np.concatenate([request.b for request in requests])
        columns = [slice(i * k, (i + 1) * k) for i in range(len(requests))]
        if first.kind == "forward":
            Z = self.design.forward(W, b)
            return [np.ascontiguousarray(Z[:, c]) for c in columns]
        weights = np.hstack([request.weights for request in requests])
        A = None if first.A is None else np.hstack([request.A for request in requests])
        loss, G, db = self.design.sums(W, b, first.head, first.targets, weights, A)
        return [(loss[i : i + 1], G[:, c], db[c]) for i, c in enumerate(columns)]


@final
class Seat(Design):
    """One problem's place in a meeting: the design itself, but for passes, which are shared.

    The ledger counts this problem's share of what was read.
    """

    def __init__(self, meeting: Meeting, number: int) -> None:
        design = meeting.design
        self.meeting, self.number = meeting, number
        self.traits, self.dtype, self.folded = design.traits, design.dtype, design.folded
        self.compiled = design.compiled
        self.ledger = Ledger()
        self._share = design.traits.nbytes // meeting.present

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z (m, k), with the others'."""
        self.ledger.bytes_read += self._share
        return self.meeting.ask(self.number, Request("forward", W, b))

    def sums(
        self,
        W: np.ndarray,
        b: np.ndarray,
        head: Head,
        targets: np.ndarray,
        weights: np.ndarray,
        A: np.ndarray | None,
    ) -> Sums:
        """Loss, X'^T dz and sum dz, with the others'."""
        self.ledger.bytes_read += self._share
        kind = "loss" if A is None else "product"
        return self.meeting.ask(self.number, Request(kind, W, b, head, targets, weights, A))

    def blocks(self) -> Iterator[tuple[slice, Any]]:
        """The design's own."""
        return self.meeting.design.blocks()

    def augment(self, block: Any) -> Any:
        """The design's own."""
        return self.meeting.design.augment(block)

    def outer(self, augmented: Any, h: np.ndarray) -> np.ndarray:
        """The design's own."""
        return self.meeting.design.outer(augmented, h)

    def square(self, block: Any) -> Any:
        """The design's own."""
        return self.meeting.design.square(block)

    def sample(self, rows: np.ndarray) -> np.ndarray:
        """The design's own."""
        return self.meeting.design.sample(rows)

    def moments_pass(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The design's own."""
        return self.meeting.design.moments_pass(h)

    def gram(self) -> np.ndarray:
        """The design's own."""
        return self.meeting.design.gram()

    def combine(self, alpha: np.ndarray) -> np.ndarray:
        """The design's own."""
        return self.meeting.design.combine(alpha)
