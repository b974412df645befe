"""The figures: what is drawn is what the lesson computes, and no word is cut off or covered."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt

from onelayer import lesson
from onelayer.errors import UsageError
from onelayer.lesson import figures
from onelayer.lesson.figures.descent import cost_grid, descent_path
from onelayer.lesson.figures.style import BACKWARD, FORWARD

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(ax):
    return {text.get_text() for text in ax.texts}


def test_sigmoid_curve_is_sigmoid_with_its_dashed_cut_off():
    curve, cut_off, point = figures.sigmoid_curve().lines
    np.testing.assert_array_equal(curve.get_ydata(), lesson.sigmoid(curve.get_xdata()))
    assert list(cut_off.get_ydata()) == [0.5, 0.5]
    assert cut_off.get_linestyle() == "--"
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (0, 0.5)


def test_outputs_are_the_two_options_on_the_same_data():
    X, Y = lesson.one_feature_examples()
    ax = figures.outputs(X=X, Y=Y)
    linear, logistic, examples = ax.lines
    params, _, _ = lesson.optimize([[0.0]], 0.0, X, Y, 300, 0.1)
    grid = linear.get_xdata().reshape(1, -1)
    np.testing.assert_array_equal(linear.get_ydata(), lesson.linear_output(**params, X=grid)[0])
    np.testing.assert_array_equal(logistic.get_ydata(), lesson.logistic_output(**params, X=grid)[0])
    np.testing.assert_array_equal(examples.get_ydata(), Y[0])
    assert linear.get_ydata().max() > 1
    assert 0 < logistic.get_ydata().min() < logistic.get_ydata().max() < 1


def test_loss_curves_are_the_loss():
    of_one, of_zero, _ = figures.loss_curves().lines
    np.testing.assert_array_equal(of_one.get_ydata(), lesson.loss(of_one.get_xdata(), 1))
    np.testing.assert_array_equal(of_zero.get_ydata(), lesson.loss(of_zero.get_xdata(), 0))


def test_activations_draw_four_functions():
    drawn = [ax.lines[-1] for ax in np.ravel(figures.activations())]
    z = drawn[0].get_xdata()
    due = [lesson.sigmoid(z), lesson.tanh(z), lesson.relu(z), lesson.leaky_relu(z, 0.1)]
    for line, values in zip(drawn, due, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)


def test_learning_rates_are_the_costs_and_the_last_is_too_large():
    X, Y, _, _ = lesson.random_examples(2, 40)
    ax = figures.learning_rates(X=X, Y=Y, rates=[0.1, 0.5], num_iterations=20)
    for line, rate in zip(ax.lines, [0.1, 0.5], strict=True):
        costs = lesson.optimize([[0.0], [0.0]], 0.0, X, Y, 20, rate, record_every=1)[2]
        np.testing.assert_array_equal(line.get_ydata(), costs)
    *settled, leaping = [line.get_ydata() for line in figures.learning_rates().lines]
    assert all((np.diff(costs) < 0).all() for costs in settled)
    assert (np.diff(leaping) > 0).any()
    assert leaping[-1] > leaping[0]


def test_labels_of_equal_curves_are_kept_apart():
    X, Y, _, _ = lesson.random_examples(2, 40)
    ax = figures.learning_rates(X=X, Y=Y, rates=[0.1, 0.1001, 0.1002])
    low, middle, high = sorted(text.get_position()[1] for text in ax.texts)
    drop = np.ptp(ax.lines[0].get_ydata())
    assert middle - low > 0.05 * drop
    assert high - middle > 0.05 * drop


def test_bowl_is_the_cost_and_the_path_is_gradient_descent():
    X, Y = lesson.one_feature_examples()
    W, B, J = cost_grid(X, Y, np.array([-1.0, 0.5]), np.array([0.0, 2.0, 3.0]))
    due = [lesson.propagate([[w]], b, X, Y)[1] for w, b in zip(W.flat, B.flat, strict=True)]
    np.testing.assert_allclose(J.ravel(), due, rtol=1e-13)

    path = descent_path(X, Y, (-1.6, 2.6), 1.2, 30)
    params, _, costs = lesson.optimize([[-1.6]], 2.6, X, Y, 30, 1.2, record_every=1)
    np.testing.assert_allclose(path[-1, :2], [params["w"].item(), params["b"]], rtol=1e-13)
    np.testing.assert_allclose(path[:-1, 2], costs, rtol=1e-13)

    ax = figures.bowl()
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), path[:, :2])
    assert texts(ax) == {f"start: $J={path[0, 2]:.3f}$", f"30 steps: $J={path[-1, 2]:.3f}$"}
    left, right = ax.get_xlim()
    assert left < path[:, 0].min() < path[:, 0].max() < right
    on_surface = np.array(figures.bowl_surface().lines[0].get_data_3d()).T
    np.testing.assert_array_equal(on_surface, path)


def test_bars_are_the_measured_seconds():
    timing = lesson.time_vectorisation(50, 40, repeats=1)
    ax = figures.loops_against_vectors(timing=timing)
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == [1e3 * timing.loop_seconds, 1e3 * timing.vector_seconds]
    assert ax.get_title(loc="left") == f"The same step, {timing.ratio:.0f} times faster"


def test_picture_channels_and_column():
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    axes = np.ravel(figures.picture_as_column(image=image))
    np.testing.assert_array_equal(axes[0].images[0].get_array(), image)
    for k in range(3):
        alone = axes[1 + k].images[0].get_array()
        np.testing.assert_array_equal(alone[:, :, k], image[:, :, k])
        assert alone.sum() == image[:, :, k].sum()
    written = [text.get_text() for text in axes[4].texts if text.get_text().isdigit()]
    column = lesson.image_to_column(image)[:, 0]
    assert [int(number) for number in written] == [*column[:6], *column[-3:]]
    assert axes[4].get_title() == "column\n(18, 1)"


def test_graph_writes_each_value_and_gradient_in_its_colour():
    of = lesson.computation_graph([[0.8], [-0.5]], 0.1, [[1.0], [2.0]], 1)
    ax = figures.graph(of=of)
    for color, due in ((FORWARD, "value"), (BACKWARD, "gradient")):
        said = [text.get_text() for text in ax.texts if text.get_color() == color]
        for node in of.nodes:
            assert f"{getattr(node, due):.4g}".replace("-", "\N{MINUS SIGN}") in said
    with pytest.raises(UsageError, match="the graph has 4 features: the figure has room for 3"):
        figures.graph(of=lesson.computation_graph(np.ones((4, 1)), 0.0, np.ones((4, 1)), 1))


@pytest.mark.parametrize("name", figures.__all__)
def test_every_figure_draws_on_the_axes_it_is_given(name):
    count = {"activations": 4, "picture_as_column": 5}.get(name, 1)
    kind = {"projection": "3d"} if name == "bowl_surface" else {}
    axes = plt.figure(figsize=(10, 6)).subplots(1, count, subplot_kw=kind)
    before = dict(plt.rcParams)
    assert getattr(figures, name)(axes) is axes
    assert dict(plt.rcParams) == before
    assert plt.get_fignums() == [1]


def graphs():
    for n_x in (1, 3):
        yield lambda n_x=n_x: figures.graph(
            of=lesson.computation_graph(np.full((n_x, 1), 0.7), 0.0, np.ones((n_x, 1)), 0)
        )


@pytest.mark.parametrize("draw", [*(getattr(figures, name) for name in figures.__all__), *graphs()])
def test_no_word_is_cut_off_or_covered(draw):
    axes = np.ravel(draw())
    figure = axes[0].figure
    figure.canvas.draw()
    boxes = {}
    for ax in axes:
        own = [*ax.texts, ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label]
        legend = ax.get_legend()
        own += legend.get_texts() if legend else []
        boxes |= {text: text.get_window_extent() for text in own if text.get_text().strip()}
    for text, box in boxes.items():
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text
    for (one, p), (other, q) in combinations(boxes.items(), 2):
        shared_width = min(p.x1, q.x1) - max(p.x0, q.x0)
        shared_height = min(p.y1, q.y1) - max(p.y0, q.y0)
        assert min(shared_width, shared_height) < 1.5, (one, other)  # dots


def test_the_lesson_imports_no_matplotlib_until_a_figure_is_drawn():
    code = (
        "import sys; from onelayer import lesson; lesson.sigmoid(0.0);"
        "assert lesson.figures.bowl and 'matplotlib' not in sys.modules, 'too early'"
    )
    source = str(ROOT / "src")
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": source})


def test_the_bowl_is_exact_where_a_has_rounded_to_0_or_1():
    X, Y = lesson.one_feature_examples()
    _, _, J = cost_grid(X, Y, np.array([2.0, -500.0]), np.array([0.5, 90.0]))
    for row, b in enumerate((0.5, 90.0)):
        for column, w in enumerate((2.0, -500.0)):
            due = lesson.propagate([[w]], b, X, Y)[1]
            assert J[row, column] == pytest.approx(due, rel=1e-12)


def test_the_bowl_stands_around_its_centre():
    ax = lesson.figures.bowl(centre=(2.0, 0.5))
    assert np.mean(ax.get_xlim()) == pytest.approx(2.0)
    assert np.mean(ax.get_ylim()) == pytest.approx(0.5)
    plt.close(ax.figure)
