"""Where a path of optima leads."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.solvers.paths.extrapolation import Trail


def walked(strengths, optimum):
    trail = Trail()
    for strength in strengths:
        trail = trail.after(strength, (optimum(np.log(strength)), -optimum(np.log(strength))))
    return trail


SEED = st.integers(0, 1000)


@settings(max_examples=25)
@given(SEED, st.floats(0.05, 0.5), st.sampled_from([-1, 1]))
def test_a_parabola_is_followed_up_to_half_a_decade(seed, step, way):
    c = np.random.default_rng(seed).normal(size=(3, 4, 2))
    strengths = 10.0 ** (way * step * np.arange(4))
    optimum = lambda t: c[0] + c[1] * t + c[2] * t**2  # noqa: E731
    found = walked(strengths[:3], optimum).ahead(float(strengths[3]))
    expected = optimum(np.log(strengths[3]))
    np.testing.assert_allclose(found[0], expected, atol=1e-9)
    np.testing.assert_allclose(found[1], -expected, atol=1e-9)


@settings(max_examples=25)
@given(SEED, st.floats(0.55, 0.99))
def test_a_line_is_followed_up_to_a_decade_and_a_parabola_is_not_trusted(seed, step):
    c = np.random.default_rng(seed).normal(size=(2, 4, 2))
    strengths = 10.0 ** (-step * np.arange(4))
    line = lambda t: c[0] + c[1] * t  # noqa: E731
    found = walked(strengths[:3], line).ahead(float(strengths[3]))
    np.testing.assert_allclose(found[0], line(np.log(strengths[3])), atol=1e-9)


@settings(max_examples=25)
@given(st.floats(1.1, 6))
def test_further_off_or_back_it_is_the_last_optimum(decades):
    optimum = lambda t: np.array([[t]])  # noqa: E731
    trail = walked([1.0, 0.1, 0.01], optimum)
    for strength in (0.01 * 10.0**-decades, 0.01 * 10.0**decades, 0.01):
        assert trail.ahead(strength)[0] == np.log(0.01)


def test_points_too_close_together_tell_nothing_of_a_long_step():
    optimum = lambda t: np.array([[t]])  # noqa: E731
    trail = walked([1.0, 0.1, 0.0999], optimum)
    assert trail.ahead(0.03)[0] == np.log(0.0999)


def test_each_optimum_is_left_as_it_was():
    before = walked([1.0, 0.5], lambda t: np.array([[t]]))
    after = before.after(0.25, (np.array([[7.0]]), np.array([[7.0]])))
    assert before.latest()[0] == np.log(0.5)
    assert after.latest()[0] == 7.0
