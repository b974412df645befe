"""The copy that needs no server: complete, quiet, and fitting, light and dark, on paper too."""

import re

import pytest

from onelayer.playground import fragments
from onelayer.playground.chapters import CHAPTERS

OVERFLOWING = """() => [...document.querySelectorAll("body *")]
    .filter(e => !e.closest("pre, math"))
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
    assert done.stdout == f"Written: {path}, 10 chapters. Open it in any browser.\n"
    return path


def test_everything_is_in_it(copy):
    page = copy.read_text(encoding="utf-8")
    for chapter in CHAPTERS:
        assert f'id="{chapter.name}"' in page
        for part in chapter.parts:
            assert (f'data-part="{part.name}"' in page) != part.name.startswith("write-")
            assert part.controls[0].kind != "code" or "def " in page
    assert page.count("<script>") == 1
    assert "which digit is 1" not in page  # the page keeps one: there is nothing to move
    assert "http://" not in page
    assert "https://" not in page
    assert len(page) < 3e6


def test_no_identifier_is_there_twice(copy):
    found = re.findall(r'\bid="([^"]+)"', copy.read_text(encoding="utf-8"))
    assert len(found) == len(set(found))


def test_what_is_referred_to_is_there(copy):
    page = copy.read_text(encoding="utf-8")
    known = set(re.findall(r'\bid="([^"]+)"', page))
    used = set(re.findall(r'(?:url\(#|href="#|for=")([^")]+)', page))
    assert used <= known


def test_it_is_quiet_and_fits(browser, copy, looks):
    page = browser.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(copy.as_uri())
    for width, scheme in looks(page):
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(OVERFLOWING) == []
        ink = page.evaluate(
            "getComputedStyle(document.querySelector('figure svg text, figure svg')).color"
        )
        assert ink == {"light": "rgb(27, 29, 32)", "dark": "rgb(232, 234, 237)"}[scheme]
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [copy.as_uri()]
    page.close()


@pytest.fixture(scope="module")
def opened(browser, copy):
    """The page in a browser, from its file."""
    page = browser.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(copy.as_uri())
    yield page
    assert said == []
    page.close()


def _shown(opened, part):
    return opened.locator(f"[data-part={part}] .shown").inner_html()


def _asked(part):
    return next(own for c in CHAPTERS for own in c.parts if own.name == part)


def _same(opened, part, **chosen):
    """Wait until the page shows what Python answers: to the letter, as a browser writes it."""
    opened.wait_for_function(
        """([part, html]) => {
            const due = document.createElement("div");
            due.innerHTML = html;
            return document.querySelector(`[data-part=${part}] .shown`).innerHTML === due.innerHTML;
        }""",
        arg=[part, fragments.shown(_asked(part), chosen)],
    )


def test_sliders_are_answered_as_python_would(opened):
    slider = opened.locator("[data-part=neuron] input[name=x1]")
    slider.press("ArrowLeft")
    _same(opened, "neuron", x1=0.5)
    opened.locator("[data-part=neuron] input[name=b]").press("End")
    _same(opened, "neuron", x1=0.5, b=1.3)
    opened.locator("[data-part=one]").get_by_label("y = 0").check()
    _same(opened, "one", y=0)


def test_the_descent_runs_in_the_page_too(opened):
    part = opened.locator("[data-part=descent]")
    opened.locator("[data-part=descent] input[name=alpha]").press("End")
    part.get_by_role("button", name="One step").click()
    part.get_by_role("button", name="One step").click()
    _same(opened, "descent", alpha=64.0, rates=[64.0, 64.0])
    assert part.get_by_text("landed higher").is_visible()


def test_an_example_is_pointed_at_but_not_dragged(opened):
    part = opened.locator("[data-part=points]")
    example = part.locator(".example[data-number='5']")
    example.focus()
    _same(opened, "points", pointed=5)
    before = _shown(opened, "points")
    example.press("ArrowRight")
    example.press("Delete")
    opened.wait_for_timeout(100)
    assert _shown(opened, "points") == before
    assert not part.get_by_role("button", name="Add an example").is_visible()
    opened.locator("[data-part=beyond] input[name=squares]").check()
    _same(opened, "beyond", squares=True)


def test_without_a_script_each_part_shows_how_it_starts(browser, copy):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(copy.as_uri())
    assert page.locator(".part:visible figure").count() >= 14
    assert page.locator(".controls:visible").count() == 0
    context.close()


def test_on_paper_it_is_black_on_white(browser, copy):
    page = browser.new_page(viewport={"width": 700, "height": 990}, color_scheme="dark")
    page.emulate_media(media="print")
    page.goto(copy.as_uri())
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
