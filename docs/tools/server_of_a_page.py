"""`onelayer serve` and `curl` in the examples of a page: a real server, on a port that is free."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

_PORTS: dict[str, int] = {}
SECONDS_TO_START = 60


@contextlib.contextmanager
def serve(arguments: list[str]) -> Iterator[None]:
    """Serve the model until the page's examples have run; on another port than the page says."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    _PORTS["8000"] = port
    words = [sys.executable, "-m", "onelayer", "serve", *arguments, "--port", str(port)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            _wait(process, port)
            yield
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {process.poll()}")


def ask(arguments: list[str]) -> str:
    """What `curl` does with the addresses and the JSON of the pages: prints the answer."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", *_with_own_port(arguments)],
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout + "\n"


def _with_own_port(arguments: list[str]) -> list[str]:
    return [word.replace(":8000/", f":{_PORTS['8000']}/") for word in arguments]
