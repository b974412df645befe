"""What a training is repeated from: its own model file; and what a person says of its mistakes.

The same source and settings give the same bytes, whoever asks. A label that a person corrects is
as good as one that the source had from the beginning.
"""

from pathlib import Path

import numpy as np
import pytest
from law_kinds import KINDS, Sample

import onelayer
from onelayer.model.record import record_of

IN_ORDER = ("csv", "parquet", "excel", "several", "npz", "npy", "on disk", "svm", "csr", "float64")
"""Kinds that have their rows in the order in which they were written, whatever their class."""


def bytes_of(model):
    return {name: array.tobytes() for name, array in record_of(model).arrays.items()}


def test_like_gives_the_same_bytes(trained):
    if not (isinstance(trained.source, (str, Path)) and isinstance(trained.test_source, Path)):
        again = onelayer.train(trained.source, like=trained.file, test=trained.test_source)
    else:
        again = onelayer.train(like=trained.file)
    assert bytes_of(again) == bytes_of(trained.model)
    assert again.card.settings == trained.model.card.settings
    assert again.card.test == trained.model.card.test


@pytest.fixture(scope="module", params=IN_ORDER)
def wrong(request, tmp_path_factory):
    """A source of which some labels are wrong; its sample, and rows whose label is to change."""
    kind, folder = KINDS[request.param], tmp_path_factory.mktemp("wrong")
    sample, random = kind.make(5), np.random.default_rng(0)
    rows = random.choice(len(sample), 12, replace=False)
    classes = np.unique(sample.y)
    moved = classes[(np.searchsorted(classes, sample.y[rows]) + 1) % len(classes)]
    return kind, folder, sample, rows, moved


def names_of(source, rows):
    """A row's name is its line where a spreadsheet opens the file, else its number."""
    first = 2 if str(source).endswith((".csv", ".parquet", ".xlsx")) else 0
    return [str(row + first) for row in rows.tolist()]


def test_what_is_relabelled_is_as_if_the_source_said_so(wrong):
    kind, folder, sample, rows, moved = wrong
    source = kind.write(sample, folder / "wrong")
    said = dict(zip(names_of(source, rows), moved.tolist(), strict=True))
    found = onelayer.train(source, relabel=said, **kind.settings)
    y = sample.y.copy()
    y[rows] = moved
    (folder / "r").mkdir(exist_ok=True)
    right = onelayer.train(kind.write(Sample(sample.X, y), folder / "r" / "wrong"), **kind.settings)
    assert bytes_of(found) == bytes_of(right)
    assert found.card.audit.by_class == right.card.audit.by_class


def test_what_is_left_out_is_as_if_the_source_lacked_it(wrong):
    kind, folder, sample, rows, _ = wrong
    source = kind.write(sample, folder / "wrong")
    said = dict.fromkeys(names_of(source, rows), "leave out")
    found = onelayer.train(source, relabel=said, C=1.0, **kind.settings)
    (folder / "l").mkdir(exist_ok=True)
    fewer = sample.take(np.setdiff1d(np.arange(len(sample)), rows))
    right = onelayer.train(kind.write(fewer, folder / "l" / "wrong"), C=1.0, **kind.settings)
    given = kind.inputs(fewer, folder / "given")
    expected = right.predict_proba(given)
    np.testing.assert_allclose(found.predict_proba(given), expected, atol=2e-4)
    assert found.card.audit.by_class == right.card.audit.by_class
    assert [name for name, _ in found.card.audit.left_out] == sorted(said, key=int)
