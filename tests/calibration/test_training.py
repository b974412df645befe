"""What a training calibrates on, what it says of it, and what its file keeps."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.metrics import brier_score_loss, log_loss

import onelayer
from onelayer.calibration import Costs, Threshold, fit_temperature, temperature_interval
from onelayer.card import Calibration
from onelayer.errors import DataError, UsageError
from onelayer.estimators.folds import Folding, out_of_fold
from onelayer.estimators.layer_parameters import LayerParameters
from onelayer.logistic import Binary, softmax
from onelayer.model import calibrating
from onelayer.model.conversion import from_estimator
from onelayer.model.loading import model_of
from onelayer.model.parts import read_parts
from onelayer.model.record import record_of
from onelayer.settings import Settings
from onelayer.sources import no_progress, open_source

RANDOM = np.random.default_rng(3)


def _table(m=400, share=0.5, n=25):
    """Two classes that overlap, with columns enough to be too sure of them."""
    y = np.where(RANDOM.random(m) < share, "ill", "well")
    X = RANDOM.normal(size=(m, n)) + 0.8 * (y == "ill")[:, None] * (np.arange(n) < 3)
    return X, y


@pytest.fixture(scope="module")
def table():
    return _table()


@pytest.fixture(scope="module")
def sure(table):
    """A model that is too sure: its penalty is none."""
    return onelayer.train(table, C=np.inf)


def _parts(source, **options):
    asked = Settings(**options)
    return read_parts(open_source(source, asked), asked, no_progress)


def test_the_temperature_is_that_of_out_of_fold_training_examples(table, sure):
    train = _parts(table).train
    folding = Folding(
        X=train.whole,
        places=train.places,
        labels=train.labels,
        groups=train.groups(),
        asked=LayerParameters(C=np.inf, scaling=train.scaling),
        classes=train.classes,
        seed=0,
    )
    folds = out_of_fold(folding)
    expected = fit_temperature(folds.Z, train.labels[folds.rows], Binary())
    assert sure.temperature == pytest.approx(expected, rel=1e-9)
    assert sure.temperature > 1.05
    low, high = temperature_interval(expected, folds.Z, train.labels[folds.rows], Binary())
    assert low > 1
    assert sure.card.calibration.words == (
        f"temperature {expected:.3g} (95 %: {low:.3g} to {high:.3g}), on 320 out-of-fold rows: z "
        "was too sure, and is divided by it"
    )


def test_what_judges_has_no_part_in_it(table):
    """Other labels on the examples held out: another judgement, the same temperature."""
    X, y = table
    held = _parts(table).test
    other = y.copy()
    other[held.names.astype(int)] = "ill"
    sets = (X[_rows(table, "train")], y[_rows(table, "train")])
    judges = [(X[_rows(table, "test")], labels[_rows(table, "test")]) for labels in (y, y[::-1])]
    found = [onelayer.train(sets, C=1.0, test=judge) for judge in judges]
    assert found[0].temperature == found[1].temperature != 1
    assert found[0].card.test != found[1].card.test


def _rows(source, part):
    return getattr(_parts(source), part).names.astype(int)


def test_probabilities_are_divided_and_answers_are_not(table, sure):
    X, _ = table
    Z = sure.forward(X)
    own = sure.estimator.predict_proba(X)
    np.testing.assert_allclose(sure.predict_proba(X), _shares(Z / sure.temperature), rtol=1e-12)
    np.testing.assert_allclose(own, _shares(Z), rtol=1e-12)
    assert (sure.predict(X) == sure.estimator.predict(X)).all()


def _shares(z):
    return softmax(np.column_stack([np.zeros(len(z)), z]))


def test_the_measures_of_the_judgement_are_scikit_learns_before_and_after(table, sure):
    test = _parts(table).test
    after, before = sure.predict_proba(test.matrix), sure.estimator.predict_proba(test.matrix)
    judged = sure.card.test
    assert judged.log_loss == pytest.approx(log_loss(test.labels, after))
    assert judged.brier == pytest.approx(brier_score_loss(test.labels, after[:, 1]))
    assert judged.uncalibrated.log_loss == pytest.approx(log_loss(test.labels, before))
    assert judged.uncalibrated.brier == pytest.approx(brier_score_loss(test.labels, before[:, 1]))
    gained = sure.card.calibration
    assert gained.after.log_loss < gained.before.log_loss


def test_none_is_none_and_says_so(table):
    found = onelayer.train(table, C=1.0, calibrate="none")
    assert found.temperature == 1
    assert found.card.calibration == Calibration(temperature=1.0, words="none, as asked")
    assert found.card.test.uncalibrated is None
    X, _ = table
    np.testing.assert_array_equal(found.predict_proba(X), found.estimator.predict_proba(X))


def test_a_validation_set_calibrates():
    train, val, test = _table(), _table(), _table()
    found = onelayer.train(train, C=np.inf, val=val, test=test)
    Z = found.forward(val[0])
    labels = (val[1] == "well").astype(int)
    slow = minimize_scalar(
        lambda u: Binary().loss(Z * np.exp(-u), labels).mean(), bounds=(-3, 3), method="bounded"
    )
    assert found.temperature == pytest.approx(np.exp(slow.x), rel=1e-4)
    assert "on 400 rows of the validation set" in found.card.calibration.words


def test_gradient_descent_is_calibrated_only_where_asked():
    source = _table(m=120)
    options = {"C": 1.0, "solver": "gradient-descent", "max_iter": 20, "learning_rate": 0.5}
    words = onelayer.train(source, **options).card.calibration.words
    assert words == (
        "none: it would take 5 more runs of gradient descent; ask for them with "
        "calibrate='temperature'"
    )
    asked = onelayer.train(source, **options, calibrate="temperature")
    assert asked.temperature != 1


def test_too_few_examples_are_not_calibrated_on():
    found = onelayer.train(_table(m=22), C=1.0)
    assert found.temperature == 1
    assert found.card.calibration.words == "none: too few rows to hold a fifth out at a time"
    found = onelayer.train(_table(), C=1.0, val=_table(m=19), test=_table(m=40))
    assert found.card.calibration.words == "none: 19 rows of the validation set are too few"


def test_classes_that_are_all_told_apart_have_no_temperature(colours):
    found = onelayer.train(colours, C=1.0)
    assert found.temperature == 1
    assert found.card.calibration.words == (
        "none: 32 out-of-fold pictures are all told apart, at any temperature"
    )


def test_class_weights_are_taken_out_on_request():
    """Of a rare class: balanced weights make it likelier than it is, taking them out mends that."""
    source = _table(m=3000, share=0.1, n=3)
    weighted = onelayer.train(source, class_weight="balanced", C=1.0)
    corrected = onelayer.train(source, class_weight="balanced", C=1.0, correct_class_weight=True)
    test = _parts(source).test
    ill, answers = (test.labels == 0).mean(), corrected.predict(test.matrix)
    assert weighted.predict_proba(test.matrix)[:, 0].mean() > 3 * ill
    assert corrected.predict_proba(test.matrix)[:, 0].mean() == pytest.approx(ill, rel=0.15)
    assert (answers == weighted.predict(test.matrix)).all()
    assert corrected.card.test.log_loss < 0.6 * weighted.card.test.log_loss
    assert corrected.card.calibration.words.endswith("; class weights taken out")
    assert weighted.card.calibration.words.endswith("; class weights stay in the probabilities")
    # What the classes come to without weights at all is the same to a few hundredths.
    plain = onelayer.train(source, C=1.0).predict_proba(test.matrix)
    np.testing.assert_allclose(corrected.predict_proba(test.matrix), plain, atol=0.06)


def test_a_second_training_takes_out_the_weights_of_everything():
    source = _table(m=301, share=0.2)
    options = {"class_weight": "balanced", "correct_class_weight": True, "C": 1.0}
    refit = onelayer.train(source, **options, refit=True)
    n = np.unique(source[1], return_counts=True)[1]
    np.testing.assert_allclose(refit.readout.class_weights, 301 / (2 * n))
    assert refit.temperature == onelayer.train(source, **options).temperature


def test_a_recall_is_reached_on_the_examples_that_chose_it(table):
    found = onelayer.train(table, C=1.0, recall="ill=0.9")
    decision = found.card.decision
    assert (decision.kind, decision.of_class, decision.wanted) == ("recall", "ill", 0.9)
    assert found.readout.decision == Threshold(0, decision.threshold)
    assert 0.8 < found.card.test.recall["ill"] <= 1
    assert found.card.test.recall["ill"] > onelayer.train(table, C=1.0).card.test.recall["ill"]
    assert "ill where its probability is above" in decision.words
    X, _ = table
    above = found.predict_proba(X)[:, 0] > decision.threshold
    assert (found.predict(X) == np.where(above, "ill", "well")).all()


def test_a_precision_costs_recall(table):
    plain, found = (onelayer.train(table, C=1.0, precision=p) for p in (None, {"ill": 0.9}))
    assert found.card.test.recall["ill"] < plain.card.test.recall["ill"]
    assert found.temperature == plain.temperature


def test_costs_answer_what_is_cheapest(table):
    costs = {("ill", "well"): 10}
    found, plain = onelayer.train(table, C=1.0, costs=costs), onelayer.train(table, C=1.0)
    X, _ = table
    p = found.predict_proba(X)
    assert (found.predict(X) == np.where(10 * p[:, 0] >= p[:, 1], "ill", "well")).all()
    judged, labels = found.card.test, _parts(table).test.labels
    answers = plain.readout.answers(plain.forward(_parts(table).test.matrix))
    before = np.where(labels == answers, 0, np.where(labels == 0, 10, 1)).mean()
    assert judged.cost < before
    assert found.card.decision.costs == ((0, 10), (1, 0))


MODELS = {
    "temperature": {},
    "recall": {"recall": ("ill", 0.9)},
    "costs": {"costs": "ill:well=7"},
    "weights": {"class_weight": "balanced", "correct_class_weight": True},
}


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_says_the_same_to_the_last_bit(name, table, tmp_path):
    model = onelayer.train(table, C=np.inf, **MODELS[name])
    model.save(tmp_path / "m.safetensors")
    again = onelayer.load(tmp_path / "m.safetensors")
    X, _ = table
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.temperature == model.temperature != 1
    assert again.card == model.card
    again.save(tmp_path / "again.safetensors")
    first, second = (tmp_path / f"{n}.safetensors" for n in ("m", "again"))
    assert first.read_bytes() == second.read_bytes()


def test_a_plain_estimator_is_saved_without_a_temperature(table, tmp_path):
    X, y = table
    fitted = onelayer.LogisticRegression().fit(X, y)
    onelayer.save(fitted, tmp_path / "m.safetensors")
    again = onelayer.load(tmp_path / "m.safetensors")
    assert again.temperature == 1
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert again.card.calibration is None


def test_a_file_from_before_temperatures_loads_as_it_did(sure, table):
    record = record_of(from_estimator(sure.estimator))
    del record.metadata["readout"]
    del record.metadata["card"]["calibration"]
    del record.metadata["card"]["decision"]
    again = model_of(record)
    assert (again.temperature, again.readout.decision) == (1, None)
    X, _ = table
    np.testing.assert_array_equal(again.predict_proba(X), sure.estimator.predict_proba(X))


DAMAGE = {
    "is damaged: a temperature of -1": {"temperature": -1, "threshold": None},
    "is damaged: a temperature of '2'": {"temperature": "2", "threshold": None},
    "is damaged: a temperature of True": {"temperature": True, "threshold": None},
    "is damaged: a threshold of 0.5 on class 2": {
        "temperature": 1.0,
        "threshold": {"class": 2, "value": 0.5},
    },
    "is damaged: a threshold of 1.5 on class 0": {
        "temperature": 1.0,
        "threshold": {"class": 0, "value": 1.5},
    },
    "is damaged: 'value' is missing": {"temperature": 1.0, "threshold": {"class": 0}},
    "is damaged: 'threshold' is missing": {"temperature": 1.0},
}


@pytest.mark.parametrize(("message", "kept"), DAMAGE.items())
def test_a_damaged_readout_is_refused_by_name(message, kept, sure):
    record = record_of(sure)
    record.metadata["readout"] = kept
    with pytest.raises(onelayer.errors.ModelFileError) as refused:
        model_of(record)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        ({"costs": np.ones((3, 3))}, r"costs have the shape \(3, 3\): for the 2 classes"),
        ({"class_weights": np.array([1.0, 0.0])}, "2 classes cannot have these class weights"),
        ({"class_weights": np.ones(3)}, "2 classes cannot have these class weights"),
    ],
)
def test_damaged_arrays_of_a_readout_are_refused_by_name(array, message, sure):
    record = record_of(sure)
    record.arrays.update(array)
    with pytest.raises(onelayer.errors.ModelFileError, match=message):
        model_of(record)


WRONG = {
    "calibrate is 'platt': give 'temperature' or 'none'": {"calibrate": "platt"},
    "correct_class_weight takes class weights out: give class_weight": {
        "correct_class_weight": True
    },
    "costs and recall are two rules for one answer": {"costs": "a:b=1", "recall": "ill=0.9"},
    "costs need the probabilities of the classes as they come": {
        "costs": "ill:well=2",
        "class_weight": "balanced",
    },
    "recall is 'ill': give a class and a share above 0 and at most 1": {"recall": "ill"},
    "recall is 'ill=1.2': give a class": {"recall": "ill=1.2"},
    "precision is ('ill', 0): give a class": {"precision": ("ill", 0)},
    "recall is {'ill': 0.9, 'well': 0.9}: give a class": {"recall": {"ill": 0.9, "well": 0.9}},
    "recall is of 'sick': the classes are ill, well": {"recall": "sick=0.9"},
    "costs speak of 'sick': the classes are ill, well": {"costs": "sick:well=2"},
}


@pytest.mark.parametrize(("message", "options"), WRONG.items())
def test_what_cannot_be_asked_for_is_refused(message, options, table):
    with pytest.raises(UsageError) as refused:
        onelayer.train(table, **options)
    assert message in str(refused.value)


def test_a_threshold_without_examples_to_choose_it_on_is_an_error():
    with pytest.raises(DataError, match="too few examples to choose a threshold for a recall"):
        onelayer.train(_table(m=22), C=1.0, recall="ill=0.9")


def test_a_precision_out_of_reach_is_an_error():
    """One column of zeros and ones that says nothing: no threshold does better than half."""
    source = np.repeat([[0.0], [1.0]], 100, axis=0), np.tile(["ill", "well"], 100)
    with pytest.raises(DataError, match=r"precision of ill: of 160 out-of-fold rows no threshold "):
        onelayer.train(source, C=1.0, precision="ill=0.99")


def test_a_model_with_costs_keeps_them_exactly(table, tmp_path):
    matrix = np.array([[0, 1 / 3], [0.1, 0]])
    model = onelayer.train(table, C=1.0, costs=matrix)
    model.save(tmp_path / "m.safetensors")
    again = onelayer.load(tmp_path / "m.safetensors").readout.decision
    assert isinstance(again, Costs)
    np.testing.assert_array_equal(again.matrix, matrix)


def test_the_folds_that_calibrate_are_those_of_the_report(sure, tmp_path):
    folds = sure.evidence.folds
    assert len(folds.rows) == 320
    sure.report(tmp_path / "r.html")
    assert (
        "Each of 400 rows was shown to a layer trained without it"
        in (tmp_path / "r.html").read_text()
    )


def test_of_many_examples_some_folds_are_enough(table, monkeypatch, tmp_path):
    monkeypatch.setattr(calibrating, "ENOUGH", 100)
    found = onelayer.train(table, C=1.0)
    assert "on 128 out-of-fold rows" in found.card.calibration.words
    assert found.evidence.folds is None
    found.report(tmp_path / "r.html")  # which looks at all of them
    assert "Each of 400 rows was shown" in (tmp_path / "r.html").read_text()
