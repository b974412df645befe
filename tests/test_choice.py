"""How C is chosen, with an L1 part too: never a path that ends before anything is learnt."""

import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression as Peer
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

import onelayer
from onelayer import LogisticRegressionCV
from onelayer.cli.verdict import verdict
from onelayer.estimators.folds import assign_folds
from onelayer.estimators.search import Patience

RAW, MALIGNANT = load_breast_cancer(return_X_y=True)
FEW, FEW_LABELS = RAW[::3, :10], MALIGNANT[::3]
NO_WEIGHT = "The layer has no weight: it gives every example the same probabilities"


def made(classes, m=300, n=30, seed=0):
    """Rows of which the first four features matter."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, n))
    z = X[:, :4] @ random.normal(size=(4, classes)) + 0.5 * random.normal(size=(m, classes))
    return X, z.argmax(axis=1)


@pytest.mark.parametrize("ratio", [0.5, 1.0])
@pytest.mark.parametrize(
    ("source", "least"), [("breast_cancer", 0.94), (made(2), 0.8), (made(4), 0.6)]
)
def test_an_l1_part_learns_without_being_told_c(source, least, ratio):
    card = onelayer.train(source, l1_ratio=ratio).card
    assert card.test.accuracy >= least > card.baseline.accuracy + 0.2
    assert card.choice.note is None


def test_digits_keep_what_they_need_of_their_pixels():
    X, y = load_digits(n_class=4, return_X_y=True)
    model = onelayer.train((X[::2], y[::2]), l1_ratio=1, calibrate="none")
    assert model.card.test.accuracy >= 0.95
    assert 10 < np.count_nonzero(model.coef) < 150


def test_what_is_tried_is_what_a_peer_says_of_the_same_folds_at_the_same_lambda():
    model = onelayer.train((FEW, FEW_LABELS), l1_ratio=1, test_size=0, calibrate="none")
    m = len(FEW)
    fold = assign_folds(FEW_LABELS, np.arange(m), 0)
    for C, loss in model.card.choice.tried:
        losses = []
        for k in range(5):
            inside = fold != k
            scaled = StandardScaler().fit(FEW[inside])
            # liblinear penalises the intercept; beside a constant of 100, hardly
            peer = Peer(l1_ratio=1, solver="liblinear", tol=1e-8, intercept_scaling=100)
            peer.set_params(C=C * m / inside.sum(), max_iter=10_000)
            peer.fit(scaled.transform(FEW[inside]), FEW_LABELS[inside])
            a = peer.predict_proba(scaled.transform(FEW[~inside]))
            losses.append(log_loss(FEW_LABELS[~inside], a))
        assert loss == pytest.approx(np.mean(losses), rel=5e-3)


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
def test_train_and_the_cross_validated_estimator_try_the_same_values(ratio):
    X, y = made(3)
    choice = onelayer.train((X, y), l1_ratio=ratio, test_size=0, calibrate="none").card.choice
    model = LogisticRegressionCV(l1_ratios=(ratio,), scaling="standard").fit(X, y)
    tried = [C for C, _ in choice.tried]
    assert tried == model.Cs_[: len(tried)].tolist()
    place = model.Cs_.tolist().index(model.C_)
    assert abs(tried.index(choice.C) - place) <= 1  # other folds, and lambda for C in them


def test_pure_noise_leaves_no_weight_and_says_so():
    X, y = made(2)
    y = np.random.default_rng(2).permutation(y)
    with pytest.warns(UserWarning, match=NO_WEIGHT) as caught:
        model = onelayer.train((X, y), l1_ratio=1)
    assert len(caught) == 1
    assert not model.coef.any()
    assert len(model.card.choice.tried) == 10  # the whole path was looked at
    note = model.card.choice.note
    assert "No penalty that leaves weights did better" in note
    assert note in verdict(model.card, "m.safetensors")
    assert note in str(model.card)


def test_pure_noise_is_said_by_the_cross_validated_estimator_too():
    X, y = made(2)
    y = np.random.default_rng(2).permutation(y)
    with pytest.warns(UserWarning, match="set a larger C, which keeps weights") as caught:
        model = LogisticRegressionCV(l1_ratios=(1.0,)).fit(X, y)
    assert caught[0].filename == __file__
    assert not model.coef_.any()
    with pytest.warns(UserWarning, match="too strong: give larger values of C"):
        LogisticRegressionCV(l1_ratios=(1.0,), Cs=[1e-4, 1e-3]).fit(X, y)


def test_a_c_that_leaves_no_weight_is_said_and_one_that_does_is_not():
    with pytest.warns(UserWarning, match="too strong: give larger values of C"):
        onelayer.train("breast_cancer", l1_ratio=1, C=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        onelayer.train("breast_cancer", l1_ratio=1, C=0.1)


def test_columns_that_are_all_constant_are_said_to_be():
    y = np.arange(60) % 2
    with pytest.warns(UserWarning, match="No column of X varies"):
        onelayer.train((np.ones((60, 3)), y))


def words_of(m=300, n=80, seed=0):
    """Texts as counts of rare words, of which twenty tell the classes apart."""
    random = np.random.default_rng(seed)
    X = sparse.random(m, n, 0.08, random_state=seed, format="csr", data_rvs=np.ones)
    w = np.zeros(n)
    w[:20] = random.choice([-4, 4], 20)
    return X, (X @ w > 0).astype(int)


@pytest.mark.parametrize("ratio", [0.5, 1.0])
def test_rare_words_are_found(ratio):
    card = onelayer.train(words_of(), l1_ratio=ratio, calibrate="none").card
    assert card.test.accuracy > card.baseline.accuracy + 0.2


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_noise_of_large_scale_in_front_does_not_end_the_path(ratio):
    """It comes first on the path, where all else is held at nothing, and makes the loss worse."""
    X, y = words_of()
    lengths = 100 * np.random.default_rng(3).exponential(size=(len(y), 1))
    loud = sparse.hstack([lengths, X], format="csr")
    card = onelayer.train((loud, y), l1_ratio=ratio, calibrate="none").card
    assert card.test.accuracy > card.baseline.accuracy + 0.2


def test_class_weights_and_a_rare_class():
    X, y = made(2, m=400)
    y = (X[:, 0] + 0.3 * np.random.default_rng(0).normal(size=400) > 1.5).astype(int)
    card = onelayer.train((X, y), l1_ratio=1, class_weight="balanced").card
    assert card.test.balanced_accuracy > 0.8


@pytest.mark.parametrize(
    ("scores", "ends"),
    [
        ((-1.0, -1.0, -1.0, -1.0), False),  # flat: nothing is learnt yet
        ((-1.0, -1.1, -1.2, -1.3), False),  # worse than nothing: nothing is learnt yet
        ((-1.0, -0.6, -0.5999, -0.6001), False),  # alike
        ((-1.0, -0.6, -0.5, -0.6), False),
        ((-1.0, -0.6, -0.5, -0.6, -0.7), True),
        ((-1.0, -0.6, -0.5, -0.5002, -0.6, -0.7), True),
    ],
)
def test_patience_counts_what_is_clearly_worse_once_something_is_learnt(scores, ends):
    assert Patience(2, constant=-1.0).exhausted(list(scores)) is ends


def test_a_training_takes_less_than_a_third_of_x_on_top():
    """72 MB of float32, hold-out, folds and calibration included: it was 3.2 times X."""
    random = np.random.default_rng(0)
    X = random.normal(size=(180_000, 100)).astype(np.float32)
    y = (X[:, 0] + random.normal(size=len(X)) > 0).astype(int)
    onelayer.train((X[:8000], y[:8000]))  # compiles what the larger one runs
    tracemalloc.start()
    try:
        card = onelayer.train((X, y)).card
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < X.nbytes / 3
    assert card.test.accuracy > 0.73
    assert "a stratified" in card.choice.words


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_rows_held_out_of_large_data_have_no_part_in_training(dtype):
    """They lie in the X that is read, without weight: not even what is said of the gap moves."""
    random = np.random.default_rng(0)
    X = (random.normal(size=(20_000, 60)) * 40 + 128).clip(0, 255).astype(dtype)
    y = (X[:, 0] + 40 * random.normal(size=len(X)) > 128).astype(int)
    one = onelayer.train((X, y))
    held = one.evidence.parts.test.places
    changed = X.copy()
    changed[held] = 255 - changed[held]
    other = onelayer.train((changed, y))
    np.testing.assert_array_equal(other.evidence.parts.test.places, held)
    np.testing.assert_array_equal(other.coef, one.coef)
    assert other.card.choice == one.card.choice
    assert other.card.solution.gap == one.card.solution.gap
    assert other.card.calibration.temperature == one.card.calibration.temperature
    assert other.card.test.accuracy < one.card.test.accuracy
