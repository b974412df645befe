"""Ctrl-C, with a real process and a real terminal behind its stderr."""

import os
import pty
import signal
import subprocess
import sys
import time

import numpy as np

import onelayer

ENDLESS = ["--solver", "gradient-descent", "--C", "inf", "--max-iter", str(10**9)]


def _read_until(terminal, text):
    seen = b""
    while text not in seen:
        seen += os.read(terminal, 4096)
    return seen


def _interrupted(command, environment, cpu_seconds, *, after):
    """Press Ctrl-C a moment after a terminal shows `after`: exit code, CPU seconds, screen."""
    terminal, far_end = pty.openpty()
    with subprocess.Popen(command, stdout=far_end, stderr=far_end, env=environment) as process:
        os.close(far_end)
        seen = _read_until(terminal, after)
        begun = cpu_seconds(process.pid)
        while cpu_seconds(process.pid) < begun + 0.3:
            time.sleep(0.01)
        pressed = cpu_seconds(process.pid)
        process.send_signal(signal.SIGINT)
        seen += _read_until(terminal, b"interrupted\r\n")
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        seconds = cpu_seconds(process.pid) - pressed
        code = process.wait()
    os.close(terminal)
    return code, seconds, seen


def test_ctrl_c_in_training_keeps_the_best_parameters(environment, cpu_seconds, hard, tmp_path):
    output = tmp_path / "m.safetensors"
    command = [sys.executable, "-m", "onelayer", "train", str(hard), "-o", str(output), *ENDLESS]
    code, seconds, screen = _interrupted(command, environment, cpu_seconds, after=b"training")
    assert code == 130
    assert seconds < 1
    assert b"Traceback" not in screen
    assert not output.exists()
    partial = onelayer.load(tmp_path / "m.partial.safetensors")
    assert partial.card.solution.status == "interrupted"
    assert partial.card.solution.iterations > 0
    assert partial.evaluate(hard / "test").accuracy > 0.6


def test_ctrl_c_while_choosing_c_keeps_what_was_best(environment, cpu_seconds, tmp_path):
    """In the midst of folds that are solved side by side, in threads that wait for one another."""
    source, output = tmp_path / "noisy.npz", tmp_path / "m.safetensors"
    random = np.random.default_rng(0)
    X = random.normal(size=(1500, 300)).astype(np.float32)
    y = (X[:, :30] + 3 * random.normal(size=(1500, 30))).argmax(axis=1)
    np.savez(source, X=X, y=y)
    command = [sys.executable, "-m", "onelayer", "train", str(source), "-o", str(output)]
    code, seconds, screen = _interrupted(command, environment, cpu_seconds, after=b"2 of 10")
    assert code == 130
    assert seconds < 1
    assert b"Traceback" not in screen
    partial = onelayer.load(tmp_path / "m.partial.safetensors")
    assert partial.card.solution.status == "converged"
    assert partial.coef.shape == (30, 300)
