"""A model of a table as one SELECT, which SQLite and DuckDB run alike.

    z = b' + sum over columns of what the cell adds,   a_k = 1 / sum_j e^(z_j - z_k)

Every number is written with an exponent, so that both read it as a double; no e^z overflows, as
what is larger than 700 counts as 700. The file is written only where SQLite answers as the model
does.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import onelayer
from onelayer.calibration import Costs, Threshold
from onelayer.errors import UsageError
from onelayer.export.check import Agreement, Expected
from onelayer.export.check_rows import CheckRows
from onelayer.export.onnx_layer import label_values
from onelayer.export.onnx_table import (
    BLANKS,
    LevelTables,
    input_name,
    level_places,
    require_numbers_and_categories,
)
from onelayer.export.source_rows import checks
from onelayer.export.subject import Subject
from onelayer.inputs import TableInputs
from onelayer.inputs.columns import Column
from onelayer.inputs.encoding import NONE, Encoding, Piece
from onelayer.inputs.examples import Examples
from onelayer.model_file import write_atomically
from onelayer.readers.tables.cells import MISSING, NUMBER
from onelayer.readers.tables.notation import NOTHING

TABLE = '"data"'
"""What the SELECT reads; its user puts the name of a table there."""
LARGEST = 700
"""Of z: e^709 is the largest double."""
ANSWER = "prediction"

_HEAD = """\
-- A model of onelayer {version}: {classes} from the columns {columns}.
-- Put the name of your table in place of {table}, once below; it keeps all of its own columns.
-- Columns of numbers hold numbers, and NULL where one is missing; others hold texts, or what reads
-- as the text that was trained on. Infinite numbers, which the model refuses, have no answer.
-- For DuckDB, and SQLite 3.35 or newer with its mathematical functions.
-- Checked in SQLite {sqlite}: {check}
"""


def export_sql(
    subject: Subject, path: str | Path, given: Examples | None = None
) -> dict[str, Agreement]:
    """Write the SELECT, and return how far SQLite's answers are from the model's.

    On hostile rows, and on those of a source that are given, before they are encoded.

    Raises
    ------
    UsageError
        For a model of anything but a table's numbers and categories, in words.
    ExportError
        Where SQLite does not answer as the model does; nothing is written then.
    """
    select = sql_of(subject)
    found = {}
    for where, rows in checks(subject, np.float64, given).items():
        told = Expected.of(subject, rows.matrix, np.float64)
        answers = answers_of_sqlite(select, subject, rows)
        found["SQLite" + where] = told.compared(answers, "SQLite")
    fields = {name: one.to_dict() for name, one in found.items()}
    head = _HEAD.format(
        version=onelayer.__version__,
        classes=_shown(subject.classes.tolist()),
        columns=_shown(column.name for column in subject.inputs.columns),
        table=TABLE,
        sqlite=sqlite3.sqlite_version,
        check=json.dumps(fields),
    )
    write_atomically(path, (head + select).encode())
    return found


def sql_of(subject: Subject) -> str:
    """Return the SELECT, not checked: errors as `export_sql`."""
    inputs, layer = subject.inputs, subject.layer
    if not isinstance(inputs, TableInputs):
        raise UsageError(
            f"a model of {inputs.kind} cannot be exported to SQL: models of tables can"
        )
    require_numbers_and_categories(inputs.fitted, "SQL")
    names = [str(value) for value in subject.classes.tolist()]
    z = [_name(f"z({name})") for name in (names if layer.W.shape[1] > 1 else names[1:])]
    a = [_name(f"P({name})") for name in names]
    _require_free([*z, *a, _name(ANSWER)], inputs.columns)
    sums = _sums(inputs.fitted, LevelTables(inputs.fitted, layer))
    scored = [
        f"{_number(b)}{''.join(parts)}\n      AS {name}"
        for b, parts, name in zip(layer.inner[1], sums, z, strict=True)
    ]
    probable = [f"{one} AS {name}" for one, name in zip(_probabilities(z, subject), a, strict=True)]
    steps = [
        f'WITH "scored" AS MATERIALIZED (\n  SELECT *,\n    {_lines(scored)}\n  FROM {TABLE}\n),\n',
        f'"judged" AS MATERIALIZED (\n  SELECT *,\n    {_lines(probable)}\n  FROM "scored"\n)\n',
        f"SELECT *,\n  {_answer(z, a, subject)} AS {_name(ANSWER)}\n",
        'FROM "judged"\n',
    ]
    return "".join(steps)


def answers_of_sqlite(select: str, subject: Subject, rows: CheckRows) -> list[Any]:
    """Return label (m,), a (m, K) and z (m, k), as SQLite has them of the rows of a check."""
    columns = subject.inputs.columns
    cells = [rows.feeds[input_name(column)][:, 0].tolist() for column in columns]
    types = {"number": "DOUBLE", "category": "TEXT"}
    declared = [f"{_name(column.name)} {types[column.kind]}" for column in columns]
    with sqlite3.connect(":memory:") as base:
        base.execute(f"CREATE TABLE {TABLE} ({', '.join(declared)})")
        marks = ", ".join("?" * len(columns))
        into = f"INSERT INTO {TABLE} VALUES ({marks})"
        base.executemany(into, zip(*cells, strict=True))
        found = base.execute(select).fetchall()
    base.close()
    k = subject.layer.W.shape[1]
    numbers = np.array([row[len(columns) : -1] for row in found], np.float64)
    labels = label_values(subject.classes)
    return [np.array([row[-1] for row in found], labels.dtype), numbers[:, k:], numbers[:, :k]]


def _sums(encoding: Encoding, tables: LevelTables) -> list[list[str]]:
    """What is added to z, a list a column of z."""
    starts = np.cumsum([0, *(piece.width for piece in encoding.pieces)])
    sums: list[list[str]] = [[] for _ in range(tables.layer.W.shape[1])]
    for piece, start in zip(encoding.pieces, starts, strict=False):
        column = encoding.columns[piece.column]
        features = np.arange(start, start + piece.width)
        for own, term in zip(sums, _terms(column, piece, features, tables), strict=True):
            own.append(f"\n      + {term}")
    return sums


def _terms(
    column: Column, piece: Piece, features: np.ndarray, tables: LevelTables
) -> Iterator[str]:
    """What a piece adds, a text a column of z."""
    if piece.make == "value":
        yield from _value(column, piece, features, tables)
        return
    absent = _absent(column)
    if column.kind == "number":
        for none, missing in tables.of(np.array([NONE, 0]), features).T:
            yield f"CASE WHEN {absent} THEN {_number(missing)} ELSE {_number(none)} END"
        return
    places = np.array(level_places(piece, len(column.levels)))
    for *levels, unseen, missing in tables.of(places, features).T:
        known = "".join(
            f" WHEN {_text(level)} THEN {_number(one)}"
            for level, one in zip(column.levels, levels, strict=True)
            if one != unseen
        )
        rest = f"CASE {_cell(column)}{known} ELSE {_number(unseen)} END" if known else None
        yield f"CASE WHEN {absent} THEN {_number(missing)} ELSE {rest or _number(unseen)} END"


def _value(
    column: Column, piece: Piece, features: np.ndarray, tables: LevelTables
) -> Iterator[str]:
    """(x - centre) * slope, with what stands in for a missing x."""
    encoding, layer = tables.encoding, tables.layer
    centre, slopes = encoding.centre[features], encoding.scale[features]
    if layer.scaling is not None:
        scaling = layer.scaling.of_columns(features)
        centre, slopes = centre + scaling.centre / slopes, slopes * scaling.scale
    fill = "NULL" if piece.fill is None else _number(piece.fill)
    x = f"CASE WHEN {_absent(column)} THEN {fill} ELSE CAST({_name(column.name)} AS DOUBLE) END"
    for slope in (slopes[:, None] * layer.inner[0][features])[0]:
        yield f"({x} - {_number(centre[0])}) * {_number(slope)}"


def _absent(column: Column) -> str:
    """Whether a cell stands for no value."""
    words = [*MISSING, *column.missing]
    if column.boolean:
        words += nothing_words()
    if column.kind == "number":
        written = [float(word) for word in column.missing if re.match(NUMBER, word)]
        name = _name(column.name)
        also = f" OR CAST({name} AS DOUBLE) IN ({', '.join(map(_number, written))})"
        # DuckDB's NaN is written so; SQLite has none.
        nan = f"{name} IS NULL OR lower(trim(CAST({name} AS TEXT))) IN ('nan', '-nan', '')"
        return nan + (also if written else "")
    listed = ", ".join(_text(word) for word in dict.fromkeys(words))
    return f"{_name(column.name)} IS NULL OR {_cell(column)} IN ({listed})"


def nothing_words() -> list[str]:
    """Return the words for nothing among true and false, in small letters."""
    found = []
    for pattern in re.sub(r"^\(\?i\)\^\(|\)\$$", "", NOTHING).split("|"):
        word = pattern.replace("\\", "")
        found += [word[:-2], word[:-1]] if word.endswith(".?") else [word]
    return found


def _cell(column: Column) -> str:
    """The text of a cell, trimmed; true and false in small letters."""
    text = f"trim(CAST({_name(column.name)} AS TEXT), {_text(BLANKS)})"
    return f"lower({text})" if column.boolean else text


def _probabilities(z: Sequence[str], subject: Subject) -> list[str]:
    """a of every class, from the names of z."""
    T, offsets = subject.readout.temperature, subject.readout.offsets
    off = np.zeros(len(z)) if offsets is None else offsets
    if len(z) == 1:
        logit = f"({z[0]} / {_number(T)} + {_number(off[0])})"
        return [f"1 / (1 + {_exp(logit)})", f"1 / (1 + {_exp('-' + logit)})"]
    return [
        " + ".join(
            _exp(f"(({one} - {own}) / {_number(T)} + {_number(off[j] - off[k])})")
            for j, one in enumerate(z)
        ).join(("1 / (", ")"))
        for k, own in enumerate(z)
    ]


def _exp(z: str) -> str:
    low, high = _number(-LARGEST), _number(LARGEST)
    return f"exp(CASE WHEN {z} > {high} THEN {high} WHEN {z} < {low} THEN {low} ELSE {z} END)"


def _answer(z: Sequence[str], a: Sequence[str], subject: Subject) -> str:
    """The class that is answered, by the model's rule."""
    rule, values = subject.readout.decision, label_values(subject.classes).tolist()
    names = [_text(value) if isinstance(value, str) else repr(value) for value in values]
    if isinstance(rule, Costs):
        costs = [
            "("
            + " + ".join(f"{one} * {_number(c)}" for one, c in zip(a, column, strict=True))
            + ")"
            for column in rule.matrix.T
        ]
        return _first_best(costs, names, "<=")
    if isinstance(rule, Threshold):
        at = rule.position
        others = _first_best([*a[:at], *a[at + 1 :]], [*names[:at], *names[at + 1 :]], ">=")
        return f"CASE WHEN {a[at]} > {_number(rule.value)} THEN {names[at]} ELSE {others} END"
    if len(z) == 1:
        return f"CASE WHEN {z[0]} > 0 THEN {names[1]} ELSE {names[0]} END"
    return _first_best(z, names, ">=")


def _first_best(values: Sequence[str], names: Sequence[str], sign: str) -> str:
    """The name of the first of the best values."""
    if len(values) == 1:
        return names[0]
    cases = [
        f"WHEN {' AND '.join(f'{value} {sign} {other}' for other in values[at + 1 :])} THEN {name}"
        for at, (value, name) in enumerate(zip(values[:-1], names, strict=False))
    ]
    return f"CASE {' '.join(cases)} ELSE {names[-1]} END"


def _require_free(made: Sequence[str], columns: Sequence[Column]) -> None:
    # SQL tells names apart without regard to capitals.
    taken = {name.lower() for name in made}
    for column in columns:
        if _name(column.name).lower() in taken:
            raise UsageError(
                f"column {column.name!r} is called as a column of the result: rename it"
            )
    if len(taken) < len(made):
        raise UsageError("two classes differ in capitals alone, which SQL does not tell apart")


def _number(value: float) -> str:
    """A double: without its exponent DuckDB would read a decimal."""
    return f"{float(value):.17e}" if value >= 0 else f"({float(value):.17e})"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _shown(names: Any) -> str:
    return re.sub(r"\s+", " ", ", ".join(map(str, names)))


def _lines(parts: Sequence[str]) -> str:
    return ",\n    ".join(parts)
