"""What a model says of examples unlike any that it was trained on."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

import onelayer as package
from onelayer.inputs.kept_pictures import KeptPictures
from onelayer.inputs.light import Light
from onelayer.model.unlike import can_tell, counted, in_words, warns_in_words

M = 400
ODD = pd.DataFrame(
    {
        "age": [40.0, 999.0, 96.0, None, 30.0],
        "sex": ["f", "m", "f", None, "x"],
        "seen": ["2024-05-01", "2024-06-30", "2061-01-01", None, "2024-12-31"],
        "town": ["Oslo", "Rome", "Oslo", "Atlantis", "Oslo"],
    }
)
WHY = [
    "",
    "age is 999, and was 18 to 79 in training",
    "seen is 2061-01-01, and was 2024-01-01 to 2024-12-27 in training",
    "",
    "sex has a level that was not seen in training",
]


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(0)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(M) % 362, unit="D")
    towns = [f"village {at}" if at % 20 == 0 else ["Oslo", "Rome"][at % 2] for at in range(M)]
    age = np.append(random.integers(18, 80, M - 2), [18, 79])
    y = np.where(age + random.normal(0, 15, M) > 50, "yes", "no")
    columns = {"age": age, "sex": np.tile(["f", "m"], M // 2), "seen": days.strftime("%Y-%m-%d")}
    return pd.DataFrame({**columns, "town": towns, "y": y})


@pytest.fixture(scope="module")
def model(frame):
    return package.train(frame, target="y", C=1.0, calibrate="none", test_size=0)


def test_rows_far_outside_what_was_trained_on_are_named(model, frame):
    assert model.unlike(ODD) == WHY
    assert model.unlike(frame) == [""] * M


def test_where_levels_are_new_all_the_time_another_one_is_nothing_odd(model):
    town = next(column for column in model.columns if column.name == "town")
    assert town.fresh == pytest.approx(20 / M)
    assert model.unlike(ODD.assign(town="Atlantis").iloc[:1]) == [""]


def test_next_years_rows_are_nothing_odd(model):
    later = ODD.iloc[:1].assign(seen="2025-12-01")
    assert model.unlike(later) == [""]
    assert "seen is 2026-12-31" in model.unlike(later.assign(seen="2026-12-31"))[0]


def test_texts_without_a_known_word(tmp_path):
    random = np.random.default_rng(0)
    words = np.array(["free", "prize", "win", "lunch", "home", "meeting", "see", "you"])
    texts = [" ".join(random.choice(words, 6)) for _ in range(60)]
    labels = ["spam" if "prize" in text else "ham" for text in texts]
    (tmp_path / "t.tsv").write_text("\n".join(map("\t".join, zip(labels, texts, strict=True))))
    how = {"header": False, "C": 1.0, "calibrate": "none"}
    model = package.train(tmp_path / "t.tsv", target=0, **how)
    said = model.unlike(["see you", "zxqv brrgl", "prize of zxqv"])
    assert said == ["", "column 1 has no word that training had often enough", ""]


def test_pictures_of_one_colour_and_far_darker_or_lighter_ones():
    random = np.random.default_rng(0)
    X = random.integers(0, 120, (60, 8, 8, 1), dtype=np.uint8)
    model = package.train((X, np.arange(60) % 2), C=1.0, calibrate="none", test_size=0)
    light = model.inputs.light
    assert light == Light.of(X.reshape(60, -1))
    assert light.darkest == X.reshape(60, -1).mean(axis=1).min()
    flat, dark, own, turned = np.full_like(X[:1], 60), X[:1] // 60, X[:1], 255 - X[:1]
    was = f"{light.darkest:.0f} to {light.lightest:.0f} in training"
    colour = "it is of one colour, or nearly"
    said = model.unlike(np.concatenate([flat, own, turned, dark]))
    assert said == [colour, "", f"its mean is {turned.mean():.0f} of 255, and was {was}", colour]


def test_numbers_further_from_the_mean_than_any_of_training_can_be():
    """Of m numbers none is further from their mean than sqrt(m - 1) deviations (Samuelson 1968)."""
    X = np.zeros((101, 2))
    X[0, 0], X[:, 1] = 1.0, np.arange(101)
    model = package.train((X, np.arange(101) % 2), C=1.0, calibrate="none", test_size=0)
    assert model.unlike(X) == [""] * 101
    mean, deviation = X[:, 0].mean(), X[:, 0].std()
    assert (1 - mean) / deviation == pytest.approx(10)
    assert model.unlike([[1.1, 50.0]]) == [
        "column 0 is 1.1, and was about 0.00990099 in training, give or take 0.099"
    ]
    assert model.unlike([[0.9, 50.0 + 290]]) == [""]


def test_pictures_like_none_of_those_kept():
    angles = np.linspace(0, 1, 30)
    X = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(30)])
    kept = KeptPictures(X, np.zeros(30, int), (b"",) * 30)
    assert kept.least_likeness == pytest.approx(np.cos(1 / 29))
    assert kept.unlike(X) == {}
    assert kept.unlike([[0.0, 0.0, 1.0], [1.0, 0.1, 0.1]]) == {
        0: {
            "likeness": "it is like no picture of training: 0.00 the most similar one, where "
            "those have 1.00"
        }
    }
    assert KeptPictures(X[:19], np.zeros(19, int), (b"",) * 19).unlike(-X) == {}


def test_many_reasons_are_counted():
    why = {name: f"{name} is odd" for name in "abcd"}
    assert in_words(why) == "a is odd; b is odd; c is odd; and 1 more"
    assert counted(Counter(a=2, b=1), 2, 9) == "2 of 9 examples are unlike any trained on: a 2, b 1"
    assert counted(Counter(a=1), 1, 9) == "1 of 9 examples is unlike any trained on: a 1"
    assert counted(Counter(), 0, 9) == ""


@pytest.fixture(scope="module")
def files(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unlike")
    model.save(folder / "m.safetensors")
    ODD.to_csv(folder / "odd.csv", index=False)
    ODD.iloc[:1].to_csv(folder / "usual.csv", index=False)
    return folder


def test_predict_says_it_once_and_row_by_row(onelayer, files):
    done = onelayer("predict", files / "m.safetensors", files / "odd.csv")
    note = "3 of 5 examples are unlike any trained on: age 1, seen 1, sex 1"
    assert done.err.count(f"note: {files / 'odd.csv'}: {note}") == 1
    assert done.out.splitlines()[0].split()[-1] == "unlike"
    found = onelayer("predict", files / "m.safetensors", files / "odd.csv", "--json").json
    assert [one.get("unlike", "") for one in found["predictions"]] == WHY
    usual = onelayer("predict", files / "m.safetensors", files / "usual.csv")
    assert usual.out.splitlines()[0].split() == ["file", "row", "class", "probability"]
    assert "unlike any" not in usual.err


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_scored_file_has_a_column_of_it(onelayer, files, tmp_path, suffix):
    for source, expected in (("odd.csv", WHY), ("usual.csv", WHY[:1])):
        out = tmp_path / f"{source}{suffix}"
        onelayer("predict", files / "m.safetensors", files / source, "-o", out)
        read = pd.read_csv(out) if suffix == ".csv" else pq.read_table(out).to_pandas()
        assert read.columns[-1] == "unlike"
        assert [why if isinstance(why, str) else "" for why in read["unlike"]] == expected


def test_files_of_pictures(onelayer, tmp_path):
    random = np.random.default_rng(0)
    for at in range(30):
        place = tmp_path / "p" / "ab"[at % 2]
        place.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 120 + 100 * (at % 2), (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{at}.png")
    Image.new("RGB", (8, 8), (90, 90, 90)).save(tmp_path / "grey.png")
    model = tmp_path / "m.safetensors"
    onelayer("train", tmp_path / "p", "-o", model, "--C", "1", "--no-report")
    given = ("predict", model, tmp_path / "grey.png", tmp_path / "p" / "a" / "0.png")
    done = onelayer(*given)
    assert "note: 1 of 2 examples is unlike any trained on: contrast 1" in done.err
    found = onelayer(*given, "--json").json["predictions"]
    assert [one.get("unlike") for one in found] == ["it is of one colour, or nearly", None]
    onelayer(*given, "-o", tmp_path / "scored.csv")
    assert pd.read_csv(tmp_path / "scored.csv")["unlike"].tolist()[0] == found[0]["unlike"]
    inputs = package.load(model).inputs
    assert type(inputs).from_dict(json.loads(json.dumps(inputs.to_dict()))) == inputs


def test_a_file_of_an_older_version_is_silent_and_says_so(onelayer, model, tmp_path):
    fields = model.inputs.to_dict()
    for column in fields["columns"]:
        for name in ("least", "most", "usual", "fresh"):
            del column[name]
    old = replace(model, inputs=type(model.inputs).from_dict(fields))
    assert not can_tell(old)
    assert old.unlike(ODD) == [""] * len(ODD)
    np.testing.assert_array_equal(old.predict_proba(ODD), model.predict_proba(ODD))
    old.save(tmp_path / "old.safetensors")
    assert warns_in_words(old) in onelayer("inspect", tmp_path / "old.safetensors").out
    assert warns_in_words(model) == "of examples that are unlike any trained on"


@pytest.mark.parametrize(
    "light",
    [{"darkest": 9, "lightest": 3, "plainest": 1}, {"darkest": -1, "lightest": 3, "plainest": 1}],
)
def test_light_that_no_picture_has_is_damage(light):
    with pytest.raises(ValueError, match="the light of pictures is said to be"):
        Light(**light).require_sound()
