"""The command line: one file a command, each a thin shell over `onelayer.model`."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; the exit code is 0, 1 (failed), 2 (wrong use) or 130 (Ctrl-C)."""
    try:
        from onelayer.cli.app import app

        app(prog_name="onelayer")
    except KeyboardInterrupt:  # before a command had begun
        _end_at_once()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _end_at_once()
        raise


def _end_at_once() -> None:
    """Leave now: Python takes every module apart first, half a second after scikit-learn's."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)
