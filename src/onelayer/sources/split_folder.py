"""What folders of classes share, whatever lies in them: parts that are found by names."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from onelayer.readers import Splits, find_splits
from onelayer.readers.pictures.folders import files_below
from onelayer.readers.tables.suffixes import table_kind
from onelayer.sources.source import JUDGES, Source, digest


class SplitFolder(Source):
    """A folder with a sub-folder a class, or with train/, val/ and test/ that have them."""

    @cached_property
    def splits(self) -> Splits:
        """Where its parts lie."""
        return find_splits(Path(self.given))

    @property
    def notes(self) -> tuple[str, ...]:
        """The folders beside train/, val/ and test/."""
        return self.splits.notes

    @property
    def identity(self) -> str:
        """By its place."""
        return digest(f"path:{Path(self.given).resolve()}".encode())

    def parts(self) -> tuple[str, ...]:
        """By the names of its folders."""
        return tuple(name for name in ("train", "test", "val") if getattr(self.splits, name))

    @property
    def no_table(self) -> str:
        """What is said where columns were named: which tables lie in it, if any."""
        files = list(files_below(Path(self.given)))
        tables = [str(file.relative_to(self.given)) for file in files if table_kind(file)]
        if not files:
            return f"{super().no_table}, but a folder without files"
        if not tables:
            return super().no_table
        return f"{super().no_table}, but a folder with {tables[0]} and other files: name the tables"

    def of_part(self, part: str | None) -> Path:
        """The folder of a part; of none named, of the one that judges."""
        name = part or next(name for name in JUDGES if name in self.parts())
        folder: Path = getattr(self.splits, name)
        return folder
