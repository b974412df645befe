"""Columns of free text: how they are found, what is made of them, and what is said of it."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from typer.testing import CliRunner

import onelayer
from onelayer.cli.app import app
from onelayer.errors import DataWarning, UsageError
from onelayer.inputs.tf_idf import TOKEN, TermRows, learn_terms, words_in

HAM = ["see", "you", "at", "home", "dinner", "ok", "lunch", "late", "train", "tonight"]
SPAM = ["win", "free", "prize", "call", "now", "claim", "cash", "urgent", "at", "you"]


def messages(m=120, seed=0):
    random = np.random.default_rng(seed)
    texts = [
        " ".join(random.choice(SPAM if k else HAM, 7)) for k in range(2) for _ in range(m // 2)
    ]
    rows = random.permutation(m)
    labels = np.repeat(["ham", "spam"], m // 2)
    return pd.DataFrame({"label": labels, "message": texts}).iloc[rows].reset_index(drop=True)


def trained(frame, **settings):
    return onelayer.train(frame, target="label", **{"C": 10.0, "calibrate": "none", **settings})


def test_terms_and_rows_are_those_of_scikit_learn():
    texts = sorted({*messages().message})
    terms, idf = learn_terms(texts, np.ones(len(texts)))
    peer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    expected = peer.fit_transform(texts)
    assert list(terms) == peer.get_feature_names_out().tolist()
    np.testing.assert_allclose(idf, peer.idf_, rtol=1e-12)
    found = TermRows(terms, idf).of(texts)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.toarray(), expected.toarray(), atol=1e-6)


def test_a_text_that_counts_twice_is_the_text_twice_and_the_order_says_nothing():
    texts, counts = ["a b c", "b c d", "x y"], np.array([2.0, 1.0, 0.0])
    terms, idf = learn_terms(texts, counts)
    assert terms == ("a", "a b", "b", "b c", "c")
    np.testing.assert_allclose(idf, np.log(4 / np.array([3, 3, 4, 4, 4])) + 1)
    assert learn_terms(texts[::-1], counts[::-1]) == (terms, idf)


def test_the_most_frequent_terms_are_kept(monkeypatch):
    monkeypatch.setattr("onelayer.inputs.tf_idf.MOST_TERMS", 3)
    assert learn_terms(["b c a", "b c", "b a"], np.ones(3))[0] == ("a", "b", "b c")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It's FREE, call 0906!", ["It", "s", "FREE", "call", "0906"]),
        ("iPhone很好用,是的", ["iPhone", "很好", "好用", "是的"]),
        ("日本語の本", ["日本", "本語", "語の", "の本"]),
        ("ภาษา", ["ภา", "าษ", "ษา"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ja, 好.", ["ja", "好"]),
        ("...", []),
    ],
)
def test_words_and_pairs_of_characters(text, tokens):
    import re

    assert re.findall(TOKEN, text) == tokens
    assert words_in([text], 9).tolist() == [len(tokens)]
    assert words_in([text], 2).tolist() == [min(2, len(tokens))]


def test_sentences_are_found_by_themselves_and_said():
    model = trained(messages())
    assert [column.kind for column in model.columns] == ["text"]
    assert model.card.test.accuracy == 1
    notes = model.card.audit.notes
    assert any(note.startswith("message: free text, 18 words and") for note in notes)
    assert "message: taken as text, as most cells have 5 words or more" in notes


def test_names_are_left_out_with_a_way_to_their_words_and_categories_stay():
    frame = messages()
    frame["name"] = [f"Ann {word} {at}" for at, word in enumerate(frame.message.str[:3])]
    frame["answer"] = np.resize([f"a very long answer of kind {k}" for k in "abc"], len(frame))
    with pytest.warns(DataWarning, match=r"left out: name .*; text='name' looks at its words"):
        model = trained(frame)
    assert {column.name: column.kind for column in model.columns} == {
        "message": "text",
        "answer": "category",
    }
    kinds = {c.name: c.kind for c in trained(frame, text=("name", 3)).columns}
    assert kinds == {"message": "text", "name": "text", "answer": "text"}


def test_words_add_up_to_the_column_and_z():
    frame = messages().assign(hour=np.arange(120) % 24)
    model = trained(frame, text="message")
    rows = messages(seed=1).assign(hour=3)
    shares = model.contributions(rows)
    words = model.words(rows, "spam")
    np.testing.assert_allclose(
        [sum(share for _, share in one["message"]) for one in words], shares[:, 0], atol=1e-12
    )
    z = model.forward(model.rows(rows))[:, 0]
    np.testing.assert_allclose(shares.sum(axis=1) + model.layer.inner[1], z, rtol=1e-12)
    for one in words:
        sizes = [abs(share) for _, share in one["message"]]
        assert all(a >= b for a, b in pairwise(sizes))
    against = [sum(share for _, share in one["message"]) for one in model.words(rows, "ham")]
    np.testing.assert_allclose(against, -shares[:, 0], atol=1e-12)
    with pytest.raises(UsageError, match="the class 'eggs' is unknown"):
        model.words(rows, "eggs")


def test_the_same_message_lies_on_one_side():
    """However often it is repeated, whatever stands beside it, in capitals or with more blanks."""
    frame = messages(60)
    other = frame.assign(message=frame.message.str.upper().str.replace(" ", "  "))
    doubled = pd.concat([frame, other], ignore_index=True).assign(at=np.arange(120) % 7)
    model = trained(doubled, text="message")
    test = model.evidence.parts.test.names.astype(int)
    assert len(test) == 24
    assert sorted(test % 60) == sorted([*{*(test % 60)}] * 2)
    note = "120 rows have a text that others have too, 60 different ones"
    assert any(one.startswith(note) for one in model.card.audit.notes)


def test_a_text_in_two_classes_is_not_a_row_in_two():
    frame = messages(60).assign(at=np.arange(60.0))
    frame.loc[1, "message"] = frame.loc[0, "message"]
    frame.loc[:1, "label"] = ["ham", "spam"]
    notes = trained(frame, text="message").card.audit.notes
    assert "2 rows have the same text as one of another class, and were kept" in notes


@pytest.mark.parametrize(
    ("cells", "held"),
    [(np.arange(120) % 30, "numbers"), (pd.date_range("2024-01-01", periods=120), "dates")],
)
def test_what_is_no_text_and_is_asked_for_as_one_is_named(cells, held):
    notes = trained(messages().assign(at=cells), text=["message", "at"]).card.audit.notes
    assert (
        f"at: holds {held}, and is read as text, as asked: their order counts for nothing" in notes
    )
    notes = trained(messages(), text="message").card.audit.notes
    assert not any("as asked" in note for note in notes)


def test_rows_without_a_text_are_told_apart_by_the_rest():
    frame = messages().assign(at=np.arange(120.0))
    frame.loc[::2, "message"] = None
    model = trained(frame, text="message")
    assert len(model.evidence.parts.test) == 24
    assert any("message missing" in name for name in model.inputs.features)


def test_a_text_of_strange_words_is_all_zeros():
    model = trained(messages())
    rows = model.rows([{"message": "zebra"}, {"message": None}, {"message": ""}])
    assert rows.nnz == 0
    assert (
        model.predict_proba([{"message": "zebra"}]) == model.predict_proba([{"message": ""}])
    ).all()


def test_a_saved_model_answers_the_same(tmp_path):
    model, rows = trained(messages()), messages(seed=5)
    model.save(tmp_path / "m.safetensors")
    loaded = onelayer.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict_proba(rows), model.predict_proba(rows))
    assert not any(
        message.encode() in (tmp_path / "m.safetensors").read_bytes() for message in rows.message
    )


@pytest.mark.parametrize(
    "damage",
    [
        {"idf": [1.0]},
        {"names": ["a", "a"], "idf": [1.0, 1.0]},
        {"idf": [-1.0] * 3},
    ],
)
def test_damaged_words_are_refused(damage):
    from onelayer.inputs import inputs_from, kept_inputs

    fields = json.loads(json.dumps(kept_inputs(trained(messages()).inputs)))
    fields["pieces"][0] |= damage
    with pytest.raises(ValueError, match="fit"):
        inputs_from(fields)


def test_a_first_message_that_is_no_header_is_said(tmp_path):
    lines = [f"{row.label}\t{row.message}" for row in messages().itertuples()]
    (tmp_path / "m.tsv").write_text("\n".join(lines))
    model = trained(pd.read_csv(tmp_path / "m.tsv", sep="\t", names=["label", "message"]))
    assert model.card.audit.read == 120
    model = onelayer.train(tmp_path / "m.tsv", target=0, C=10.0, calibrate="none")
    hint = next(one for one in model.card.audit.notes if one.startswith("The first row looks like"))
    assert hint.endswith("train with header=False, which calls them column 0, column 1 and so on")


def test_what_cannot_be_text():
    frame = messages()
    for wrong in (5.5, True, ["a", None]):
        with pytest.raises(UsageError, match=r"text is .*: give the names of columns of a table"):
            onelayer.Settings(text=wrong)
    with pytest.raises(UsageError, match="column 'label' is free text, and is the target"):
        trained(frame, text="label")
    with pytest.raises(UsageError, match=r"has no column 'massage'.*'message'"):
        trained(frame, text="massage")
    with pytest.raises(UsageError, match="is free text, and is dropped"):
        trained(frame.assign(x=1.5), text="x", drop=("x",))


def test_no_file_of_onnx_is_made_of_words(tmp_path):
    pytest.importorskip("onnx")
    with pytest.raises(UsageError, match="'message' is free text, and ONNX has nothing that reads"):
        trained(messages()).export(tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_the_command_line_reads_tabs_without_a_header(tmp_path):
    lines = [f'{row.label}\t{row.message} "quote' for row in messages().itertuples()]
    (tmp_path / "messages").write_text("\n".join(lines))
    run = CliRunner().invoke(
        app,
        [
            *("train", str(tmp_path / "messages"), "--no-header", "--target", "0", "--text", "1"),
            *("-o", str(tmp_path / "m.safetensors"), "--json"),
        ],
    )
    assert run.exit_code == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["test"]["accuracy"] == 1
    again = ["--no-header", "--target", "0", "-o", str(tmp_path / "m.safetensors"), "--C", "1"]
    assert CliRunner().invoke(app, ["train", str(tmp_path / "messages"), *again]).exit_code == 0
    shown = CliRunner().invoke(app, ["inspect", str(tmp_path / "m.safetensors")])
    assert "column 1: free text, by words and pairs of words" in shown.stdout
    assert 'column 1 "free"' in shown.stdout
