"""The command line: one file a command, each a thin shell over `onelayer.model`."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the exit code is 0, 1 (failed), 2 (wrong use) or 130 (Ctrl-C)."""
    try:
        from onelayer.cli.app import app

        app(prog_name="onelayer")
    except KeyboardInterrupt:  # before a command had begun
        raise SystemExit(130) from None
