"""The command line: one file a command, each a thin shell over `onelayer.model`."""

from __future__ import annotations

import gc
import os
import sys

from onelayer.cli.streams import stand_in_for_closed_streams

INTERRUPTED = 130


def main() -> None:
    """Run the command line; the exit code is 0, 1 (failed), 2 (wrong use) or 130 (Ctrl-C)."""
    stand_in_for_closed_streams()
    try:
        from onelayer.cli.outcome import show_traceback

        sys.excepthook = show_traceback  # before typer looks which one there is
        from onelayer.cli.app import app

        app(prog_name="onelayer")
    except KeyboardInterrupt:  # before a command had begun
        _end_at_once()
    except OSError as error:
        if error.filename is not None:
            raise
        # Help or a version that nobody can take.
        sys.stderr.write(f"error: {error.strerror}: standard output\n")
        raise SystemExit(1) from None
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _end_at_once()
        raise
    finally:
        # Python takes every module apart at its end, and looks for cycles among all that is there:
        # a quarter of a second after a training, for memory that goes back in any case.
        gc.freeze()


def _end_at_once() -> None:
    """Leave now: Python takes every module apart first, half a second after scikit-learn's."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)
