"""What benchmarks/ do is right: the processes, the run, the report, the scripts."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import exactness
import first_fit
import report
import results
import run as benchmarks_run
from worker import LostError, Worker

BENCHMARKS = Path(report.__file__).parent

has_estimator = pytest.mark.skipif(
    find_spec("onelayer.estimators.classifier") is None, reason="no estimator yet"
)


class TestWorker:
    def test_a_contender_that_takes_too_long_is_lost_may_return_and_says_how_it_dies(self):
        worker = Worker("sklearn-lbfgs-f64", "small-G-digits")
        try:
            worker.fit(0.1, limit=60)
            with pytest.raises(LostError, match=r"more than 0\.001 s"):
                worker.fit(1e-9, limit=0.001)
            assert worker.fit(0.1, limit=60).seconds > 0
            os.kill(worker.process.pid, signal.SIGKILL)
            with pytest.raises(LostError, match="the process died, exit code -9"):
                worker.fit(0.1, limit=60)
        finally:
            worker.close()

    def test_memory_above_the_input_sees_what_a_fit_allocates(self):
        worker = Worker("sklearn-newton-cholesky-f64", "small-F-leukemia")
        try:
            _, memory = worker.fit_cold(1e-3, limit=60)
        finally:
            worker.close()
        assert 1e5 < memory < 1e9


SOURCE = str(Path(find_spec("onelayer").origin).parents[1])


def run(script, *arguments):
    finished = subprocess.run(
        [sys.executable, BENCHMARKS / script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": SOURCE},
        check=True,
        timeout=1200,  # a busy machine makes no test fail
        stdout=subprocess.PIPE,
        text=True,
    )
    return finished.stdout


def call(script, *arguments):
    """The same in this process: half of one of its own is imports."""
    with pytest.MonkeyPatch.context() as here:
        here.setattr(sys, "argv", [script.__name__, *map(str, arguments)])
        script.main()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One small problem measured as from the command line, of whole processes two."""
    out = tmp_path_factory.mktemp("results")
    words = [
        "run.py", "G", "--small", "--problems", "small-G-cancer-standard", "--repeats", "2",
        "--contenders", "onelayer", "sklearn-newton-cholesky-f64", "sklearn-liblinear",
        "--threads", "1", "--out", str(out),
    ]  # fmt: skip
    digits = {name: text for name, text in first_fit.SCRIPTS.items() if name.endswith("digits")}
    with pytest.MonkeyPatch.context() as here:
        here.setattr(sys, "argv", words)
        here.setenv("PYTHONPATH", SOURCE)
        for name in (
            *(f"{name}_NUM_THREADS" for name in benchmarks_run.VARIABLES),
            "LOKY_MAX_CPU_COUNT",
        ):
            here.setenv(name, "1")  # as it does itself, and taken back at the end
        here.setattr(first_fit, "SCRIPTS", digits)
        benchmarks_run.main()
    return out


def table(path):
    return list(csv.DictReader(path.read_text().splitlines()))


class TestRun:
    def test_the_csv_has_every_point_and_every_mark(self, folder):
        lines = table(folder / "G.csv")
        fits = [x for x in lines if x["kind"] == "fit"]
        sklearn = [x for x in fits if x["contender"].startswith("sklearn-newton")]
        assert float(sklearn[-1]["gap"]) < 1e-6
        assert min(float(x["gap"]) for x in fits) >= 0
        assert all(0 < float(x["seconds"]) < 60 for x in fits)
        marks = {x["contender"]: x["status"] for x in lines if x["kind"] == "mark"}
        assert marks["sklearn-liblinear"].startswith("penalises the intercept")
        processes = {x["contender"]: x["seconds"] for x in lines if x["kind"] == "process"}
        assert set(processes) == {"onelayer digits", "sklearn digits"}
        assert all(0 < float(seconds) < 1200 for seconds in processes.values())

    def test_the_machine_stands_beside_it(self, folder):
        about = json.loads((folder / "G.machine.json").read_text())
        assert about["threads"] == 1
        assert about["versions"]["numpy"] == np.__version__
        assert any("openblas" in library for library in about["blas"])

    def test_the_best_objective_is_kept(self, folder):
        best = results.Best(folder / "best.json")
        (J,) = best.of("small-G-cancer-standard")
        records = results.read(folder / "G.csv")
        assert min(r.objectives[0] for r in records if r.kind == "fit") >= J

    def test_there_is_a_picture(self, folder):
        picture = (folder / "small-G-cancer-standard.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 10_000

    def test_a_csv_is_read_as_it_was_written(self, folder, tmp_path):
        records = results.read(folder / "G.csv")
        results.write(records, tmp_path / "again.csv")
        assert (tmp_path / "again.csv").read_text() == (folder / "G.csv").read_text()

    def test_the_report_names_times_and_marks(self, folder, tmp_path):
        call(report, "--results", folder, "--out", tmp_path / "RESULTS.md")
        text = (tmp_path / "RESULTS.md").read_text()
        assert "### small-G-cancer-standard" in text
        assert "sklearn-liblinear (penalises the intercept" in text
        assert "## What falls short" in text

    @has_estimator
    def test_the_default_of_onelayer_is_measured(self, folder):
        lines = table(folder / "G.csv")
        ours = [x for x in lines if x["contender"] == "onelayer"]
        assert len([x for x in ours if x["kind"] == "fit"]) == 2
        assert float(next(x for x in ours if x["kind"] == "fit")["gap"]) < 1e-7
        assert float(next(x for x in ours if x["kind"] == "cold")["memory"]) > 0
        assert len([x for x in ours if x["kind"] == "history"]) > 2


class TestScripts:
    def test_a_pass_is_timed_beside_two_products(self):
        ours, numpy, ratio = run("pass_speed.py", "--rows", 3000, "--rounds", 1).splitlines()
        assert re.fullmatch(r"uint8, one pass +[\d.]+ ms +[\d.]+ GB/s", ours)
        assert re.fullmatch(r"float32, two products +[\d.]+ ms +[\d.]+ GB/s", numpy)
        assert float(ratio.removeprefix("NumPy's over ours: ")) > 0

    @has_estimator
    def test_memory_is_measured_for_binary_and_softmax(self):
        lines = run("memory.py", "--megabytes", 2).splitlines()
        assert [line.split(":")[0] for line in lines] == [
            "onelayer, 2 classes",
            "onelayer, 10 classes",
        ]
        assert all("MB above 2 MB of input" in line for line in lines)

    @has_estimator
    def test_stated_gaps_stand_beside_true_ones(self, capsys):
        call(exactness, "--rows", "G", "--small", "--no-made")
        head, *lines = capsys.readouterr().out.splitlines()
        assert head.split() == ["problem", "tol", "stated", "true", "ratio", "shown", "status"]
        assert len(lines) == 3 * 4
        assert all(float(line.split()[3]) < 1e-2 for line in lines)
        defaults = [line.split() for line in lines if line.split()[1] == "default"]
        assert all(float(stated) < 1e-7 for _, _, stated, *_ in defaults)

    def test_made_problems_are_as_hard_as_they_say(self):
        tasks = {task.problem.name: task for task in exactness.made()}
        singular = np.linalg.svd(tasks["spectrum-1e8"].view.X, compute_uv=False)
        assert 1e7 < singular[0] / singular[-1] < 1e9
        near, apart = tasks["near-separable"], tasks["separable"]
        assert 0 < (near.y != apart.y).sum() < 20


def record(contender, seconds, J, tol=None):
    return results.Record("A", contender, "1", "fit", tol, seconds=seconds, objectives=[J])


class TestReport:
    def test_a_time_is_the_median_at_the_loosest_tolerance_that_reaches_the_gap(self):
        slow = [record("p", s, 1 + 5e-7, 1e-6) for s in (3.0, 9.0, 4.0)]
        loose, tight = record("p", 1.0, 1 + 5e-5, 1e-3), record("p", 20.0, 1.0, 1e-9)
        line = report.Line.of("p", [tight, loose, *slow], [1.0])
        assert line.seconds == {1e-4: 1.0, 1e-6: 4.0}
        assert line.least[1e-6] == 3.0
        assert line.reached == 0

    def test_the_advantage_is_over_the_fastest_that_is_exact(self):
        lines = [
            report.Line.of(name, [record(name, seconds, J)], [1.0])
            for name, seconds, J in (
                ("onelayer", 2.0, 1.0), ("cyanure", 1.0, 1.1), ("glum", 8.0, 1.0),
                ("sklearn-lbfgs-f64", 40.0, 1.0),
            )
        ]  # fmt: skip
        found = report.Table("A", lines)
        assert found.advantage(1e-6) == 4.0
        assert found.advantage(1e-6, "sklearn") == 20.0
        assert "Nothing" in report.shortfalls([found])

    def test_what_falls_short_is_stated(self):
        lines = [
            report.Line.of(name, [record(name, seconds, 1.0)], [1.0])
            for name, seconds in (("onelayer", 2.0), ("cyanure", 3.0))
        ]
        text = report.shortfalls([report.Table("A", lines)])
        assert text == "- A: 1.5 times cyanure, short of 3.\n"

    def test_means_are_geometric_and_pass_over_what_is_missing(self):
        assert report.geometric_mean([2.0, float("nan"), 8.0]) == pytest.approx(4.0)
