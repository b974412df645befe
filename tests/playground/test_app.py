"""The lesson in a real browser: what is moved moves the figures; nothing is asked of others."""

import re

import numpy as np
import pytest

from onelayer import lesson
from onelayer.lesson.blanks import BLANKS
from onelayer.playground.chapters import (
    CHAPTERS,
    broadcasting,
    descent,
    everything,
    neuron,
    plane,
    training,
)
from onelayer.playground.screen import plain

MOVES = 300_000  # ms until a figure has followed a hand, on a very busy machine
PROMPT = 0.5  # CPU seconds of the server from a drag to the new figure


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
        self.page.wait_for_selector("text=A hidden layer is the answer")
        self.page.wait_for_selector("[data-part=beyond] .example")

    def _said(self, message):
        if message.type == "error":
            self.complaints.append(message.text)

    def _answered(self, response):
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def part(self, name):
        return self.page.locator(f"[data-part={name}]")

    def says(self, name):
        return self.part(name).locator(".shown").text_content()

    def number(self, name, label):
        block = (
            self.part(name)
            .locator("dl.numbers div")
            .filter(has=self.page.locator("dt", has_text=re.compile(f"^{label}$")))
        )
        return block.locator("dd").inner_text()

    def slider(self, name, label):
        return self.part(name).locator(f"input[name={label}]")

    def press(self, name, text):
        self.part(name).get_by_role("button", name=text).click()

    def moved(self, name, act):
        """Do `act` and wait until the answer has changed."""
        before = self.part(name).locator(".shown").text_content()
        act()
        self.part(name).locator(".shown").evaluate(
            """(shown, [before, most]) => new Promise((done, late) => {
                const look = () => shown.textContent !== before && !shown.ariaBusy
                    ? done() : requestAnimationFrame(look);
                look();
                setTimeout(() => late(new Error("nothing moved")), most);
            })""",
            [before, MOVES],
        )

    def place(self, name, number):
        """Return the middle of an example on the screen."""
        reach = self.part(name).locator(f".example[data-number='{number}'] .reach")
        reach.scroll_into_view_if_needed()
        box = reach.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def points(self, name):
        found = (
            self.part(name)
            .locator(".example")
            .evaluate_all("all => all.map(e => e.dataset.at.split(' ').map(Number))")
        )
        return np.array(found)


@pytest.fixture(scope="module")
def visit(browser, address):
    """The page at 1280, as all tests but those of its look use it."""
    found = Visit(browser, address, viewport={"width": 1280, "height": 900})
    yield found
    assert found.complaints == []
    own = address.split("?")[0]
    foreign = [u for u in found.asked if not u.startswith((own, "data:", "blob:"))]
    assert foreign == []
    found.page.close()


def test_all_chapters_stand_in_their_order(visit):
    found = visit.page.locator(".lesson h2").all_inner_texts()
    assert found == [chapter.title for chapter in CHAPTERS]
    parts = [part.name for chapter in CHAPTERS for part in chapter.parts]
    shown = visit.page.locator("[data-part]").evaluate_all("all => all.map(e => e.dataset.part)")
    assert shown == parts
    assert visit.page.locator(".part figure svg.plot").count() >= 14
    assert visit.page.locator("math").count() > 40
    assert visit.page.title() == "Logistic regression is one neuron"


def test_a_link_leads_to_its_chapter(visit):
    visit.page.get_by_role("link", name="8. Broadcasting, and arrays of rank 1").click()
    visit.page.wait_for_function(
        "Math.abs(document.querySelector('#broadcasting').getBoundingClientRect().top) < 200",
    )


def test_moving_a_feature_moves_z_and_a(visit):
    visit.moved("neuron", lambda: visit.slider("neuron", "x1").press("ArrowRight"))
    due = neuron.answer((1.1, 0.5), (0.8, -0.4), 0.3)
    assert visit.number("neuron", "z") == plain(due["z"])
    assert visit.number("neuron", "a") == plain(due["a"])
    assert visit.part("neuron").locator("output").first.inner_text() == "1.1"


def _cost(points):
    """What the lesson says of points that were trained on for 800 steps from zeros."""
    X, Y = points[:, :2].T, points[:, 2:].T
    w, b = lesson.initialize_with_zeros(2)
    for steps in plane.STEPS:
        params, _, _ = lesson.optimize(w, b, X, Y, steps, plane.RATE)
        w, b = params["w"], params["b"]
    return lesson.propagate(w, b, X, Y)[1]


def test_a_dragged_point_moves_boundary_cost_and_bowl(visit, server, cpu_seconds):
    part = visit.part("points")
    part.scroll_into_view_if_needed()
    figures = [f.inner_html() for f in part.locator("figure").all()]
    before, cost = visit.points("points"), visit.number("points", "J")
    x, y = visit.place("points", 0)
    mouse = visit.page.mouse
    mouse.move(x, y)
    mouse.down()
    began = cpu_seconds(server.pid)
    for k in range(1, 12):
        visit.moved("points", lambda k=k: mouse.move(x + 8 * k, y - 6 * k))
    seconds = cpu_seconds(server.pid) - began
    mouse.up()
    visit.page.wait_for_timeout(100)
    after = visit.points("points")
    assert (before[0, :2] < after[0, :2]).all()
    assert np.array_equal(before[1:], after[1:])
    assert visit.number("points", "J") == plain(_cost(after)) != cost
    moved = [f.inner_html() for f in part.locator("figure").all()]
    assert len(moved) == len(figures) == 3
    assert all(a != b for a, b in zip(figures, moved, strict=True))
    assert seconds < 11 * PROMPT


def test_pointing_lights_up_an_examples_way(visit):
    visit.moved("points", lambda: visit.page.mouse.move(*visit.place("points", 5)))
    X, Y = (part.T for part in np.split(visit.points("points"), [2], axis=1))
    of = plane.train(X, Y.astype(int))
    graph = lesson.computation_graph(of.w, of.b, X[:, 5:6], float(Y[0, 5]))
    told = visit.says("points")
    assert f"Example 6 sums up to z={plain(graph['z'].value, 3)}" in told
    assert f"loss of {plain(graph['J'].value, 3)}" in told


def test_an_example_is_placed_turned_and_taken_away_by_keys_alone(visit):
    page, part = visit.page, visit.part("points")
    count = len(visit.points("points"))
    add = part.get_by_role("button", name="Add an example")
    add.focus()
    visit.moved("points", lambda: page.keyboard.press("Enter"))
    assert visit.number("points", "m") == str(count + 1)
    added = part.locator(f".example[data-number='{count}']")
    added.focus()
    visit.moved("points", lambda: page.keyboard.press("ArrowRight"))
    assert visit.points("points")[count].tolist() == [0.04, 0, 1]
    visit.moved("points", lambda: page.keyboard.press(" "))
    assert visit.points("points")[count].tolist() == [0.04, 0, 0]
    assert added.evaluate("e => e.getRootNode().activeElement === e")
    visit.moved("points", lambda: page.keyboard.press("Delete"))
    assert len(visit.points("points")) == count


def test_a_click_places_and_another_takes_away(visit):
    part = visit.part("points")
    count = len(visit.points("points"))
    figure = part.locator("svg[data-live]")
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    at = {"x": 0.3 * box["width"], "y": 0.2 * box["height"]}
    part.get_by_label("a 0").check()
    visit.moved("points", lambda: figure.click(position=at))
    assert visit.points("points")[count, 2] == 0
    part.get_by_label("it go").check()
    visit.moved("points", lambda: visit.page.mouse.click(*visit.place("points", count)))
    assert len(visit.points("points")) == count
    visit.moved("points", lambda: part.get_by_label("one stray").check())
    assert len(visit.points("points")) == plane.COUNT


def test_the_descent_runs_and_its_rate_is_turned_on_the_way(visit):
    part = visit.part("descent")
    part.get_by_role("button", name="One step").scroll_into_view_if_needed()
    visit.moved("descent", lambda: visit.press("descent", "One step"))
    due = descent.answer((0.5,))
    assert visit.number("descent", "w") == plain(due["w"])
    assert visit.number("descent", "J") == plain(due["J"])
    visit.press("descent", "Run")
    visit.page.wait_for_function(_STEPS_ABOVE, arg=4)
    visit.slider("descent", "alpha").press("End")
    part.get_by_text("landed higher").wait_for()
    visit.press("descent", "Pause")
    part.get_by_role("button", name="Run").wait_for()
    steps = int(visit.number("descent", "steps"))
    said = visit.says("descent")
    first = int(re.search(r"From step (\d+) on α was 64, not 0.5", said)[1])
    due = descent.answer((0.5,) * (first - 1) + (64.0,) * (steps - first + 1), 64.0)
    assert visit.number("descent", "J") == plain(due["J"])
    assert f"Step {first} leapt across the bowl" in due.warns
    assert f"Step {first} leapt across the bowl" in said
    visit.moved("descent", lambda: visit.press("descent", "Start again"))
    assert visit.number("descent", "steps") == "0"


_STEPS_ABOVE = """(most) => {
    const find = (root) => root.querySelector("[data-part=descent] dl.numbers dd")
        || [...root.querySelectorAll("*")].filter((e) => e.shadowRoot)
            .map((e) => find(e.shadowRoot)).find((e) => e);
    return Number(find(document).textContent) > most;
}"""


def test_a_slip_is_caught_when_it_is_chosen(visit):
    visit.moved("graph", lambda: visit.part("graph").get_by_label("y - a").check())
    assert "The check fails" in visit.says("graph")


def test_timing_again_measures_again(visit):
    seen = {visit.number("vectorisation", "for-loops")}
    for _ in range(3):
        visit.moved("vectorisation", lambda: visit.press("vectorisation", "Time it again"))
        seen.add(visit.number("vectorisation", "for-loops"))
    assert len(seen) > 1


def test_a_picture_of_ones_own(visit, tmp_path):
    path = tmp_path / "own.png"
    from PIL import Image

    Image.new("RGB", (30, 20), (1, 2, 3)).save(path)
    given = visit.part("picture").locator("input[type=file]")
    visit.moved("picture", lambda: given.set_input_files(path))
    assert "red 1, green 2, blue 3" in visit.says("picture")


def test_two_shapes_are_typed(visit):
    box = visit.slider("broadcasting", "a")
    visit.moved("broadcasting", lambda: box.fill("(4, 3)"))
    told = broadcasting.answer("(4, 3)", "(5,)").told
    assert told.splitlines()[0] in visit.says("broadcasting")
    assert "NumPy: shape mismatch" in visit.says("broadcasting")


def test_the_digits_are_walked_on_and_an_eight_is_lost_when_shifted(visit):
    visit.moved("train", lambda: visit.slider("train", "steps").press("ArrowRight"))
    assert visit.number("train", "passes") == "300"
    visit.moved("fool", lambda: visit.slider("fool", "shift").press("ArrowRight"))
    assert "a weight for each place" in visit.says("fool")


def test_two_folders_of_ones_own_in_their_own_words(visit, colours):
    folder, rest = visit.slider("train", "folder"), visit.slider("train", "rest")
    folder.fill("/")  # on the way to a whole name: all pictures of the machine are not read
    visit.page.wait_for_timeout(100)
    assert "1,400 examples" in visit.says("train")
    visit.moved("train", lambda: (folder.fill("nowhere"), folder.press("Enter")))
    assert "nowhere is no folder" in visit.says("train")
    visit.moved("train", lambda: (folder.fill(str(colours / "red")), folder.blur()))
    assert "name a folder for 0 too" in visit.says("train")
    visit.moved("train", lambda: (rest.fill(str(colours / "blue")), rest.blur()))
    task = training.asked(8, str(colours / "red"), str(colours / "blue"))
    assert visit.number("train", "J") == plain(everything.train(300, task)["J"])
    assert "Is it red or blue?" in visit.says("train")
    visit.part("fool").get_by_text("red").first.wait_for()


def test_an_xor_is_mended_by_the_product(visit):
    part = visit.part("beyond")
    visit.moved("beyond", lambda: part.get_by_label("an XOR").check())
    assert "No straight line can do it" in visit.says("beyond")
    visit.moved("beyond", lambda: part.locator("input[name=product]").check())
    assert visit.number("beyond", f"right of {plane.COUNT}") == str(plane.COUNT)
    X, Y = lesson.plane_examples("xor")
    assert visit.number("beyond", "J") == plain(plane.train(X, Y, product=True).cost)


def test_an_exercise_is_solved_wrongly_then_rightly(visit):
    """Typed as a learner would, then checked: the slip in words and on the figure."""
    part, page = visit.part("write-propagate"), visit.page
    text = part.locator("textarea")
    right = BLANKS["propagate"]
    for blank, line in (("dZ", "A - Y"), ("dw", "X @ dZ.T"), ("db", "dZ.sum() / m")):
        right = right.replace(f"{blank} = ...", f"{blank} = {line}")
    text.fill(right)
    visit.moved("write-propagate", lambda: visit.press("write-propagate", "Check"))
    assert "1/m missing: dw is a sum over the examples" in visit.says("write-propagate")
    assert "it points elsewhere" in part.locator("figcaption").inner_text()
    text.fill(right.replace("X @ dZ.T", "X @ dZ.T / m"))
    visit.moved("write-propagate", lambda: visit.press("write-propagate", "Check"))
    assert "Right. Your propagate gives what the lesson's gives" in visit.says("write-propagate")
    assert "They are the same" in part.locator("figcaption").inner_text()
    area = visit.part("write-sigmoid").locator("textarea")
    area.fill("def sigmoid(z):")
    area.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("return z")
    assert area.input_value() == "def sigmoid(z):\n    return z"


def test_a_classifier_of_ones_own_is_made_of_what_was_written(visit):
    """After `propagate` was solved above, on the two folders that were named above."""
    text = visit.part("write-classifier").locator("textarea")
    text.fill(BLANKS["classifier"].replace("= ...", "= optimize(w, b, X, Y, 100, 0.5)"))
    visit.moved("write-classifier", lambda: visit.press("write-classifier", "Train it"))
    said = visit.says("write-classifier")
    assert "Your own propagate took part" in said
    assert visit.number("write-classifier", "right") in said


@pytest.mark.parametrize("width", [768, 400])
def test_it_fits_in_the_light_and_in_the_dark(visit, width):
    """After all that has been moved: a page of its own would compute everything once more."""
    visit.page.set_viewport_size({"width": width, "height": 800})
    for scheme, paper in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(19, 21, 23)")):
        visit.page.emulate_media(color_scheme=scheme)
        visit.page.wait_for_function(
            "paper => getComputedStyle(document.querySelector('#App')).backgroundColor === paper",
            arg=paper,
        )
    found = visit.page.locator(".part")
    wide = found.evaluate_all(
        """parts => parts.flatMap(part => [...part.querySelectorAll("*")])
        .filter(e => !e.closest("pre, math, textarea"))
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert wide == []
    small = found.locator("svg.plot text").evaluate_all(
        """all => all.map(e => 13.5 * e.ownerSVGElement.getScreenCTM().a)"""
    )
    assert min(small) > 11  # pixels of the smallest word in any figure


def test_what_is_shown_is_what_the_lesson_computes(visit):
    X, Y = lesson.one_feature_examples()
    assert visit.number("all", "J") == plain(lesson.cost(lesson.logistic_output([[0]], 0, X), Y))
