"""A model in MLflow: saved, logged, loaded elsewhere and served answers as the model itself."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from law_kinds import KINDS

import onelayer
from onelayer.errors import MissingExtraError, ModelFileError, UsageError

mlflow = pytest.importorskip("mlflow")
pyfunc = pytest.importorskip("mlflow.pyfunc")

from onelayer import mlflow as flavor  # noqa: E402 - where MLflow is there

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # MLflow's own, of its neighbours
    pytest.mark.usefixtures("_own_store"),
]
SOURCE = Path(onelayer.__file__).parents[1]


@pytest.fixture
def _own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"file://{tmp_path}/runs")


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"age": random.integers(18, 80, 300), "fee": random.normal(50, 9, 300)})
    frame["town"] = random.choice(["Oslo", "Rome"], 300)
    frame["member"] = random.random(300) < 0.5
    frame["churned"] = np.where(frame["fee"] + random.normal(0, 5, 300) > 50, "yes", "no")
    return frame


@pytest.fixture(scope="module")
def model(table):
    return onelayer.train(table, target="churned", C=1.0)


ODD = pd.DataFrame(
    {
        "fee": [61.5, None, 40.0],
        "age": [30, 40, 50],
        "town": ["Rome", None, "Paris"],
        "member": [True, False, True],
    }
)
BY_CHANCE = {"predict_method": "predict_proba"}


def test_what_was_logged_answers_as_the_model_does(model, table):
    with mlflow.start_run():
        logged = flavor.log_model(model, name="churn", input_example=ODD)
    loaded = pyfunc.load_model(logged.model_uri)
    for rows in (table.drop(columns="churned"), ODD):  # whole numbers and booleans as they are
        np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
        found = loaded.predict(rows, params=BY_CHANCE)
        assert found.columns.tolist() == ["no", "yes"]
        np.testing.assert_array_equal(found.to_numpy(), model.predict_proba(rows))
    again = flavor.load_model(logged.model_uri)
    np.testing.assert_array_equal(again.predict_proba(ODD), model.predict_proba(ODD))
    assert logged.signature.inputs.input_names() == [column.name for column in model.columns]


@pytest.mark.parametrize("kind", ["npz", "uint8", "digits"])
def test_rows_and_pictures_of_arrays(kind, tmp_path):
    made = KINDS[kind]
    source = made.source(made.make(0), tmp_path / "train")
    model = onelayer.train(source, **{**made.settings, "C": 1.0})
    flavor.save_model(model, "saved")
    takes = flavor.signature_of(model).inputs.inputs[0]
    shape = [5, *takes.shape[1:]]
    rows = np.random.default_rng(0).integers(0, 255, shape).astype(takes.type)
    found = pyfunc.load_model("saved").predict(rows, params=BY_CHANCE)
    np.testing.assert_array_equal(found.to_numpy(), model.predict_proba(rows))


def test_in_another_process_and_without_a_pickle(model):
    flavor.save_model(model, "saved")
    code = (
        "import sys, json, mlflow.pyfunc, pandas as pd\n"
        "model = mlflow.pyfunc.load_model('saved')\n"
        "rows = pd.read_json(sys.stdin, orient='split')\n"
        f"print(json.dumps(model.predict(rows, params={BY_CHANCE}).to_numpy().tolist()))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        input=ODD.to_json(orient="split"),
        capture_output=True,
        text=True,
        check=True,
    )
    np.testing.assert_array_equal(json.loads(done.stdout), model.predict_proba(ODD))
    names = sorted(path.name for path in Path("saved").iterdir())
    assert names == ["MLmodel", "model.safetensors", "python_env.yaml", "requirements.txt"]
    assert Path("saved/requirements.txt").read_text() == f"onelayer=={onelayer.__version__}\n"


@pytest.fixture
def served(model, free_port):
    """The address of MLflow's own scoring server, on this machine."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    flavor.save_model(model, "saved")
    words = ["-m", "uvicorn", "--port", str(free_port), "mlflow.pyfunc.scoring_server.app:app"]
    environment = {**os.environ, "__pyfunc_model_path__": "saved"}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", *words], env=environment, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield _when_ready(process, f"http://127.0.0.1:{free_port}")
        finally:
            process.terminate()


@pytest.fixture
def free_port():
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _when_ready(process, address):
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{address}/ping")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return address
    raise AssertionError(f"MLflow's scoring server did not start: {process.poll()}")


def test_mlflows_scoring_server_gives_the_same_answers(served, model):
    columns = ODD.astype(object).where(ODD.notna(), None)
    split = {"columns": columns.columns.tolist(), "data": columns.to_numpy().tolist()}
    for params, due in ((None, model.predict(ODD)), (BY_CHANCE, model.predict_proba(ODD))):
        body = {"dataframe_split": split} | ({"params": params} if params else {})
        told = httpx.post(f"{served}/invocations", json=body, timeout=600).json()["predictions"]
        if params is None:
            assert told == due.tolist()
        else:
            assert [[row["no"], row["yes"]] for row in told] == due.tolist()


def test_what_is_wrong_is_said_in_words(model, monkeypatch):
    flavor.save_model(model, "saved")
    with pytest.raises(UsageError, match="saved exists and is not empty: give another folder"):
        flavor.save_model(model, "saved")
    with pytest.raises(UsageError, match="predict_method is 'score': give predict or predict_pro"):
        flavor.ServedModel(model).predict(ODD, {"predict_method": "score"})
    Path("saved/model.safetensors").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelFileError):
        flavor.load_model("saved")
    monkeypatch.setitem(sys.modules, "mlflow.pyfunc", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'onelayer\[mlflow\]'"):
        flavor.save_model(model, "other")
