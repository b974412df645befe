"""A table's columns as a pandas data frame, by the rules that `train` reads a table by."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.inputs.column_kinds import ReadTable, require_usable
from onelayer.inputs.oddities import Oddities
from onelayer.readers.tables.cells import (
    Cells,
    Nature,
    as_classes,
    levels_of,
    read_cells,
    read_numbers,
    require_finite,
    texts_of,
)

if TYPE_CHECKING:
    from onelayer.readers.tables.table_files import TableFile

WHOLE = 2.0**53  # below it every whole number is a float64


def read_frame(
    file: TableFile,
    names: Collection[str],
    *,
    keys: Collection[str] = (),
    response: str | None = None,
) -> Any:
    """A pandas DataFrame of these columns of a table.

    `cells.py` says what is missing, and what holds numbers. Whole numbers are int64 where none is
    missing, other numbers float64; true and false are booleans, and all else is text. What a
    Parquet file calls a category is one, its levels in the file's order. Of `keys` only what is
    missing is looked for: they are compared with each other, whatever they hold. In the `response`
    a word among numbers is a class, as "none" is.

    Raises
    ------
    DataError
        For columns of dates, or that hold an infinite number, by name; for
        a file that is damaged or has no rows.
    """
    import pandas as pd

    table = file.read([name for name in file.names if name in names])
    missing = file.options.missing
    cells = [
        as_classes(one) if one.name == response else one
        for one in (read_cells(n, table[n], missing) for n in table.column_names if n not in keys)
    ]
    read = ReadTable(
        source=str(file.path), cells=cells, decimal=file.options.decimal, usual=file.decimal
    )
    natures, odd = require_usable(read), Oddities(file.path)
    natures |= {one.name: Nature("category") for one in cells if _of_words(one, response)}
    found = {one.name: _column(one, natures[one.name], table[one.name], odd) for one in cells}
    odd.tell()
    columns = {
        name: found[name] if name in found else _key(name, table[name], missing)
        for name in table.column_names
    }
    return pd.DataFrame(columns, copy=False)


def _of_words(cells: Cells, response: str | None) -> bool:
    """Whether these are classes, of which some are no plain numbers."""
    if cells.name != response or not cells.is_text:
        return False
    known = ~cells.missing
    return bool(np.isnan(read_numbers(cells).values[known]).any())


def _key(name: str, array: Any, missing: Collection[str]) -> Any:
    """Cells as they are, but for text that stands for nothing."""
    from pyarrow import types

    texts = any(test(array.type) for test in (types.is_string, types.is_large_string))
    return (read_cells(name, array, missing).values if texts else array).to_pandas()


def _column(cells: Cells, nature: Nature, array: Any, odd: Oddities) -> Any:
    if nature.kind == "number":
        found = read_numbers(cells, nature.notation)
        rows = np.arange(len(found.values))
        odd.add(cells.name, found, rows)
        require_finite(cells.name, found.values, rows, odd.source)
        return _numbers(found.values)
    levels, boolean = levels_of(texts_of(cells))
    texts = texts_of(cells, boolean=boolean).to_numpy()
    if boolean:
        return _booleans(texts)
    return _category(texts, levels, array) if cells.declared else texts


def _numbers(found: np.ndarray) -> np.ndarray:
    whole = bool((found == np.rint(found)).all()) and bool((np.abs(found) < WHOLE).all())
    return found.astype(np.int64) if whole else found


def _booleans(texts: np.ndarray) -> np.ndarray:
    """Bool, or objects of which some are None."""
    found = [None if text is None else text == "true" for text in texts]
    return np.array(found, dtype=object if None in found else bool)


def _category(texts: np.ndarray, levels: tuple[str, ...], array: Any) -> Any:
    """With its levels in the order of the file's dictionary."""
    import pandas as pd

    named = array.unify_dictionaries().chunk(0).dictionary
    order = texts_of(read_cells("", named)).drop_null().to_pylist()
    kept = [level for level in dict.fromkeys(order) if level in set(levels)]
    return pd.Categorical(texts, categories=kept)
