"""Which files are tables, by their names, and which are pipes; it imports no reader of them."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Literal

PACKED = (".gz", ".bz2", ".zst")


def table_kind(path: Path) -> Literal["csv", "parquet"] | None:
    """Return csv or parquet by a file's name, packed CSV too; None for everything else."""
    name = path.name.lower()
    if name.endswith((".parquet", ".pq")):
        return "parquet"
    for packing in PACKED:
        name = name.removesuffix(packing)
    return "csv" if name.endswith((".csv", ".tsv")) else None


def is_pipe(path: Path) -> bool:
    """Whether a path is a pipe, as /dev/stdin or <(command)."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
