"""Every number that a chapter shows is the lesson's own; words and warnings say what happened."""

import ast
import io
import re

import numpy as np
import pytest
from PIL import Image

from onelayer import LogisticRegression, lesson
from onelayer.errors import DataError, UsageError
from onelayer.lesson.figures.descent import descent_path
from onelayer.playground import fragments
from onelayer.playground.chapters import (
    CHAPTERS,
    beyond,
    broadcasting,
    descent,
    everything,
    graph,
    loss,
    neuron,
    picture,
    plane,
    points,
    training,
    vectorisation,
)
from onelayer.playground.screen import plain


def test_one_neuron():
    x, w, b = (1.5, -0.5), (0.7, 0.9), -0.2
    found = neuron.answer(x, w, b)
    column, weights = np.reshape(x, (2, 1)), np.reshape(w, (2, 1))
    assert found["z"] == lesson.linear_output(weights, b, column).item()
    assert found["a"] == lesson.logistic_output(weights, b, column).item()
    assert found["answer"] == lesson.predict(weights, b, column).item() == 1
    assert found["w_1 x_1"] + found["w_2 x_2"] + found["b"] == pytest.approx(found["z"])


def test_exactly_one_half_is_not_above():
    found = neuron.answer((0.0, 0.0), (1.0, 1.0), 0.0)
    assert (found["a"], found["answer"]) == (0.5, 0)
    assert "not above one half" in found.says


def test_a_sum_beyond_one_is_called_no_chance():
    assert "no chance is" in neuron.answer((2.0, 2.0), (1.0, 1.0), 0.0).says
    assert "no chance is" not in neuron.answer((0.5, 0.0), (1.0, 1.0), 0.0).says


@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize("a", [0.01, 0.5, 0.7, 0.99])
def test_the_loss_of_one(a, y):
    assert loss.one(a, y)["L(a, y)"] == lesson.loss(a, y)


def test_the_cost_of_all():
    X, Y = lesson.one_feature_examples()
    A = lesson.logistic_output([[1.3]], -0.4, X)
    found = loss.every(1.3, -0.4)
    assert found["J"] == lesson.cost(A, Y)
    assert found["dearest"] == lesson.loss(A, Y).max()
    assert found["right"] == ((lesson.predict([[1.3]], -0.4, X)) == Y).sum()
    assert loss.every(0.0, 0.0)["J"] == pytest.approx(np.log(2))


@pytest.mark.parametrize("alpha", [0.1, 2.0, 64.0])
def test_the_descent_is_optimizes(alpha):
    X, Y = lesson.one_feature_examples()
    found = descent.answer((alpha,) * 7)
    params, _, _ = lesson.optimize([[descent.START[0]]], descent.START[1], X, Y, 7, alpha)
    assert found["w"] == pytest.approx(params["w"].item(), rel=1e-12)
    assert found["b"] == pytest.approx(params["b"], rel=1e-12)
    assert found["J"] == lesson.propagate([[found["w"]]], found["b"], X, Y)[1]


def test_too_large_a_rate_says_so():
    X, Y = lesson.one_feature_examples()
    J = descent_path(X, Y, descent.START, 64.0, 20)[:, 2]
    found = descent.answer((64.0,) * 20)
    assert found["steps uphill"] == (np.diff(J) > 0).sum() > 0
    assert "landed higher" in found.warns
    assert f"from {plain(J[0], 3)} to {plain(J[1], 3)}" in found.warns
    assert "leapt past the lowest point" in descent.answer((8.0,) * 3).warns
    assert descent.answer((0.5,) * 20).warns == ""


def test_the_descent_knows_where_it_is():
    assert descent.answer(()).says.startswith("You stand on the slope")
    assert "you have arrived" in descent.answer((1.0,) * 60).says
    w, b, J = descent.lowest()
    X, Y = lesson.one_feature_examples()
    fitted = LogisticRegression(C=np.inf).fit(X.T, Y[0])
    assert w == pytest.approx(fitted.coef_.item(), rel=1e-5)
    assert b == pytest.approx(fitted.intercept_.item(), abs=1e-5)
    assert pytest.approx(fitted.solution_.objective, rel=1e-9) == J


def test_a_path_that_leaves_float_range_of_a_is_still_drawn():
    found = descent.answer((descent.RATES[-1],) * descent.MOST)
    assert "<path" in found.drawings[0].svg


def test_a_rate_that_is_turned_on_the_way():
    X, Y = lesson.one_feature_examples()
    w, b = [[descent.START[0]]], descent.START[1]
    for rate in (0.5, 0.5, 64.0):
        params, _, _ = lesson.optimize(w, b, X, Y, 1, rate)
        w, b = params["w"], params["b"]
    found = descent.answer((0.5, 0.5, 64.0), 64.0)
    assert (found["w"], found["b"]) == (w.item(), b)
    assert "From step 3 on $\\alpha$ was 64, not 0.5" in found.says
    assert "Step 3 leapt across the bowl" in found.warns


@pytest.mark.parametrize("kind", ["clouds", "stray", "circles", "xor"])
def test_points_are_trained_on_as_by_hand(kind):
    X, Y = lesson.plane_examples(kind)
    params, _, _ = lesson.optimize(*lesson.initialize_with_zeros(2), X, Y, 800, 1.0)
    found = points.answer(kind, pointed=3)
    assert found["w_1"] == params["w"][0, 0]
    assert found["J"] == lesson.propagate(**params, X=X, Y=Y)[1]
    assert found["right"] == (lesson.predict(**params, X=X) == Y).sum()
    graph = lesson.computation_graph(**params, x=X[:, 3:4], y=float(Y[0, 3]))
    assert f"$z = {plain(graph['z'].value, 3)}$" in found.says


def test_points_as_a_hand_may_leave_them():
    assert "No example is left" in points.answer("clouds", []).says
    assert "nothing to tell apart" in points.answer("clouds", [[0.2, 0.1, 1]]).says
    apart = points.answer("clouds", [[-0.5, 0, 0], [0.5, 0, 1]], 9)
    assert apart["right"] == 2
    assert "A line separates the 2" in apart.says
    same = points.answer("clouds", [[0, 0, 0], [0, 0, 1]], 1)
    assert same["J"] == pytest.approx(np.log(2))
    assert points.answer("clouds", [[0.01 * k, 0, k % 2] for k in range(200)])["m"] == plane.MOST


def test_what_one_neuron_cannot_do_and_what_mends_it():
    for kind, mended in (("circles", {"squares": True}), ("xor", {"product": True})):
        alone, with_rows = beyond.answer(kind), beyond.answer(kind, **mended)
        assert alone["J"] == pytest.approx(np.log(2), abs=5e-3)
        assert "No straight line can do it" in alone.says
        assert with_rows["right"] == plane.COUNT
        X, Y = lesson.plane_examples(kind)
        rows = np.vstack([X, X**2] if "squares" in mended else [X, X[:1] * X[1:]])
        start = lesson.initialize_with_zeros(len(rows))
        params, _, _ = lesson.optimize(*start, rows, Y, 800, 1.0)
        assert with_rows["J"] == lesson.propagate(**params, X=rows, Y=Y)[1]


def test_that_no_line_parts_them_is_proved_not_guessed():
    """Two that a line parts, so close that 800 steps do not."""
    near = [[0.001 * k, 0, k % 2] for k in (-2, 1)]
    far = [[-1, 0, 1], [1, 0, 0]]
    assert "a straight line" in beyond.answer("xor", points=near).says
    assert "No straight line can do it" in beyond.answer("xor", points=[*near, *far]).says


def test_the_graph_and_its_check():
    x, w, b = (1.0, -2.0), (0.3, 0.4), 0.1
    found = graph.answer(x, w, b, 0)
    column, weights = np.reshape(x, (2, 1)), np.reshape(w, (2, 1))
    nodes = lesson.computation_graph(weights, b, column, 0)
    check = lesson.gradient_check(weights, b, column, [[0]])
    assert [found[name] for name in ("z", "a", "J")] == [nodes[n].value for n in ("z", "a", "J")]
    assert found["dz"] == nodes["z"].gradient
    assert found["relative difference"] == check.relative_difference
    assert found.warns == ""
    assert found.table.rows[2][1] == plain(check.backward[2, 0], 7)


@pytest.mark.parametrize("slip", [name for name in graph.SLIPS if name != "none"])
def test_a_slip_is_caught(slip):
    found = graph.answer((1.0, -2.0), (0.3, 0.4), 0.1, 0, slip)
    assert found["relative difference"] > 1e-2
    assert found.warns.startswith("The check fails")
    assert "does **not** agree" in found.says


def test_a_timing_is_told_as_measured():
    timing = lesson.time_vectorisation(8, 50)
    found = vectorisation.told(timing)
    assert found["for-loops"] == timing.loop_seconds
    assert found["vectorised"] == timing.vector_seconds
    assert found["ratio"] == timing.ratio
    assert vectorisation.answer(30, 4)["m"] == 30


def _png(side=20, colour=(10, 200, 30)):
    file = io.BytesIO()
    Image.new("RGB", (side, side + 4), colour).save(file, "PNG")
    return file.getvalue()


def test_a_pixel_is_found_in_the_column():
    image = lesson.example_picture()
    found = picture.answer(None, 9, 5)
    assert [found["red"], found["green"], found["blue"]] == image[9, 5].tolist()
    entry = int(found["entry"])
    assert lesson.image_to_column(image)[entry : entry + 3, 0].tolist() == image[9, 5].tolist()
    assert found["n_x"] == image.size


def test_a_readers_own_picture():
    image = picture.opened(_png(), 8)
    assert image.shape == (8, 8, 3)
    found = picture.answer(image, 63, 63)
    assert [found["red"], found["green"], found["blue"]] == [10, 200, 30]
    assert found["entry"] == 8 * 8 * 3 - 3
    with pytest.raises(DataError):
        picture.opened(b"no picture", 8)


@pytest.mark.parametrize(
    ("text", "shape"),
    [("(3, 1)", (3, 1)), ("3,1", (3, 1)), ("(5,)", (5,)), ("5", (5,)), ("()", ()), ("", ())],
)
def test_shapes_are_read_as_people_type_them(text, shape):
    assert broadcasting.parsed(text) == shape


@pytest.mark.parametrize("text", ["(a, 1)", "3;1", "-1", "(1,2,3,4,5)", "9999999", "<b>"])
def test_what_is_no_shape_is_said(text):
    with pytest.raises(UsageError, match=r"no shape|too large"):
        broadcasting.parsed(text)
    assert text in broadcasting.answer(text, "(1,)").told


@pytest.mark.parametrize("a", ["(4, 3)", "(4, 1)", "()"])
@pytest.mark.parametrize("b", ["(4, 3)", "(1, 3)", "(4,)", "(5,)", "(2, 4, 3)"])
def test_shapes_meet_as_in_numpy(a, b):
    shapes = ast.literal_eval(a), ast.literal_eval(b)
    found = broadcasting.answer(a, b)
    assert str(lesson.explain_broadcast(*shapes)) in found.told
    met = lesson.explain_broadcast(*shapes)
    if met.possible:
        due = np.broadcast_shapes(*shapes)
        assert f"`{due}`" in found.says
        assert found["entries of a + b"] == np.prod(due)
        return
    with pytest.raises(ValueError, match="mismatch") as refused:
        np.broadcast_shapes(*shapes)
    assert str(refused.value) in found.told
    assert found.numbers == ()


def test_the_trap_of_rank_1_is_named_where_it_is_one():
    assert "A trap" in broadcasting.answer("(5, 1)", "(5,)").warns
    assert broadcasting.answer("(5, 1)", "(1, 5)").warns == ""
    assert broadcasting.answer("(4, 3)", "(3,)").warns == ""


def test_the_eights_are_learnt_as_by_hand():
    task = training.digits()
    w, b = lesson.initialize_with_zeros(64)
    for _ in range(30):
        grads, _ = lesson.propagate(w, b, task.X, task.Y)
        w = w - task.alpha * (grads["dw"] + task.decay * w)
        b = b - task.alpha * grads["db"]
    found = everything.train(30)
    assert found["J"] == lesson.propagate(w, b, task.X, task.Y)[1]
    assert found["right"] == (lesson.predict(w, b, task.X_test) == task.Y_test).mean()
    assert found["passes"] == 30


def test_the_engine_finds_the_same_answer_in_fewer_passes():
    found = everything.train(3000)
    assert found["largest difference"] < 1e-3
    assert found["engine's passes"] < 30
    assert "the same answer" in found.says
    assert found["right"] > found["never looks"] + 0.03
    assert found.thumbnails[-1].caption == "the engine"
    early = everything.train(3)
    assert early["largest difference"] > 0.1
    assert "go on" in early.says


def test_what_is_minimised_falls_to_the_engines_optimum():
    task = training.digits()
    walked = training.objective(task, 3000)
    lowest = training.engine(task).solution.objective
    assert len(walked) == 3000
    assert lowest < walked[-1] < lowest * (1 + 1e-3)


def test_a_known_eight_is_lost_when_disturbed():
    found = everything.fool(0)
    fitted = training.engine(training.digits())
    assert found["a"] == found["a before"] > 0.5
    chances = lesson.logistic_output(fitted.w, fitted.b, training.digits().X_test)
    assert found["a"] == pytest.approx(chances[training.digits().Y_test == 1].max(), rel=1e-12)
    shifted = everything.fool(0, 1)
    assert shifted["a"] < 0.5 < shifted["a before"]
    assert "a weight for each place" in shifted.says
    assert everything.fool(0, inverted=True)["a"] < 0.5


def test_a_shift_there_and_back_loses_only_the_edge():
    image = np.arange(64.0).reshape(8, 8, 1) / 64
    moved = everything._disturbed(image, 2, inverted=False)
    assert np.array_equal(moved[:, 2:], image[:, :-2])
    assert np.array_equal(moved[:, :2], np.repeat(image[:, :1], 2, axis=1))
    assert np.array_equal(everything._disturbed(image, 0, inverted=True), 1 - image)


def test_a_readers_own_folder(colours):
    task = training.asked(8, str(colours / "red"), str(colours / "blue"))
    assert task.names == ("red", "blue")
    assert training.asked(8, str(colours), "").names == ("blue", "red")
    with pytest.raises(UsageError, match="holds the pictures of 1: name a folder for 0 too"):
        training.asked(8, str(colours / "red"), "")
    assert task.X.shape[0] == task.shape[0] * task.shape[1] * 3
    assert task.X.shape[1] + task.X_test.shape[1] == 40
    assert everything.train(100, task)["right"] == 1.0
    assert (np.diff(training.objective(task, 300)) < 0).all()
    own = everything.fool(file=_png(colour=(220, 30, 30)), task=task)
    assert own["a"] > 0.5
    assert own.says.startswith("Your own picture")


def test_a_folder_that_is_none_is_said():
    with pytest.raises(UsageError, match="nowhere is no folder"):
        training.asked(8, "nowhere", "")
    with pytest.raises(UsageError, match="nowhere is no folder"):
        training.asked(8, ".", "nowhere")


def test_two_folders_from_anywhere(write_pictures, tmp_path):
    """Of the same name, and with what markup would take for its own in it."""
    write_pictures(tmp_path / "a", {"$x_{*`": (200, 40, 40)}, 12)
    write_pictures(tmp_path / "b", {"$x_{*`": (40, 40, 200)}, 12, seed=1)
    one, other = tmp_path / "a" / "$x_{*`", tmp_path / "b" / "$x_{*`"
    task = training.asked(8, str(one), str(other))
    assert task.names == ("a $x_{*`", "b $x_{*`")
    assert task.X.shape[1] + task.X_test.shape[1] == 24
    found = everything.train(100, task)
    assert found["right"] == 1.0
    assert found.says.startswith("Is it **a x_{** or b x_{?")
    assert "x_{" in fragments.answered(found)
    with pytest.raises(UsageError, match="both folders are"):
        training.asked(8, str(one), str(one))
    swapped = training.asked(8, str(other), str(one))
    assert np.array_equal(np.sort(swapped.Y), np.sort(1 - task.Y))


def test_a_folder_that_grew_is_read_again(write_pictures, tmp_path):
    folder = write_pictures(tmp_path, {"one": (200, 40, 40), "two": (40, 40, 200)}, 10)
    before = training.asked(8, str(folder), "")
    assert training.asked(8, str(folder), "") is before
    write_pictures(folder / "more", {"x": (9, 9, 9)}, 1)
    (folder / "more" / "x" / "00.png").rename(folder / "one" / "new.png")
    (folder / "more" / "x").rmdir()
    (folder / "more").rmdir()
    after = training.asked(8, str(folder), "")
    assert after.X.shape[1] + after.X_test.shape[1] == 21


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_three_lines_of_code_of_the_lessons_own_names(chapter):
    lines = chapter.code.splitlines()
    assert len(lines) == 3
    names = {
        node.attr
        for node in ast.walk(ast.parse(chapter.code))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "lesson"
    }
    assert names <= {*lesson.__all__}


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (-0.25, "\N{MINUS SIGN}0.25"), (3.14159, "3.142"), (700.0, "700")],
)
def test_numbers_as_people_read_them(value, written):
    assert plain(value) == written


def test_powers_of_ten_are_written_as_such():
    assert plain(-2.5e-7) == "\N{MINUS SIGN}2.5 × 10⁻⁷".replace(" ", "\N{NO-BREAK SPACE}")


def test_the_bars_have_no_stray_line_and_room_for_the_longer_ones_label():
    svg = vectorisation._bars(lesson.time_vectorisation(8, 50)).svg
    wide, high = 400, 150
    heights = [float(y) for y in re.findall(r"[ML]-?[\d.]+ (-?[\d.]+)", svg)]
    assert len(heights) >= 4
    assert min(heights) >= 0
    assert max(heights) <= high
    labels = re.findall(r'<text x="([\d.]+)"[^>]*>((?:loops|vectors): [^<]*)<', svg)
    assert len(labels) == 2
    letter = 6.0  # of 12 pixels' type, on average
    assert all(float(x) + letter * len(text) < wide - 8 for x, text in labels)
