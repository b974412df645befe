"""A model served by a real process on a port that the system chose."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

import onelayer

ROOT = Path(__file__).resolve().parents[2]
START = 300  # seconds, on a machine that is busy with other tests


@dataclass(frozen=True)
class Served:
    """A server: where it is, its process, what tells the CPU seconds of one."""

    address: str
    process: subprocess.Popen
    spent: Callable[[int], float]

    def client(self, **options):
        """An HTTP client of it."""
        return httpx.Client(base_url=self.address, timeout=600, **options)

    @property
    def memory(self):
        """Bytes that it and the processes that it started have in memory."""
        return sum(_resident(pid) for pid in self._processes())

    @property
    def cpu_seconds(self):
        """What it and the processes that it started have taken."""
        return sum(self.spent(pid) for pid in self._processes())

    def _processes(self):
        own = self.process.pid
        by_thread = Path(f"/proc/{own}/task").glob("*/children")
        return [own, *(pid for file in by_thread for pid in file.read_text().split())]


def _resident(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="session")
def serving(cpu_seconds):
    """`with serving(model_file) as served` runs `onelayer serve`; keywords are its environment."""

    @contextmanager
    def run(model, *arguments, **variables):
        command = [sys.executable, "-m", "onelayer", "serve", str(model), "--port", "0", "--json"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **variables}
        with subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        ) as process:
            try:
                told = "".join(iter(process.stdout.readline, "}\n")) + "}"
                yield Served(json.loads(told)["address"], process, cpu_seconds)
            finally:
                process.send_signal(signal.SIGINT)
                _, said = process.communicate(timeout=START)
        assert said.splitlines()[-1:] == ["interrupted"]
        assert process.returncode == 130
        assert "Traceback" not in said

    return run


@pytest.fixture(scope="session")
def tints(tmp_path_factory, write_pictures):
    """Pictures of three tints under noise, 64 x 64."""
    folder = tmp_path_factory.mktemp("data") / "tints"
    shades = {"cold": (105, 128, 151), "warm": (151, 128, 105), "green": (115, 145, 115)}
    return write_pictures(folder, shades, 12, side=64, noise=60)


@pytest.fixture(scope="session")
def tints_model(tints, tmp_path_factory):
    """A model of `tints`, and its file."""
    return _saved(onelayer.train(tints), tmp_path_factory)


@pytest.fixture(scope="session")
def pair_model(colours, tmp_path_factory):
    """A model of two classes of 8 x 8 pictures, and its file."""
    return _saved(onelayer.train(colours), tmp_path_factory)


@pytest.fixture(scope="session")
def cancer_model(tmp_path_factory):
    """A model of 30 numbers, and its file."""
    return _saved(onelayer.train("breast_cancer"), tmp_path_factory)


@pytest.fixture(scope="session")
def table_model(tmp_path_factory):
    """Of a table of a number, a category and truths; some cells are missing."""
    random = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("table")
    lines = ["age,colour,member,bought"]
    for _ in range(120):
        age, colour = random.integers(18, 80), random.choice(["red", "green", "blue"])
        member = random.choice(["true", "false"])
        z = 0.08 * (age - 50) + (colour == "red") - (member == "false") + random.normal()
        shown = "" if random.random() < 0.1 else age
        lines.append(f"{shown},{colour},{member},{'yes' if z > 0 else 'no'}")
    (folder / "t.csv").write_text("\n".join(lines))
    model = onelayer.train(folder / "t.csv", target="bought")
    model.save(folder / "m.safetensors")
    return model, folder / "m.safetensors"


def _saved(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "m.safetensors"
    model.save(path)
    return model, path


@pytest.fixture(scope="session")
def tints_served(serving, tints_model):
    """A server of `tints_model`."""
    with serving(tints_model[1]) as served:
        yield served


@pytest.fixture(scope="session")
def cancer_served(serving, cancer_model):
    """A server of `cancer_model`."""
    with serving(cancer_model[1]) as served:
        yield served


def _picture_bytes(pixels, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="session")
def picture_bytes():
    """picture_bytes(pixels, "PNG") is a picture file."""
    return _picture_bytes
