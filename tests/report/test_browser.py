"""The page in a real browser: no script error, no request, nothing that overflows, colours."""

import re
from importlib import resources

import numpy as np
import pandas as pd
import pytest

import onelayer

OVERFLOWING = """() => [...document.querySelectorAll("body *")]
    .filter(e => !e.closest(".scroll") && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def pages(reported, hard, tmp_path_factory):
    """Reports of pictures with awkward names, of other data, of many classes and of a table."""
    folder = tmp_path_factory.mktemp("pages")
    onelayer.train("breast_cancer").report(folder / "table.html")
    onelayer.train("digits", C=1.0).report(folder / "digits.html")
    onelayer.train(hard).report(folder / "other.html", hard / "test")
    return [reported[1] / "report.html", *sorted(folder.glob("*.html"))]


def test_it_is_quiet_and_fits(browser, pages, looks):
    for path in pages:
        page = browser.new_page()
        said, asked = [], []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(path.as_uri())
        for width, _ in looks(page):
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(OVERFLOWING) == []
        broken = "[...document.images].filter(i => !i.complete || i.naturalWidth === 0).length"
        assert page.evaluate(broken) == 0
        assert said == []
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        page.close()


def test_ten_classes_of_pictures_fit_a_telephone_and_a_wide_screen_is_used(browser, pages):
    path = next(path for path in pages if path.name == "digits.html")
    heights = {}
    for width in (400, 1280, 1920):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(path.as_uri())
        heights[width] = page.evaluate("document.documentElement.scrollHeight")
        cut = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
        if width < 1920:
            assert page.evaluate(f"{cut}.map(e => e.ariaLabel)") == []
        else:
            right = "Math.max(...[...document.querySelectorAll('section')]"
            at = page.evaluate(f"{right}.map(e => e.getBoundingClientRect().left))")
            assert at > width / 2
        page.close()
    assert heights[400] < 6000
    assert heights[1920] < 0.65 * heights[1280]


def wide_table(m=600, seed=0):
    """Eight numbers and six categories with long names, a third of them of some use."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, 8))
    frame = pd.DataFrame(X, columns=[f"capital-gain of quarter {j}" for j in range(8)])
    levels = [f"marital-status number-{k}" for k in range(6)]
    for j in range(6):
        frame[f"relationship {j}"] = random.choice(levels, m)
    z = X @ [2, -1, 1, 0, 0, 0, 0, 0] + (frame["relationship 0"] == levels[0]) - 1
    return frame.assign(answer=np.where(z + random.logistic(size=m) > 0, ">50K", "<=50K"))


def test_a_wide_table_fits_a_telephone_and_folds_nothing_elsewhere(browser, tmp_path):
    path = tmp_path / "wide.html"
    onelayer.train(wide_table(), target="answer").report(path)
    shown = {}
    for width in (400, 1280):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width
        cut = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
        assert page.evaluate(f"{cut}.map(e => e.ariaLabel)") == []
        if width == 400:
            assert page.evaluate("document.documentElement.scrollHeight") < 6500
        folded = "[...document.querySelectorAll('.fold > :not(summary)')]"
        shown[width] = page.evaluate(f"{folded}.filter(e => e.checkVisibility()).length")
        page.close()
    assert shown[400] == 0
    assert shown[1280] >= 10


def test_figures_take_the_colours_of_the_page(browser, pages):
    found = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(pages[0].as_uri())
        found[scheme] = page.evaluate(
            "getComputedStyle(document.querySelector('figure svg text')).fill"
        )
        page.close()
    assert found == {"light": "rgb(90, 96, 104)", "dark": "rgb(166, 172, 180)"}


def test_on_paper_it_is_black_on_white_and_fits(browser, pages):
    for path in pages:
        page = browser.new_page(viewport={"width": 700, "height": 990}, color_scheme="dark")
        page.emulate_media(media="print")
        page.goto(path.as_uri())
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        assert page.evaluate("document.documentElement.scrollWidth") == 700
        assert page.pdf(format="A4").startswith(b"%PDF")
        page.close()


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_of_text_has_the_contrast_that_wcag_asks_for():
    style = resources.files("onelayer.report").joinpath("templates/colours.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    schemes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in blocks[:2]]
    for colours in schemes:
        paper = _luminance(colours["paper"])
        for name in ("ink", "muted", "accent", "second"):
            light, dark = sorted([paper, _luminance(colours[name])], reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, name
