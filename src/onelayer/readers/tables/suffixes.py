"""Which files are tables, by their names; it imports nothing that reads them."""

from __future__ import annotations

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
