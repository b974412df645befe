"""The copy that needs no server: complete, quiet, and fitting, light and dark, on paper too."""

import re

import pytest

from onelayer.playground.chapters import CHAPTERS

OVERFLOWING = """() => [...document.querySelectorAll("body *")]
    .filter(e => !e.closest(".scroll, pre, math"))
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The page as the command line writes it."""
    from typer.testing import CliRunner

    from onelayer.cli.app import app

    path = tmp_path_factory.mktemp("copy") / "lesson.html"
    done = CliRunner().invoke(app, ["lesson", "--export", str(path)])
    assert done.exit_code == 0
    assert done.stdout == f"Written: {path}, 8 chapters. Open it in any browser.\n"
    return path


def test_everything_is_in_it(copy):
    page = copy.read_text(encoding="utf-8")
    for chapter in CHAPTERS:
        assert f'id="{chapter.name}"' in page
        for part in chapter.parts:
            for name, _ in part.stills:
                assert name in page or len(part.stills) == 1
    assert "<script" not in page
    assert len(page) < 4e6


def test_no_identifier_is_there_twice(copy):
    found = re.findall(r'\bid="([^"]+)"', copy.read_text(encoding="utf-8"))
    assert len(found) == len(set(found))


def test_what_is_referred_to_is_there(copy):
    page = copy.read_text(encoding="utf-8")
    known = set(re.findall(r'\bid="([^"]+)"', page))
    used = set(re.findall(r'(?:url\(#|href="#|for=")([^")]+)', page))
    assert used <= known


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_is_quiet_and_fits(browser, copy, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(copy.as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [copy.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OVERFLOWING) == []
    ink = page.evaluate(
        "getComputedStyle(document.querySelector('figure svg text, figure svg')).color"
    )
    assert ink == {"light": "rgb(27, 29, 32)", "dark": "rgb(232, 234, 237)"}[scheme]
    page.close()


def test_a_still_is_chosen_without_a_script(browser, copy):
    page = browser.new_page(java_script_enabled=False)
    page.goto(copy.as_uri())
    assert not page.get_by_text("landed higher").is_visible()
    page.get_by_text("α = 64 goes uphill").click()
    assert page.get_by_text("landed higher").is_visible()
    page.close()


def test_on_paper_it_is_black_on_white(browser, copy):
    page = browser.new_page(viewport={"width": 700, "height": 990}, color_scheme="dark")
    page.emulate_media(media="print")
    page.goto(copy.as_uri())
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
