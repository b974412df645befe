"""What tells a file from another, and from itself after a change."""

from __future__ import annotations

import os
from typing import NamedTuple


class FileStamp(NamedTuple):
    """Bytes, nanoseconds of the last change, and place on the disk."""

    size: int
    modified: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileStamp:
        """From what the system says of a file."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)
