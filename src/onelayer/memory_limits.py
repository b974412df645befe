"""How much memory a fit may take: what is free, what the control groups leave, what was asked."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from onelayer.errors import UsageError
from onelayer.words import spelt

SHARE = 0.5  # guard: of what is free; the rest is for the solver, the caller and the file cache
UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
UNLIMITED = 1 << 60  # theory: version 1 writes nearly 2^63 where there is no limit
_GROUPS = Path("/sys/fs/cgroup")
_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = ("memory.max", "memory.current", "inactive_file")


def memory_budget(asked: float | str | None) -> int:
    """Bytes: as asked, a number or "4GB"; None is half of what is free now.

    Raises
    ------
    UsageError
        For what is no positive size.
    """
    if asked is None:
        return int(SHARE * free_memory())
    if not isinstance(asked, str):
        size = float(asked)
    else:
        match = re.fullmatch(r"\s*([\d.]+)\s*([a-zA-Z]*)\s*", asked)
        unit = UNITS.get(match[2].upper()) if match else None
        size = float(match[1]) * unit if match and unit and match[1].count(".") < 2 else 0.0
    if not 1 <= size < float("inf"):
        given = spelt("memory")
        raise UsageError(f"{given} is {asked!r}: give a size, as '4GB', '500MB' or '2GiB'")
    return int(size)


def give_back() -> None:
    """Give back to the system what was freed, NumPy's memory and, where it is loaded, Arrow's.

    The C library keeps pieces of up to 32 MB, and holes between what is in use: a training of
    200,000 rows on disk held 76 of 289 MB so. Where it knows no such request nothing is done.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()


def free_memory() -> int:
    """Bytes that can be had now, within the machine and every control group around us.

    What the file cache holds counts as free: it gives way.
    """
    return max(0, min([_available(), *_left_by_groups()]))


def _available() -> int:
    """`MemAvailable` of the machine; without /proc, all of its memory."""
    try:
        told = Path("/proc/meminfo").read_text()
    except OSError:
        import os

        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 1024 * int(re.findall(r"MemAvailable:\s+(\d+)", told)[0])


def _left_by_groups(root: Path = _GROUPS, told: Path = Path("/proc/self/cgroup")) -> Iterator[int]:
    """What each control group that we are in, and each one around it, leaves of its limit."""
    try:
        lines = told.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base, names = (root / "memory", _V1) if controllers else (root, _V2)
        own = base / place.lstrip("/")
        # Inside a container the place is the host's: the files of our own group lie at the root.
        for group in [own, *own.parents]:
            if group.is_relative_to(base) and (left := _left(group, *names)) is not None:
                yield left


def _left(group: Path, limit: str, usage: str, reclaimed: str) -> int | None:
    """Its limit less what is in use, but for what the file cache gives back; None: no limit."""
    try:
        most = (group / limit).read_text().strip()
        if most == "max" or int(most) >= UNLIMITED:
            return None
        used = int((group / usage).read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    return int(most) - used + int(stat.get(reclaimed, 0))
