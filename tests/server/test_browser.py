"""The page in a real browser: pictures in, the right answer and an exact sum out, in silence."""

import re
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import onelayer

OVERFLOWING = """() => [...document.querySelectorAll("body *")]
    .filter(e => !e.closest(".unseen, pre") && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 80))"""
PAINTED = """canvas => [...canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data]"""
GIVE = """([how, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "given.png", {type: "image/png"}));
    const event = how === "drop"
        ? new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})
        : new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
    document.body.dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def opened(browser):
    """`with opened(address) as page` is the page; whatever it says or asks of others fails."""

    @contextmanager
    def run(address, quiet=True, **options):
        page = browser.new_page(**options)
        said, asked, failed = [], [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.goto(address)
        yield page
        page.close()
        assert said == [] or not quiet
        assert failed == []
        own = (address.removesuffix("docs"), "data:", "blob:")
        assert [url for url in asked if not url.startswith(own)] == []

    return run


@pytest.fixture(scope="module")
def files(tints):
    return [next((tints / name).glob("*.png")) for name in ("cold", "green", "warm")]


def choose(page, files):
    """Give files to the page as soon as it asks for them."""
    page.locator("#drop").wait_for()
    page.get_by_label("Choose pictures").set_input_files(files)


def answered(page, count=1):
    """Wait for answers; return their articles."""
    articles = page.locator("article")
    articles.nth(count - 1).wait_for()
    return articles


def table(article, caption):
    """The rows of a table, as people see them: name and number."""
    found = article.locator("table", has=article.page.locator("caption", has_text=caption))
    rows = [row.locator("th, td.n").all_inner_texts() for row in found.locator("tr").all()]
    return {name: text.replace("\N{NO-BREAK SPACE}", " ") for name, text in rows}


def number(text):
    return float(text.replace("\N{MINUS SIGN}", "-").replace("+", ""))


def test_pictures_are_answered_with_bars_a_map_and_a_sum(opened, tints_served, tints_model, files):
    model = tints_model[0]
    with opened(tints_served.address) as page:
        choose(page, files)
        articles = answered(page, 3)
        for row, file in enumerate(files):
            article, a = articles.nth(row), model.predict_proba(file)[0]
            best = a.argmax()
            assert article.locator("h2").inner_text().split() == [file.name, model.classes[best]]
            shown = table(article, "Probabilities")
            order = np.argsort(-a)
            assert list(shown) == model.classes[order].tolist()
            for k, text in zip(order, shown.values(), strict=True):
                assert text == f"{100 * a[k]:.1f} %" or text in {"> 99.9 %", "< 0.1 %"}
            widths = article.locator("table.ranked .bar span").evaluate_all(
                "bars => bars.map(bar => parseFloat(bar.style.width))"
            )
            np.testing.assert_allclose(widths, 100 * a[order], atol=1e-3)
            _assert_sum(article, model, file, best)
        assert page.get_by_role("status").inner_text().startswith(files[-1].name + ": ")


def _assert_sum(article, model, file, k):
    x = np.asarray(Image.open(file)).reshape(1, -1)
    z = model.forward(x)[0]
    terms = [number(text) for text in table(article, "One layer is one sum").values()]
    assert terms[3] == pytest.approx(z[k] - z.mean(), abs=6e-5)
    assert sum(terms[:3]) == pytest.approx(terms[3], abs=1e-9)  # as shown, to the last digit
    w = (model.coef[k] - model.coef.mean(axis=0)) * x[0]
    shares = w.reshape(64, 64, 3).sum(axis=2)
    assert terms[1] == pytest.approx(shares[shares > 0].sum(), abs=2e-4)
    assert terms[2] == pytest.approx(shares[shares < 0].sum(), abs=2e-4)
    _assert_map(article, shares)


def _assert_map(article, shares):
    painted = np.reshape(article.locator("canvas").evaluate(PAINTED), (64, 64, 4))
    strong = painted[..., 3] > 100  # faint colours lose digits where alpha is multiplied in
    assert strong.any()
    blue = painted[..., 2] > painted[..., 0]
    assert np.array_equal(blue[strong], shares[strong] > 0)
    sizes = np.sort(np.abs(shares).ravel())
    strongest = sizes[int(0.99 * (sizes.size - 1))]
    expected = np.rint(235 * np.minimum(1, np.abs(shares) / strongest))
    np.testing.assert_allclose(painted[..., 3], expected, atol=1)


def test_another_class_can_be_explained(opened, tints_served, tints_model, files):
    with opened(tints_served.address) as page:
        choose(page, files[0])
        article = answered(page).first
        for k, label in enumerate(["cold", "green", "warm"]):
            article.get_by_role("combobox").select_option(label)
            article.get_by_text(f"Pixels for {label}").wait_for()
            _assert_sum(article, tints_model[0], files[0], k)
            assert page.evaluate("document.activeElement.tagName") == "SELECT"


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_pictures_can_be_dropped_and_pasted(opened, tints_served, files, how):
    with opened(tints_served.address) as page:
        page.locator("#drop").wait_for()
        page.evaluate(GIVE, [how, list(files[2].read_bytes())])
        assert answered(page).locator("h2").inner_text().split() == ["given.png", "warm"]


def test_the_keyboard_is_enough(opened, tints_served, files):
    with opened(tints_served.address) as page:
        page.on("filechooser", lambda chooser: chooser.set_files(files[0]))
        page.locator("#drop").wait_for()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "files"
        ring = "getComputedStyle(document.getElementById('drop')).outlineStyle"
        assert page.evaluate(ring) == "solid"
        page.keyboard.press("Enter")
        answered(page)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == "SELECT"
        page.keyboard.press("ArrowDown")
        page.get_by_text("Pixels for green").wait_for()


def test_a_bad_file_is_named_and_the_others_are_answered(opened, tints_served, files, tmp_path):
    bad = tmp_path / "<b>bad.png"
    bad.write_bytes(b"no picture")
    with opened(tints_served.address, quiet=False) as page:
        choose(page, [bad, files[1]])
        articles = answered(page, 2)
        assert articles.nth(0).locator("h2").inner_text().split() == [bad.name, "No", "answer"]
        assert "not a picture of a known kind" in articles.nth(0).inner_text()
        assert articles.nth(1).locator("h2").inner_text().split() == [files[1].name, "green"]


def test_rows_are_answered_with_their_largest_terms(opened, cancer_served, cancer_model):
    from sklearn.datasets import load_breast_cancer

    X, model = load_breast_cancer().data[:2], cancer_model[0]
    z = model.forward(X)[:, 0]
    with opened(cancer_served.address) as page:
        page.get_by_label("Rows of numbers").fill("\n".join(", ".join(map(str, x)) for x in X))
        page.get_by_role("button", name="Predict").click()
        articles = answered(page, 2)
        for row in range(2):
            shown = table(articles.nth(row), "One layer is one sum")
            assert list(shown)[1] == "Numbers for malignant"
            assert number(shown["z"]) == pytest.approx(z[row], abs=6e-5)
            largest = table(articles.nth(row), "What each number adds to z: the 15 that add most")
            shares = model.contributions(X[row : row + 1])[0]
            expected = np.argsort(-np.abs(shares), kind="stable")[:15]
            assert list(largest) == [f"column {j}" for j in expected]
            np.testing.assert_allclose(
                [number(text) for text in largest.values()], shares[expected], atol=6e-5
            )


def test_a_token_unlocks_the_page(opened, serving, pair_model, colours):
    token = {"ONELAYER_TOKEN": "secret"}
    with serving(pair_model[1], **token) as served:
        with opened(served.address) as page:
            assert not page.locator("#ask-pictures").is_visible()
            page.get_by_label("Token").fill("secret")
            page.keyboard.press("Enter")
            file = next((colours / "red").glob("*.png"))
            choose(page, file)
            assert answered(page).locator("h2").inner_text().split() == [file.name, "red"]
            assert not page.locator("#unlock").is_visible()
        with opened(served.address, quiet=False) as page:
            page.get_by_label("Token").fill("wrong")
            page.get_by_role("button", name="Unlock").click()
            page.get_by_text("That token is not the right one").wait_for()


def test_it_fits(opened, tints_served, cancer_served, files, looks):
    with opened(tints_served.address) as page:
        choose(page, files[:2])
        answered(page, 2)
        for width, scheme in looks(page):
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(OVERFLOWING) == []
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(19, 21, 23)"}[scheme]
    for address in (cancer_served.address, tints_served.address + "docs"):
        with opened(address) as page:
            page.locator("h2").first.wait_for()
            for width, _ in looks(page):
                assert page.evaluate("document.documentElement.scrollWidth") == width
                assert page.evaluate(OVERFLOWING) == []


def test_the_most_similar_of_training_are_shown(opened, serving, tints, files, tmp_path):
    pytest.importorskip("onnxruntime")
    from law_encoder import write_encoder

    encoder = write_encoder(tmp_path / "small.onnx")
    model = onelayer.train(tints, features=encoder, C=1.0)
    model.save(tmp_path / "m.safetensors")
    cached = {"XDG_CACHE_HOME": str(tmp_path)}
    for width in (1280, 400):
        size = {"width": width, "height": 900}
        with (
            serving(tmp_path / "m.safetensors", **cached) as served,
            opened(served.address, viewport=size) as page,
        ):
            choose(page, files[:1])
            shown = answered(page).first.locator(".similar figure")
            expected = model.similar([files[0]])[0]
            assert shown.all_inner_texts() == [
                f"{one.label}, {one.likeness:.2f}" for one in expected
            ]
            for figure, one in zip(shown.all(), expected, strict=True):
                picture = figure.locator("img")
                assert picture.get_attribute("src") == one.uri
                assert picture.evaluate("i => i.decode().then(() => i.naturalWidth)") == 64
            assert page.evaluate(OVERFLOWING) == []


@pytest.mark.shared
def test_photographs_are_answered_as_predict_does(opened, serving, shared, tmp_path):
    model = onelayer.train(shared / "data" / "flowers")
    model.save(tmp_path / "m.safetensors")
    photos = [
        sorted(folder.iterdir())[3]
        for folder in sorted((shared / "data" / "flowers").iterdir())[:5]
    ]
    photos = [photo for photo in photos if photo.suffix == ".jpg"]
    with serving(tmp_path / "m.safetensors") as served, opened(served.address) as page:
        choose(page, photos)
        articles = answered(page, len(photos))
        labels = model.predict(photos)
        for row, label in enumerate(labels):
            article = articles.nth(row)
            assert article.locator("h2").inner_text().split()[-1] == label
            sums = list(table(article, "One layer is one sum").values())
            assert sum(map(number, sums[:3])) == pytest.approx(number(sums[3]), abs=1e-9)
            given, seen = article.locator("img.frame").all()
            assert given.evaluate("i => i.naturalWidth") == 128
            assert seen.evaluate("i => i.naturalWidth") == 64
            assert re.search(r"64 × 64", article.inner_text())


DROP_TABLE = """([text, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name, {type: "text/csv"}));
    const given = {dataTransfer: data, bubbles: true, cancelable: true};
    document.body.dispatchEvent(new DragEvent("drop", given));
}"""


@pytest.mark.parametrize("width", [1280, 400])
def test_a_table_that_is_dropped_comes_back_scored(opened, serving, table_model, tmp_path, width):
    model, file = table_model
    lines = ["age,colour,member,note"]
    lines += [f"{18 + k % 60},{'red' if k % 2 else 'blue'},true,<b>{k}</b>" for k in range(10_000)]
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    size = {"width": width, "height": 900}
    with serving(file) as served, opened(served.address, quiet=False, viewport=size) as page:
        page.get_by_label("Choose a CSV").set_input_files(tmp_path / "rows.csv")
        article = answered(page)
        assert article.locator("h2").inner_text().split() == [
            "rows.csv",
            "10,000",
            "rows",
            "scored",
        ]
        with page.expect_download() as expected:
            article.get_by_role("link", name="Download the table with its answers").click()
        assert expected.value.suggested_filename == "rows-scored.csv"
        back = expected.value.path().read_text().splitlines()
        assert back[0] == lines[0] + ",class,probability,P(no),P(yes),unlike"
        assert [line.rsplit(",", 5)[0] for line in back[1:]] == lines[1:]
        said = [line.split(",")[4] for line in back[1:]]
        frame = pd.read_csv(tmp_path / "rows.csv", dtype={"member": str})
        assert said == model.predict(frame.assign(member="true")).tolist()
        shown = table(article, "How often each class was answered")
        share = f"{said.count('yes') / 100:.1f}"
        assert shown["yes"] == f"{said.count('yes'):,} ({share} %)"
        assert page.evaluate(OVERFLOWING) == []
        page.evaluate(DROP_TABLE, ["30,red,true\n40,blue,false", "bare <i>.csv"])
        failed = answered(page, 2).first
        assert failed.locator("h2").inner_text().split() == ["bare", "<i>.csv", "No", "answer"]
        assert "must name its columns; it has 30, red, true" in failed.inner_text()
