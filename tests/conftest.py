"""What the tests share."""

import os
from pathlib import Path

import matplotlib as mpl
import pytest

mpl.use("Agg")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference results and real data that lies beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("ONELAYER_SHARED", beside))
    if not folder.is_dir():
        pytest.skip("no shared folder beside the checkout")
    return folder
