"""A real server of the lesson, on a port that the system chooses, ended by its process."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

SRC = Path(__file__).resolve().parents[2] / "src"
STARTS_WITHIN = 300  # seconds; marimo alone takes some on a busy machine


@pytest.fixture(scope="session")
def server():
    """The process of `onelayer lesson --no-browser`, and what it `said` first."""
    pytest.importorskip("marimo", reason="no test of the lesson's server: pip install marimo")
    environment = {**os.environ, "PYTHONPATH": str(SRC), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "onelayer", "lesson", "--no-browser"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        late = Timer(STARTS_WITHIN, server.kill)
        late.start()
        server.said = server.stdout.readline()
        late.cancel()
        assert server.said.startswith("The lesson is at http://127.0.0.1:"), server.stderr.read()
        yield server
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=120)
        finally:
            server.kill()
        said = server.stderr.read()
    assert said.splitlines() == ["Ctrl-C ends it.", "interrupted"]
    assert server.returncode == 130


@pytest.fixture(scope="session")
def address(server):
    """Where it says it is."""
    return server.said.split()[4]
