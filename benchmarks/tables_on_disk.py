"""A table that is larger than memory, from the command to the report, under a limit of memory.

    python benchmarks/tables_on_disk.py --rows 5_000_000 --limit 2GB --folder /tmp/tables
    python benchmarks/tables_on_disk.py --rows 5_000_000 --limit 2GB --folder /tmp/tables --csv

Makes a table of 20 columns (numbers with missing cells, categories, a date) once, and trains on it
in a memory control group of its own (as root; without `--limit` in none), with an empty cache and
then with what that run has kept. Says what was read and written, the most private memory, CPU
seconds, and what was said of the rows held out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from on_disk import memory_group
from onelayer.memory_limits import memory_budget

TOGETHER = 250_000
TOWNS = np.array(["Oslo", "Rome", "Lima", "Bonn", "Cork", "Graz", "Brno", "Bari"])
LETTERS = np.array([f"{letter}{digit}" for letter in "abcdef" for digit in range(4)])


def rows(seed: int, m: int) -> pa.Table:
    """Some rows: twelve numbers, six categories, a flag, and classes of a logistic regression."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(m, 12)).astype(np.float32)
    town, letter = rng.integers(0, len(TOWNS), m), rng.integers(0, len(LETTERS), m)
    z = numbers @ np.linspace(-1, 1, 12) + 0.3 * (town - 3.5) + 0.1 * (letter % 4) - 0.2
    columns: dict[str, object] = {}
    for j in range(12):
        values = (numbers[:, j] * (j + 1) + 5 * j).round(3).astype(np.float64)
        columns[f"x{j}"] = pa.array(values, mask=rng.random(m) < (0.05 if j % 4 == 0 else 0))
    columns["town"] = pa.array(TOWNS[town], mask=rng.random(m) < 0.02)
    columns["code"] = pa.array(LETTERS[letter])
    for j in range(4):
        columns[f"kind{j}"] = pa.array(LETTERS[rng.integers(0, 3 + 2 * j, m)])
    columns["member"] = pa.array(rng.random(m) < 0.5)
    days = rng.integers(0, 1000, m).astype("datetime64[D]") + np.datetime64("2020-01-01").astype(
        int
    )
    columns["since"] = pa.array(days.astype("datetime64[D]"))
    columns["bought"] = pa.array(np.where(z + rng.logistic(size=m) > 0, "yes", "no"))
    return pa.table(columns)


def make(path: Path, m: int) -> None:
    """Write the table, some rows at a time."""
    part, writer = path.with_name(f"part-{path.name}"), None
    for start in range(0, m, TOGETHER):
        some = rows(start, min(TOGETHER, m - start))
        if writer is None:
            writer = (
                pq.ParquetWriter(part, some.schema)
                if path.suffix == ".parquet"
                else pa_csv.CSVWriter(part, some.schema)
            )
        writer.write_table(some)
    if writer is not None:
        writer.close()
    part.replace(path)


def watched(process: subprocess.Popen[str]) -> dict[str, int]:
    """The most memory of a process while it runs, and what it has read and written."""
    most = {"RssAnon": 0, "read_bytes": 0, "write_bytes": 0}
    place = Path(f"/proc/{process.pid}")
    while process.poll() is None:
        try:
            told = (place / "status").read_text() + (place / "io").read_text()
        except OSError:
            break
        for line in told.splitlines():
            name, _, value = line.partition(":")
            if name in most and value.strip():
                size = int(value.split()[0]) * (1024 if "kB" in value else 1)
                most[name] = max(most[name], size)
        time.sleep(0.05)
    return most


def train(table: Path, folder: Path, limit: int | None) -> None:
    """Train by the command in a process of its own, and say what it took."""
    command = [str(Path(sys.executable).with_name("onelayer")), "train", str(table)]
    command += ["--target", "bought", "-o", str(folder / "model.safetensors"), "--json"]
    command += ["--overwrite"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    with memory_group(limit) as group:
        began = os.times()
        inside = [] if group is None else ["sh", "-c", f'echo $$ > {group} && exec "$@"', "sh"]
        process = subprocess.Popen(
            [*inside, *command], text=True, stdout=subprocess.PIPE, env=environment
        )
        found: list[str] = []
        reading = threading.Thread(target=lambda: found.append(process.communicate()[0]))
        reading.start()
        most = watched(process)
        reading.join()
        ended = os.times()
    cpu = ended.children_user + ended.children_system - began.children_user - began.children_system
    sizes = ", ".join(f"{name} {size / 1e9:.2f} GB" for name, size in most.items())
    seconds = ended.elapsed - began.elapsed
    print(f"exit {process.returncode}; {cpu:.0f} s of CPU, {seconds:.0f} s; {sizes}")
    if process.returncode == 0:
        told = json.loads(found[0])
        print({name: told[name] for name in ("examples", "test") if name in told})


def main() -> None:
    """Make the table and train on it twice."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--limit", help="of the control group, as 2GB")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--csv", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    table = asked.folder / f"table-{asked.rows}.{'csv' if asked.csv else 'parquet'}"
    if not table.exists():
        make(table, asked.rows)
    print(f"{table}: {table.stat().st_size / 1e9:.2f} GB")
    shutil.rmtree(asked.folder / "cache", ignore_errors=True)
    for _ in range(2):
        train(table, asked.folder, None if asked.limit is None else memory_budget(asked.limit))
    kept = sum(
        file.stat().st_size for file in (asked.folder / "cache").rglob("*") if file.is_file()
    )
    print(f"kept in the cache: {kept / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
