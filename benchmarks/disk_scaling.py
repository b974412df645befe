"""Fits of X on disk as it grows: whether time is linear, and whether the parameters are memory's.

    python benchmarks/disk_scaling.py --gb 1 3 9 --limit 2GB --memory 500MB --folder /tmp
    python benchmarks/disk_scaling.py --gb 9 --limit 2GB --memory 500MB --other 200MB --exact
    python benchmarks/disk_scaling.py --gb 30 --folder /tmp

A row a size: reads, seconds, seconds for a GB and a read, bytes really read from the disk, what the
disk gives to direct reads of the same file before and after, the seconds as a multiple of bytes
really read over that, what is resident, and the most private memory; the gap. Each fit runs in a
process of its own, in a memory control group of `--limit` (as root). `--exact` fits in float64 at a
tol of 1e-14, with `--memory`, with `--other`, and in memory without a limit, and says whether the
first two are the same bytes and how far the third is, in units of the largest coefficient.
`on_disk.py` makes the files, which stay until `--remove`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from on_disk import FEATURES, bandwidth, drop, in_a_process, make
from onelayer.memory_limits import memory_budget

COLUMNS = ("GB", "reads", "s", "s/GB/read", "GB read", "GB/s disk", "x disk", "resident", "private")


def row(path: Path, asked: dict[str, Any], limit: int | None) -> dict[str, Any]:
    """Fit under the limit, and what it took beside what the disk gives."""
    before = bandwidth(path)
    told = in_a_process(asked, limit)
    disk = (before + bandwidth(path)) / 2
    gb = told["bytes"] / 1e9
    told["row"] = (
        gb,
        told["reads"],
        told["seconds"],
        told["seconds"] / gb / told["reads"],
        told["from_disk_gb"],
        disk / 1e9,
        told["seconds"] * disk / 1e9 / max(told["from_disk_gb"], 1e-9),
        told["resident_gb"],
        told["private_gb"],
    )
    return told


def compared(path: Path, asked: dict[str, Any], other: str, limit: int | None) -> None:
    """In float64 to the last digits: two budgets under the limit, and memory without one."""
    asked = asked | {"tol": 1e-14}
    kept = [path.with_suffix(f".{name}.npy") for name in ("one", "other", "memory")]
    budgets = (asked["memory"], other, "1TB")
    for place, memory in zip(kept, budgets, strict=True):
        told = in_a_process(
            asked | {"memory": memory, "parameters": str(place)},
            None if memory == "1TB" else limit,
        )
        sys.stdout.write(f"{memory}: {told['reads']} reads, gap {told['gap']:.1e}\n")
    one, two, here = (np.load(place) for place in kept)
    apart = float(np.abs(one - here).max() / np.abs(here).max())
    sys.stdout.write(
        f"two budgets: {'the same' if one.tobytes() == two.tobytes() else 'OTHER'} bytes; "
        f"memory: {apart:.1e} of the largest coefficient apart\n"
    )
    for place in kept:
        place.unlink()


def main() -> None:
    """Make what is not there, fit each, and print a row each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--gb", type=float, nargs="+", default=[1.0, 3.0, 9.0])
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--memory")
    parser.add_argument("--other", default="200MB")
    parser.add_argument("--limit")
    parser.add_argument("--folder", type=Path, default=Path("/tmp"))  # noqa: S108 - large files
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--remove", action="store_true")
    options = parser.parse_args()
    limit = None if options.limit is None else memory_budget(options.limit)
    sys.stdout.write("".join(f"{name:>10}" for name in COLUMNS) + "\n")
    for gb in options.gb:
        m = int(gb * 1e9) // FEATURES
        path = options.folder / f"onelayer-{m}-uint8-{options.classes}.npy"
        if not path.exists():
            make(path, m, "uint8", options.classes)
        asked = {"path": str(path), "memory": options.memory}
        told = row(path, asked, limit)
        sys.stdout.write("".join(f"{value:10.3f}" for value in told["row"]))
        sys.stdout.write(f"   gap {told['gap']:.1e} ({told['gap_kind']}), {told['status']}\n")
        sys.stdout.flush()
        if options.exact:
            compared(path, asked, options.other, limit)
        drop(path)
        if options.remove:
            path.unlink()
            path.with_suffix(".y.npy").unlink()


if __name__ == "__main__":
    main()
