"""The columns of a table as nodes: from cells to z, one input a column.

Cells of text are told apart by regular expressions, which trim them and know the words for nothing
as the model does: the outcome of a cell is a whole number, and each of its binary digits is one
expression of the texts that have it. A level that training has not seen is outcome 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from onelayer.errors import UsageError
from onelayer.export.onnx_graph import OnnxGraph
from onelayer.export.onnx_layer import add_products
from onelayer.inputs.columns import Column
from onelayer.inputs.encoding import NONE, Encoding, Piece
from onelayer.layer import Layer
from onelayer.readers.tables.cells import MISSING, NUMBER
from onelayer.readers.tables.notation import NOTHING

BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""What a cell is trimmed of: Arrow's and Python's idea of it are one, as a test holds."""

TAKEN = re.compile(r"(column )*(label|probabilities|onelayer/.*|)", re.DOTALL)
"""Names of outputs and of inner values, and none; so too once they have another name."""


def input_name(column: Column) -> str:
    """What a column's input is called: as the column, but for the names of outputs."""
    return f"column {column.name}" if TAKEN.fullmatch(column.name) else column.name


def add_table(graph: OnnxGraph, encoding: Encoding, layer: Layer) -> str:
    """Add z - b', (m, k), of a table's columns."""
    require_numbers_and_categories(encoding, "ONNX")
    starts = np.cumsum([0, *(piece.width for piece in encoding.pieces)])
    parts: list[str] = []
    for at, column in enumerate(encoding.columns):
        own = [
            (piece, np.arange(start, start + piece.width))
            for piece, start in zip(encoding.pieces, starts, strict=False)
            if piece.column == at
        ]
        of_kind = _number if column.kind == "number" else _category
        parts += of_kind(graph, column, own, LevelTables(encoding, layer))
    z = parts[0]
    for part in parts[1:]:
        z = graph.add("Add", z, part)
    return z


def require_numbers_and_categories(encoding: Encoding, language: str) -> None:
    """Raise UsageError for columns that the language of an export cannot read."""
    beyond = {"text": "free text", "date": "one of dates"}
    for column in encoding.columns:
        if column.kind in beyond:
            raise UsageError(
                f"column {column.name!r} is {beyond[column.kind]}, and {language} has nothing that "
                "reads it as the model does: leave it out of the training, or keep the model as it "
                "is"
            )


class LevelTables:
    """What the places of a piece add to z."""

    def __init__(self, encoding: Encoding, layer: Layer) -> None:
        self.encoding, self.layer = encoding, layer

    def of(self, places: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Return what each place, `NONE` for none, adds to z without b': (places, k)."""
        ones = (places[:, None] == np.arange(len(features))) & (places[:, None] != NONE)
        seen = (ones - self.encoding.centre[features]) * self.encoding.scale[features]
        if self.layer.scaling is not None:
            scaling = self.layer.scaling.of_columns(features)
            seen = (seen - scaling.centre) * scaling.scale
        return np.einsum("pj,jk->pk", seen, self.layer.inner[0][features])


Own = list[tuple[Piece, np.ndarray]]


def _number(graph: OnnxGraph, column: Column, own: Own, tables: LevelTables) -> Iterator[str]:
    x = graph.take(input_name(column), graph.dtype, ["N", 1])
    missing = graph.add("IsNaN", x)
    for word in [float(word) for word in column.missing if re.match(NUMBER, word)]:
        missing = graph.add("Or", missing, graph.add("Equal", x, graph.constant(word)))
    for piece, features in own:
        if piece.make == "missing":
            table = tables.of(np.array([NONE, 0]), features)
            yield _gathered(graph, graph.cast(missing, np.int64), table)
            continue
        fill = graph.constant(np.nan if piece.fill is None else piece.fill)
        value = graph.add("Where", missing, fill, x)
        moved = graph.add("Sub", value, graph.constant(tables.encoding.centre[features]))
        scaled = graph.add("Mul", moved, graph.constant(tables.encoding.scale[features]))
        yield add_products(graph, scaled, tables.layer, features)


def _category(graph: OnnxGraph, column: Column, own: Own, tables: LevelTables) -> Iterator[str]:
    places = np.array([level_places(piece, len(column.levels)) for piece, _ in own])
    # The outcomes that differ, that of an unseen level first.
    order = [len(column.levels), *range(len(column.levels)), len(column.levels) + 1]
    outcomes = list(dict.fromkeys(tuple(places[:, at].tolist()) for at in order))
    codes = [outcomes.index(tuple(one)) for one in places.T.tolist()]
    code = _coded(graph, column, codes)
    for number, (_, features) in enumerate(own):
        own_places = np.array([outcome[number] for outcome in outcomes])
        yield _gathered(graph, code, tables.of(own_places, features))


def level_places(piece: Piece, levels: int) -> list[int]:
    """The place of each level, then of an unseen one and of a missing cell."""
    if piece.make == "levels":
        return list(piece.places)
    return [*[NONE] * (levels + 1), 0]


def _coded(graph: OnnxGraph, column: Column, codes: list[int]) -> str:
    """The number of each cell's outcome, int64 (m, 1)."""
    x = graph.take(input_name(column), object, ["N", 1])
    # Zeros, one a row; an unseen level is outcome 0.
    total = graph.add("Expand", graph.constant(0, np.int64), graph.add("Shape", x))
    texts = [_written(level, column) for level in column.levels]
    absent = _absent(column)
    for bit in range(max(codes).bit_length()):
        chosen = [
            text
            for level, text, code in zip(column.levels, texts, codes, strict=False)
            if code >> bit & 1 and not re.fullmatch(absent, level)
        ]
        words = [*chosen, absent] if codes[-1] >> bit & 1 else chosen
        if words:
            pattern = f"[{BLANKS}]*(?:{'|'.join(words)})[{BLANKS}]*"
            found = graph.add("RegexFullMatch", x, pattern=pattern)
            power = graph.constant(1 << bit, np.int64)
            total = graph.add("Add", total, graph.add("Mul", graph.cast(found, np.int64), power))
    return total


def _absent(column: Column) -> str:
    """The pattern of the words that stand for no value in a column of texts."""
    words = "|".join(re.escape(word) for word in sorted({*MISSING, *column.missing}))
    nothing = f"|(?i:{NOTHING.removeprefix('(?i)^').removesuffix('$')})" if column.boolean else ""
    return f"(?:{words}{nothing})"


def _written(level: str, column: Column) -> str:
    """The pattern of a level; of true and false in any case."""
    if not column.boolean:
        return re.escape(level)
    return "".join(f"[{sign.upper()}{sign.lower()}]" for sign in level)


def _gathered(graph: OnnxGraph, code: str, table: np.ndarray) -> str:
    """Rows of a table by the codes (m, 1): (m, k)."""
    flat = graph.add("Squeeze", code, graph.constant([1], np.int64))
    return graph.add("Gather", graph.constant(table), flat)
