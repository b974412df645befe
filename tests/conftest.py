"""What the tests share."""

import os
import shutil
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

mpl.use("Agg")
# A machine that is busy makes no test fail: how long an example takes is nobody's promise.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


SLOWEST = (
    *("test_benchmarks_run.py", "kernels/test_kernels.py", "playground/test_page.py"),
    *("docs/test_pages.py", "server/test_schema.py"),
    *("cluster/test_workers.py", "cluster/test_training.py", "cluster/test_cross_validation.py"),
    *("cluster/test_collections.py", "cluster/test_command_line_there.py"),  # one start for all
    *("solvers/test_class_grams.py", "solvers/test_each_alone.py", "server/test_browser.py"),
    *("playground/test_app.py", "lesson/test_notebook.py", "test_concurrency.py"),
    *("test_readme.py", "report/test_browser.py", "server/test_load.py"),
)
"""The files that take longest, measured: first, so that none is one process's alone at the end."""


def pytest_configure(config):
    """Several processes take files in this order, not in that of how many tests they have."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """Order the files; within one the tests stay as they are."""
    place = {Path(__file__).parent / name: at for at, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference results and real data that lies beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("ONELAYER_SHARED", beside))
    if not folder.is_dir():
        pytest.skip("no shared folder beside the checkout")
    return folder


@pytest.fixture(scope="session")
def cpu_seconds():
    """cpu_seconds(pid): CPU time of a process so far, its threads' too; of one that ended unwaited.

    What is promised in seconds is tested in these: how busy the machine is plays no part.
    """

    def spent(pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    return spent


PATIENCE = 300_000  # ms that a page may take where the machine is busy
SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window; Debian has it as the package chromium."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no browser test: pip install playwright"
    )
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no browser test: there is no chromium on the PATH (apt-get install chromium)")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=chromium, args=SWITCHES, timeout=PATIENCE)
        new_page = found.new_page

        def patient(**options):
            page = new_page(**options)
            page.set_default_timeout(PATIENCE)
            return page

        found.new_page = patient
        yield found
        found.close()


@pytest.fixture(scope="session")
def looks():
    """`for width, scheme in looks(page)`: wide and narrow, light and dark, loaded once."""

    def turned(page):
        for width in (1280, 400):
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                yield width, scheme

    return turned


RED, BLUE, GREEN = (200, 40, 40), (40, 40, 200), (40, 200, 40)


def _write_pictures(
    folder: Path, colours: dict[str, tuple[int, int, int]], count: int = 20, **how: int
) -> Path:
    """Write `count` noisy pictures of each class's colour into `folder/<class>/`."""
    random = np.random.default_rng(how.get("seed", 0))
    side, noise = how.get("side", 8), how.get("noise", 30)
    for name, colour in colours.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = random.normal(colour, noise, size=(side, side, 3)).clip(0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number:02}.png")
    return folder


@pytest.fixture(scope="session")
def write_pictures():
    """write_pictures(folder, {class: (r, g, b)}, count, seed=, side=, noise=) makes a source."""
    return _write_pictures


@pytest.fixture(scope="session")
def colours(tmp_path_factory) -> Path:
    """Twenty red and twenty blue pictures: any classifier tells them apart."""
    return _write_pictures(tmp_path_factory.mktemp("data") / "colours", {"blue": BLUE, "red": RED})


@pytest.fixture(scope="session")
def hard(tmp_path_factory) -> Path:
    """Two tints under heavy noise, in train/ and test/: no classifier gets all of them right."""
    folder = tmp_path_factory.mktemp("data") / "hard"
    shades = {"cold": (113, 128, 143), "warm": (143, 128, 113)}
    _write_pictures(folder / "train", shades, 40, seed=1, side=4, noise=60)
    _write_pictures(folder / "test", shades, 30, seed=2, side=4, noise=60)
    return folder


@pytest.fixture(scope="session")
def running():
    """`with running(app) as client` runs an application in a thread of this process."""
    httpx = pytest.importorskip("httpx")
    uvicorn = pytest.importorskip("uvicorn")

    @contextmanager
    def run(app):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            port = listener.getsockname()[1]
            try:
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600) as client:
                    yield client
            finally:
                server.should_exit = True
                thread.join(timeout=600)

    return run
