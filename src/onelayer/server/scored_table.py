"""A table comes as text, and goes back with an answer in every row."""

from __future__ import annotations

import codecs
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from onelayer.errors import DataError, UsageError
from onelayer.inputs.oddities import Oddities
from onelayer.model import Model
from onelayer.model.answering import Answering
from onelayer.model.table_scoring import Scoring, added_columns
from onelayer.readers.tables.table_files import CsvFile, open_text
from onelayer.readers.tables.table_options import TableOptions
from onelayer.readers.tables.text import TextFile
from onelayer.server.answers import class_names
from onelayer.server.limits import Limits
from onelayer.server.rejections import Rejection
from onelayer.server.uploads import too_large
from onelayer.words import listed

MEDIA_TYPE = "text/csv"

NAME = Path("the table")
"""What messages call it: who sent it knows its name."""

COLUMNS = 5000
"""Of a table, at most: that many names are looked up one by one in a second."""

LINE = 1_000_000
"""Bytes of a line, at most: a longer one has more columns, or longer cells, than people write."""

NAME_SHOWN = 40  # letters of what stands where a column's name should

SAID = 1000
"""Letters of a message, at most: it may name cells, which are as long as the sender likes."""

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_TEXT = (b"PK\x03\x04", b"PAR1", b"\0")  # workbooks and archives, Parquet, other bytes
_WRITTEN = (",", ";", "\t")  # between the cells of what goes back


def scored_table(model: Model, limits: Limits, body: bytes) -> dict[str, Any]:
    """Return its rows, how often each class is answered, notes, and the table with its answers.

    The columns that came are followed by those that `onelayer predict -o` writes.

    Raises
    ------
    Rejection
        413 for too many bytes or rows, or too long a line; 422 for what is no such table.
    """
    _require_plain(body, limits)
    text = TextFile(NAME, _encoding(model, body), body)
    odd = Oddities(NAME)
    try:
        file = open_text(text, _options(model))
        _require_columns(model, file)
        _require_few(file, limits)
        added = added_columns(model, Answering(model))
        kept = [name for name in file.names if name not in added]
        scoring = Scoring(model, file, kept, odd=odd)
        table, answers = scoring.text(file.delimiter if file.delimiter in _WRITTEN else ",")
    except (DataError, UsageError) as error:
        raise Rejection(422, str(error)[:SAID]) from error
    counts = Counter(answers.tolist())
    lost = [name for name in file.names if name in added]
    said = [f"not given back, as answers are called so: {listed(lost)}"] if lost else []
    notes = [*file.notes, *file.doubts, *scoring.notes, *odd.notes, *said]
    return {
        "rows": len(answers),
        "classes": {name: counts[k] for k, name in enumerate(class_names(model))},
        "notes": [note.removeprefix(f"{NAME}: ") for note in notes],
        "table": "\ufeff" * body.startswith(codecs.BOM_UTF8) + table.decode(),
    }


def _encoding(model: Model, body: bytes) -> str | None:
    """None for UTF-8 and what a mark says; else what the training's table was written in."""
    if body.startswith(_MARKS):
        return None
    try:
        body.decode()
    except UnicodeDecodeError:
        known = model.inputs.options.encoding
        if known is None:
            raise Rejection(
                422, 'the table is not UTF-8: save it so, in Excel as "CSV UTF-8"'
            ) from None
        return known
    return None


def _options(model: Model) -> TableOptions:
    """As in training; what stands between cells is found out, for nobody can say it here."""
    return replace(model.inputs.options, delimiter=None)


def _require_plain(body: bytes, limits: Limits) -> None:
    """Refuse what is too long, or no text: nothing is unpacked that may be a thousand times so."""
    if len(body) > limits.upload:
        raise too_large(limits)
    if TextFile(NAME, None, body).packing is not None or body.startswith(_NO_TEXT):
        raise Rejection(422, "the table is no text: save it as CSV, not packed")
    start = 0
    while start < len(body):
        end = body.rfind(b"\n", start, start + LINE)
        if end < 0 and len(body) - start > LINE:
            raise Rejection(413, f"a line of the table has more than {LINE:,} bytes: shorten it")
        start = len(body) if end < 0 else end + 1


def _require_columns(model: Model, file: CsvFile) -> None:
    """Say in words where the first line names no column that the model looks at."""
    if len(file.names) > COLUMNS:
        raise Rejection(
            413,
            f"the table has {len(file.names):,} columns, and up to {COLUMNS:,} are taken: leave "
            "out those that the model does not look at",
        )
    needed = [column.name for column in model.columns]
    if set(needed) & set(file.names):
        return  # what else is lacking is named by who looks for it
    found = [name if len(name) <= NAME_SHOWN else f"{name[:NAME_SHOWN]}..." for name in file.names]
    raise Rejection(
        422,
        f"the first line of the table must name its columns; it has {listed(found, 5)}, and the "
        f"model looks at {listed(needed, 20)}",
    )


def _require_few(file: CsvFile, limits: Limits) -> None:
    rows = sum(batch.num_rows for batch in file.batches(file.names[:1]))
    if rows > limits.table_rows:
        raise Rejection(
            413,
            f"the table has {rows:,} rows, and up to {limits.table_rows:,} are scored here: "
            "divide it, or use onelayer predict MODEL TABLE -o scored.csv",
        )
