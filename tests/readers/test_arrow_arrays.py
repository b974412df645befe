"""Arrow's arrays by their buffers are those that Arrow makes of the same values."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.readers.tables.arrow_arrays import array_of_texts, mask_of, scalar_of

TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=20))
def test_texts(values):
    found, expected = array_of_texts(values), pa.array(values, pa.large_string())
    found.validate(full=True)
    assert found.equals(expected)
    assert found.null_count == expected.null_count


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=40))
def test_masks(values):
    found = mask_of(np.array(values, bool))
    found.validate(full=True)
    assert found.equals(pa.array(values, pa.bool_()))


@settings(deadline=None)
@given(st.floats() | st.text(st.characters(exclude_categories=["Cs"])))
def test_scalars(value):
    expected = pa.scalar(value, pa.large_string() if isinstance(value, str) else pa.float64())
    assert repr(scalar_of(value)) == repr(expected)


def test_none_of_them_loads_pandas():
    script = (
        "import sys, numpy as np; from onelayer.readers.tables.arrow_arrays import *; "
        "array_of_texts(['a', None]); mask_of(np.eye(2)[0] > 0); scalar_of('a'); scalar_of(1.0); "
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
