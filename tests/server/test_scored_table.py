"""A CSV goes to the server and comes back with an answer in every row, or a reason in words."""

import csv
import gzip
import io

import numpy as np
import pandas as pd
import pytest

from onelayer.server import create_app
from onelayer.server.limits import Limits

CSV = {"Content-Type": "text/csv"}


@pytest.fixture(scope="module")
def client(running, table_model):
    with running(create_app(table_model[0])) as client:
        yield client


@pytest.fixture(scope="module")
def rows():
    """A thousand rows with gaps, a level that is new, and a column that nobody looks at."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"name": [f'J. "{k}", Ulm\nWest' for k in range(1000)]})
    frame["member"] = random.choice(["true", "false", None], 1000)
    frame["colour"] = random.choice(["red", "green", "violet", "weiß"], 1000)
    frame["age"] = np.where(random.random(1000) < 0.1, np.nan, random.integers(18, 80, 1000))
    return frame


def text_of(frame, **options):
    return frame.to_csv(index=False, lineterminator="\n", **options)


def scored(client, body):
    answer = client.post("/v1/score", content=body, headers=CSV)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_comes_back_is_what_came_with_what_predict_says(client, rows, table_model):
    found = scored(client, text_of(rows).encode())
    back = list(csv.reader(io.StringIO(found["table"])))
    given = list(csv.reader(io.StringIO(text_of(rows))))
    n = len(given[0])
    assert [line[:n] for line in back] == given
    assert back[0][n:] == ["class", "probability", "P(no)", "P(yes)", "unlike"]
    model = table_model[0]
    A = model.predict_proba(rows)
    np.testing.assert_array_equal([[float(p) for p in line[-3:-1]] for line in back[1:]], A)
    assert [line[-1] for line in back[1:]] == model.unlike(rows)
    labels = model.predict(rows).tolist()
    assert [line[n] for line in back[1:]] == labels
    assert found["rows"] == 1000
    assert found["classes"] == {name: labels.count(name) for name in ("no", "yes")}
    odd = sum(map(bool, model.unlike(rows)))
    assert f"{odd} of 1,000 examples are unlike any trained on: colour {odd}" in found["notes"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_how_it_is_written_does_not_matter(client, rows, sep, encoding):
    body = text_of(rows[["age", "member", "colour", "name"]], sep=sep).encode(encoding)
    same, found = scored(client, text_of(rows).encode()), scored(client, body)
    assert found["classes"] == same["classes"]
    assert found["table"].startswith("\ufeff") == (encoding == "utf-8-sig")
    read = pd.read_csv(io.StringIO(found["table"].removeprefix("\ufeff")), sep=sep)
    expected = pd.read_csv(io.StringIO(same["table"]))
    pd.testing.assert_series_equal(read.probability, expected.probability)


GOOD = "age,colour,member\n30,red,true\n"


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (
            "30,red,true\n40,blue,false\n",
            422,
            "must name its columns; it has 30, red, true",
        ),
        ("a,b\n1,2\n", 422, "it has a, b, and the model looks at age, colour, member"),
        (f"{'x' * 9000},b\n1,2\n", 422, f"it has {'x' * 40}..., b, and the model"),
        ("age,colour\n1,red\n", 422, "the table has no column 'member': the model looks at it"),
        ("age,colour,member\n", 422, "the table has no rows"),
        ("", 422, "the table is empty"),
        (GOOD + "1,red,true,9\n", 422, "a row has 4 cells, and the first one 3"),
        (GOOD.replace("member", "age"), 422, "the table has 2 columns called 'age'"),
        (GOOD + "1e999,red,true\n", 422, "column 'age' has inf in row 1"),
        (GOOD.encode().replace(b"red", b"r\xe9d"), 422, 'in Excel as "CSV UTF-8"'),
        (gzip.compress(GOOD.encode(), mtime=0), 422, "is no text: save it as CSV, not packed"),
        (b"PK\x03\x04" + b"\0" * 99, 422, "the table is no text"),
        ("age," * 400_000 + "\n1", 413, "a line of the table has more than 1,000,000 bytes"),
        (",".join(map(str, range(6000))) + "\n1", 413, "has 6,000 columns, and up to 5,000"),
        (GOOD + "30,red,true\n" * 10_000, 413, "has 10,001 rows, and up to 10,000 are scored here"),
        ("a" * 10_000_001, 413, "more than 10 MB"),
    ],
)
def test_what_cannot_be_scored_is_answered_in_words(client, body, status, detail):
    body = body if isinstance(body, bytes) else body.encode()
    answer = client.post("/v1/score", content=body, headers=CSV)
    assert answer.status_code == status
    assert detail in answer.json()["detail"]
    assert len(answer.json()["detail"]) <= 1000


def test_odd_cells_and_names_of_answers_are_told(client):
    found = scored(client, b"age,class,colour,member\nold,x,red,true\n" + b"3,y,red,true\n")
    assert "column 'age': 1 cell is no number, and counts as missing: 'old'" in found["notes"][-2]
    assert found["notes"][-1] == "not given back, as answers are called so: class"
    added = "class,probability,P(no),P(yes),unlike"
    assert found["table"].splitlines()[0] == f"age,colour,member,{added}"


def test_ten_thousand_rows_are_scored_and_other_types_are_refused(client, cancer_model, running):
    assert scored(client, (GOOD + "30,red,true\n" * 9999).encode())["rows"] == 10_000
    other = client.post("/v1/score", content=GOOD, headers={"Content-Type": "text/plain"})
    assert (other.status_code, other.json()["detail"]) == (
        415,
        "the Content-Type is 'text/plain': send text/csv",
    )
    with running(create_app(cancer_model[0])) as rows_alone:
        assert rows_alone.post("/v1/score", content=GOOD, headers=CSV).status_code == 404


def test_limits_of_the_server_hold(running, table_model):
    with running(create_app(table_model[0], limits=Limits(table_rows=2, upload=200))) as client:
        assert scored(client, (GOOD + "30,red,true\n").encode())["rows"] == 2
        more = client.post("/v1/score", content=GOOD + "30,red,true\n" * 2, headers=CSV)
        assert "3 rows, and up to 2" in more.json()["detail"]
        long = client.post("/v1/score", content=GOOD * 20, headers=CSV)
        assert long.status_code == 413
