"""A table that stays on disk gives the model that it gives in memory."""

import json
import tempfile
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from law_tables import random_tables, tries

import onelayer
from onelayer import kept_folders
from onelayer.designs import rows_on_disk
from onelayer.errors import DataWarning
from onelayer.readers.tables import several


@pytest.fixture(scope="module", autouse=True)
def small_groups():
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as name:
        patched.setattr(kept_folders, "user_cache", lambda: Path(name))
        patched.setattr(rows_on_disk, "GROUP_BYTES", 2_000)
        yield


def trained(source, **settings):
    """A model, what was warned of, and what its audit says."""
    with warnings.catch_warnings(record=True) as found, pytest.MonkeyPatch.context() as patched:
        warnings.simplefilter("always", DataWarning)
        if "memory" in settings:  # no table is small enough for it
            patched.setattr(several, "TIMES", 10**9)
        model = onelayer.train(source, **settings)
    told = asdict(model.card.audit)
    told["notes"] = [one for one in told["notes"] if "its cells lie as numbers in" not in one]
    on_disk = len(told["notes"]) < len(model.card.audit.notes)
    assert on_disk == ("memory" in settings)
    return model, sorted(str(one.message) for one in found), told


@given(random_tables(), st.sampled_from([".csv", ".csv.gz", ".parquet"]))
@tries(8)
def test_the_model_is_that_of_memory(made, suffix):
    with tempfile.TemporaryDirectory() as name:
        train, test = made.written(Path(name), suffix)
        here, *said = trained(train, test=test, **made.settings)
        there, *found = trained(train, test=test, memory="100MB", **made.settings)
        assert found == said
        assert json.dumps(there.inputs.to_dict()) == json.dumps(here.inputs.to_dict())
        size = np.abs(here.coef).max()
        np.testing.assert_allclose(there.coef, here.coef, atol=1e-4 * size)
        there.save(Path(name) / "m.safetensors")
        loaded = onelayer.load(Path(name) / "m.safetensors")
        assert loaded.evaluate(test) == there.card.test
        assert_cards_agree(there, here)
        assert_answers_do_not_depend_on_where_a_table_lies(loaded, test)


def assert_cards_agree(there, here):
    """As JSON: the same names, words and counts, and figures that a fit's tolerance apart are."""
    found, expected = (
        dict(plain(json.loads(json.dumps(one.card.to_dict())))) for one in (there, here)
    )
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, float):
            assert found[name] == pytest.approx(value, rel=0.01, abs=0.01), name
        else:
            assert found[name] == value, name


OF_THE_FIT = ("solution", "settings", "created", "history", "audit", "words", "rule")
"""What a card says of how and where it was fitted, and sentences that have figures in them."""


def plain(value, name=""):
    """Each value of JSON by its place."""
    if name.rpartition("/")[2] in OF_THE_FIT:
        return
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in pairs:
            yield from plain(one, f"{name}/{key}")
    else:
        yield name, value


def assert_answers_do_not_depend_on_where_a_table_lies(model, table):
    here = model.evaluate(table), model.predict(table), model.predict_proba(table)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(several, "TIMES", 10**12)  # it is larger than any memory
        assert model.evaluate(table) == here[0]
        np.testing.assert_array_equal(model.predict(table), here[1])
        np.testing.assert_array_equal(model.predict_proba(table), here[2])


@given(random_tables(without=("sentences",)))
@tries(3)
def test_what_is_held_out_has_no_part_and_is_judged_as_the_loaded_model_does(made):
    with tempfile.TemporaryDirectory() as name:
        train, _ = made.written(Path(name))
        here, *said = trained(train, **made.settings)
        there, *found = trained(train, memory=1, **made.settings)
        assert (found, there.card.judge) == (said, here.card.judge)
        assert json.dumps(there.inputs.to_dict()) == json.dumps(here.inputs.to_dict())
        there.save(Path(name) / "m.safetensors")
        whole = onelayer.load(Path(name) / "m.safetensors").evaluate(train)
    parts = there.card.train, there.card.test
    said = np.average([one.log_loss for one in parts], weights=[one.n for one in parts])
    assert said == pytest.approx(whole.log_loss, rel=1e-12)
