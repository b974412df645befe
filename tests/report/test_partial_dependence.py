"""What moving a column does: each value is what the model says of the rows that hold it."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import onelayer
from onelayer.model.reporting import _of_training
from onelayer.report.page import render
from onelayer.report.results import collect


def made(m, seed, K=2):
    """A number, a category with a rare and an awkward level, a date and a text; gaps in each."""
    random = np.random.default_rng(seed)
    day = pd.Timestamp("2021-03-01") + pd.to_timedelta(random.integers(0, 900, m), "D")
    frame = pd.DataFrame(
        {
            "size": random.normal(size=m),
            "level": random.choice(["$a_1$", "<b>", "日本", "rare"], m, p=[0.4, 0.3, 0.28, 0.02]),
            "bought": day.strftime("%Y-%m-%d"),
        }
    )
    z = 2 * frame["size"] + (frame.level == "<b>") + (day.month > 6) + random.logistic(size=m)
    frame["answer"] = np.array(["no", "yes", "very"])[np.digitize(z, [0, 2][: K - 1])]
    for name in ("size", "level", "bought"):
        frame.loc[random.random(m) < 0.05, name] = None
    return frame


def reported(frame, **options):
    model = onelayer.train(frame, target="answer", **options)
    return model, collect(_of_training(model, model.evidence))


def held_out(model, frame):
    names = model.evidence.parts.test.names.astype(int)
    return frame.iloc[names]


def written(effect, place):
    moves = effect.moves
    if moves.levels:
        level = moves.levels[place]
        return None if level == "missing" else "rare" if level == "other" else level
    if moves.notation is None:
        return moves.values[place]
    return pd.to_datetime(moves.values[place], unit="s").strftime("%Y-%m-%d %H:%M:%S")


@settings(max_examples=4)
@given(st.integers(0, 99), st.sampled_from([2, 3]), st.booleans())
def test_an_effect_is_what_the_model_says_of_rows_that_hold_the_value(seed, K, weighed):
    frame = made(400, seed, K)
    options = {"weights": "counts"} if weighed else {}
    if weighed:
        frame["counts"] = np.random.default_rng(seed).integers(1, 4, len(frame))
    model, found = reported(frame, **options)
    rows = held_out(model, frame)
    weights = rows.counts if weighed else None
    assert found.effects
    for effect in found.effects:
        for place in (0, 1, len(effect.moves.values) - 1):
            moved = rows.assign(**{effect.name: written(effect, place)})
            A = np.average(model.predict_proba(moved), axis=0, weights=weights)
            np.testing.assert_allclose(
                effect.probabilities[place], A[list(effect.classes)], atol=1e-9
            )


def test_the_curves_of_numbers_without_a_table_are_those_of_predict_proba():
    random = np.random.default_rng(0)
    X = 1e6 + random.normal(size=(300, 3))
    y = (X - 1e6) @ [2, -1, 0] + random.logistic(size=300) > 0
    model = onelayer.train((X, y))
    found = collect(_of_training(model, model.evidence))
    rows = X[model.evidence.parts.test.names.astype(int)]
    assert [one.name for one in found.effects][:2] == ["column 0", "column 1"]
    for effect in found.effects:
        moved = rows.copy()
        moved[:, int(effect.name[-1])] = effect.moves.values[7]
        mean = model.predict_proba(moved)[:, 1].mean()
        shown = mean if effect.classes == (1,) else 1 - mean
        np.testing.assert_allclose(effect.probabilities[7], [shown], atol=1e-9)


def test_names_of_levels_stay_text_and_a_constant_column_has_no_curve():
    frame = made(1500, 3).assign(same=1.0)
    _, found = reported(frame)
    page = render(found)
    assert "What a column does to the probability" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "$a_1$" in page
    assert "same" not in [one.name for one in found.effects]
    level = next(one for one in found.effects if one.name == "level")
    assert sum(n for _, n, _ in level.levels) == len(level.moves.held)
    said = [p[0] for _, _, p in level.levels]
    assert said == sorted(said, reverse=True)


def test_names_in_letters_that_no_font_of_ours_has_are_drawn_without_a_warning():
    frame = made(400, 1, 3)
    frame["answer"] = frame.answer.map({"no": "日本", "yes": "$x_1$", "very": "<b>"})
    _, found = reported(frame)
    page = render(found)
    assert page.count(">日本</text>") >= 1
    assert page.count(">$x_1$</text>") >= 1


def test_of_two_classes_the_rarer_is_shown_whatever_it_is_called():
    frame = made(600, 2)
    frame["answer"] = np.where(frame["size"].fillna(0) > 1, "a rare one", "usual")
    _, found = reported(frame)
    assert found.effects
    assert {one.classes for one in found.effects} == {(0,)}
    assert "The mean probability of a rare one if all rows" in render(found)
