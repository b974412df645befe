"""Large sparse data: the path of C begins in the middle, and the last fit where the folds ended."""

import numpy as np
import pytest
from scipy import sparse

import onelayer
from onelayer import LogisticRegression
from onelayer.model import choice

ASKED = {"test_size": 0, "calibrate": "none"}


def texts(noise, m=3000, n=2000, seed=0):
    """Rows whose first hundred columns say the class, the more so the less noise there is."""
    random = np.random.default_rng(seed)
    X = sparse.random(m, n, 0.05, "csr", np.float32, random_state=random)
    z = X[:, :100] @ random.normal(size=100)
    return X, (z + noise * z.std() * random.normal(size=m) > np.median(z)).astype(int)


@pytest.fixture(scope="module")
def clear():
    X, y = texts(0.05)
    return X, y, onelayer.train((X, y), **ASKED)


def test_the_path_that_begins_in_the_middle_leads_to_the_same_c(clear, monkeypatch):
    X, y, model = clear
    monkeypatch.setattr(choice, "_takes_turns", lambda _data: False)
    whole = onelayer.train((X, y), **ASKED).card.choice
    found = model.card.choice
    assert found.C == whole.C
    assert len(found.tried) < len(whole.tried)
    known = dict(whole.tried)
    for C, loss in found.tried:
        assert C in known
        assert loss == pytest.approx(known[C], abs=1e-3)
    assert f"the best of {len(found.tried)} tried" in found.words


def test_the_fit_begun_near_is_the_fit_at_that_c(clear):
    """To the tol of both; it reads X less often."""
    X, y, model = clear
    cold = LogisticRegression(C=model.card.choice.C).fit(X, y)
    solution = model.card.solution
    assert solution.objective == pytest.approx(cold.solution_.objective, rel=2e-7)
    assert solution.gap <= 1e-7
    assert solution.passes < cold.solution_.passes
    np.testing.assert_allclose(model.coef, cold.coef_, atol=2e-3 * np.abs(cold.coef_).max())


def test_the_same_source_gives_the_same_bytes(clear):
    X, y, model = clear
    again = onelayer.train((X, y), **ASKED)
    np.testing.assert_array_equal(model.coef, again.coef)


def test_of_noise_the_path_goes_on_to_stronger_penalties_than_the_middle():
    X, y = texts(0.0)
    y = np.random.default_rng(1).permutation(y)
    found = onelayer.train((X, y), **ASKED).card.choice
    Cs = [C for C, _ in found.tried]
    assert Cs == sorted(Cs)
    assert Cs[-4] > found.C  # where the middle was the first
    losses = dict(found.tried)
    assert losses[found.C] == min(losses.values()) == pytest.approx(np.log(2), abs=0.01)


def test_steps_that_were_asked_for_begin_at_zero(clear):
    X, y, _ = clear
    asked = {"solver": "gradient-descent", "max_iter": 3}
    model = onelayer.train((X, y), **asked, **ASKED)
    rate = onelayer.settings.Settings.learning_rate
    alone = LogisticRegression(C=model.card.choice.C, learning_rate=rate, **asked).fit(X, y)
    np.testing.assert_array_equal(model.coef.astype(np.float32), alone.coef_)
