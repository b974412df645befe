"""Several tables as one: files in a list, or those of a folder, of which some may judge."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from onelayer.errors import DataError
from onelayer.inputs.base import is_path
from onelayer.readers.pictures.splits import part_named
from onelayer.readers.tables.suffixes import table_kind, tables_in
from onelayer.readers.tables.table_options import TableOptions
from onelayer.settings import Settings
from onelayer.sources.source import JUDGES, digest
from onelayer.sources.table import TableSource
from onelayer.words import spelt

if TYPE_CHECKING:
    from onelayer.readers.tables.table_files import TableFile

_SHOWN = 3


@final
class TablesInFiles(TableSource):
    """Tables of the same columns, read one after the other."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """A list of tables' files, or a folder that holds tables and nothing else."""
        if settings.x is not None:
            return False
        if isinstance(given, list):
            return bool(given) and all(is_path(one) and table_kind(Path(one)) for one in given)
        return is_path(given) and Path(given).is_dir() and bool(tables_in(Path(given)))

    @property
    def described(self) -> str:
        """The folder, or the first files."""
        if not isinstance(self.given, list):
            return str(self.given)
        more = f" and {len(self.given) - _SHOWN} more" if len(self.given) > _SHOWN else ""
        return ", ".join(map(str, self.given[:_SHOWN])) + more

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, or their folder."""
        return tuple(map(str, self.given)) if isinstance(self.given, list) else (str(self.given),)

    @property
    def identity(self) -> str:
        """By the places of all."""
        places = [str(path.resolve()) for path in self._all]
        return digest(f"path:{places}".encode())

    def parts(self) -> tuple[str, ...]:
        """Of a folder those that files are named after, as train.csv and test.csv are."""
        return tuple(self._by_part)

    @property
    def notes(self) -> tuple[str, ...]:
        """The files beside those of the parts."""
        taken = {path for paths in self._by_part.values() for path in paths}
        rest = [path.name for path in self._all if path not in taken]
        return tuple(f"{name} has no part in training or judging" for name in rest)

    @cached_property
    def file(self) -> TableFile:
        """The tables that are trained on."""
        return self.part_file("train")

    def part_file(self, part: str | None) -> TableFile:
        """The tables of a part, or of the one that judges, as one.

        Raises
        ------
        DataError
            Where their columns are not the same; all else as for one table.
        """
        from onelayer.readers.tables.several import open_tables
        from onelayer.readers.tables.table_files import open_table

        name = part or next(name for name in JUDGES if name in self._by_part)
        paths, options = self._by_part[name], TableOptions.of(vars(self.settings))
        if len(paths) == 1:
            return open_table(paths[0], options)
        return open_tables(paths, Path(self.described), options)

    @cached_property
    def _all(self) -> list[Path]:
        if isinstance(self.given, list):
            return [Path(one) for one in self.given]
        return tables_in(Path(self.given))

    @cached_property
    def _by_part(self) -> dict[str, list[Path]]:
        """The files of each part: all, unless they are called train, test and val."""
        if isinstance(self.given, list):
            return {"train": self._all}
        named = {path: self._part(path) for path in self._all}
        if "train" not in named.values():
            parts = sorted({part for part in named.values() if part})
            if parts:
                raise DataError(
                    f"{self.given} has tables called {', '.join(parts)}, and none called train: "
                    f"give the one to train on, and name the other with {spelt('test')}"
                )
            return {"train": self._all}
        return {
            part: paths
            for part in ("train", "test", "val")
            if (paths := [path for path, its in named.items() if its == part])
        }

    def _part(self, path: Path) -> str | None:
        """By the file's name; a table without the target judges nothing, whatever it is called."""
        from onelayer.readers.tables.table_files import open_table

        part, target = part_named(path.name.split(".")[0]), self.settings.target
        if part in {None, "train"} or target is None:
            return part
        names = open_table(path, TableOptions.of(vars(self.settings))).names
        return part if isinstance(target, int) or str(target) in names else None
