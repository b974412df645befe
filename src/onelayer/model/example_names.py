"""What examples are called where people read of them: in a report, and in its table of mistakes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, final

import numpy as np

from onelayer.inputs.examples import Examples


def lined(examples: Examples) -> Examples:
    """Call the rows of a table in a file by their lines, as a spreadsheet numbers them.

    Its first line is 1, and is the header where there is one.
    """
    if not in_lines(examples):
        return examples
    first = 1 + examples.inputs.options.header
    return replace(examples, names=examples.names + examples.names.dtype.type(first))


def in_lines(examples: Examples) -> bool:
    """Whether the examples are lines of a file that a spreadsheet opens."""
    return examples.inputs.kind == "table" and Path(examples.audit.source).is_file()


@final
@dataclass(frozen=True, eq=False)
class PartNames:
    """Names of examples of several sets, each with that of its set before it, as in train/7.

    One is made when it is asked for: texts of very many rows would take more than the rows do.

    Attributes
    ----------
    names
        (m,), what each is called in its set.
    part
        (m,), which set it is of, a position in `sets`.
    sets
        What the sets are called.
    """

    names: np.ndarray
    part: np.ndarray
    sets: tuple[str, ...]

    @classmethod
    def of(cls, parts: dict[str, Examples]) -> Self:
        """Of the examples of some sets, one set after the other."""
        sizes = [len(one) for one in parts.values()]
        names = np.concatenate([one.names for one in parts.values()])
        return cls(names, np.repeat(np.arange(len(parts), dtype=np.int8), sizes), tuple(parts))

    def __getitem__(self, rows: Any) -> Any:
        """The name of a row; the names of several."""
        if isinstance(rows, int):
            return f"{self.sets[self.part[rows]]}/{self.names[rows]}"
        return PartNames(self.names[rows], self.part[rows], self.sets)
