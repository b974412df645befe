"""Files that are read more than once must be the same each time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

from onelayer.errors import DataError
from onelayer.file_stamps import FileStamp


@final
@dataclass(frozen=True)
class SeenFiles:
    """Files as they were when they were first looked at.

    Attributes
    ----------
    stamps
        Each file, and what tells it from itself after a change.
    """

    stamps: tuple[tuple[Path, FileStamp], ...]

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Self:
        """As they are now."""
        return cls(tuple((path, FileStamp.of(path.stat())) for path in paths))

    def require_unchanged(self) -> None:
        """Refuse a file that is no longer what it was; DataError that names it."""
        for path, stamp in self.stamps:
            try:
                same = FileStamp.of(path.stat()) == stamp
            except OSError:
                same = False
            if not same:
                raise DataError(
                    f"{path} was changed while it was read: leave it as it is, and start again"
                )
