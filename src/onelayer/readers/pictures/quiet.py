"""Pillow's warnings on odd files kept to the audit."""

from __future__ import annotations

import warnings
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = Lock()
_readings = 0
_filters = ExitStack()


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore warnings that Pillow's modules raise, and no others, while a reading is under way.

    Python's filters belong to the whole process, and saving and restoring them from several
    threads at once leaves the wrong ones behind. So the first reading to start sets one filter, the
    last to end takes it away, and the threads of a reading never touch it.
    """
    global _readings  # noqa: PLW0603 - the filters it counts are the process's own
    with _lock:
        _readings += 1
        if _readings == 1:
            _filters.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)\.")
    try:
        yield
    finally:
        with _lock:
            _readings -= 1
            if _readings == 0:
                _filters.close()
