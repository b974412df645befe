"""Five hundred requests from sixteen clients: every answer right, and memory where it was."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
CLIENTS, REQUESTS = 16, 500
WORKERS = """
from onelayer.server import create_app

app = create_app({path!r})
"""


@pytest.fixture(scope="module")
def files(tints):
    return {file.parent.name + file.name: file.read_bytes() for file in tints.rglob("*.png")}


@pytest.fixture
def free_port():
    """A port that was free a moment ago: workers bind it themselves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def ask(client, name, content):
    return client.post("v1/predict", files={"files": (name, content)})


def test_a_burst_is_answered_right_and_leaves_nothing_behind(tints_served, files):
    with tints_served.client() as client:
        expected = {name: ask(client, name, content).json() for name, content in files.items()}
    before = tints_served.memory
    names = [list(files)[number % len(files)] for number in range(REQUESTS)]
    wrong, statuses = [], []

    def work(mine):
        with tints_served.client() as client:
            for name in mine:
                found = ask(client, name, files[name])
                statuses.append(found.status_code)
                if found.status_code == 200 and found.json() != expected[name]:
                    wrong.append(name)

    threads = [threading.Thread(target=work, args=[names[k::CLIENTS]]) for k in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    assert wrong == []
    assert len(statuses) == REQUESTS
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= REQUESTS * 0.9
    assert tints_served.memory < 1.2 * before


def test_one_client_is_answered_soon(tints_served, files):
    before = tints_served.cpu_seconds
    with tints_served.client() as client:
        for name, content in files.items():
            assert ask(client, name, content).status_code == 200
    assert tints_served.cpu_seconds - before < 0.1 * len(files)  # 0.01 each


def test_several_workers_serve_the_same_model(tints_model, files, tmp_path, free_port):
    (tmp_path / "flowers.py").write_text(WORKERS.format(path=str(tints_model[1])))
    command = [sys.executable, "-m", "uvicorn", "flowers:app", "--workers", "2"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{tmp_path}"}
    with subprocess.Popen(
        [*command, "--port", str(free_port), "--log-level", "warning"], env=environment
    ) as process:
        try:
            address = f"http://127.0.0.1:{free_port}/"
            _wait_for(address)
            name, content = next(iter(files.items()))
            answers = []
            for _ in range(20):  # each over a connection of its own, to either worker
                with httpx.Client(base_url=address, timeout=600) as client:
                    answers.append(ask(client, name, content).json())
            assert answers == [answers[0]] * 20
            assert answers[0]["predictions"][0]["file"] == name
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait_for(address):
    for _ in range(3000):
        try:
            if httpx.get(address + "healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("no worker came up")
