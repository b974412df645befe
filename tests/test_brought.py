"""What people bring: folders of texts, several tables, workbooks, archives."""

import datetime as dt
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

import onelayer
from onelayer.cli.app import app
from onelayer.errors import DataError, MissingExtraError, UsageError
from onelayer.readers.tables.excel import read_workbook

FIXED = {"C": 1.0, "calibrate": "none"}


def customers(m=90, seed=0):
    random = np.random.default_rng(seed)
    fee = random.normal(50, 10, m).round(2)
    return pd.DataFrame({"fee": fee, "town": random.choice(["Oslo", "Rome"], m)}).assign(
        left=np.where(fee + random.normal(0, 3, m) > 50, "yes", "no")
    )


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


def write_texts(folder, m=30):
    for kind, words in (("ham", "see you at home tonight"), ("spam", "win a free prize now")):
        (folder / kind).mkdir(parents=True)
        for at in range(m):
            text = " ".join(np.random.default_rng(at).permutation([*words.split(), "and", "the"]))
            (folder / kind / f"{at}.txt").write_text(text)
    return folder


def test_a_folder_of_texts_a_sub_folder_a_class(tmp_path):
    folder = write_texts(tmp_path / "mail")
    (folder / "ham" / "odd.txt").write_bytes(b"caf\xe9 au lait")
    (folder / "ham" / "a.pdf").write_text("x")
    (folder / "spam" / "empty.txt").write_text("")
    model = onelayer.train(folder, **FIXED)
    audit = model.card.audit
    assert audit.read == 61
    assert audit.unit == "texts"
    assert sorted(audit.left_out) == [
        ("ham/a.pdf", "is no .txt file"),
        ("ham/odd.txt", "is not UTF-8"),
    ]
    assert "missing in mail: text 1" in audit.notes
    assert model.predict(["you win a prize", "dinner at home"]).tolist() == ["spam", "ham"]
    assert model.predict(folder / "ham" / "0.txt").tolist() == ["ham"]
    assert model.evaluate(write_texts(tmp_path / "more", 5)).accuracy == 1
    told = onelayer.train(folder, encoding="cp1252", **FIXED).card.audit
    assert [name for name, _ in told.left_out] == ["ham/a.pdf"]
    with pytest.raises(DataError, match=r"odd\.txt is not UTF-8 \(strict\)"):
        onelayer.train(folder, strict=True, **FIXED)
    with pytest.raises(UsageError, match="no column for target"):
        onelayer.train(folder, target="y")


def test_texts_with_parts_and_a_model_of_a_table_on_texts(tmp_path):
    for part, m in (("train", 20), ("test", 6)):
        write_texts(tmp_path / "mail" / part, m)
    model = onelayer.train(tmp_path / "mail", **FIXED)
    assert (model.card.judge, model.card.test.n) == ("the test set", 12)
    rows = [
        {"message": file.read_text(), "kind": file.parent.name}
        for file in sorted((tmp_path / "mail" / "train").rglob("*.txt"))
    ]
    of_table = onelayer.train(pd.DataFrame(rows), target="kind", text="message", **FIXED)
    assert of_table.evaluate(tmp_path / "mail" / "test").accuracy == 1


def test_the_command_line_predicts_text_files(tmp_path):
    folder, model = write_texts(tmp_path / "mail"), tmp_path / "m.safetensors"
    done = run("train", folder, "-o", model, "--C", "1", "--no-report", "--json")
    assert done.exit_code == 0, done.stderr
    found = run("predict", model, folder / "spam" / "1.txt", folder / "ham" / "2.txt", "--json")
    answers = [one["class"] for one in json.loads(found.stdout)["predictions"]]
    assert answers == ["spam", "ham"]
    whole = json.loads(run("predict", model, folder / "ham", "--json").stdout)["predictions"]
    assert [one["class"] for one in whole] == ["ham"] * 30


def test_a_report_shows_the_words_and_days_of_mistakes(tmp_path):
    frame = pd.DataFrame(
        {
            "day": pd.Timestamp("2024-01-01 10:30") + pd.to_timedelta(np.arange(200), "D"),
            "message": np.resize(["win a prize now today", "see you at home later"], 200),
            "kind": np.resize(["spam", "ham"], 200),
        }
    )
    frame["message"] += [f" extra{at % 50}" for at in range(200)]
    frame.loc[[3, 8, 20, 31], "kind"] = ["spam", "ham", "ham", "spam"]
    model = onelayer.train(frame, target="kind", **FIXED)
    cells = model.inputs.cells(model.rows(frame.iloc[[5]]).toarray())
    assert cells[0][0] == "2024-01-06 10:30"
    assert {"see", "you", "home"} <= {*cells[0][1].split(", ")}
    model.report(tmp_path / "report.html")
    assert "prize" in (tmp_path / "report.html").read_text()


def test_several_tables_are_one(tmp_path):
    frame = customers()
    frame[:30].to_csv(tmp_path / "a.csv", index=False)
    frame[30:60][["left", "town", "fee"]].to_csv(tmp_path / "b.csv", index=False, sep=";")
    frame[60:].to_parquet(tmp_path / "c.parquet")
    paths = [str(tmp_path / name) for name in ("a.csv", "b.csv", "c.parquet")]
    expected = onelayer.train(frame, target="left", **FIXED)
    for source in (paths, tmp_path):
        model = onelayer.train(source, target="left", **FIXED)
        np.testing.assert_array_equal(model.coef, expected.coef)
        assert "3 tables, one after the other: a.csv, b.csv, c.parquet" in model.card.audit.notes
    np.testing.assert_array_equal(model.predict_proba(tmp_path), expected.predict_proba(frame))
    place = tmp_path / "models"
    place.mkdir()
    command = ("train", *paths, "--target", "left", "-o", place / "m.safetensors", "--no-report")
    assert run(*command).exit_code == 0
    assert run(*command).exit_code == 0  # the same source again
    refused = run(*command[:2], *command[4:])
    assert refused.exit_code == 2
    assert "did not come from" in refused.stderr


def test_tables_with_other_columns_are_no_table(tmp_path):
    frame = customers()
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.rename(columns={"fee": "price"}).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match=r"b\.csv lacks fee and has price more, beside .*a\.csv"):
        onelayer.train(tmp_path, target="left")
    with pytest.raises(FileNotFoundError):
        onelayer.train([tmp_path / "a.csv", tmp_path / "none.csv"], target="left")


def test_tables_called_train_and_test_are_parts(tmp_path):
    frame = customers(120)
    frame[:80].to_csv(tmp_path / "train.csv", index=False)
    frame[80:].to_csv(tmp_path / "test.csv", index=False)
    model = onelayer.train(tmp_path, target="left", **FIXED)
    assert (model.card.judge, model.card.test.n) == ("the test set", 40)
    frame[80:].drop(columns="left").to_csv(tmp_path / "test.csv", index=False)
    model = onelayer.train(tmp_path, target="left", **FIXED)
    assert model.card.test.n == 16
    assert "test.csv has no part in training or judging" in model.card.audit.notes
    (tmp_path / "train.csv").rename(tmp_path / "validation.csv")
    with pytest.raises(DataError, match="has tables called val, and none called train"):
        onelayer.train(tmp_path, target="left")


def write_workbook(path, **sheets):
    with pd.ExcelWriter(path) as writer:
        for name, frame in sheets.items():
            frame.to_excel(writer, sheet_name=name, index=False)
    return path


def test_a_workbook_is_a_table_whose_cells_have_types(tmp_path):
    frame = customers().assign(day=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(90), "D"))
    frame["mixed"] = [1 if at % 2 else "many" for at in range(90)]
    path = write_workbook(tmp_path / "t.xlsx", Data=frame, Notes=pd.DataFrame({"a": ["read me"]}))
    model = onelayer.train(path, target="left", **FIXED)
    expected = onelayer.train(frame, target="left", **FIXED)
    np.testing.assert_array_equal(model.coef, expected.coef)
    assert "sheet 'Data' is read; not 'Notes'" in model.card.audit.notes
    assert [column.kind for column in model.columns] == ["number", "category", "date", "category"]
    np.testing.assert_array_equal(model.predict_proba(path), expected.predict_proba(frame))


def test_what_is_no_workbook_is_said(tmp_path, monkeypatch):
    (tmp_path / "t.xlsx").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"t\.xlsx is damaged, or no Excel workbook"):
        onelayer.train(tmp_path / "t.xlsx", target="b")
    write_workbook(tmp_path / "e.xlsx", Empty=pd.DataFrame())
    with pytest.raises(DataError, match=r"e\.xlsx has no cells"):
        read_workbook(tmp_path / "e.xlsx", header=True)
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'onelayer\[excel\]'"):
        read_workbook(tmp_path / "e.xlsx", header=True)


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def pictures(m=12):
    random, files = np.random.default_rng(0), {}
    for kind, shade in (("cat", 90), ("dog", 160)):
        for at in range(m):
            pixels = random.normal(shade, 30, (8, 8, 3)).clip(0, 255).astype(np.uint8)
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
            files[f"photos/{kind}/{at}.png"] = file.getvalue()
    return files


def test_an_archive_is_what_lies_in_it(tmp_path):
    archive = write_zip(tmp_path / "p.zip", {**pictures(), "__MACOSX/photos/._x": b"x"})
    model = onelayer.train(archive, **FIXED)
    assert model.card.source == model.card.audit.source == str(archive)
    assert model.card.audit.read == 24
    table = write_zip(tmp_path / "t.zip", {"t.csv": customers().to_csv(index=False)})
    expected = onelayer.train(customers(), target="left", **FIXED)
    np.testing.assert_array_equal(onelayer.train(table, target="left", **FIXED).coef, expected.coef)


def test_tables_in_an_archives_only_folder_are_found_beside_what_is_said_of_them(tmp_path):
    half = {f"data/{name}.csv": customers().to_csv(index=False) for name in "ab"}
    both = onelayer.train(
        write_zip(tmp_path / "t.zip", {**half, "README.md": "x"}), target="left", **FIXED
    )
    assert both.card.audit.read == 2 * len(customers())


def test_a_folder_without_files_is_called_that(tmp_path):
    with pytest.raises(UsageError, match=r"is no table, .* but a folder without files: "):
        onelayer.train(tmp_path, target="y")


def test_an_archive_leaves_nothing_behind_and_writes_nowhere_else(tmp_path, monkeypatch):
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    archive = write_zip(tmp_path / "p.zip", {**pictures(), "../../outside.txt": b"x"})
    onelayer.train(archive, **FIXED)
    assert not list(room.iterdir())
    assert not (tmp_path / "outside.txt").exists()
    assert not Path("outside.txt").exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"p\.zip holds no files"),
        ({"photos/cat/1.png": b"x"}, r"p\.zip"),
        (
            {"a/t.csv": b"x,y\n", "b/u.csv": b"x,y\n", "README": b"x"},
            r"p\.zip is no table, .csv or .parquet, but a folder with a/t.csv and other files",
        ),
    ],
)
def test_errors_call_an_archive_by_its_name(tmp_path, files, message):
    archive = write_zip(tmp_path / "p.zip", files)
    with pytest.raises((DataError, UsageError), match=message) as caught:
        onelayer.train(archive, target="y")
    assert "onelayer-zip-" not in str(caught.value)


def test_damaged_archives_are_refused(tmp_path, monkeypatch):
    archive = write_zip(tmp_path / "p.zip", pictures())
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Room", (), {"free": 10}))
    with pytest.raises(DataError, match=r"holds 24 files of [\d,]+ bytes, and .* has room for 10"):
        onelayer.train(archive)
    archive.write_bytes(archive.read_bytes()[:-60])
    with pytest.raises(DataError, match=r"p\.zip is damaged, or no \.zip file"):
        onelayer.train(archive)


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        (
            np.arange(90) % 6,
            "rate: 6 whole numbers, taken as classes: that 1 lies between 0 and 2 ",
        ),
        (np.arange(90) % 3 + 3, "rate: 3 whole numbers, taken as classes: that 4 lies between 3 "),
        (np.arange(90) % 2, ""),
        (np.array(["a", "b", "c"])[np.arange(90) % 3], ""),
    ],
)
def test_a_target_that_may_rate_is_said_to_be_classes(rates, said):
    model = onelayer.train(customers().assign(rate=rates), target="rate", **FIXED)
    notes = [note for note in model.card.audit.notes if "taken as classes" in note]
    assert len(notes) == bool(said)
    assert all(note.startswith(said) for note in notes)


def sheet_of(book, rows=60, title=None):
    sheet = book.active if title is None else book.create_sheet(title)
    sheet.append(["a", "g", "y"])
    for k in range(rows):
        sheet.append([k % 17 / 3, "xyz"[k % 3], "pq"[k % 17 > 8]])
    return sheet


def read_notes(path):
    return onelayer.train(path, target="y", **FIXED).card.audit.notes


def test_what_a_sheet_says_beside_its_values_is_said(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = sheet_of(book)
    sheet["D1"], sheet["E1"] = "twice", "took"
    for row in range(2, 62):
        sheet[f"E{row}"] = dt.timedelta(seconds=90 * row)
        if row < 60:
            sheet[f"D{row}"] = f"=A{row}*2"
    sheet["D60"] = sheet["D61"] = 3
    sheet.merge_cells("B2:B4")
    book.save(tmp_path / "t.xlsx")
    notes = read_notes(tmp_path / "t.xlsx")
    assert (
        "58 formulas of sheet 'Sheet' have no value yet, and count as missing: open the workbook, "
        "save it, and its values are there"
    ) in notes
    assert "merged cells of sheet 'Sheet' count as missing but for the first: B2:B4" in notes
    assert "durations of sheet 'Sheet' are numbers of seconds" in notes
    table, _ = read_workbook(tmp_path / "t.xlsx", header=True)
    assert table["took"].to_pylist()[:2] == [180.0, 270.0]


def test_formulas_with_their_values_are_no_news(tmp_path):
    """As Excel writes them, whichever way around attributes and blanks."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet_of(book)["D2"] = "=A2*2"
    book.save(tmp_path / "t.xlsx")
    with zipfile.ZipFile(tmp_path / "t.xlsx") as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    where = "xl/worksheets/sheet1.xml"
    for uncomputed in (b"<v></v>", b"<v />", b"<v/>", b""):
        for value in (uncomputed, b"<v>4.5</v>"):
            cell = b'<f t="shared" si="0">A2*2</f>' + value + b"</c>"
            changed = re.sub(rb"<f>A2\*2</f>.*?</c>", lambda _, cell=cell: cell, parts[where])
            assert changed != parts[where]
            with zipfile.ZipFile(tmp_path / "c.xlsx", "w") as packed:
                for name, content in parts.items():
                    packed.writestr(name, changed if name == where else content)
            said = any("1 formula of" in note for note in read_notes(tmp_path / "c.xlsx"))
            assert said == (value == uncomputed)


def test_a_hidden_sheet_comes_after_those_that_are_seen(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet_of(book, rows=40).sheet_state = "hidden"
    sheet_of(book, rows=50, title="seen")
    book.active = 1
    book.save(tmp_path / "t.xlsx")
    model = onelayer.train(tmp_path / "t.xlsx", target="y", **FIXED)
    assert model.card.audit.read == 50
    assert "sheet 'seen' is read; not 'Sheet' (hidden)" in model.card.audit.notes


def test_workbooks_that_are_none_say_what_they_are(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet_of(book)
    book.save(tmp_path / "whole.xlsx")
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(tmp_path / "cut.xlsx", "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content[:-50] if name.endswith("sheet1.xml") else content)
    (tmp_path / "old.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    (tmp_path / "none.xlsx").write_bytes(b"")
    (tmp_path / "text.xlsx").write_text("a,y\n1,p\n2,q\n")
    for name, said in {
        "cut": "is damaged, or no Excel workbook: ",
        "old": "is protected by a password, or an old workbook, .xls: save it as .xlsx without",
        "none": "is empty: expected an Excel workbook",
        "text": "is damaged, or no Excel workbook: if it is text, name it .csv",
    }.items():
        with pytest.raises(DataError, match=rf"{name}\.xlsx {said}"):
            onelayer.train(tmp_path / f"{name}.xlsx", target="y")


def test_durations_are_no_dates():
    frame = customers().assign(took=pd.to_timedelta(np.arange(90), unit="h"))
    with pytest.raises(DataError, match=r"column 'took' holds duration.*: make a number of it, as"):
        onelayer.train(frame, target="left", **FIXED)
