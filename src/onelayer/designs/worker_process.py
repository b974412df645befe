"""How a worker that a command has started for itself begins: Dask calls `dask_setup` there."""

from __future__ import annotations

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Leave Ctrl-C, which a terminal sends to all processes of a command, to the command.

    It ends its workers itself, and they would print where they were.
    """
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
