"""Tables on the command line of `predict`: printed, or written batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onelayer.cli.output import progress_shown, warn
from onelayer.cli.prediction_request import PredictionRequest
from onelayer.errors import UsageError
from onelayer.inputs.given_texts import only_text
from onelayer.inputs.oddities import Oddities
from onelayer.model import Model
from onelayer.model.table_scoring import Scoring
from onelayer.model.unlike import COLUMN
from onelayer.readers.tables.several import open_one_or_several
from onelayer.readers.tables.suffixes import is_text_file
from onelayer.readers.tables.table_files import TableFile
from onelayer.readers.tables.text_files import texts_table


def write_scores(model: Model, asked: PredictionRequest, output: Path) -> int:
    """Score one table into a file, and return how many rows it has."""
    if len(asked.files) > 1:
        raise UsageError(f"{output} takes the rows of one table: give one file, a folder, or no -o")
    scoring = scoring_of(model, asked.files[0], asked)
    with progress_shown() as progress:
        rows = scoring.write(output, progress)
    _tell(scoring)
    return rows


def scores(model: Model, asked: PredictionRequest) -> list[dict[str, Any]]:
    """Return class and probability of each row, named by its file and number."""
    found = []
    with progress_shown() as progress:
        for file in asked.files:
            scoring = scoring_of(model, file, asked)
            for scored in scoring.batches(progress):
                kept = scored.kept.to_pylist() if scoring.kept else [{}] * len(scored.answers)
                said = asked.answering.rows(scored.answers, scored.A)
                found += [
                    {"file": str(file), "row": row + scored.start, **cells, **one, **odd}
                    for row, (cells, one) in enumerate(zip(kept, said, strict=True))
                    for odd in [{COLUMN: scored.unlike[row]} if row in scored.unlike else {}]
                ]
            _tell(scoring)
    return found


def scoring_of(
    model: Model, file: Path, asked: PredictionRequest, odd: Oddities | None = None
) -> Scoring:
    """Columns to keep may be given one by one, or several with commas between."""
    table = _table(model, file, asked)
    names = [
        name.strip()
        for given in asked.keep
        for name in ([given] if given in table.names else given.split(","))
    ]
    return Scoring(model, table, names, asked.answering, odd)


def _table(model: Model, file: Path, asked: PredictionRequest) -> TableFile:
    """A .txt file, or a folder of them, is a table of texts for a model that looks at no more."""
    column = only_text(model.columns)
    if column is not None and (file.is_dir() or is_text_file(file)):
        return texts_table(file, column, asked.table)
    return open_one_or_several(file, asked.table)


def _tell(scoring: Scoring) -> None:
    for note in scoring.notes:
        warn(f"note: {note}")
