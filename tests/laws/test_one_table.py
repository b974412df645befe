"""One table, one model: however its cells are kept, and whoever asks, the same parameters."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from law_kinds import KINDS
from law_tables import random_tables, tries, write_frame

import onelayer
from onelayer.errors import DataWarning

FILES = {
    "comma": (".csv", {"sep": ","}),
    "semicolon": (".csv", {"sep": ";"}),
    "tab": (".csv", {"sep": "\t"}),
    "bar": (".csv", {"sep": "|"}),
    "packed": (".csv.gz", {}),
    "parquet": (".parquet", {}),
}
FRAMES = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "Arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "dictionaries": lambda frame: (
        frame.astype(object).where(frame.notna(), None).to_dict("records")
    ),
}
"""Ways to hold a table in memory."""


def require_same(found, expected):
    """Whether two models have the same parameters and were judged alike."""
    np.testing.assert_array_equal(found.coef, expected.coef)
    np.testing.assert_array_equal(found.intercept, expected.intercept)
    np.testing.assert_array_equal(found.classes, expected.classes)
    assert found.temperature == expected.temperature
    assert found.card.test == expected.card.test


@given(random_tables())
@tries(8)
def test_every_kind_of_file_gives_the_same_model(made):
    with tempfile.TemporaryDirectory() as name:
        models = [
            onelayer.train(
                write_frame(made.train, Path(name) / f"{way}{suffix}", **how), **made.settings
            )
            for way, (suffix, how) in FILES.items()
        ]
    for model in models[1:]:
        require_same(model, models[0])


@pytest.mark.parametrize("way", FRAMES)
def test_every_table_in_memory_gives_the_same_model(way):
    @given(random_tables())
    @tries(4)
    def law(made):
        with tempfile.TemporaryDirectory() as name:
            expected = onelayer.train(
                write_frame(made.train, Path(name) / "t.csv"), **made.settings
            )
        require_same(onelayer.train(FRAMES[way](made.train), **made.settings), expected)

    law()


@given(random_tables())
@tries(8)
def test_every_table_in_memory_is_answered_alike(made):
    with tempfile.TemporaryDirectory() as name:
        train, test = made.written(Path(name))
        model = onelayer.train(train, test_size=0, **made.settings)
        expected = model.predict_proba(test)
    for hold in FRAMES.values():
        np.testing.assert_array_equal(model.predict_proba(hold(made.rows)), expected)


@given(random_tables())
@tries(10)
def test_a_pipeline_for_frames_is_the_same_model(made):
    """make_table_classifier learns the encoding of `train`, from frames, with weights too."""
    alone = {**made.settings, "test_size": 0, "calibrate": "none"}
    weights = made.train.get("weight")
    given = {} if weights is None else {"features__sample_weight": weights}
    given |= {} if weights is None else {"layer__sample_weight": weights}
    features = made.train[[*made.made_of, "y"]]
    with tempfile.TemporaryDirectory() as name:
        model = onelayer.train(write_frame(made.train, Path(name) / "t.csv"), **alone)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            pipeline = onelayer.make_table_classifier(features, "y", C=made.settings["C"])
        pipeline.fit(features, features.y, **given)
        onelayer.save(pipeline, Path(name) / "m.safetensors")
        loaded = onelayer.load(Path(name) / "m.safetensors")
    expected = model.predict_proba(made.rows)
    np.testing.assert_array_equal(loaded.predict_proba(made.rows), expected)
    in_float32 = any(column.kind == "text" for column in model.columns)
    rtol = 1e-5 if in_float32 else 1e-12  # what the estimator answers of float32 is float32
    np.testing.assert_allclose(pipeline.predict_proba(made.rows), expected, rtol=rtol)
    assert loaded.inputs.encoding.to_dict() == model.inputs.encoding.to_dict()


@pytest.mark.parametrize("name", KINDS)
def test_the_command_line_trains_the_same_model(name, command, tmp_path):
    kind = KINDS[name]
    source = kind.source(kind.make(0), tmp_path / "train")
    if not isinstance(source, (str, Path)):
        pytest.skip("what has no path is not for the command line")
    settings = {**kind.settings, "C": 1.0}
    options = [
        word for key, value in settings.items() for word in (f"--{key.replace('_', '-')}", value)
    ]
    file = tmp_path / "m.safetensors"
    said = command("train", source, *options, "-o", file, "--no-report")
    expected = onelayer.train(source, **settings)
    require_same(onelayer.load(file), expected)
    assert said["test"] == expected.card.test.to_dict()
