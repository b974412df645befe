"""The lesson in a real browser: what is moved moves the figures; nothing is asked of others."""

import re
from time import perf_counter

import pytest

from onelayer import lesson
from onelayer.playground.chapters import CHAPTERS, broadcasting, descent, neuron
from onelayer.playground.screen import plain

READY = 60_000  # ms until the last chapter stands; a busy machine takes twenty seconds
MOVES = 20_000  # ms until a figure has followed a slider, at the very most


class Visit:
    """A page, and what it asked and complained about."""

    def __init__(self, browser, address, **options):
        self.page = browser.new_page(**options)
        self.complaints, self.asked = [], []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url))
        self.page.on("response", self._answered)
        self.page.goto(address)
        self.page.wait_for_selector("text=Why your own photograph", timeout=READY)
        self.page.wait_for_selector(".answer >> nth=8", timeout=READY)

    def _said(self, message):
        if message.type == "error":
            self.complaints.append(message.text)

    def _answered(self, response):
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def cell(self, name):
        """The chapter's controls and answer: where `name` is its anchor."""
        return self.page.locator(f"#{name}")

    def answer(self, place):
        return self.page.locator(".lesson.answer").nth(place)

    def number(self, place, label):
        block = (
            self.answer(place)
            .locator("dl.numbers div")
            .filter(has=self.page.locator("dt", has_text=re.compile(f"^{label}$")))
        )
        return block.locator("dd").inner_text()

    def slider(self, label):
        return self.page.locator(".controls [role=slider]").nth(label)


NEURON, LOSS, COST, DESCENT, GRAPH, TIMES, PICTURE, SHAPES, TRAIN, FOOL = range(10)
ALPHA = 8  # among all sliders, in their order on the page


@pytest.fixture(scope="module")
def visit(browser, address):
    """The page at 1280, as all tests but those of its look use it."""
    found = Visit(browser, address, viewport={"width": 1280, "height": 900})
    yield found
    assert found.complaints == []
    found.page.close()


def _moved(visit, place, act):
    """Do `act`, wait until the answer at `place` has changed; seconds that took."""
    before = visit.answer(place).inner_html()
    began = perf_counter()
    act()
    visit.page.wait_for_function(
        "([place, before]) => document.querySelectorAll('.lesson.answer')[place].innerHTML"
        " !== before",
        arg=[place, before],
        timeout=MOVES,
    )
    return perf_counter() - began


def test_it_asks_nothing_of_others(visit, address):
    visit.page.wait_for_timeout(1000)
    assert visit.complaints == []
    foreign = [u for u in visit.asked if not u.startswith((address, "data:", "blob:"))]
    assert foreign == []
    assert visit.page.title() == "Logistic regression is one neuron"


def test_all_chapters_stand_in_their_order(visit):
    found = visit.page.locator(".lesson h2").all_inner_texts()
    assert found == [chapter.title for chapter in CHAPTERS]
    assert visit.page.locator(".lesson.answer").count() == 10
    assert visit.page.locator(".lesson figure svg").count() >= 12
    assert visit.page.locator("math").count() > 40


def test_a_link_leads_to_its_chapter(visit):
    visit.page.locator(".contents a").nth(6).click()
    visit.page.wait_for_function(
        "Math.abs(document.querySelector('#broadcasting').getBoundingClientRect().top) < 200",
        timeout=MOVES,
    )


def test_moving_a_feature_moves_z_and_a(visit):
    slider = visit.slider(0)
    _moved(visit, NEURON, lambda: slider.press("ArrowRight"))
    due = neuron.answer((1.1, 0.5), (0.8, -0.4), 0.3)
    assert visit.number(NEURON, "z") == plain(due["z"])
    assert visit.number(NEURON, "a") == plain(due["a"])


def test_moving_alpha_moves_boundary_cost_and_path(visit):
    slider = visit.slider(ALPHA)
    before = visit.answer(DESCENT).locator("svg").all()
    drawn = [svg.inner_html() for svg in before]
    seconds = _moved(visit, DESCENT, lambda: slider.press("ArrowRight"))
    after = [svg.inner_html() for svg in visit.answer(DESCENT).locator("svg").all()]
    assert len(drawn) == len(after) == 3
    assert all(a != b for a, b in zip(drawn, after, strict=True))
    due = descent.answer(1.0, 8)
    assert visit.number(DESCENT, "w") == plain(due["w"])
    assert visit.number(DESCENT, "J") == plain(due["J"])
    assert seconds < 10  # a tenth of it where nothing else runs


def test_stepping_running_and_overshooting(visit):
    page = visit.page
    _moved(visit, DESCENT, lambda: page.get_by_role("button", name="One step").click())
    assert visit.number(DESCENT, "steps") == "9"
    _moved(visit, DESCENT, lambda: page.get_by_role("button", name="Run 20 steps").click())
    assert visit.number(DESCENT, "steps") == "29"
    _moved(visit, DESCENT, lambda: visit.slider(ALPHA).press("End"))
    page.wait_for_selector("text=landed higher", timeout=MOVES)
    assert visit.number(DESCENT, "steps uphill") == plain(
        descent.answer(descent.RATES[-1], 29)["steps uphill"]
    )
    _moved(visit, DESCENT, lambda: page.get_by_role("button", name="Start again").click())
    assert visit.number(DESCENT, "steps") == "0"


def test_a_slip_is_caught_when_it_is_chosen(visit):
    chosen = visit.page.locator(".controls select").first
    _moved(visit, GRAPH, lambda: chosen.select_option(label="y - a"))
    assert "The check fails" in visit.answer(GRAPH).inner_text()


def test_timing_again_measures_again(visit):
    again = visit.page.get_by_role("button", name="Time it again")
    before = visit.number(TIMES, "for-loops")
    seen = {before}
    for _ in range(3):
        _moved(visit, TIMES, again.click)
        seen.add(visit.number(TIMES, "for-loops"))
    assert len(seen) > 1


def test_a_picture_of_ones_own(visit, tmp_path):
    path = tmp_path / "own.png"
    from PIL import Image

    Image.new("RGB", (30, 20), (1, 2, 3)).save(path)
    inputs = visit.page.locator(".controls input[type=file]")
    _moved(visit, PICTURE, lambda: inputs.nth(0).set_input_files(path))
    assert "red 1, green 2, blue 3" in visit.answer(PICTURE).inner_text()


def test_two_shapes_are_typed(visit):
    box = visit.page.locator(".controls input[type=text]").nth(0)
    _moved(visit, SHAPES, lambda: (box.fill("(4, 3)"), box.blur()))
    told = broadcasting.answer("(4, 3)", "(5,)").told
    assert told.splitlines()[0] in visit.answer(SHAPES).inner_text()
    assert "NumPy: shape mismatch" in visit.answer(SHAPES).inner_text()


def test_the_digits_are_walked_on(visit):
    steps = visit.page.locator(".controls [role=slider]").nth(-3)
    _moved(visit, TRAIN, lambda: steps.press("ArrowRight"))
    assert visit.number(TRAIN, "passes") == "300"


def test_an_eight_is_lost_when_shifted(visit):
    shift = visit.page.locator(".controls [role=slider]").last
    _moved(visit, FOOL, lambda: shift.press("ArrowRight"))
    assert "a weight for each place" in visit.answer(FOOL).inner_text()


def test_a_folder_of_ones_own(visit, colours):
    box = visit.page.locator(".controls input[type=text]").last
    _moved(visit, TRAIN, lambda: (box.fill(str(colours)), box.press("Enter"), box.blur()))
    visit.page.wait_for_selector("text=which class is 1", timeout=MOVES)
    assert "32 examples" in visit.answer(TRAIN).inner_text()


def test_it_fits_a_telephone_in_the_light_and_in_the_dark(visit):
    """After all that has been moved: a page of its own would compute everything once more."""
    visit.page.set_viewport_size({"width": 400, "height": 800})
    for scheme, paper in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(19, 21, 23)")):
        visit.page.emulate_media(color_scheme=scheme)
        visit.page.wait_for_function(
            "paper => getComputedStyle(document.querySelector('#App')).backgroundColor === paper",
            arg=paper,
            timeout=MOVES,
        )
    wide = visit.page.evaluate(
        """() => [...document.querySelectorAll(".lesson, .lesson *")]
        .filter(e => !e.closest(".scroll, pre, math"))
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert wide == []


def test_what_is_shown_is_what_the_lesson_computes(visit):
    X, Y = lesson.one_feature_examples()
    assert visit.number(COST, "J") == plain(lesson.cost(lesson.logistic_output([[0]], 0, X), Y))
