"""Data sets that ship with the peers, and one made here with counts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest


@dataclass(frozen=True)
class Case:
    """A frame, a formula, and X and y as statsmodels takes them: the constant last."""

    frame: pd.DataFrame
    formula: str
    features: tuple[str, ...]
    target: str

    @property
    def X(self):  # noqa: N802
        return np.column_stack([self.frame[list(self.features)], np.ones(len(self.frame))])

    @property
    def y(self):
        return self.frame[self.target].to_numpy()

    @property
    def groups(self):
        """Forty clusters, of rows that have nothing in common."""
        return np.arange(len(self.frame)) % 40


def made(name):
    statsmodels = pytest.importorskip("statsmodels.api")
    if name == "cancer":
        from sklearn.datasets import load_breast_cancer

        frame = load_breast_cancer(as_frame=True).frame
        frame.columns = [column.replace(" ", "_") for column in frame.columns]
        return (
            frame,
            ("mean_texture", "mean_smoothness", "mean_symmetry", "texture_error"),
            "target",
        )
    frame = getattr(statsmodels.datasets, name).load_pandas().data
    if name == "spector":
        return frame, ("GPA", "TUCE", "PSI"), "GRADE"
    if name == "anes96":
        return frame, ("logpopul", "selfLR", "age", "educ", "income"), "PID"
    frame["affair"] = (frame.pop("affairs") > 0).astype(int)
    return frame, tuple(column for column in frame.columns if column != "affair"), "affair"


def case_of(name):
    frame, features, target = made(name)
    return Case(frame, f"{target} ~ {' + '.join(features)}", features, target)


@pytest.fixture(scope="session", params=["spector", "fair", "cancer"])
def binary(request):
    return case_of(request.param)


@pytest.fixture(scope="session")
def anes():
    return case_of("anes96")


@pytest.fixture(scope="session")
def spector():
    return case_of("spector")


@pytest.fixture(scope="session")
def counted():
    """300 rows with counts of 0 to 3, two factors, a response in words."""
    rng = np.random.default_rng(5)
    m = 300
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 12, m).round(),
            "race": rng.choice(["white", "black", "asian"], m),
            "sex": rng.choice(["f", "m"], m),
            "n": rng.integers(0, 4, m),
            "firm": rng.integers(0, 25, m),
        }
    )
    z = 0.05 * (frame.age - 40) + (frame.race == "white") - 0.5 * (frame.sex == "m")
    frame["y"] = np.where(rng.random(m) < 1 / (1 + np.exp(-z)), "yes", "no")
    frame["vote"] = rng.choice(["left", "centre", "right"], m)
    return frame
