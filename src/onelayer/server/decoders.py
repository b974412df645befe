"""The processes that decode, and what one does when a picture takes one of them down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Timer
from typing import IO

import numpy as np

import onelayer
from onelayer.readers import Preprocessing
from onelayer.server.limits import Limits
from onelayer.server.rejections import Rejection
from onelayer.server.uploads import Upload

_STATUS = {"damaged": 422, "large": 413}
_PATIENCE = 2.0  # seconds for a process that was asked to end


class Decoders:
    """Decodes pictures in other processes: threads cannot be ended, and hostile pictures never end.

    A progressive JPEG of 10 MB may ask for thousands of passes over all its pixels. So a request
    has `limits.decoding` seconds, after which its process is killed, and the next request starts
    another. One process a thread that calls `decode`, started when it is needed, kept for the next.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: list[_Decoder] = []
        self._lock = Lock()

    def decode(self, files: list[Upload], to: Preprocessing) -> np.ndarray:
        """Return the pictures as uint8 (m, height, width, channels).

        Raises
        ------
        Rejection
            413 or 422 with the first file that cannot be decoded and the reason.
        """
        pictures = np.empty((len(files), *to.shape), dtype=np.uint8)
        deadline = time.monotonic() + self._limits.decoding
        for row, file in enumerate(files):
            pictures[row] = self._decoded(file, to, deadline)
        return pictures

    def _decoded(self, file: Upload, to: Preprocessing, deadline: float) -> np.ndarray:
        """One picture; once more where a process ends, which may have had its own reasons."""
        with suppress(_DeadError), self._borrowed() as decoder:
            return decoder.decode(file, to, self._limits, deadline)
        try:
            with self._borrowed() as decoder:
                return decoder.decode(file, to, self._limits, deadline)
        except _DeadError as error:
            raise Rejection(422, f"{file.name}: damaged: it broke the decoder") from error

    def warm(self) -> None:
        """Start all processes: no picture waits for one, and memory is what it will be."""
        started = [_Decoder() for _ in range(self._limits.decoders)]
        with self._lock:
            self._idle += started

    def close(self) -> None:
        """End the processes that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for decoder in idle:
            decoder.end()

    @contextmanager
    def _borrowed(self) -> Iterator[_Decoder]:
        with self._lock:
            decoder = self._idle.pop() if self._idle else None
        if decoder is not None and not decoder.alive:
            decoder.end()
            decoder = None
        decoder = decoder or _Decoder()
        try:
            yield decoder
        finally:
            if decoder.broken or decoder.memory > self._limits.memory:
                decoder.end()
                decoder = _Decoder()
            with self._lock:
                self._idle.append(decoder)


class _DeadError(Exception):
    """A process ended before it had answered."""


class _Decoder:
    """One process; whoever borrows it has it alone."""

    def __init__(self) -> None:
        here = Path(__file__).with_name("decoder.py")
        home = str(Path(onelayer.__file__).parents[1])
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(  # noqa: S603 - our own file, run by the Python that runs us
            [sys.executable, "-P", str(here)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
        )
        self.broken = False
        self.memory = 0

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def decode(
        self, file: Upload, to: Preprocessing, limits: Limits, deadline: float
    ) -> np.ndarray:
        late: list[bool] = []
        timer = Timer(max(0.0, deadline - time.monotonic()), self._kill, [late])
        timer.daemon = True
        timer.start()
        self.broken = True
        try:
            kind, payload = self._ask(file, to, limits)
            self.broken = bool(late)
        except (OSError, EOFError, ValueError) as error:
            if not late:
                raise _DeadError from error
            why = f"took more than {limits.decoding:g} s to decode"
            raise Rejection(422, f"{file.name}: {why}") from error
        finally:
            timer.cancel()
        if kind != "pixels":
            raise Rejection(_STATUS[kind], f"{file.name}: {payload.decode()}")
        return np.frombuffer(payload, np.uint8).reshape(to.shape)

    def end(self) -> None:
        """End the process, now if it is stuck."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                _open(pipe).close()
        try:
            self._process.wait(0 if self.broken else _PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _kill(self, late: list[bool]) -> None:
        late.append(True)
        self._process.kill()

    def _ask(self, file: Upload, to: Preprocessing, limits: Limits) -> tuple[str, bytes]:
        asked = {
            "size": len(file.content),
            "max_pixels": limits.pixels,
            "to": to.to_dict(),
        }
        stdin, stdout = _open(self._process.stdin), _open(self._process.stdout)
        stdin.write(json.dumps(asked).encode() + b"\n" + file.content)
        stdin.flush()
        line = stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        told = json.loads(line)
        self.memory = told["memory"]
        payload = stdout.read(told["size"])
        if len(payload) != told["size"]:
            raise EOFError
        return told["kind"], payload


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise EOFError
    return pipe
