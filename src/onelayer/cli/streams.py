"""Streams that were closed before the command began, and those that can no longer be written."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _Closed(io.TextIOBase):
    """Standard output that is closed: whoever prints is told so."""

    def write(self, _: str, /) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


class _Silent(io.TextIOBase):
    """Standard error that is closed: nobody can be told."""

    def write(self, text: str, /) -> int:
        return len(text)


def stand_in_for_closed_streams() -> None:
    """Open the null device where stdin, stdout or stderr is closed.

    Otherwise the next file to be opened would get its number, the model perhaps, and with it
    whatever a library prints.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest number free
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = _Silent()


@contextmanager
def told_of_stdout() -> Iterator[None]:
    """Name standard output in what goes wrong with it; a pipe that is closed stays one."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error


def flush() -> None:
    """Hand on what was printed; where nobody can take it, do not try again at the end of Python.

    Raises
    ------
    OSError
        Where standard output is closed or its disk is full.
    """
    try:
        with told_of_stdout():
            sys.stdout.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
        raise
