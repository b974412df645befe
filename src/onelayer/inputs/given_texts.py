"""Texts by themselves, for a model that looks at nothing else: in memory or in .txt files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from onelayer.inputs.base import as_list, is_path
from onelayer.inputs.columns import Column
from onelayer.readers.tables.arrow_arrays import array_of_texts
from onelayer.readers.tables.suffixes import is_text_file, table_kind
from onelayer.readers.tables.table_options import TableOptions
from onelayer.readers.tables.text_files import texts_table

HERE = "the texts given"


def only_text(columns: Sequence[Column]) -> str | None:
    """Return the name of the one column that is looked at, where it is of text; else None."""
    return columns[0].name if len(columns) == 1 and columns[0].kind == "text" else None


def given_texts(
    given: Any, columns: Sequence[Column], options: TableOptions
) -> tuple[Any, object] | None:
    """Return texts as an Arrow table of that one column, and what to call them; else None.

    A path of a .txt file, or of a folder of them, or several; or a list of texts. What is a list of
    one name of a file that is there, or ends as tables do, is that file.
    """
    name, several = only_text(columns), as_list(given)
    if name is None or not several or not all(is_path(one) for one in several):
        return None
    if all(is_text_file(Path(one)) or _is_folder(one) for one in several):
        tables = [texts_table(Path(one), name, options).table for one in several]
        return pa.concat_tables(tables), Path(several[0])
    if not isinstance(given, (list, tuple)) or any(_is_file(one) for one in several):
        return None
    return pa.table({name: array_of_texts([str(one) for one in several])}), HERE


def _is_folder(given: str | Path) -> bool:
    return _there(given) and Path(given).is_dir()


def _is_file(given: str | Path) -> bool:
    return isinstance(given, Path) or table_kind(Path(given)) is not None or _there(given)


def _there(given: str | Path) -> bool:
    """Whether there is such a file; a long text is no name of any."""
    try:
        return Path(given).exists()
    except (OSError, ValueError):
        return False
