"""A fit of X on disk that is killed at random times goes on each time, to the same bytes.

    python benchmarks/killed_on_disk.py --gb 1 --kills 10 --folder /tmp

Fits once without a disturbance. Then it fits again and kills the process (`kill -9`) after a random
time, ten times; each following process goes on from the reads that were kept, and a fit that ends
before it is killed is followed by a new one. Says of each process how many reads it found kept, how
many it began, how many of those were lost with it, and in the end whether the coefficients are the
same bytes. Reads of over `--long` seconds are kept, of any length by default; 10 s is what a
training takes for long. `on_disk.py` makes the file.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from on_disk import FEATURES, make
from onelayer import LogisticRegression
from onelayer.designs import kept_reads
from onelayer.designs.kept_reads import Answer, KeptReads, reads_kept

START = 0.05  # of the undisturbed seconds, the least that a process is given
BEGUN = "s"
SHARE = 0.5  # of them, the most: so that a fit dies several times before it ends


@dataclass
class ToldReads(KeptReads):
    """Kept reads that write each begin and end into a file, a letter each."""

    log: Path = field(default_factory=Path)

    def get(self, name: str) -> Answer | None:
        """As ever; f for found, b for a read that begins."""
        answer = super().get(name)
        self._tell("b" if answer is None else "f")
        return answer

    def put(self, name: str, answer: Answer) -> None:
        """As ever; k for kept."""
        super().put(name, answer)
        self._tell("k")

    def _tell(self, letter: str) -> None:
        with self.log.open("a") as file:
            file.write(letter)


class Life(NamedTuple):
    """A process: seconds of its fit, whether it was killed, and reads found, begun and kept."""

    seconds: float
    killed: bool
    found: int
    begun: int
    kept: int


def fit(options: argparse.Namespace, path: Path) -> None:
    """Fit in this process, reads kept in a folder, and save the parameters."""
    kept_reads.LONG = options.long
    X, y = np.load(path, mmap_mode="r"), np.load(path.with_suffix(".y.npy"))
    kept = ToldReads(options.inside / "reads", log=options.inside / "log")
    kept.log.write_text(BEGUN)
    model = LogisticRegression(scaling=1 / 255, memory=options.memory)
    with reads_kept(kept):
        model.fit(X, y)
    np.save(options.inside / "parameters", np.append(model.coef_, model.intercept_))


def life(inside: Path, after: float | None) -> Life:
    """A process that goes on in the folder; killed after so many seconds, if it lives as long."""
    inside.mkdir(exist_ok=True)
    (inside / "log").write_text("")
    command = [sys.executable, __file__, *sys.argv[1:], "--inside", str(inside)]
    process = subprocess.Popen(command)
    while not (inside / "log").read_text():
        time.sleep(0.01)
    began, killed = time.perf_counter(), False
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        killed = True
    if process.wait() not in (0, -signal.SIGKILL):
        raise SystemExit(f"the fit failed with exit code {process.returncode}")
    told = (inside / "log").read_text()
    seconds = time.perf_counter() - began
    return Life(seconds, killed, told.count("f"), told.count("b"), told.count("k"))


def show(number: str, one: Life) -> None:
    """A row of the table."""
    end = "killed" if one.killed else "ended"
    lost = one.begun - one.kept
    sys.stdout.write(
        f"{number:>12} {one.seconds:8.1f} s {end:>7} {one.found:6} {one.begun:6} {one.kept:6}"
        f" {lost:5}\n"
    )
    sys.stdout.flush()


def main() -> None:
    """Fit, kill, go on, and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--gb", type=float, default=1.0)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--memory", default="100MB")
    parser.add_argument("--long", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("/tmp"))  # noqa: S108 - large files
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    m = int(options.gb * 1e9) // FEATURES
    path = options.folder / f"onelayer-{m}-uint8-{options.classes}.npy"
    if options.inside is not None:
        fit(options, path)
        return
    if not path.exists():
        make(path, m, "uint8", options.classes)
    alone, again = options.folder / "undisturbed", options.folder / "killed"
    for place in (alone, again):
        shutil.rmtree(place, ignore_errors=True)
    sys.stdout.write("     process  seconds           found  begun   kept  lost\n")
    undisturbed = life(alone, None)
    show("undisturbed", undisturbed)
    rng, kills, worst = np.random.default_rng(options.seed), 0, 0
    expected = (alone / "parameters.npy").read_bytes()
    while True:
        share = rng.uniform(START, SHARE)
        one = life(again, share * undisturbed.seconds if kills < options.kills else None)
        kills += one.killed
        show(str(kills), one)
        worst = max(worst, one.begun - one.kept)
        if one.killed:
            continue
        same = (again / "parameters.npy").read_bytes() == expected
        sys.stdout.write(f"ended with {'the same' if same else 'OTHER'} bytes\n")
        shutil.rmtree(again)
        if kills >= options.kills:
            break
    sys.stdout.write(f"{kills} kills; at most {worst} reads were lost at one\n")
    shutil.rmtree(alone)


if __name__ == "__main__":
    main()
