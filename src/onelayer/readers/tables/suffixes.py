"""Which files are tables or texts, by their names, and which are pipes; no reader is imported."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Literal

from onelayer.readers.pictures.folders import files_below

PACKED = (".gz", ".bz2", ".zst")


def table_kind(path: Path) -> Literal["csv", "parquet", "excel"] | None:
    """Return what table a file is, by its name, packed CSV too; None for everything else."""
    name = path.name.lower()
    if name.endswith((".xlsx", ".xlsm")):
        return "excel"
    if name.endswith((".parquet", ".pq")):
        return "parquet"
    for packing in PACKED:
        name = name.removesuffix(packing)
    return "csv" if name.endswith((".csv", ".tsv")) else None


def tables_in(folder: Path) -> list[Path]:
    """Return the tables of a folder, in order of their names; none where it holds other files."""
    if any(entry.is_dir() and not entry.name.startswith(".") for entry in folder.iterdir()):
        return []
    files = list(files_below(folder))
    tables = [path for path in files if table_kind(path)]
    return tables if 2 * len(tables) > len(files) else []


def is_text_file(path: Path) -> bool:
    """Whether a file is one of text, by its name; packed ones are not."""
    return path.suffix.lower() == ".txt"


def is_pipe(path: Path) -> bool:
    """Whether a path is a pipe, as /dev/stdin or <(command)."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
