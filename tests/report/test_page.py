"""The page: one file, escaped, self-contained, saying what the model's figures say."""

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import onelayer
from onelayer.errors import UsageError
from onelayer.report.inlining import inlined
from onelayer.report.twins import without_twins


class Outline(HTMLParser):
    """What a page is made of: tags with their attributes, and text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split()).replace("\N{NO-BREAK SPACE}", " ")

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(path):
    return Outline(path.read_text(encoding="utf-8"))


def test_the_verdict_is_the_cards_judgement_in_words(reported):
    model, folder = reported
    test, base = model.card.test, model.card.baseline
    hits, n = round(test.accuracy * test.n), test.n
    low, high = (round(100 * side) for side in test.interval)
    verdict = (
        f"Right on {hits} of {n} held-out pictures ({low} to {high} %); always guessing the most "
        f"frequent class would be right on {round(base.accuracy * n)}."
    )
    assert verdict in page_of(folder / "report.html").text


def test_nothing_that_a_name_holds_becomes_markup(reported):
    _, folder = reported
    page = page_of(folder / "report.html")
    assert page.all("script") == []
    assert all("onerror" not in attributes for _, attributes in page.tags)
    assert "<script>alert(1)<∕script>" in page.text
    assert "a \"quoted\" & 'odd' one" in page.text
    named = [attributes["alt"] for attributes in page.all("img") if "alert(3)" in attributes["alt"]]
    assert all(alt.startswith('a "quoted" & \'odd\' one/"><script>') for alt in named)


def test_the_page_asks_for_nothing(reported):
    _, folder = reported
    page = page_of(folder / "report.html")
    sources = [a[k] for _, a in page.tags for k in ("src", "href", "xlink:href") if k in a]
    assert sources
    assert all(source.startswith(("data:", "#")) for source in sources)
    policies = [a["content"] for a in page.all("meta") if "http-equiv" in a]
    assert policies[0].startswith("default-src 'none'; img-src data:;")
    assert "@import" not in (folder / "report.html").read_text()
    assert "url(http" not in (folder / "report.html").read_text()


def test_it_can_be_read_by_those_who_do_not_see_it(reported):
    _, folder = reported
    page = page_of(folder / "report.html")
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - sooner <= 1 for sooner, later in pairwise(levels))
    assert all(image["alt"] for image in page.all("img"))
    assert all(header["scope"] in {"row", "col"} for header in page.all("th"))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for a in page.all("a")]
    assert set(targets) <= set(ids)


def test_mistakes_csv_has_the_least_likely_labels_first(reported, awkward):
    _, folder = reported
    with (folder / "report.mistakes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "label", "predicted", "probability_of_label", "relabel"]
    p = [float(row["probability_of_label"]) for row in rows]
    assert p == sorted(p)
    assert all(value < 0.5 for value in p)
    assert len(rows) <= 20
    assert all((awkward / row["file"]).is_file() for row in rows)
    assert all(row["file"].startswith(row["label"] + "/") for row in rows)
    assert all(row["label"] != row["predicted"] for row in rows)


def test_a_picture_in_the_wrong_folder_is_the_first_that_is_named(tmp_path, write_pictures):
    source = write_pictures(tmp_path / "p", {"blue": (40, 40, 200), "red": (200, 40, 40)}, 40)
    (source / "red" / "07.png").rename(source / "blue" / "lost.png")
    onelayer.train(source).report(tmp_path / "report.html")
    first = (tmp_path / "report.mistakes.csv").read_text().splitlines()[1]
    assert first.startswith("blue/lost.png,blue,red,")
    assert "blue/lost.png, of blue, taken for red" in (tmp_path / "report.html").read_text()


def test_two_trainings_report_alike(awkward, tmp_path):
    texts = []
    for name in ("one/m.html", "two/m.html"):
        (tmp_path / name).parent.mkdir()
        model = onelayer.train(awkward, C=0.01)
        card = replace(
            model.card, created="then", solution=replace(model.card.solution, seconds=0.0)
        )
        replace(model, card=card).report(tmp_path / name)
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1]


def test_where_nothing_was_held_out_the_folds_judge(awkward, tmp_path):
    onelayer.train(awkward, test_size=0).report(tmp_path / "report.html")
    text = page_of(tmp_path / "report.html").text
    assert re.search(r"Right on \d\d of 80 pictures in 5-fold cross-validation \(", text)
    assert "Nothing was held out, so 5 layers like this one judged in turn" in text


def test_a_set_of_its_own_is_named_with_its_part(hard, tmp_path):
    onelayer.train(hard).report(tmp_path / "report.html")
    assert "of 60 pictures of the test set" in page_of(tmp_path / "report.html").text
    names = [
        row.split(",")[0] for row in (tmp_path / "report.mistakes.csv").read_text().split()[1:]
    ]
    assert {name.split("/")[0] for name in names} == {"train", "test"}
    assert all((hard / name).is_file() for name in names)


def test_a_second_training_says_that_the_first_was_judged(hard, tmp_path):
    model = onelayer.train(hard, refit=True)
    model.report(tmp_path / "report.html")
    text = page_of(tmp_path / "report.html").text
    right = round(model.card.test.accuracy * 60)
    assert f"Right on {right} of 60" in text
    assert "After the judging the model was trained again on everything" in text


def test_a_table_has_bars_and_rows(tmp_path):
    onelayer.train("breast_cancer").report(tmp_path / "report.html")
    page = page_of(tmp_path / "report.html")
    assert page.all("img") == []
    assert "The largest weights, each for a change of its column by one standard deviation" in (
        page.text
    )
    assert "malignant rather than benign" in page.text
    assert "Hits against false alarms (ROC)" in page.text
    assert "Possibly in the wrong class" in page.text


def test_the_columns_of_a_table_have_their_names(tmp_path):
    model = onelayer.train("breast_cancer", C=1.0)
    names = tuple(f"<b>{j}</b>" for j in range(30))
    replace(model, inputs=replace(model.inputs, named=names)).report(tmp_path / "r.html")
    largest = int(np.abs(model.coef[0] / model.scaling.scale).argmax())
    page = page_of(tmp_path / "r.html")
    assert f"<b>{largest}</b>" in page.text
    assert page.all("b") == []


def test_the_only_two_levels_of_a_column_are_one_row():
    names = (
        "age",
        "sex = f",
        "sex = m",
        "town = a",
        "town = b",
        "town = c",
        "ill = no",
        "ill = yes",
    )
    w = np.array([1.0, -0.5, 0.50001, 1.0, -1.0, 0.0, 0.3, -0.2])
    found, called = without_twins(w, names)
    assert called == ("age", "sex = m, not f", *names[3:])
    np.testing.assert_allclose(found, [1.0, 1.00001, 1.0, -1.0, 0.0, 0.3, -0.2])
    assert without_twins(w, None) == (w, None)


def test_a_loaded_model_reports_on_a_source_that_is_named(hard, reported, awkward, tmp_path):
    onelayer.train(hard).save(tmp_path / "m.safetensors")
    loaded = onelayer.load(tmp_path / "m.safetensors")
    loaded.report(tmp_path / "other.html", hard / "test")
    page = page_of(tmp_path / "other.html")
    assert "What was read" in page.text
    assert "The model gave each of 60 pictures a probability" in page.text
    assert "The model was trained on most of these" not in page.text
    with pytest.raises(UsageError, match="this model holds no examples, as it was not trained"):
        loaded.report(tmp_path / "none.html")
    model, _ = reported
    model.report(tmp_path / "same.html", awkward)
    assert "The model was trained on most of these: the figures flatter it" in (
        page_of(tmp_path / "same.html").text
    )


def test_many_classes_show_the_pairs_most_often_confused(tmp_path, write_pictures):
    shades = {f"class {k:02}": (20 * k % 256, 128, 255 - 20 * k % 256) for k in range(14)}
    source = write_pictures(tmp_path / "many", shades, 8, side=2, noise=80)
    onelayer.train(source).report(tmp_path / "report.html")
    page = page_of(tmp_path / "report.html")
    assert "Most often confused" in page.text
    assert "What was taken for what" not in page.text


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_thumbnails_are_small_pictures(channels):
    found = inlined(np.full((200, 100, channels), 200, np.uint8))
    assert (found.width, found.height, found.small) == (48, 96, False)
    assert found.uri.startswith("data:image/jpeg;base64,")
    small = inlined(np.full((8, 8, channels), 200, np.uint8))
    assert small.small
    assert small.uri.startswith("data:image/png;base64,")


@pytest.mark.shared
def test_photographs_stay_under_3_megabytes_at_128_pixels(shared, tmp_path):
    onelayer.train(shared / "data" / "flowers", size=128, C=0.002).report(tmp_path / "r.html")
    assert 50_000 < (tmp_path / "r.html").stat().st_size < 3_000_000
    with Image.open(shared / "data" / "flowers" / "rose" / "8949720453_66e8304c30.jpg") as known:
        assert known.size == (128, 128)
