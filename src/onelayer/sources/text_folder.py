"""A folder with a sub-folder of text files for each class, or with train/, val/ and test/."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from onelayer.errors import DataError
from onelayer.inputs import TableInputs
from onelayer.inputs.base import is_path
from onelayer.inputs.examples import Examples
from onelayer.readers.pictures.folders import class_folders, class_name, files_below
from onelayer.readers.pictures.splits import require_classes
from onelayer.readers.tables.suffixes import is_text_file
from onelayer.readers.tables.table_options import TableOptions
from onelayer.settings import Settings
from onelayer.sources.source import Like
from onelayer.sources.split_folder import SplitFolder
from onelayer.sources.table import TableSource
from onelayer.words import spelt

if TYPE_CHECKING:
    from onelayer.readers.tables.table_files import TableFile
    from onelayer.readers.tables.text_files import Texts

TEXT, CLASS = "text", "class"
"""What the columns of its table are called."""

_LOOKED_AT = 200
"""Files that say what a folder holds: of texts most are called .txt."""


@final
class TextFolder(SplitFolder, TableSource):
    """Texts by class, in folders: a table of two columns, a file a row."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """A folder with sub-folders in which most files are .txt."""
        del settings
        if not is_path(given) or not Path(given).is_dir() or not class_folders(Path(given)):
            return False
        files = [*islice(files_below(Path(given)), _LOOKED_AT)]
        return 2 * sum(map(is_text_file, files)) > len(files)

    def read(self, part: str | None, like: Like | None = None) -> Examples:
        """Read the texts of a part; those that cannot be read are left out, and named."""
        self.require_no_columns(like)
        folder = self.of_part(part)
        self.progress("reading", 0, 1)
        found = self._texts(folder)
        column = _column_of(like)
        asked = replace(self.settings, target=CLASS, text=(column,), drop=(), weights=None)
        examples = self.examples(_table(folder, found, column, asked), asked, like)
        kept = examples.names.astype(int)
        left_out = tuple((str(file.relative_to(folder)), why) for file, why in found.left_out)
        names = [file.relative_to(folder).as_posix() for file in found.files]
        return replace(
            examples,
            names=np.array(names)[kept],
            audit=replace(examples.audit, left_out=left_out, unit="texts"),
        )

    @property
    def file(self) -> TableFile:
        """The table of the part that is trained on."""
        folder = self.splits.train
        return _table(folder, self._texts(folder), TEXT, self.settings)

    def _texts(self, folder: Path) -> Texts:
        from onelayer.readers.tables.text_files import read_texts

        require_classes(folder)
        files = [file for one in class_folders(folder) for file in files_below(one)]
        texts = [file for file in files if is_text_file(file)]
        found = read_texts(texts, TableOptions.of(vars(self.settings)))
        others = [(file, "is no .txt file") for file in files if not is_text_file(file)]
        found.left_out.extend(others)
        if self.settings.strict and found.left_out:
            file, why = found.left_out[0]
            raise DataError(f"{file} {why} (strict)")
        unread = [why for _, why in found.left_out if why.startswith("is not UTF-8")]
        if unread and not found.files:
            hint = spelt("encoding='cp1252'", "--encoding cp1252")
            raise DataError(f"{folder}: no text is UTF-8: say what they are written in, as {hint}")
        return found


def _column_of(like: Like | None) -> str:
    """What the texts' column is called: as in the model, where that looks at one of text alone."""
    if like is None or not isinstance(like.inputs, TableInputs):
        return TEXT
    columns = like.inputs.columns
    return columns[0].name if len(columns) == 1 and columns[0].kind == "text" else TEXT


def _table(folder: Path, found: Texts, column: str, asked: Settings) -> TableFile:
    import pyarrow as pa

    from onelayer.readers.tables.arrow_arrays import array_of_texts
    from onelayer.readers.tables.table_files import ArrowTable

    classes = [class_name(folder / file.relative_to(folder).parts[0]) for file in found.files]
    table = pa.table(
        {
            column: array_of_texts(found.texts),
            CLASS: array_of_texts(classes),
        }
    )
    return ArrowTable.of(folder, table, TableOptions.of(vars(asked)))
