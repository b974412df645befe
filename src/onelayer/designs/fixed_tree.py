"""Answers of numbered parts joined in a fixed tree: the same bytes, whoever joins what first.

Parts 2 i and 2 i + 1 are joined, then what these are in twos, and so on; what has no neighbour goes
up alone. The tree follows from the number of parts alone. Who has answers of neighbours can join
them where they are: a task answers with few sums, and whoever collects them holds few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Branch: TypeAlias = tuple[int, int, Any]
"""Its height in the tree, its number at that height, and what its parts have answered together."""

Join: TypeAlias = Callable[[Any, Any], Any]
"""One answer from two, of parts in their order, which it leaves as they are."""


@dataclass
class FixedTree:
    """Of so many parts; `join` makes one answer of two neighbours'."""

    parts: int
    join: Join
    waiting: dict[tuple[int, int], Any] = field(default_factory=dict)

    def add(self, height: int, number: int, answer: Any) -> None:
        """A branch, which is joined as far up as its neighbours are there."""
        while (1 << height) < self.parts:
            beside = number ^ 1
            if beside << height < self.parts:
                if (height, beside) not in self.waiting:
                    break
                other = self.waiting.pop((height, beside))
                answer = self.join(*((answer, other) if number < beside else (other, answer)))
            height, number = height + 1, number >> 1
        self.waiting[height, number] = answer

    def add_all(self, branches: Iterable[Branch]) -> None:
        """Several branches."""
        for branch in branches:
            self.add(*branch)

    @property
    def branches(self) -> list[Branch]:
        """Those that wait for a neighbour."""
        return [(*place, answer) for place, answer in self.waiting.items()]

    @property
    def whole(self) -> Any:
        """What all parts have answered together."""
        (answer,) = self.waiting.values()
        return answer
