"""How a command ends: its exit code, and one line for what went wrong."""

from __future__ import annotations

import functools
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import typer

from onelayer.cli import INTERRUPTED
from onelayer.cli.output import warn, warn_in_lines
from onelayer.cli.streams import flush
from onelayer.errors import DataWarning, UsageError, WorkersLostError
from onelayer.words import in_one_line, options_spoken

FAILED, WRONG_USE = 1, 2


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what a command raises into a line on stderr and an exit code.

    With `debug` among the command's arguments an error keeps its traceback.
    """

    @functools.wraps(command)
    def run(**arguments: Any) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always", DataWarning)
                warnings.showwarning = _show_warning
                with options_spoken():
                    command(**arguments)
            flush()
        except KeyboardInterrupt:
            warn("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, typer.BadParameter, BrokenPipeError):
            raise
        except Exception as error:
            if arguments.get("debug"):
                raise
            warn_in_lines(f"error: {_in_words(error)}")
            raise typer.Exit(WRONG_USE if isinstance(error, UsageError) else FAILED) from None

    return run


def show_traceback(kind: type[BaseException], error: BaseException, at: Any) -> None:
    """Write what Python would, with control characters made visible."""
    warn_in_lines("".join(traceback.format_exception(kind, error, at)).rstrip())


def _in_words(error: Exception) -> str:
    """Return the message; that of Python's own errors with what it leaves out."""
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return in_one_line(f"{error.strerror}{where}" if error.strerror else str(error))
    if isinstance(error, MemoryError):
        return f"out of memory: {error}" if str(error) else "out of memory"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"this needs {error.name.partition('.')[0]}, which is not installed: "
            "pip install onelayer brings all that onelayer uses"
        )
    if isinstance(error, (ValueError, ImportError, ArithmeticError, WorkersLostError)):
        return str(error)
    return f"{type(error).__name__}: {error} (--debug shows where)"


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    warn(f"warning: {' '.join(str(message).split())}")
