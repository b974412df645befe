"""What examples are called where people read of them: in a report, and in its table of mistakes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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


def of_part(examples: Examples, part: str) -> Examples:
    """Say before each name which set it was read from."""
    return replace(examples, names=np.array([f"{part}/{name}" for name in examples.names]))
