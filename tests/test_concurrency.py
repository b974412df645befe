"""Threads, processes, forks, Ctrl-C and folders that cannot be written: real ones, all of them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from threading import Thread, current_thread

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.model_selection import GridSearchCV

import onelayer
from onelayer import LogisticRegression, parallel

HOUSE = Path(onelayer.__file__).parent
RNG = np.random.default_rng(0)
M, N = 9000, 60
X = RNG.normal(size=(M, N))
BYTES = RNG.integers(0, 256, (4 * M, N), dtype=np.uint8)
Y = (X[:, 0] + RNG.normal(size=M) > 0).astype(int)
Y3 = np.digitize(X[:, 0] + RNG.normal(size=M), [-1, 1])
SPARSE = sparse.csr_array(np.where(X > 0, X, 0))
CASES = {
    "float64": (X, Y, {}),
    "float32": (X.astype(np.float32), Y, {"solver": "lbfgs"}),
    "uint8": (BYTES, np.tile(Y3, 4), {"solver": "lbfgs", "scaling": 1 / 255}),
    "sparse": (SPARSE, Y3, {"solver": "lbfgs"}),
    "l1": (SPARSE, Y3, {"l1_ratio": 1, "C": 0.01}),
}
# Which variables say how many threads there are; a test sets those that it is about.
CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
THREADS = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", *parallel.LIMITS}


def fitted(name):
    """The bytes of what was fitted."""
    data, y, options = CASES[name]
    model = LogisticRegression(**options).fit(data, y)
    return model.coef_.tobytes() + model.intercept_.tobytes()


def start(script, prefix=(), **variables):
    kept = {name: value for name, value in os.environ.items() if name not in THREADS}
    # Two levels: PYTHONPATH finds this package, `cases` what this file fits.
    paths = os.pathsep.join([str(HOUSE.parent), str(Path(__file__).parent)])
    kept |= {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", **variables}
    command = [*prefix, sys.executable, "-c", textwrap.dedent(script)]
    return subprocess.Popen(
        command, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process):
    out, err = process.communicate(timeout=900)  # kernels compile
    assert process.returncode == 0, err
    return json.loads(out)


DIGESTS = """
    import hashlib, json
    from onelayer import parallel
    from test_concurrency import fitted
    names = ["uint8", "sparse"]
    digests = {name: hashlib.sha256(fitted(name)).hexdigest() for name in names}
    print(json.dumps([parallel.thread_count(), digests]))
"""


def test_the_same_bytes_whatever_the_variables_and_the_affinity_say():
    """Of the same BLAS: how that rounds with threads of its own is not ours to say."""
    one_core = ["taskset", "-c", str(min(CORES))] if shutil.which("taskset") else []
    counts = ["1", "3", "3"]
    for name in ("uint8", "sparse"):
        fitted(name)  # or three processes at once compile what it takes
    started = [
        start(DIGESTS, prefix, OMP_NUM_THREADS=count)
        for prefix, count in zip([[], [], one_core], counts, strict=True)
    ]
    results = [finish(process) for process in started]
    expected = [min(int(count), len(CORES)) for count in counts]
    expected[2] = 1 if one_core else expected[2]
    assert [threads for threads, _ in results] == expected
    assert all(digests == results[0][1] for _, digests in results)


@pytest.fixture
def threads_are(monkeypatch):
    """threads_are(count) gives this process a new pool of so many threads."""

    def change(count):
        monkeypatch.undo()
        parallel._forget()
        monkeypatch.setattr(parallel, "thread_count", lambda: count)

    yield change
    monkeypatch.undo()
    parallel._forget()


@pytest.mark.parametrize("name", CASES)
def test_the_same_bytes_on_any_number_of_threads(name, threads_are):
    alone = fitted(name)
    for count in (1, 2, 3, 7):
        threads_are(count)
        assert fitted(name) == alone
        pool = parallel._pool
        # Fewer threads may do for few tasks; more are never started.
        assert pool is None if count == 1 else 1 < len(pool._threads) <= count


@pytest.mark.parametrize("names", [("float32", "uint8"), ("float64", "sparse"), ("l1", "l1")])
def test_two_fits_at_once_are_the_fits_alone(names, threads_are):
    threads_are(2)  # one pool serves both
    alone = [fitted(name) for name in names]
    together = [None, None]

    def work(place):
        for _ in range(3):
            together[place] = fitted(names[place])

    threads = [Thread(target=work, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone
    assert len(parallel._pool._threads) == 2


def test_an_exception_in_a_task_leaves_the_pool_in_order():
    def fail(begin, end):
        if begin:
            raise ZeroDivisionError
        return end

    with pytest.raises(ZeroDivisionError):
        parallel.run(fail, [(0, 1), (1, 2), (2, 3)])
    assert parallel.run(lambda a, b: b - a, [(0, 4), (4, 9)]) == [4, 5]


def test_fits_leave_the_threads_of_blas_as_they_were():
    script = """
        import json
        from threadpoolctl import threadpool_info
        from test_concurrency import CASES, fitted
        def threads():
            return {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}
        before = threads()
        for name in CASES:
            fitted(name)
        after = threads()
        print(json.dumps([[before[path], after[path]] for path in before]))
    """
    found = finish(start(script, OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2"))
    assert found
    assert all(before == after == 2 for before, after in found)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_a_grid_search_in_parallel_finds_what_one_alone_finds(backend):
    grid = {"C": [1e-4, 1e-3, 1e-1]}
    alone = GridSearchCV(LogisticRegression(), grid, cv=2).fit(X, Y)
    with joblib.parallel_config(backend=backend):
        together = GridSearchCV(LogisticRegression(), grid, cv=2, n_jobs=2).fit(X, Y)
    np.testing.assert_array_equal(
        alone.cv_results_["mean_test_score"], together.cv_results_["mean_test_score"]
    )
    np.testing.assert_allclose(
        alone.best_estimator_.coef_, together.best_estimator_.coef_, rtol=1e-9
    )


def test_a_worker_has_as_many_threads_as_joblib_grants():
    script = """
        import json
        import joblib

        def grants():
            import time
            from threading import Barrier, get_ident
            from onelayer import parallel
            together = Barrier(parallel.thread_count())
            def task(begin, end):
                together.wait(60)  # so many at once
                time.sleep(0.01)
                return get_ident()
            threads = parallel.run(task, [(i, i + 1) for i in range(20)])
            return parallel.thread_count(), len(set(threads))

        found = {}
        for granted in (1, 2):
            with joblib.parallel_config("loky", inner_max_num_threads=granted):
                found[granted] = joblib.Parallel(n_jobs=2)(joblib.delayed(grants)() for _ in "ab")
        print(json.dumps(found))
    """
    found = finish(start(script))
    for granted in (1, 2):
        expected = min(granted, len(CORES))
        assert found[str(granted)] == [[expected, expected]] * 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_after_a_fit_can_fit():
    script = """
        import json, os, sys, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # that a process with threads forks
        from onelayer import parallel
        from test_concurrency import fitted
        before = [fitted("float32"), fitted("float64")]
        pool = parallel._pool
        child = os.fork()
        if child == 0:
            same = [fitted("float32"), fitted("float64")] == before
            fresh = parallel._pool is not pool or pool is None
            os._exit(0 if same and fresh else 1)
        status = os.waitpid(child, 0)[1]
        print(json.dumps([os.waitstatus_to_exitcode(status), fitted("float32") == before[0]]))
    """
    assert finish(start(script)) == [0, True]


LONG_FIT = """
    import json, sys, time
    import numpy as np
    from onelayer import LogisticRegression
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (100_000, 300), dtype=np.uint8)
    y = rng.integers(0, {classes}, 100_000)
    model = LogisticRegression(tol=0, max_iter=100_000, verbose=1, scaling=1 / 255, {options})
    try:
        model.fit(X, y)
    except KeyboardInterrupt:
        stopped = time.process_time()
        finite = bool(np.isfinite(model.coef_).all()) and bool(model.coef_.any())
        print(json.dumps([stopped, str(model.solution_.status), finite]), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("classes", "options"),
    [(2, "solver='gradient-descent', learning_rate=0.1"), (10, "solver='lbfgs', C=1e3")],
)
def test_ctrl_c_is_answered_within_a_second_and_keeps_the_best(cpu_seconds, classes, options):
    process = start(LONG_FIT.format(classes=classes, options=options), PYTHONUNBUFFERED="1")
    for _ in range(4):  # steps; the first ones compile
        assert "step" in process.stdout.readline()
    time.sleep(0.1)
    sent = cpu_seconds(process.pid)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=900)
    stopped, status, finite = json.loads(err.splitlines()[-1])
    assert status == "interrupted"
    assert finite
    assert stopped - sent < len(CORES)  # CPU seconds, of a thread on each core


WIDENED = """
    import json
    import numpy as np
    from onelayer.kernels.compile import cache_folder
    from onelayer.kernels.dense_pass import convert_rows
    B = np.empty((2, 3), np.float32)
    convert_rows(np.arange(6, dtype=np.uint8).reshape(2, 3), None, 0, 2, 0, B)
    print(json.dumps([str(cache_folder()), B.ravel().tolist()]))
"""


def test_a_cache_folder_that_cannot_be_written_means_a_temporary_one(tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")
    variables = {"XDG_CACHE_HOME": str(blocked / "cache"), "TMPDIR": str(tmp_path)}
    folder, widened = finish(start(WIDENED, **variables))
    assert Path(folder).parent == tmp_path
    assert widened == [0, 1, 2, 3, 4, 5]
    assert not Path(folder).exists()  # taken away at the end


FOLDER = """
    import json
    from onelayer.kernels import compile
    print(json.dumps(str(compile.cache_folder())))
"""


def test_neither_a_home_nor_a_folder_for_caches_is_needed(tmp_path):
    read_only = finish(start(FOLDER, HOME="/proc/1", XDG_CACHE_HOME="", TMPDIR=str(tmp_path)))
    assert Path(read_only).parent == tmp_path
    home = finish(start(FOLDER, HOME=str(tmp_path), XDG_CACHE_HOME=""))
    assert Path(home).parent == tmp_path / ".cache" / "onelayer"


def test_an_edited_helper_is_never_run_in_its_old_form(tmp_path):
    """Numba itself looks at the kernel's own file; `widen` is inlined from another."""
    shutil.copytree(HOUSE, tmp_path / "onelayer", ignore=shutil.ignore_patterns("__pycache__"))
    where = {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    old = finish(start(WIDENED, **where))
    assert old == finish(start(WIDENED, **where))
    elementary = tmp_path / "onelayer" / "kernels" / "elementary.py"
    plain = "types.uint8: lambda x: np.float32(x)"
    assert plain in elementary.read_text()
    elementary.write_text(elementary.read_text().replace(plain, f"{plain} * np.float32(2)"))
    new = finish(start(WIDENED, **where))
    assert old[1] == [0, 1, 2, 3, 4, 5]
    assert new[1] == [0, 2, 4, 6, 8, 10]
    assert new[0] != old[0]


def test_every_source_of_kernels_is_part_of_the_fingerprint(tmp_path):
    shutil.copytree(HOUSE, tmp_path / "onelayer", ignore=shutil.ignore_patterns("__pycache__"))
    script = """
        import json
        from pathlib import Path
        from onelayer.kernels import compile
        found = [compile._fingerprint()]
        for source in sorted(Path(compile.__file__).parent.glob("*.py")):
            source.write_text(source.read_text() + "#")
            found.append(compile._fingerprint())
        print(json.dumps(found))
    """
    found = finish(start(script, PYTHONPATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path)))
    assert len(found) == len(set(found)) > 4


def test_one_of_many_threads_calls_everything_itself(threads_are):
    threads_are(4)
    ranges = [(0, 1), (1, 2), (2, 3)]

    def who(*_):
        return current_thread()

    with parallel.in_this_thread():
        assert set(parallel.run(who, ranges)) == {current_thread()}
    assert current_thread() not in parallel.run(who, ranges)
