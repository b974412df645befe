"""What the API answers: to the bit what `predict` does, and sums that are exact."""

import io
import json
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from sklearn.datasets import load_breast_cancer

import onelayer
from onelayer.errors import MissingExtraError, ModelFileError, UsageError
from onelayer.server import Limits, create_app, missing
from onelayer.server.describe import described

SECRET = "secret"  # noqa: S105 - of these tests alone


def sent(paths):
    return [("files", (path.name, path.read_bytes())) for path in paths]


@pytest.fixture(scope="module")
def files(tints):
    return sorted(tints.rglob("*.png"))[::5]


def test_files_are_predicted_as_predict_does_to_the_last_bit(tints_served, tints_model, files):
    model = tints_model[0]
    with tints_served.client() as client:
        found = client.post("v1/predict", files=sent(files)).json()["predictions"]
        alone = [
            client.post("v1/predict", files=sent([file])).json()["predictions"][0] for file in files
        ]
    assert [one["file"] for one in found] == [file.name for file in files]
    assert [one["class"] for one in found] == model.predict(files).tolist()
    assert [list(one["probabilities"].values()) for one in found] == (
        model.predict_proba(files).tolist()
    )
    assert [list(one["probabilities"].values()) for one in alone] == [
        model.predict_proba(file)[0].tolist() for file in files
    ]
    assert list(found[0]["probabilities"]) == ["cold", "green", "warm"]


def test_rows_are_predicted_as_predict_does_to_the_last_bit(cancer_served, cancer_model):
    X, model = load_breast_cancer().data[:40], cancer_model[0]
    with cancer_served.client() as client:
        found = client.post("v1/predict", json={"rows": X.tolist()}).json()["predictions"]
    assert [one["row"] for one in found] == list(range(40))
    assert [one["class"] for one in found] == model.predict(X).tolist()
    assert [list(one["probabilities"].values()) for one in found] == (
        model.predict_proba(X).tolist()
    )


def test_contributions_of_pixels_add_up_to_z(tints_served, tints_model, files):
    model = tints_model[0]
    pixels = np.stack([np.asarray(Image.open(file)) for file in files])
    Z = model.forward(pixels.reshape(len(files), -1))
    with tints_served.client() as client:
        for k, label in enumerate(["cold", "green", "warm"]):
            found = client.post("v1/explain", params={"class": label}, files=sent(files)).json()
            for row, one in enumerate(found["explanations"]):
                assert (one["explains"], one["against"]) == (label, None)
                assert one["z"] == pytest.approx(Z[row, k] - Z[row].mean(), abs=1e-12)
                total = one["intercept"] + np.sum(one["contributions"])
                assert total == pytest.approx(one["z"], abs=1e-9)
                w = (model.coef[k] - model.coef.mean(axis=0)).reshape(64, 64, 3)
                expected = (w * pixels[row]).sum(axis=2)
                np.testing.assert_allclose(one["contributions"], expected, atol=1e-12)


def test_the_picture_is_shown_as_the_model_sees_it(tints_served, picture_bytes):
    large = np.random.default_rng(0).integers(0, 255, (200, 300, 3))
    with tints_served.client() as client:
        found = client.post("v1/explain", files={"files": ("a.png", picture_bytes(large))}).json()
    seen = found["explanations"][0]["seen"].removeprefix("data:image/png;base64,")
    expected = onelayer.readers.read_picture(picture_bytes(large), 64)
    assert np.array_equal(Image.open(io.BytesIO(b64decode(seen))), expected)


def test_contributions_of_numbers_add_up_to_the_log_odds(cancer_served, cancer_model):
    x, model = load_breast_cancer().data[:1], cancer_model[0]
    z = model.forward(x)[0, 0]
    with cancer_served.client() as client:
        for label, sign in (("malignant", 1), ("benign", -1)):
            asked = client.post("v1/explain", params={"class": label}, json={"rows": x.tolist()})
            one = asked.json()["explanations"][0]
            assert one["z"] == sign * z
            assert one["intercept"] + sum(one["contributions"]) == pytest.approx(sign * z, abs=1e-9)
            assert {label, one["against"]} == {"malignant", "benign"}


def test_what_calibration_makes_of_z_is_told(running, cancer_model):
    x, model = load_breast_cancer().data[:1], cancer_model[0]
    readout = replace(model.readout, temperature=2.5, class_weights=np.array([3.0, 1.0]))
    with running(create_app(replace(model, readout=readout))) as client:
        for label in ("malignant", "benign"):
            asked = client.post("/v1/explain", params={"class": label}, json={"rows": x.tolist()})
            one = asked.json()["explanations"][0]
            assert one["temperature"] == 2.5
            logit = one["z"] / 2.5 + one["offset"]
            assert 1 / (1 + np.exp(-logit)) == pytest.approx(one["probabilities"][label], abs=1e-12)


def test_the_model_says_what_it_is(tints_served, tints_model):
    with tints_served.client() as client:
        told = client.get("v1/model").json()
        assert client.get("healthz").json() == {"status": "ok"}
    assert told["kind"] == "pictures"
    assert told["classes"] == ["cold", "green", "warm"]
    assert told["features"] == 12288
    assert told["preprocessing"] == {"height": 64, "width": 64, "mode": "RGB", "fit": "stretch"}
    assert told["card"]["test"]["accuracy"] == tints_model[0].card.test.accuracy
    assert told["summary"][0] == {"heading": "classes", "text": "3: cold, green, warm"}
    assert told["rule"] is None


def test_no_folder_of_the_machine_is_told(tmp_path):
    """Sources of every kind, by their whole paths: their names are all that a stranger learns."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "labels.npy", y)
    lines = [",".join(map(str, [*x, label])) for x, label in zip(X, y, strict=True)]
    for name in ("t.csv", "test.csv"):
        (tmp_path / name).write_text("\n".join(["a,b,c,y", *lines]))
    models = [
        onelayer.train(tmp_path / "X.npy", y=str(tmp_path / "labels.npy"), C=1.0),
        onelayer.train(tmp_path / "t.csv", test=tmp_path / "test.csv", target="y", C=1.0),
        onelayer.train((X, y), C=1.0),
    ]
    for model in models:
        assert str(tmp_path) not in json.dumps(described(model, Limits()))
    arrays, table, given = (described(model, Limits())["card"] for model in models)
    assert (arrays["source"], arrays["settings"]["y"]) == ("X.npy", "labels.npy")
    assert (table["source"], table["settings"]["test"]) == ("t.csv", "test.csv")
    assert table["audit"]["source"] == "t.csv"
    assert given["source"] == "arrays"
    assert models[1].card.source == str(tmp_path / "t.csv")  # its owner's own card says where


def test_every_answer_has_the_headers(tints_served):
    with tints_served.client() as client:
        for path in ("", "docs", "static/page.js", "v1/model", "nowhere", "favicon.ico"):
            headers = client.get(path).headers
            assert headers["content-security-policy"].startswith("default-src 'none'; script-src ")
            assert headers["x-content-type-options"] == "nosniff"
            assert "server" not in headers
        assert client.get("v1/model").headers["cache-control"] == "no-store"
        seen = client.get("static/page.js").headers["etag"]
        again = client.get("static/page.js", headers={"If-None-Match": seen})
        assert (again.status_code, again.content) == (304, b"")


def test_other_names_are_refused_on_loopback(tints_served):
    with tints_served.client() as client:
        refused = client.get("v1/model", headers={"Host": "evil.example"})
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("'evil.example' is not the name of this server")


BODY = json.dumps({"rows": [[0.5] * 192]})


@pytest.fixture(scope="module")
def locked(running, pair_model):
    """A client of an application that asks for a token."""
    with running(create_app(pair_model[0], token=SECRET)) as client:
        yield client


@pytest.mark.parametrize(
    ("credentials", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic secret"}, 401),
        ({"Authorization": "Bearer secret"}, 200),
        ({"Authorization": "bearer secret"}, 200),
    ],
)
def test_a_token_is_asked_for(locked, credentials, status):
    headers = {"Content-Type": "application/json", **credentials}
    assert locked.post("/v1/predict", content=BODY, headers=headers).status_code == status
    found = locked.get("/v1/model", headers=credentials)
    assert found.status_code == status
    if status == 401:
        assert found.headers["www-authenticate"] == "Bearer"
        assert found.json()["detail"].startswith("a token is needed")
    assert locked.get("/healthz").status_code == locked.get("/").status_code == 200
    assert b"data-locked" in locked.get("/").content


@pytest.mark.parametrize("secret", ["\u043a\u043b\u044e\u0447", "schl\u00fcssel", " spaced "])
def test_a_token_has_any_letters(running, pair_model, secret):
    """As curl sends it, in UTF-8; and as some libraries do, in Latin-1 where that has them."""
    with running(create_app(pair_model[0], token=secret)) as client:
        for encoding in ("utf-8", "latin-1"):
            known = secret.strip().encode(encoding, "replace")
            found = client.get("/v1/model", headers={"Authorization": b"Bearer " + known})
            assert found.status_code == (200 if b"?" not in known else 401)
        wrong = client.get("/v1/model", headers={"Authorization": b"Bearer wrong"})
        assert wrong.status_code == 401


def test_the_token_comes_from_the_environment(running, pair_model, monkeypatch):
    monkeypatch.setenv("ONELAYER_TOKEN", "of the environment")
    with running(create_app(pair_model[0])) as client:
        assert client.get("/v1/model").status_code == 401
        known = {"Authorization": "Bearer of the environment"}
        assert client.get("/v1/model", headers=known).status_code == 200
    monkeypatch.setenv("ONELAYER_TOKEN", " ")
    with pytest.raises(UsageError, match="the token is empty: give ONELAYER_TOKEN a value"):
        create_app(pair_model[0])


def test_it_can_be_mounted_elsewhere(running, pair_model, colours):
    outer = FastAPI()
    inner = onelayer.server.create_app(pair_model[1], token=SECRET)
    outer.mount("/colours", inner)
    file = next(colours.rglob("*.png"))
    known = {"Authorization": "Bearer secret"}
    with running(outer) as client:
        assert client.get("/colours/").status_code == 200
        assert client.get("/colours/static/page.css").status_code == 200
        assert client.post("/colours/v1/predict", files=sent([file])).status_code == 401
        found = client.post("/colours/v1/predict", files=sent([file]), headers=known).json()
        assert found["predictions"][0]["class"] == file.parent.name
        assert client.get("/colours/openapi.json").json()["servers"] == [{"url": "/colours"}]


def test_what_cannot_be_served_is_refused(pair_model, tmp_path):
    bad = tmp_path / "m.safetensors"
    bad.write_bytes(b"no model")
    with pytest.raises(ModelFileError, match=r"m\.safetensors"):
        create_app(bad)
    twins = replace(pair_model[0], classes=np.array([1, "1"], dtype=object))
    with pytest.raises(UsageError, match="two classes are called '1' as text"):
        create_app(twins)


def test_without_the_extra_its_command_is_named():
    error = missing(ModuleNotFoundError("No module named 'fastapi'", name="fastapi"))
    assert isinstance(error, MissingExtraError)
    assert str(error).endswith("pip install 'onelayer[serve]'")
    other = ModuleNotFoundError("No module named 'x'", name="x")
    assert missing(other) is other
