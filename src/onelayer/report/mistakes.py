"""`mistakes.csv`: the examples that may be labelled with the wrong class, for another program."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onelayer.report.judgement import Example

NAME = "mistakes.csv"
HEADER = ("file", "label", "predicted", "probability_of_label")


def as_csv(examples: tuple[Example, ...]) -> str:
    """One line an example: its file, its label, what was said, and the probability of its label.

    The probability is that of a layer that was not trained on the example, where it could be.
    """
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    for example in examples:
        writer.writerow([example.name, example.label, example.answer, f"{example.p_label:.6g}"])
    return file.getvalue()
