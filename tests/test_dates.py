"""Columns of dates: how they are written, what is made of them, and what a saved model does."""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onelayer
from onelayer.errors import DataError, DataWarning
from onelayer.inputs.date_parts import NAMES, part_of
from onelayer.readers.tables.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    NOTATIONS,
    TIME_ALONE,
    YEAR_FIRST,
    order_of,
    seconds_of,
    written,
)


def texts(values):
    return pa.chunked_array([pa.array(values, pa.large_string())])


@given(st.lists(st.datetimes()))
def test_parts_are_those_of_the_calendar(moments):
    whole = [moment.replace(second=0, microsecond=0) for moment in moments]
    seconds = seconds_of(texts([moment.isoformat(" ") for moment in whole]), YEAR_FIRST)
    for part, due in {
        "year": [moment.year for moment in whole],
        "month": [moment.month - 1 for moment in whole],
        "weekday": [moment.weekday() for moment in whole],
        "hour": [moment.hour for moment in whole],
    }.items():
        np.testing.assert_array_equal(part_of(seconds, part), due)
    shown = [written(one, YEAR_FIRST) for one in seconds.tolist()]
    np.testing.assert_array_equal(seconds_of(texts(shown), YEAR_FIRST), seconds)
    assert {len(names) for names in NAMES.values()} == {12, 7, 24}


@given(st.lists(st.integers(-900, 900), max_size=8), st.integers(1, 500))
def test_a_moment_has_the_same_parts_alone_and_beside_many(days, times):
    """Of days that lie near together, beside their number, each is looked at once."""
    seconds = 86_400.0 * np.array([*days, np.nan])
    for part in ("year", "month", "weekday", "hour", "days"):
        alone = np.array([part_of(seconds[at : at + 1], part)[0] for at in range(len(seconds))])
        np.testing.assert_array_equal(part_of(np.tile(seconds, times), part), np.tile(alone, times))


@pytest.mark.parametrize(
    ("values", "notation", "read"),
    [
        (["2024-01-31T07:05:09Z", "2024/2/1"], YEAR_FIRST, ["2024-01-31 07:05", "2024-02-01"]),
        (["31.01.2024", "1.2.2024"], DAY_FIRST, ["2024-01-31", "2024-02-01"]),
        (["3/4/24", "12/31/99"], MONTH_FIRST, ["2024-03-04", "1999-12-31"]),
        (["01/02/2024", "01/03/2024", "01/04/2024"], DAY_FIRST, ["2024-02-01"]),
        (["01/02/2024", "01/03/2024", "13/04/2024"], DAY_FIRST, ["2024-02-01"]),
        (["3 May 2024 2:30 pm", "Jan 5, 2024"], YEAR_FIRST, ["2024-05-03 14:30", "2024-01-05"]),
        (["12:30", "0:05"], TIME_ALONE, ["12:30", "00:05"]),
        (["2024-01-31 10:00+02:00", "2024-01-31"], YEAR_FIRST, ["2024-01-31 10:00"]),
    ],
)
def test_the_order_of_a_column_is_found(values, notation, read):
    found = order_of(texts(values))
    assert found.notation == notation
    assert not found.guessed
    seconds = seconds_of(texts(values), notation)
    assert [written(one, notation) for one in seconds[: len(read)].tolist()] == read


def test_what_no_calendar_has_is_no_date():
    odd = ["31.02.2024", "2024-13-01", "2024-01-31 24:61", "soon", "0000-01-01", "13:00 pm", None]
    for notation in NOTATIONS:
        assert np.isnan(seconds_of(texts(odd), notation)).all()
    with pytest.raises(ValueError, match="dates are not written as '1234'"):
        seconds_of(texts(odd), "1234")


def sales(m=300, seed=0):
    random = np.random.default_rng(seed)
    moments = pd.Timestamp("2021-03-01") + pd.to_timedelta(random.integers(0, 21_000, m), unit="h")
    often = np.where(moments.day_of_week >= 5, 0.95, 0.1)
    return pd.DataFrame({"sold": moments, "y": np.where(random.random(m) < often, "yes", "no")})


def trained(frame, **settings):
    return onelayer.train(frame, target="y", C=1.0, calibrate="none", **settings)


def test_the_weekday_decides_however_dates_are_written():
    frame = sales()
    plain = trained(frame)
    assert plain.card.test.accuracy > 0.8
    assert plain.predict([{"sold": "2022-05-07"}, {"sold": "2022-05-09 12:00"}]).tolist() == [
        "yes",
        "no",
    ]
    for form in ("%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M", "%d %B %Y %H:%M", "%Y-%m-%dT%H:%MZ"):
        other = trained(frame.assign(sold=frame.sold.dt.strftime(form)))
        np.testing.assert_array_equal(other.coef, plain.coef)
    note = next(one for one in plain.card.audit.notes if one.startswith("sold: a date"))
    assert note.startswith("sold: a date, of which count year, month, weekday, hour, days since 2")


def test_days_alone_have_no_hour_and_one_year_no_year():
    frame = sales()
    frame["sold"] = pd.to_datetime("2021-01-01") + pd.to_timedelta(np.arange(300), unit="D")
    names = trained(frame).inputs.features
    assert "sold days" in names
    assert not [name for name in names if "hour" in name or "year" in name]


def test_what_is_missing_or_no_date_is_said_and_has_a_feature(tmp_path):
    frame = sales().astype({"sold": str})
    frame.loc[3, "sold"], frame.loc[4, "sold"] = None, "31.02.2022"
    with pytest.warns(DataWarning, match="'sold': 1 cell is no date, and counts as missing"):
        model = trained(frame)
    assert "sold missing" in model.inputs.features
    model.save(tmp_path / "m.safetensors")
    loaded, rows = onelayer.load(tmp_path / "m.safetensors"), sales(seed=1)
    np.testing.assert_array_equal(loaded.predict_proba(rows), model.predict_proba(rows))
    with pytest.raises(DataError, match="one of dates, written as 2024-12-31, and has 'x' in row"):
        model.predict(pd.DataFrame({"sold": ["x", "y"]}))


def test_a_guess_is_a_warning():
    frame = sales().assign(sold=np.resize(["01/02/2020", "03/04/2020", "05/06/2021"], 300))
    with pytest.warns(DataWarning, match="'sold' may have the day or the month first"):
        assert trained(frame).columns[0].notation == MONTH_FIRST
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(frame.assign(sold=frame.sold.str.replace("/", ".")))


def test_a_later_day_than_any_in_training_and_a_new_month_are_taken():
    frame = sales()
    model = trained(frame[frame.sold < "2021-06-01"])
    A = model.predict_proba([{"sold": "2031-12-24 18:00"}, {"sold": None}])
    assert np.isfinite(A).all()
