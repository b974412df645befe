"""However a table is written, it is the same table: the same model, to the last bit."""

import csv
import gzip
import io
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onelayer
from onelayer.server import create_app

ROWS = 80
LEVELS = ["none", "?", "x, y", "a;b", "Zürich", "two\r\nlines", 'say "z"']
ASKED = {"target": "y", "C": 1.0, "calibrate": "none", "test_size": 0.25}


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    """The table with the types of its columns, in Parquet, and a model of it: the oracle."""
    random = np.random.default_rng(3)
    x = random.normal(size=ROWS).round(2)
    frame = pd.DataFrame(
        {
            "x": np.where(random.random(ROWS) < 0.1, np.nan, x),
            "share": (100 * random.random(ROWS)).round(1),
            "income": random.integers(100, 90_000, ROWS).astype(float),
            "town": random.choice(LEVELS, ROWS),
            "member": random.choice([True, False], ROWS),
            "y": np.where(x + random.normal(size=ROWS) > 0, "ja", random.choice(["nein", "none"])),
        }
    )
    path = tmp_path_factory.mktemp("typed") / "t.parquet"
    frame.to_parquet(path)
    return frame, path, onelayer.train(path, **ASKED)


@dataclass(frozen=True)
class Dialect:
    """One way to write a table as text."""

    delimiter: str
    decimal: str
    groups: bool
    unit: str
    quoting: int
    end: str
    encoding: str
    packed: bool
    before: str
    missing: str

    def number(self, value, unit=""):
        if np.isnan(value):
            return self.missing
        text = f"{value:,.10g}" if self.groups else f"{value:.10g}"
        signs = {".": self.decimal, ",": "." if self.decimal == "," else ","}
        return "".join(signs.get(sign, sign) for sign in text) + unit

    def cells(self, frame):
        yield list(frame.columns)
        for row in frame.itertuples(index=False):
            yield [
                self.number(row.x),
                self.number(row.share, self.unit),
                self.number(row.income),
                row.town,
                str(row.member).upper(),
                row.y,
            ]

    def write(self, frame, path):
        text = io.StringIO(newline="")
        text.write(self.before)
        writer = csv.writer(
            text, delimiter=self.delimiter, quoting=self.quoting, lineterminator=self.end
        )
        writer.writerows(self.cells(frame))
        content = text.getvalue().encode(self.encoding)
        path.write_bytes(gzip.compress(content) if self.packed else content)


def dialects():
    return st.builds(
        Dialect,
        delimiter=st.sampled_from(",;\t|"),
        decimal=st.sampled_from(".,"),
        groups=st.booleans(),
        unit=st.sampled_from(["", "%", " %", " €"]),
        quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        end=st.sampled_from(["\n", "\r\n", "\r"]),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
        packed=st.booleans(),
        before=st.sampled_from(["", "\n", "\r\n \r\n"]),
        missing=st.sampled_from(["", "NA", "null", "-", "#N/A", "none"]),
    )


@settings(
    max_examples=25,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(dialect=dialects())
def test_the_same_table_gives_the_same_model(dialect, typed, tmp_path):
    frame, parquet, expected = typed
    path = tmp_path / "t.csv"
    dialect.write(frame, path)
    encoding = "cp1252" if dialect.encoding == "cp1252" else None
    model = onelayer.train(path, **ASKED, encoding=encoding)
    np.testing.assert_array_equal(model.coef, expected.coef)
    np.testing.assert_array_equal(model.intercept, expected.intercept)
    assert model.card.test == expected.card.test
    model.save(tmp_path / "m.safetensors")
    loaded = onelayer.load(tmp_path / "m.safetensors")
    probabilities = expected.predict_proba(parquet)
    for rows in (path, parquet, frame):
        np.testing.assert_array_equal(loaded.predict_proba(rows), probabilities)
    assert loaded.evaluate(path).to_dict() == expected.evaluate(parquet).to_dict()


def test_a_row_alone_is_read_by_the_rule_that_was_learnt(typed, tmp_path):
    """By itself 1.234 is a fraction; in a table of decimal commas it was a thousand."""
    frame, parquet, expected = typed
    dialect = Dialect(";", ",", True, " %", csv.QUOTE_MINIMAL, "\n", "utf-8", False, "", "")
    dialect.write(frame, tmp_path / "t.csv")
    model = onelayer.train(tmp_path / "t.csv", **ASKED)
    probabilities = expected.predict_proba(parquet)
    header, *rows = dialect.cells(frame)
    for at in (0, 17, 40):
        cells = dict(zip(header, rows[at], strict=True))
        np.testing.assert_array_equal(model.predict_proba([cells]), probabilities[[at]])


def test_the_server_takes_the_numbers_themselves(typed, tmp_path, running):
    """JSON has numbers: 12 % is 12, and a thousand is 1000, however they were written."""
    frame, parquet, expected = typed
    dialect = Dialect(";", ",", True, " %", csv.QUOTE_MINIMAL, "\n", "utf-8", False, "", "")
    dialect.write(frame, tmp_path / "t.csv")
    model = onelayer.train(tmp_path / "t.csv", **ASKED)
    known = frame.astype(object).where(frame.notna(), None)
    rows = known.drop(columns="y").to_dict("records")
    with running(create_app(model)) as client:
        answers = client.post("/v1/predict", json={"rows": rows}).json()["predictions"]
    found = [list(answer["probabilities"].values()) for answer in answers]
    np.testing.assert_array_equal(found, expected.predict_proba(parquet))
