"""Rows of a table: objects by column in, shares by column out, a form on the page."""

import numpy as np
import pytest

import onelayer
from onelayer.server import create_app


@pytest.fixture(scope="module")
def client(running, table_model):
    with running(create_app(table_model[0])) as client:
        yield client


ROWS = [
    {"age": 30, "colour": "red", "member": "true"},
    {"member": "false", "age": 61.5, "colour": "violet"},
    {"age": None, "colour": None, "member": True},
    {"age": None, "colour": None, "member": None},
]
EMPTY = {"age": None, "colour": None, "member": None}
SAME = [
    {"age": 30.0, "colour": "red", "member": "true"},
    {"age": 61.5, "colour": "violet", "member": "false"},
    {"age": None, "colour": None, "member": "true"},
    {"age": None, "colour": None, "member": None},
]


def test_rows_are_predicted_as_predict_does_to_the_last_bit(client, table_model):
    found = client.post("/v1/predict", json={"rows": ROWS}).json()["predictions"]
    model = table_model[0]
    assert [one["class"] for one in found] == model.predict(SAME).tolist()
    assert [list(one["probabilities"].values()) for one in found] == (
        model.predict_proba(SAME).tolist()
    )


ODD = {"age": 4000, "colour": "red", "member": "true"}


def test_a_row_unlike_any_trained_on_is_said_to_be(client, table_model):
    model = table_model[0]
    why = model.unlike([ODD])[0]
    low, high = model.columns[0].least, model.columns[0].most
    assert why == f"age is 4000, and was {low:g} to {high:g} in training"
    for route, key in (("predict", "predictions"), ("explain", "explanations")):
        found = client.post(f"/v1/{route}", json={"rows": [*ROWS, ODD]}).json()[key]
        assert [one["unlike"] for one in found] == [None, *model.unlike(SAME[1:2]), None, None, why]
    text = "age,colour,member\n4000,red,true\n40,red,true\n"
    scored = client.post("/v1/score", content=text, headers={"Content-Type": "text/csv"}).json()
    assert scored["table"].splitlines()[0].endswith(",unlike")
    assert "1 of 2 examples is unlike any trained on: age 1" in scored["notes"]


def test_the_page_says_that_it_is_a_guess(browser, client):
    page = browser.new_page()
    page.goto(str(client.base_url))
    page.get_by_label("age", exact=True).fill("4000")
    page.get_by_role("button", name="Predict").click()
    said = page.locator("article .caveat").first
    said.wait_for()
    assert said.inner_text().startswith(
        "Unlike anything that it was trained on, so this is a guess: age is 4000, and was "
    )
    page.close()


def test_shares_of_columns_add_up_to_the_log_odds(client, table_model):
    asked = {"params": {"class": "yes"}, "json": {"rows": ROWS}}
    found = client.post("/v1/explain", **asked).json()["explanations"]
    shares, p = table_model[0].contributions(SAME), table_model[0].predict_proba(SAME)[:, 1]
    for row, one in enumerate(found):
        np.testing.assert_allclose(one["contributions"], shares[row], atol=1e-12)
        assert one["z"] == pytest.approx(one["intercept"] + sum(one["contributions"]), abs=1e-12)
        logit = one["z"] / one["temperature"]
        assert 1 / (1 + np.exp(-logit)) == pytest.approx(p[row], abs=1e-12)


def test_the_columns_are_told(client):
    told = client.get("/v1/model").json()
    assert told["kind"] == "table"
    columns = {column["name"]: column for column in told["columns"]}
    assert list(columns) == ["age", "colour", "member"]
    assert columns["colour"]["levels"] == ["blue", "green", "red"]
    assert 18 <= columns["age"]["low"] < columns["age"]["median"] < columns["age"]["high"] <= 80
    assert columns["member"]["boolean"]


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ([1, 2, 3], "row 0 is a list: the model takes an object of the columns age, colour"),
        ({}, "row 0 has no column 'age', 'colour', 'member': the model looks at them"),
        (
            {"age": 3, "colour": "red"},
            "row 0 has no column 'member': the model looks at it",
        ),
        ({"aeg": 1}, "row 0 has the column 'aeg', which the model does not know: it looks at age"),
        (
            {**EMPTY, "age": "old"},
            "row 0 has 'old' in column 'age': send a number from -1e+100",
        ),
        ({**EMPTY, "age": True}, "row 0 has True in column 'age': send a number"),
        ({**EMPTY, "age": 10**400}, "row 0 has 100000"),
        ({**EMPTY, "colour": 3}, "row 0 has 3 in column 'colour': send a text, or null"),
        (
            {**EMPTY, "colour": ["red"]},
            "row 0 has ['red'] in column 'colour': send a text, or null",
        ),
        ({**EMPTY, "member": 1}, "row 0 has 1 in column 'member': send true or false, or null"),
    ],
)
def test_a_bad_row_is_named(client, row, detail):
    found = client.post("/v1/predict", json={"rows": [row]})
    assert (found.status_code, found.json()["detail"][: len(detail)]) == (422, detail)


def test_half_a_character_is_no_text(client):
    body = b'{"rows": [{"colour": "\\ud800", "age": 1, "member": null}]}'
    found = client.post("/v1/predict", content=body, headers={"Content-Type": "application/json"})
    assert found.status_code == 422
    assert found.json()["detail"].startswith("row 0 has '\\ud800' in column 'colour': send a text")


def test_a_name_twice_in_a_row_is_refused(client):
    body = b'{"rows": [{"age": 1, "age": 2, "colour": null, "member": null}]}'
    found = client.post("/v1/predict", content=body, headers={"Content-Type": "application/json"})
    assert (found.status_code, found.json()["detail"]) == (
        400,
        "the body is not JSON: an object has 'age' twice",
    )


def test_the_page_has_a_form(browser, client, table_model):
    model = table_model[0]
    row = {"age": 71.0, "colour": "red", "member": "true"}
    page = browser.new_page(viewport={"width": 400, "height": 900})
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(str(client.base_url))
    age = page.get_by_label("age", exact=True)
    age.wait_for()
    assert float(age.input_value()) == model.columns[0].median
    for column in model.columns[1:]:
        usual = column.usual
        assert page.get_by_label(column.name).input_value() == usual != ""
    age.fill("71")
    page.get_by_label("colour").select_option("red")
    page.get_by_label("member").select_option("true")
    page.get_by_role("button", name="Predict").click()
    article = page.locator("article").first
    article.wait_for()
    assert article.locator("h2").inner_text().split() == ["row", "1", model.predict([row])[0]]
    shown = article.locator("table", has_text="What each column adds").locator("th")
    order = np.argsort(-np.abs(model.contributions([row])[0]), kind="stable")
    assert shown.all_inner_texts() == [model.columns[at].name for at in order]
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    page.close()
    assert said == []


OVERFLOWING = """() => [...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML)"""


def test_the_page_says_by_which_rule_it_answers(browser, running, tmp_path):
    """A class that is not the likeliest is explained; classes are True and False, no words."""
    random = np.random.default_rng(0)
    age = random.integers(18, 80, 200)
    ill = age + random.normal(0, 15, 200) > 60
    rows = [f"{a},{i}" for a, i in zip(age, ill, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["age,ill", *rows]))
    model = onelayer.train(tmp_path / "t.csv", target="ill", recall="True=0.95", C=1.0)
    value = f"{model.readout.decision.value:.3g}"
    p = model.predict_proba([{"age": 50.0}])[0]
    assert model.predict([{"age": 50.0}]).tolist() == [True]
    with running(create_app(model)) as client:
        for width in (1280, 400):
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto(str(client.base_url))
            for place, given in enumerate(("50", "80")):
                page.get_by_label("age", exact=True).fill(given)
                page.get_by_role("button", name="Predict").click()
                page.locator("article").nth(place).wait_for()
            likely, unlikely = page.locator("article").all()
            assert unlikely.locator("h2").inner_text().split() == ["row", "1", "True"]
            sure = unlikely.locator(".sure").inner_text().replace("\N{NO-BREAK SPACE}", " ")
            assert sure == f"{100 * p[1]:.1f} % sure"
            rule = f"rule answers True where its probability is above {value}, else False."
            said = unlikely.locator(".rule").inner_text().replace("\N{NO-BREAK SPACE}", " ")
            assert said == f"False is likelier ({100 * p[0]:.1f} %), but the model's {rule}"
            assert likely.locator(".rule").inner_text() == f"The model's {rule}"
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(OVERFLOWING) == []
            page.close()


def test_the_answer_follows_the_fields_and_says_what_it_is_worth(browser, running, tmp_path):
    """Without a press; levels that act alike are one choice; the title names the column."""
    random = np.random.default_rng(1)
    age = random.integers(18, 80, 300)
    town = random.choice(
        ["Ulm", "Bonn", *[f"rare {j}" for j in range(30)]], 300, p=[0.5, 0.44] + [0.002] * 30
    )
    ill = np.where(age + random.normal(0, 15, 300) > 60, "yes", "no")
    rows = [f"{a},{t},{i}" for a, t, i in zip(age, town, ill, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["age,town,ill", *rows]))
    model = onelayer.train(tmp_path / "t.csv", target="ill", C=1.0)
    with running(create_app(model)) as client:
        page = browser.new_page(viewport={"width": 400, "height": 900})
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(str(client.base_url))
        field = page.get_by_label("age", exact=True)
        field.fill("79")
        live = page.locator("#live .answer")
        live.wait_for()
        assert live.locator("h2").inner_text().split() == ["as", "filled", "in", "yes"]
        field.fill("19")
        page.locator("#live h2", has_text="no").wait_for()
        assert page.locator("article").count() == 0
        assert "On 60 examples that it had not been trained on the model was right" in (
            live.inner_text()
        )
        assert page.locator("h1").inner_text() == "ill: no or yes?"
        assert page.title() == "ill: no or yes · one layer"
        choices = page.get_by_label("town").locator("option").all_inner_texts()
        assert [choice.endswith("(alike)") for choice in choices].count(True) == 1
        assert len(choices) == 4
        page.get_by_role("button", name="Predict").click()
        page.locator("article").wait_for()
        assert live.count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") == 400
        page.close()
    assert said == []
