"""A short run of the fuzzer; `python tests/fuzz.py --minutes 10` is the long one."""

import importlib.util
import sys
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("fuzz", Path(__file__).with_name("fuzz.py"))
FUZZ = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = FUZZ
SPEC.loader.exec_module(FUZZ)


@pytest.mark.parametrize("reader", FUZZ.READERS)
def test_only_designed_errors_come_out(reader):
    """Warnings are errors here, as everywhere in the tests: a reader keeps its libraries quiet."""
    count = FUZZ.fuzz(reader, seconds=1)
    assert count.ends.total() >= FUZZ.ROUND
    assert 0 < count.ends["read"] < count.ends.total()
