"""The harness of benchmarks/ is right: the judge, every translation of lambda, the run itself."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import StandardScaler

import contenders
import exactness
import judge
import report
import results
import rows
from fitting import Bench
from measure import absence
from views import View
from worker import LostError, Worker

BENCHMARKS = Path(contenders.__file__).parent
EXACT = 1e-4

has_estimator = pytest.mark.skipif(
    find_spec("onelayer.estimators.classifier") is None, reason="no estimator yet"
)


def problem(name):
    return rows.find(f"small-{name}")


class TestJudge:
    def test_the_objective_is_the_formula(self):
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((50, 4)), np.arange(50) % 2
        W, b = rng.standard_normal((4, 1)), rng.standard_normal(1)
        a = 1 / (1 + np.exp(-(X @ W + b)[:, 0]))
        naive = -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a)) + 0.3 / 2 * (W**2).sum()
        J = judge.objectives(View.of(X, None), y, [(W, b), (W, b)], [0.3, 0.0])
        assert pytest.approx([naive, naive - 0.15 * (W**2).sum()], rel=1e-14) == J

    @pytest.mark.parametrize("z", [800.0, -800.0])
    def test_it_is_exact_at_any_margin(self, z):
        view, one = View.of(np.array([[z]]), None), np.ones((1, 1))
        J = judge.objectives(view, np.array([0]), [(one, np.zeros(1))], [0.0])[0]
        assert max(z, 0) == J
        wide = np.array([[0.0, 1.0]])
        J = judge.objectives(view, np.array([0]), [(wide, np.zeros(2))], [0.0])[0]
        assert max(z, 0) == J

    def test_two_classes_of_softmax_are_binary(self):
        rng = np.random.default_rng(1)
        view, y = View.of(rng.standard_normal((60, 3)), None), np.arange(60) % 2
        w, b = rng.standard_normal((3, 1)), np.array([0.4])
        pair = np.hstack([-w / 2, w / 2]), np.array([-0.2, 0.2])
        binary = judge.objectives(view, y, [(w, b)], [0.0])
        assert judge.objectives(view, y, [pair], [0.0]) == pytest.approx(binary, rel=1e-14)

    def test_the_l1_penalty_is_a_sum_of_magnitudes(self):
        view, y = View.of(np.zeros((2, 2)), None), np.array([0, 1])
        W = np.array([[2.0], [-3.0]])
        J = judge.objectives(view, y, [(W, np.zeros(1))], [0.1], l1=True)
        assert pytest.approx([np.log(2) + 0.5], rel=1e-15) == J

    def test_at_the_largest_lambda_no_weight_helps(self):
        rng = np.random.default_rng(2)
        X, y = rng.standard_normal((200, 5)), (np.arange(200) % 4 == 0).astype(np.int64)
        view, b = View.of(X, None), np.array([np.log(1 / 3)])
        limit = judge.largest_lambda(view, y, intercept=True)
        zero = np.zeros((5, 1)), b
        steps = [(s * np.eye(5)[:, [j]], b) for j in range(5) for s in (-1e-3, 1e-3)]

        def best(share):
            found = [zero, *steps]
            J = judge.objectives(view, y, found, [share * limit] * len(found), l1=True)
            return J.argmin()

        assert best(1.0) == 0
        assert best(0.9) > 0

    def test_a_path_is_as_exact_as_its_worst_penalty(self):
        assert judge.gap([1.01, 2.0, 4.0], [1.0, 2.0, 3.0]) == pytest.approx(1 / 3)
        assert judge.gap([np.nan], [1.0]) == np.inf


class TestViews:
    def test_standardised_is_what_scikit_learn_makes(self):
        X = problem("C").load().view.X
        made = View.of(X, "standard").whole(np.float64)
        assert np.allclose(made, StandardScaler().fit_transform(X.astype(float)), atol=1e-12)

    @pytest.mark.parametrize("scaling", [None, 1 / 255, "standard"])
    def test_parameters_on_scaled_x_give_the_same_z(self, scaling):
        rng = np.random.default_rng(3)
        X, W, b = rng.integers(0, 256, (30, 4)), rng.standard_normal((4, 2)), np.array([1.0, -2.0])
        view = View.of(X.astype(np.uint8), scaling)
        scaled_W, scaled_b = view.parameters(W, b)
        assert np.allclose(view.whole(np.float64) @ scaled_W + scaled_b, X @ W + b, atol=1e-9)

    def test_sparse_stays_sparse_and_keeps_its_numbers(self):
        X = problem("D-family-1e-4").load().view.X
        whole = View.of(X, None).whole(np.float32)
        assert sparse.issparse(whole)
        assert abs(whole - X).max() == 0


class TestRows:
    def test_a_binary_problem_has_a_variant_without_intercept(self):
        names = [p.name for p in rows.problems("A")]
        assert names == ["A", "A-0"]
        assert [p.intercept for p in rows.problems("A")] == [True, False]
        assert [p.name for p in rows.problems("B")] == ["B"]

    def test_every_row_is_there(self):
        assert {p.row for p in rows.problems("all")} == set("ABCDEFGH")

    def test_lambda_is_one_over_m_on_row_g(self):
        task = problem("G-digits").load()
        assert task.lambdas == (1 / 1797,)

    def test_folds_share_one_c(self):
        task = problem("H-leukemia").load()
        cases = task.cases()
        assert len(cases) == len(task.folds) * len(task.lambdas)
        products = {round(c.strength * len(c.rows), 12) for c in cases}
        assert products == {round(s * len(task.y), 12) for s in task.lambdas}

    @pytest.mark.shared
    @pytest.mark.usefixtures("shared")
    def test_the_real_data_are_what_the_rows_say(self):
        shapes = {"A": (60000, 784), "D-family-1e-4": (11314, 56436), "F-flowers": (200, 12288)}
        for name, shape in shapes.items():
            task = rows.find(name).load()
            assert task.view.X.shape == shape
            assert task.classes == 2
        assert rows.find("F-leukemia").load().view.X.shape == (38, 7129)
        assert rows.find("C").load().view.X.dtype == np.float16


TRANSLATED = [
    "G-cancer-standard",
    "G-cancer-standard-0",
    "B",
    "D-family-1e-4",
    "E-0.1",
    "E-0.1-0",
    "F-leukemia",
    "F-leukemia-0",
    "H-leukemia",
]


@pytest.fixture(scope="module")
def reference():
    """The best J of each problem, by scikit-learn in float64, at its tightest."""
    known = {}
    for name in TRANSLATED:
        task = problem(name).load()
        free_l1 = task.problem.l1 and task.problem.intercept
        solver = "saga" if free_l1 else "liblinear" if task.problem.l1 else "newton-cholesky-f64"
        contender = replace(contenders.find(f"sklearn-{solver}"), view="float64")
        known[name] = task.objectives(Bench(contender, task).fit(1e-8).parameters)
    return known


class TestContenders:
    @pytest.mark.parametrize("name", TRANSLATED)
    @pytest.mark.parametrize("contender", contenders.CONTENDERS, ids=lambda c: c.name)
    def test_each_solves_the_same_objective(self, contender, name, reference):
        task = problem(name).load()
        refusal = absence(contender) or contender.refusal(task)
        if refusal:
            pytest.skip(refusal)
        if contender.name == "sklearn-saga" and len(task.lambdas) > 1:
            pytest.skip("a path by saga takes a minute")
        if contender.package == "onelayer" and find_spec("onelayer.estimators.classifier") is None:
            pytest.skip("no estimator yet")
        bench = Bench(contender, task)
        try:
            found = min(_gaps(bench, reference[name]))
        except ValueError as error:
            if contender.package == "onelayer" and "not available yet" in str(error):
                pytest.skip(str(error))
            raise
        assert -1e-6 < found < EXACT

    def test_those_that_penalise_the_intercept_are_refused_with_reason(self):
        task = problem("A").load()
        contender = contenders.find("sklearn-liblinear")
        assert contender.refusal(task).startswith("penalises the intercept")
        honest = Bench(contenders.find("sklearn-newton-cholesky-f64"), task).fit(1e-9)
        other = Bench(contender, task).fit(1e-9)
        best = task.objectives(honest.parameters)
        assert judge.gap(task.objectives(other.parameters), best) > EXACT

    @pytest.mark.parametrize(
        ("name", "problem_name", "reason"),
        [
            ("celer", "A-0", "L1 only"),
            ("snapml", "B", "one against the rest, not softmax"),
            ("glum", "B", "two classes only"),
            ("cyanure", "H-leukemia", "no cross-validation of its own"),
            ("sklearn-cv-lbfgs", "A", "cross-validation only"),
            ("sklearn-lbfgs-f32", "E-0.1", "no L1 penalty"),
        ],
    )
    def test_what_cannot_be_solved_is_said(self, name, problem_name, reason):
        assert contenders.find(name).refusal(problem(problem_name).load()) == reason

    def test_a_cross_validation_is_judged_fold_by_fold(self):
        task = problem("H-leukemia").load()
        fit = Bench(contenders.find("sklearn-cv-newton-cholesky"), task).fit(1e-8)
        single = replace(task, folds=())
        case = task.cases()[-1]
        own = rows.Task(
            replace(single.problem, folds=0),
            task.view.rows(case.rows),
            task.y[case.rows],
            (case.strength,),
            (),
        )
        alone = Bench(contenders.find("sklearn-newton-cholesky-f64"), own).fit(1e-8)
        J = task.objectives(fit.parameters)
        assert J[-1] == pytest.approx(own.objectives(alone.parameters)[0], rel=1e-8)

    def test_the_ladder_goes_down_in_half_decades(self):
        assert contenders.half_decades(-1, -2) == pytest.approx((0.1, 0.1**1.5, 0.01))

    def test_an_unknown_name_lists_the_known(self):
        with pytest.raises(SystemExit, match="choose among onelayer, onelayer-tol"):
            contenders.find("magic")


def _gaps(bench, best):
    """Down the ladder until exact."""
    for tol in bench.contender.ladder:
        found = judge.gap(bench.task.objectives(bench.fit(tol).parameters), best)
        yield found
        if found < EXACT:
            return


class TestWorker:
    def test_a_contender_that_takes_too_long_is_lost_and_may_return(self):
        worker = Worker("sklearn-lbfgs-f64", "small-G-digits")
        try:
            worker.fit(0.1, limit=60)
            with pytest.raises(LostError, match=r"more than 0\.001 s"):
                worker.fit(1e-9, limit=0.001)
            assert worker.fit(0.1, limit=60).seconds > 0
        finally:
            worker.close()

    def test_one_that_dies_says_how(self):
        worker = Worker("sklearn-lbfgs-f64", "small-G-cancer")
        try:
            worker.fit(0.1, limit=60)
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


def run(script, *arguments):
    source = Path(find_spec("onelayer").origin).parents[1]
    finished = subprocess.run(
        [sys.executable, BENCHMARKS / script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(source)},
        check=True,
        timeout=120,
        stdout=subprocess.PIPE,
        text=True,
    )
    return finished.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One small problem measured from the command line."""
    out = tmp_path_factory.mktemp("results")
    run(
        "run.py", "G", "--small", "--problems", "small-G-cancer-standard", "--repeats", 2,
        "--contenders", "onelayer", "sklearn-newton-cholesky-f64", "sklearn-liblinear",
        "--threads", 1, "--out", out,
    )  # fmt: skip
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
        assert {"onelayer digits", "sklearn digits"} <= {x["contender"] for x in lines}

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
        run("report.py", "--results", folder, "--out", tmp_path / "RESULTS.md")
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
    def test_stated_gaps_stand_beside_true_ones(self):
        head, *lines = run("exactness.py", "--rows", "G", "--small", "--no-made").splitlines()
        assert head.split() == ["problem", "tol", "stated", "true", "ratio", "status"]
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
