"""How much the server takes at once: bytes, pixels, files, rows, seconds, requests."""

from __future__ import annotations

import os
from dataclasses import dataclass


def _processors() -> int:
    return os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request may bring and take, and how many are served at once.

    Attributes
    ----------
    upload
        Bytes of all files of a request together, or of its JSON.
    pixels
        Of one picture, as its header claims before anything is decoded.
    files, rows
        Of one request.
    table_rows
        Of a table that comes as text and goes back with its answers.
    seconds
        From a request's first byte to its answer.
    decoding
        Seconds for all pictures of a request; then the process that decodes is killed.
    decoders
        Processes that decode, and threads that wait for them.
    memory
        Bytes that a process may keep when it has decoded; above, another takes its place.
    waiting
        Requests waiting or answered at once, and bodies as large as `upload` that arrive at once;
        the next is told to come again.
    """

    upload: int = 10_000_000
    pixels: int = 50_000_000
    files: int = 16
    rows: int = 1000
    table_rows: int = 10_000
    seconds: float = 30.0
    decoding: float = 10.0
    decoders: int = min(4, _processors())
    memory: int = 200_000_000
    waiting: int = 32

    @property
    def body(self) -> int:
        """Bytes of a request: the files, and what multipart writes around each."""
        return self.upload + 8192 * (self.files + 1)
