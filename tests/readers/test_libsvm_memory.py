"""A LIBSVM file that does not fit into memory is refused before it is read."""

import bz2

import numpy as np
import pytest

import onelayer
from onelayer.errors import DataError
from onelayer.readers.arrays import libsvm

DRAWN = np.random.default_rng(0).normal(size=(400, 2)).round(6)
LINES = "".join(f"{at % 2} 1:{one} 3:{other}\n" for at, (one, other) in enumerate(DRAWN))


@pytest.mark.parametrize("packed", [False, True])
def test_it_says_how_much_it_would_take_and_what_to_do(packed, tmp_path):
    path = tmp_path / ("rows.svm.bz2" if packed else "rows.svm")
    path.write_bytes(bz2.compress(LINES.encode()) if packed else LINES.encode())
    said = r"would take about .* KB in memory, of 1 KB that may be used, and sparse rows are held"
    with pytest.raises(DataError, match=said):
        onelayer.train(path, memory="1KB", C=1.0)
    assert onelayer.train(path, memory="1MB", C=1.0).coef.shape == (1, 3)


def test_without_a_size_all_that_is_free_counts(tmp_path, monkeypatch):
    (tmp_path / "rows.svm").write_text(LINES)
    monkeypatch.setattr(libsvm, "free_memory", lambda: len(LINES))
    with pytest.raises(DataError, match="give more with memory where there is more"):
        onelayer.train(tmp_path / "rows.svm", C=1.0)
    monkeypatch.setattr(libsvm, "free_memory", lambda: 2 * len(LINES))
    onelayer.train(tmp_path / "rows.svm", C=1.0)
