"""What a run leaves: a CSV a row, the machine beside it, the best objectives ever reached."""

from __future__ import annotations

import csv
import json
import os
import platform
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Record:
    """One line of the CSV.

    kind: `fit` (timed, warm), `cold` (the first fit of a fresh process, and its memory), `history`
    (a step of onelayer's own account), `reference` (untimed), `process` (a whole process, import
    included) or `mark` (why there is no figure). Seconds, bytes; gaps are relative to J*.
    """

    problem: str
    contender: str
    version: str
    kind: str
    tol: float | None = None
    seconds: float = float("nan")
    gap: float = float("nan")
    stated_gap: float = float("nan")
    passes: float = float("nan")
    memory: float = float("nan")
    nbytes: int = 0
    status: str = ""
    objectives: list[float] = field(default_factory=list)


def write(records: list[Record], path: Path) -> None:
    """Records as CSV; objectives are repr floats with spaces between, so nothing is rounded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, [entry.name for entry in fields(Record)], lineterminator="\n")
        table.writeheader()
        for record in records:
            line = {key: _short(value) for key, value in asdict(record).items()}
            table.writerow(line | {"objectives": " ".join(map(repr, record.objectives))})


def read(path: Path) -> list[Record]:
    """The records of a CSV that `write` made."""
    with path.open(newline="") as file:
        return [_record(line) for line in csv.DictReader(file)]


def without(problems: list[str], path: Path) -> list[Record]:
    """The records that the CSV has of other problems than these; none without a CSV."""
    found = read(path) if path.exists() else []
    return [record for record in found if record.problem not in problems]


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.6g}"
    return "" if value is None else value


def _record(line: dict[str, str]) -> Record:
    numbers = {
        key: float(line[key] or "nan")
        for key in ("seconds", "gap", "stated_gap", "passes", "memory")
    }
    return Record(
        problem=line["problem"],
        contender=line["contender"],
        version=line["version"],
        kind=line["kind"],
        tol=float(line["tol"]) if line["tol"] else None,
        nbytes=int(line["nbytes"]),
        status=line["status"],
        objectives=[float(J) for J in line["objectives"].split()],
        **numbers,
    )


class Best:
    """The least objective that any contender ever reached, problem by problem, in a JSON file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, list[float]] = json.loads(path.read_text()) if path.exists() else {}

    def of(self, problem: str) -> list[float]:
        """J* of every case of the problem, or nothing."""
        return self.known.get(problem, [])

    def learn(self, records: list[Record]) -> None:
        """Keep what is lower; a solver's own account of itself does not count."""
        for record in records:
            if record.objectives and record.kind in ("fit", "reference"):
                before = self.known.get(record.problem, record.objectives)
                self.known[record.problem] = np.fmin(before, record.objectives).tolist()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.known, indent=1) + "\n")


def machine(threads: int) -> dict[str, Any]:
    """CPU, BLAS and versions: what the figures depend on."""
    from threadpoolctl import threadpool_info

    import_module("scipy.linalg")  # so that its BLAS is among the libraries listed
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "blas": [_library(library) for library in threadpool_info()],
        "OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE", ""),
        "versions": {name: version for name in PACKAGES if (version := _version(name))},
    }


PACKAGES = (
    "numpy", "scipy", "numba", "scikit-learn", "cyanure", "snapml", "glum", "skglm", "celer",
)  # fmt: skip


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown")


def _library(library: dict[str, Any]) -> str:
    words = ("internal_api", "version", "architecture", "num_threads")
    return " ".join(str(library[word]) for word in words if library.get(word) is not None)
