"""A process that decodes pictures, so that one that takes too long, or crashes, can be ended.

Run by `decoders.py`, which writes to its stdin and reads from its stdout:

    to it    a line of JSON, {"size", "max_pixels", "to"}, then `size` bytes of a file
    from it  a line of JSON, {"kind", "size"}, then `size` bytes: of pixels where kind is
             "pixels", else of the reason in words, where kind is "damaged" or "large"
"""

from __future__ import annotations

import json
import os
import signal
import sys
from io import BytesIO
from typing import BinaryIO

from onelayer.errors import DataError, MissingExtraError, TooLargeError
from onelayer.readers.decoding import decode
from onelayer.readers.preprocessing import Preprocessing
from onelayer.readers.quiet import quiet

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
    output.write(json.dumps({"kind": kind, "size": len(payload)}).encode() + b"\n" + payload)
    output.flush()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


if __name__ == "__main__":
    main()
