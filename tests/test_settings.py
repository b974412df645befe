"""What a setting may be: anything else is said in words, before anything is read."""

import numpy as np
import pytest

from onelayer.errors import UsageError
from onelayer.settings import Settings

WRONG = {
    "C": ["1", True, 1j, np.nan, 0, -1, [1.0], 10**250 * 10**60],
    "l1_ratio": ["1", 2, -0.1, np.nan, None],
    "learning_rate": ["0.1", 0, np.inf, None],
    "max_iter": [0, 1.5, "9", True, None],
    "keep_pictures": [-1, 2.5, "all", None, True],
    "n_features": [0, "4", 2.0],
    "test_size": [1, -0.1, "0.2", 50, None],
    "seed": [-1, 2**32, "a", None, 0.5],
    "class_weight": ["Balanced", {0: 5}, [1, 2]],
    "calibrate": ["isotonic", 3, ["none"]],
    "fit": ["x", 3],
    "mode": ["Q", "rgb", {}],
    "refit": ["yes", 1, None],
    "strict": ["no", 0],
    "header": ["no", None],
    "correct_class_weight": ["yes"],
    "drop": ["id", 3, None],
    "missing": ["?", None],
    "target": [["y"], np.arange(3), 1.5],
    "weights": [np.ones(1000)],
    "group": [[0, 1]],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_setting_cannot_be_is_said(name):
    for value in WRONG[name]:
        with pytest.raises(UsageError, match=f"^{name} is .*: give ") as said:
            Settings(**{name: value})
        assert len(str(said.value)) < 300


def test_numbers_of_other_libraries_are_numbers():
    settings = Settings(
        C=np.float32(2), seed=np.int64(7), max_iter=np.int32(5), test_size=np.float64(0.5)
    )
    assert (settings.C, settings.seed, settings.max_iter, settings.test_size) == (2, 7, 5, 0.5)
    assert Settings(refit=np.True_, drop=["a"], missing=["?"], C=np.inf).refit
