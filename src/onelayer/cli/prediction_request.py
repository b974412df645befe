"""What `onelayer predict` was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from onelayer.readers.tables.table_options import TableOptions

if TYPE_CHECKING:
    from onelayer.model.answering import Answering


class PredictionRequest(NamedTuple):
    """What is to be predicted, and how it is read."""

    files: list[Path]
    x: str | None
    keep: list[str]
    table: TableOptions
    answering: Answering
