"""What Python and a notebook show of a model, an evaluation and a fit."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix, precision_score, recall_score

import onelayer
from onelayer.evaluation import MATRIX, Evaluation


@pytest.fixture(scope="module")
def model():
    return onelayer.train("digits", C=1.0, calibrate="none")


def test_dir_is_the_public_names():
    assert dir(onelayer) == sorted([*onelayer.__all__, "__version__"])


def test_a_keyword_that_train_lacks_is_answered_with_the_one_meant():
    with pytest.raises(TypeError, match=r"train has no keyword 'tagret': did you mean target\?"):
        onelayer.train("digits", tagret="y")
    with pytest.raises(TypeError, match=r"no keyword 'zzz'\. It has source, like, progress, size"):
        onelayer.train("digits", zzz=1)
    assert "class_weight" in inspect.signature(onelayer.train).parameters


def test_an_evaluation_counts_as_scikit_learn_does(model):
    test = model.evidence.parts.test
    labels, answers = model.classes[test.labels], model.predict(test.matrix)
    found = model.card.test
    np.testing.assert_array_equal(found.confusion, confusion_matrix(labels, answers))
    np.testing.assert_allclose(
        found.frame.precision, precision_score(labels, answers, average=None)
    )
    np.testing.assert_allclose(found.frame.recall, recall_score(labels, answers, average=None))
    assert found.frame.examples.sum() == found.n == len(test)
    assert Evaluation.from_dict(found.to_dict()) == found


def test_weights_are_counted():
    frame = pd.DataFrame({"x": np.arange(60.0) % 7, "y": np.repeat(["a", "b"], 30), "n": 2})
    model = onelayer.train(frame, target="y", weights="n", C=1.0)
    plain = onelayer.train(frame, target="y", drop=("n",), C=1.0)
    assert model.evaluate(frame).confusion == tuple(
        tuple(2 * count for count in row) for row in plain.evaluate(frame).confusion
    )


def test_an_evaluation_is_a_table_on_any_terminal(model):
    for width in (80, 60, 40):
        text = model.card.test.to_text(width)
        assert max(map(len, text.splitlines())) <= width
        assert "as 9" in text
    assert str(model.card.test) == repr(model.card.test)
    lines = repr(model.card.test).splitlines()
    assert lines[0].startswith("Accuracy 96.1 % (95 %:")
    head = next(line for line in lines if line.startswith("  class"))
    row = next(line for line in lines if line.startswith("  3 "))
    assert head.index("examples") + len("examples") == row.index("37") + 2


def test_many_classes_have_no_matrix():
    K = MATRIX + 1
    X, y = np.eye(K)[np.arange(4 * K) % K], np.arange(4 * K) % K
    model = onelayer.train((X, y), C=1.0, test_size=0)
    assert model.card.train.confusion is None
    assert model.card.train.frame.columns.tolist() == ["recall", "precision"]
    assert "recall  precision" in str(model.card.train)


def test_a_model_is_a_card_in_a_notebook(model):
    shown = model._repr_html_()
    assert "96.1 % accuracy; always 1 would score 10.0 %" in shown
    assert "pictures, which become 8 x 8 pixels" in shown
    named = onelayer.train(
        pd.DataFrame({"<b>": np.arange(40.0) % 7, "y": np.repeat(["a", "b"], 20)}),
        target="y",
        C=1.0,
        test_size=0,
    )
    assert "a table with the column &lt;b&gt; (number)" in named._repr_html_()
    assert "accuracy on what it was trained on" in named._repr_html_()


def test_a_solution_says_on_four_lines_how_it_went(model):
    lines = repr(model.card.solution).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("converged after ")
    assert "relative gap" in lines[2]
    assert "passes over the data" in lines[3]


def test_coefficients_have_names():
    model = onelayer.train("breast_cancer", C=1.0, calibrate="none")
    frame = model.coefficients
    assert frame.index[0] == "mean radius"
    assert frame.columns.tolist() == ["malignant"]
    np.testing.assert_array_equal(frame.to_numpy(), model.coef.T)
