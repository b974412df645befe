"""`onelayer serve` as people run it: where it listens, whom it warns of, how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest


@pytest.fixture
def started(environment):
    """started(...) runs `onelayer serve` and returns the process, which the test must end."""
    running = []

    def run(*arguments, **variables):
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "onelayer", "serve", *map(str, arguments)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**environment, **variables},
            )
        )
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.communicate()


def get(address):
    with urllib.request.urlopen(address, timeout=120) as answer:  # noqa: S310 - our own
        return answer.read()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15)])
def test_it_says_where_it_is_and_ends_cleanly(started, model_file, how, code):
    process = started(model_file, "--port", "0")
    line = process.stdout.readline()
    address = line.split()[-1]
    assert line.startswith(f"{model_file} is served at http://127.0.0.1:")
    assert process.stdout.readline() == "Ctrl-C ends it.\n"
    assert get(address + "healthz") == b'{"status":"ok"}'
    children = _children(process.pid)
    process.send_signal(how)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (code, "")
    assert err == ("interrupted\n" if how == signal.SIGINT else "")
    assert not any(_alive(child) for child in children)


def _children(pid):
    """Wait for the processes that decode, which a thread of the server starts."""
    for _ in range(1200):
        by_thread = Path(f"/proc/{pid}/task").glob("*/children")
        if found := [int(child) for file in by_thread for child in file.read_text().split()]:
            return found
        time.sleep(0.1)
    raise AssertionError("no process was started to decode")


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_other_machines_are_warned_of(started, model_file):
    process = started(model_file, "--host", "0.0.0.0", "--port", "0", "--json")  # noqa: S104
    told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
    port = told["address"].rstrip("/").split(":")[-1]
    assert told == {"model": str(model_file), "address": f"http://0.0.0.0:{port}/"}
    assert b'"status"' in get(f"http://127.0.0.1:{port}/healthz")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=120)[1].splitlines()[0] == (
        "warning: other machines can reach 0.0.0.0, unencrypted, and are asked for nothing: "
        "set ONELAYER_TOKEN to ask for a token"
    )


def test_a_token_is_asked_for(started, model_file):
    process = started(model_file, "--port", "0", "--json", ONELAYER_TOKEN="secret")  # noqa: S106
    told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        get(told["address"] + "v1/model")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=120)[1] == "interrupted\n"


def test_what_cannot_be_served_is_one_line(process, model_file, tmp_path):
    missing = process("serve", tmp_path / "none.safetensors", "--port", "0")
    assert (missing.code, missing.out) == (1, "")
    assert missing.err == f"error: No such file or directory: {tmp_path}/none.safetensors\n"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = process("serve", model_file, "--port", port)
    assert refused.code == 1
    assert refused.err == (
        f"error: 127.0.0.1 cannot be listened on at port {port}: Address already in use. "
        "Choose another with --port; 0 takes one that is free\n"
    )
    nowhere = process("serve", model_file, "--host", "no such host")
    assert nowhere.code == 2
    assert nowhere.err.startswith("error: --host no such host is no address of this machine: ")
