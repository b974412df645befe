"""A process that decodes pictures, so that one that takes too long, or crashes, can be ended.

Run by `decoders.py`, which writes to its stdin and reads from its stdout:

    to it    a line of JSON, {"size", "max_pixels", "to"}, then `size` bytes of a file
    from it  a line of JSON, {"kind", "size", "memory"}, then `size` bytes: of pixels where kind is
             "pixels", else of the reason in words, where kind is "damaged" or "large";
             memory is what it keeps, in bytes, where the system says so
"""

from __future__ import annotations

import json
import os
import signal
import sys
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from onelayer.errors import DataError, MissingExtraError, TooLargeError
from onelayer.readers.pictures.decoding import decode
from onelayer.readers.pictures.preprocessing import Preprocessing
from onelayer.readers.pictures.quiet import quiet

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]

MEMORY = 2 * 2**30
"""Bytes: 50 megapixels of 16-bit grey, the hungriest that there are, were seen to take 1.4 GB."""


def main() -> None:
    """Answer one file after the other until stdin ends, as it does when the server does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends us
    _limit_memory()
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    with quiet():
        while line := sys.stdin.buffer.readline():
            answer(json.loads(line), sys.stdin.buffer, output)


def answer(asked: dict[str, object], source: BinaryIO, output: BinaryIO) -> None:
    """Decode one file of `asked["size"]` bytes and write what became of it."""
    content = source.read(int(str(asked["size"])))
    to = Preprocessing(**asked["to"])  # type: ignore[arg-type] # our own words, from to_dict
    try:
        pixels = decode(BytesIO(content), to, int(str(asked["max_pixels"])))
        kind, payload = "pixels", pixels.tobytes()
    except TooLargeError as error:
        kind, payload = "large", str(error).encode()
    except (DataError, MissingExtraError) as error:
        kind, payload = "damaged", str(error).encode()
    told = {"kind": kind, "size": len(payload), "memory": _resident()}
    output.write(json.dumps(told).encode() + b"\n" + payload)
    output.flush()


def _limit_memory() -> None:
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def _resident() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:  # Linux alone has it; getrusage counts what the parent had, too
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
