"""Linear probes as published: against naive twins, and what must not move what."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import balanced_accuracy_score, top_k_accuracy_score

import onelayer
from onelayer import LogisticRegression
from onelayer.errors import DataError, UsageError
from onelayer.estimators.cross_validation import Accuracy
from onelayer.probes import PROTOCOLS
from onelayer.probes.asked import ProbeAsked
from onelayer.probes.feature_parts import read_features
from onelayer.probes.few_shots import _drawn
from onelayer.probes.penalty_search import PenaltySearch, probe_data
from onelayer.probes.protocols import Halving
from onelayer.settings import Settings
from onelayer.sources import no_progress

DIGITS, KINDS = load_digits(return_X_y=True)
DIGITS = DIGITS[:, 8:40].astype(np.float32)
TRAIN, VAL, TEST = slice(0, 300), slice(300, 400), slice(400, 900)


@pytest.fixture
def digits(tmp_path):
    return written(tmp_path / "d.npz")


def written(path, X=DIGITS, y=KINDS, parts=("train", "val", "test")):
    rows = dict(zip(("train", "val", "test"), (TRAIN, VAL, TEST), strict=True))
    arrays = {f"x_{part}": X[rows[part]] for part in parts}
    np.savez(path, **arrays, **{f"y_{part}": y[rows[part]] for part in parts})
    return path


def parts_of(path, protocol, **settings):
    return read_features(path, Settings(**settings), PROTOCOLS[protocol], no_progress)


def test_simclr_is_45_fits_on_train_chosen_on_val_and_one_on_both(digits):
    found = onelayer.probe(digits, protocol="simclr").probed[0]
    values = np.logspace(-6, 5, 45)
    np.testing.assert_allclose([one.C for one in found.curve], values, rtol=1e-12)
    np.testing.assert_allclose([one.strength for one in found.curve], 1 / (values * 300))
    assert max(one.gap for one in found.curve) <= 1e-7
    for place in (0, 12, 20, 28):  # cold, by themselves, where the path came warm
        alone = LogisticRegression(C=values[place]).fit(DIGITS[TRAIN], KINDS[TRAIN])
        assert found.curve[place].score == alone.score(DIGITS[VAL], KINDS[VAL])
    best = int(np.argmax([one.score for one in found.curve]))  # the first of equals
    assert found.chosen == found.curve[best].C
    both = np.r_[0:400]
    final = LogisticRegression(C=found.chosen).fit(DIGITS[both], KINDS[both])
    A, y = final.predict_proba(DIGITS[TEST]), KINDS[TEST]
    measures = found.hits.measures()
    assert measures["top-1"].value == final.score(DIGITS[TEST], y)
    assert measures["top-5"].value == pytest.approx(top_k_accuracy_score(y, A, k=5))
    expected = balanced_accuracy_score(y, A.argmax(axis=1))
    assert measures["mean per class"].value == pytest.approx(expected)
    assert found.strength == pytest.approx(1 / (found.chosen * 400))


@pytest.mark.parametrize("protocol", ["onelayer", "clip", "dinov2", "few-shot"])
def test_what_judges_chooses_nothing(tmp_path, protocol):
    """Other labels in test move the measures, and neither C, nor a fit, nor its score."""
    told = [
        onelayer.probe(written(tmp_path / "d.npz", y=y), protocol=protocol, shots=(2,), seeds=2)
        for y in (KINDS, np.r_[KINDS[:400], 9 - KINDS[400:]])
    ]
    assert PROTOCOLS[protocol].on_test.startswith("never")
    for one, other in zip(*(made.probed for made in told), strict=True):
        mine, others = (getattr(made, "draws", (made,)) for made in (one, other))
        assert [draw.chosen for draw in mine] == [draw.chosen for draw in others]
        scores = [
            [(fit.C, fit.score, fit.gap) for draw in d for fit in draw.curve]
            for d in told_of(mine, others)
        ]
        assert scores[0] == scores[1]


def told_of(*draws):
    return draws


@pytest.mark.parametrize("peak", [-4.33, 0.1, 5.2])
def test_halving_finds_the_best_of_a_grid_of_97_in_fifteen_fits(digits, peak):
    """Of a score with one peak, wherever it is; each fit begins at a stronger one's layer."""
    asked, layers = [], {}

    def score(layer):
        layers[asked[-1]] = layer
        return -abs(np.log10(asked[-1]) - peak)

    found = PenaltySearch(
        data=probe_data(parts_of(digits, "clip").train, scaled=False),
        score=score,
        accuracy=Accuracy(tol=1e-4),
        tell=lambda C, _done, _fits: asked.append(C),
    )
    found.run(Halving(-6, 6, 2, 8))
    best = found.best[0].C
    assert abs(np.log10(best) - peak) <= 1 / 16 + 1e-9
    assert np.log10(best) * 8 == pytest.approx(round(np.log10(best) * 8))
    # Where the best of the first is at an end, there is one neighbour less.
    assert len(found.tried) == len(asked) == (14 if peak > 5 else 15)
    cold = LogisticRegression(C=0.01).fit(DIGITS[TRAIN], KINDS[TRAIN])
    apart = layers[0.01].W - cold.coef_.T
    assert abs(apart).max() <= 0.03 * abs(cold.coef_).max()


def test_dinov2_draws_a_tenth_of_train_and_computes_in_float64(tmp_path):
    path = written(tmp_path / "d.npz", parts=("train", "test"))
    parts = parts_of(path, "dinov2", seed=3)
    assert (len(parts.train), len(parts.val), len(parts.test)) == (270, 30, 500)
    assert parts.train.whole.dtype == np.float64
    assert parts.train.whole is parts.val.whole  # left out by place, not by copy
    rows = np.sort(np.r_[parts.train.rows, parts.val.rows])
    np.testing.assert_array_equal(rows, np.arange(300))
    clip = parts_of(path, "clip")
    assert clip.train.whole.dtype == np.float32
    shares = np.bincount(clip.val.labels) / np.bincount(KINDS[TRAIN])
    assert np.all(abs(shares - 0.1) < 0.04)  # of every class
    assert "has no val part: 30 of train choose C" in clip.said[0]


def test_few_shots_are_drawn_of_every_class_and_choose_on_others(tmp_path):
    path = written(tmp_path / "d.npz", parts=("train", "test"))
    parts = parts_of(path, "few-shot")
    train, val = _drawn(parts, 8, 5)
    np.testing.assert_array_equal(np.bincount(train.labels), 8)
    np.testing.assert_array_equal(np.bincount(val.labels), 4)
    rows = {tuple(row) for row in DIGITS[TRAIN].tolist()}
    mine, others = ({tuple(row) for row in one.matrix.tolist()} for one in (train, val))
    assert mine < rows
    assert not mine & others
    again, _ = _drawn(parts, 8, 5)
    np.testing.assert_array_equal(again.matrix, train.matrix)
    with pytest.raises(DataError, match="and 44 of every class are drawn: ask for fewer shots"):
        _drawn(parts, 40, 0)


def test_few_shot_says_mean_and_interval_over_draws(digits):
    found = onelayer.probe(digits, digits, protocol="few-shot", shots=(1, 4), seeds=3, seed=7)
    one = found.probed[0]
    assert [(draw.shots, draw.seed) for draw in one.draws] == [
        (k, s) for k in (1, 4) for s in (7, 8, 9)
    ]
    values = one.values(4, "top-1")
    mean, low, high = one.measures(4)["top-1"]
    half = 4.302653 * values.std(ddof=1) / np.sqrt(3)  # Student's t of two degrees
    assert (mean, low, high) == pytest.approx((values.mean(), mean - half, mean + half))
    assert one.measures(4)["top-1"].value > one.measures(1)["top-1"].value
    apart = next(iter(found.differences.values()))
    assert [tuple(each) for each in apart] == [(0, 0, 0)] * 2  # the same features, paired


def test_features_side_by_side_are_paired(tmp_path):
    first = written(tmp_path / "a.npz")
    second = written(tmp_path / "b.npz", X=DIGITS[:, :16])
    other = written(tmp_path / "c.npz", y=np.r_[KINDS[:400], KINDS[400:][::-1]])
    found = onelayer.probe(first, second, other, protocol="onelayer")
    hits = [one.hits.top_1 for one in found.probed]
    assert found.differences[str(first), str(other)] is None
    apart = found.differences[str(first), str(second)]["top-1"]
    assert apart.value == hits[0].mean() - hits[1].mean()
    assert apart.low < apart.value < apart.high
    turned = onelayer.probe(second, first).differences[str(second), str(first)]["top-1"]
    assert (turned.value, turned.low, turned.high) == (-apart.value, -apart.high, -apart.low)
    text = found.to_text()
    assert "(1) - (3)  not compared: their test parts hold other labels" in text
    assert "(2) - (3)  not compared" in text
    assert f"(1) - (2)  top-1 {100 * apart.value:+.2f} (" in text


def test_the_kind_of_file_moves_nothing(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet
    from safetensors.numpy import save_file

    names = {"features_train": TRAIN, "features_val": VAL, "features_test": TEST}
    for name, rows in names.items():
        np.save(tmp_path / f"{name}.npy", DIGITS[rows])
        np.save(tmp_path / f"{name.replace('features', 'labels')}.npy", KINDS[rows])
        table = pa.table({"embedding": list(DIGITS[rows]), "label": KINDS[rows]})
        parquet.write_table(table, tmp_path / f"{name}.parquet")
    held = np.load(written(tmp_path / "d.npz"))
    save_file({name: held[name] for name in held}, tmp_path / "d.safetensors")
    X, y = DIGITS, KINDS
    told = [
        onelayer.probe(tmp_path / "d.npz", protocol="clip"),
        onelayer.probe(tmp_path / "d.safetensors", protocol="clip"),
        onelayer.probe(tmp_path / "features_train.npy", protocol="clip"),
        onelayer.probe(
            tmp_path / "features_train.parquet",
            test=tmp_path / "features_test.parquet",
            val=tmp_path / "features_val.parquet",
            x="embedding",
            protocol="clip",
        ),
        onelayer.probe(
            (X[TRAIN], y[TRAIN]), test=(X[TEST], y[TEST]), val=(X[VAL], y[VAL]), protocol="clip"
        ),
    ]
    curves = [[(fit.C, fit.score, fit.gap) for fit in one.probed[0].curve] for one in told]
    for one, curve in zip(told, curves, strict=True):
        assert curve == curves[0]
        np.testing.assert_array_equal(one.probed[0].hits.top_1, told[0].probed[0].hits.top_1)


def test_two_classes_have_no_top_5_and_repeats_are_said(tmp_path):
    y = np.where(KINDS < 5, "low", "high")
    X = DIGITS.copy()
    X[400:403] = X[:3]
    found = onelayer.probe(written(tmp_path / "d.npz", X, y), protocol="clip")
    assert list(found.probed[0].hits.measures()) == ["top-1", "mean per class"]
    assert "3 examples of test are in train or val too, to the last bit" in found.to_text()


def test_what_is_wrong_is_said(digits, tmp_path):
    for wrong, said in (
        ({"protocol": "simclr2"}, "give one of onelayer, simclr, dinov2, clip, few-shot"),
        ({"measure": "auc"}, "measure is 'auc': give 'top-1' or 'mean per class'"),
        ({"protocol": "few-shot", "shots": (0,)}, r"shots is \[0\]"),
        ({"tol": -1.0}, "tol is -1.0: give a number of at least 0"),
        ({"test": [digits, digits]}, "test names 2 and there are 1 of features"),
    ):
        with pytest.raises(UsageError, match=said):
            onelayer.probe(digits, **wrong)
    with pytest.raises(UsageError, match="there are no features"):
        onelayer.probe()
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match=r"t\.csv holds a table, and a probe takes features"):
        onelayer.probe(tmp_path / "t.csv")
    few = (DIGITS[:12], np.repeat(["a", "b"], 6))
    with pytest.raises(DataError, match="features, and what is trained on"):
        onelayer.probe(few, test=(DIGITS[:4, :3], np.repeat(["a", "b"], 2)))


def test_every_fit_is_in_json_and_csv(digits):
    found = onelayer.probe(digits, protocol="clip")
    told = json.loads(json.dumps(found.to_dict()))
    assert len(told["probed"][0]["curve"]) == 15
    assert {"C", "strength", "score", "gap", "gap_kind", "status", "seconds"} <= set(
        told["probed"][0]["curve"][0]
    )
    assert told["protocol"]["source"].startswith("Radford")
    assert found.frame["chosen"].sum() == 1
    assert len(found.to("csv").splitlines()) == 16
    assert found.to("latex").startswith(r"\begin{table}")
    figure = found.plot()
    np.testing.assert_array_equal(figure.lines_[0].get_xdata(), found.frame["C"])


def test_a_measure_of_classes_chooses_by_their_mean_recall(tmp_path):
    keep = np.r_[0:300, 300 + np.flatnonzero((KINDS[VAL] < 3) | (np.arange(100) < 20)), 400:900]
    y, X = KINDS[keep], DIGITS[keep]
    split = {"train": slice(0, 300), "val": slice(300, len(keep) - 500), "test": slice(-500, None)}
    arrays = {
        f"{n}_{part}": v[rows] for part, rows in split.items() for n, v in (("x", X), ("y", y))
    }
    np.savez(tmp_path / "d.npz", **arrays)
    found = onelayer.probe(tmp_path / "d.npz", protocol="clip", measure="mean per class").probed[0]
    fit = found.curve[8]
    model = LogisticRegression(C=fit.C).fit(X[split["train"]], y[split["train"]])
    truth, said = y[split["val"]], model.predict(X[split["val"]])
    recalls = [np.mean(said[truth == label] == label) for label in np.unique(truth)]
    assert fit.score == pytest.approx(np.mean(recalls))
    assert fit.score != np.mean(said == truth)


def test_asked_is_checked_before_anything_is_read(tmp_path):
    with pytest.raises(UsageError, match="seeds is 0"):
        ProbeAsked(
            protocol=PROTOCOLS["few-shot"],
            measure="top-1",
            seed=0,
            accuracy=Accuracy(),
            shots=(1,),
            seeds=0,
            progress=no_progress,
        )
    with pytest.raises(UsageError, match="measure"):
        onelayer.probe(tmp_path / "absent.npz", measure="accuracy")


def test_a_tenth_of_too_few_is_none_and_is_refused(tmp_path):
    rows = np.random.default_rng(0).permutation(900)[:13]
    parts = {"x_train": DIGITS[rows[:9]], "y_train": KINDS[rows[:9]] % 2}
    np.savez(tmp_path / "f.npz", **parts, x_test=DIGITS[rows[9:]], y_test=KINDS[rows[9:]] % 2)
    said = r"has 9 examples to train on, and a share of 0\.1 of them would choose C, which is none"
    with pytest.raises(UsageError, match=said):
        onelayer.probe(tmp_path / "f.npz", protocol="dinov2")
