"""Reports and the lecture from the command line: what is written, and what is refused."""

import json
import resource

import numpy as np
import pytest


def test_train_writes_a_report_beside_the_model(onelayer, hard, tmp_path):
    done = onelayer("train", hard, "-o", tmp_path / "m.safetensors", "--C", 0.01)
    assert done.code == 0
    assert f"Report: {tmp_path / 'm.html'}\n" in done.out
    assert (tmp_path / "m.html").read_text().startswith("<!doctype html>")
    header = "file,label,predicted,probability_of_label,relabel\n"
    assert (tmp_path / "m.mistakes.csv").read_text().startswith(header)


def test_the_report_can_be_named_or_refused(onelayer, hard, tmp_path):
    output, other = tmp_path / "m.safetensors", tmp_path / "other.html"
    done = onelayer("train", hard, "-o", output, "--C", 0.01, "--report", other, "--json")
    assert done.json["report"] == str(other)
    assert other.exists()
    none = onelayer("train", hard, "-o", output, "--C", 0.01, "--no-report", "--json")
    assert none.json["report"] is None
    assert not (tmp_path / "m.html").exists()
    both = onelayer("train", hard, "-o", output, "--report", other, "--no-report")
    assert both.code == 2
    assert "--report and --no-report contradict each other" in " ".join(both.err.split())


def test_what_the_report_advises_first_is_said_after_training(onelayer, tmp_path):
    random = np.random.default_rng(0)
    kind = random.choice(["good", "bad"], 300)
    lines = [f"{k},{(k == 'good') + random.normal():.3f},{len(k)}" for k in kind]
    (tmp_path / "t.csv").write_text("kind,size,letters\n" + "\n".join(lines))
    arguments = ["train", tmp_path / "t.csv", "--target", "kind", "--overwrite"]
    done = onelayer(*arguments, "-o", tmp_path / "m.safetensors")
    said = [line for line in done.out.splitlines() if line.startswith("Next: ")]
    assert len(said) == 1
    assert said[0].startswith("Next: letters nearly decides the answer alone. If it is known only")
    assert "train without it (--drop letters)" in " ".join(done.out.split())
    as_json = onelayer(*arguments, "-o", tmp_path / "m.safetensors", "--json").json["findings"]
    assert as_json[0]["kind"] == "leak"
    assert as_json[0]["title"] == "letters nearly decides the answer alone"
    page = (tmp_path / "m.html").read_text()
    assert all(f"<h3>{one['title']}</h3>" in page for one in as_json)
    unasked = onelayer(*arguments, "-o", tmp_path / "m.safetensors", "--no-report", "--json")
    assert unasked.json["findings"] is None


def test_a_page_of_another_source_is_not_overwritten(onelayer, hard, colours, tmp_path):
    report = tmp_path / "report.html"
    arguments = ["--C", 0.01, "--report", report]
    assert onelayer("train", hard, "-o", tmp_path / "a.safetensors", *arguments).code == 0
    assert onelayer("train", hard, "-o", tmp_path / "a.safetensors", *arguments).code == 0
    before = report.read_bytes()
    refused = onelayer("train", colours, "-o", tmp_path / "b.safetensors", *arguments)
    assert refused.code == 2
    assert refused.err == (
        f"error: {report} exists and is no report on {colours}: give another name with --report, "
        "or --overwrite, or --no-report\n"
    )
    assert report.read_bytes() == before
    assert not (tmp_path / "b.safetensors").exists()
    again = onelayer("train", colours, "-o", tmp_path / "b.safetensors", *arguments, "--overwrite")
    assert again.code == 0


def test_a_table_that_no_report_wrote_is_left_alone(onelayer, colours, tmp_path):
    (tmp_path / "m.mistakes.csv").write_text("my,own\n1,2\n")
    refused = onelayer("train", colours, "-o", tmp_path / "m.safetensors")
    assert refused.code == 2
    assert "m.mistakes.csv exists and no report wrote it: move it" in refused.err
    assert (tmp_path / "m.mistakes.csv").read_text() == "my,own\n1,2\n"


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ("m.safetensors", "cannot be both the model and the report: give two names"),
        ("nowhere/r.html", "nowhere is no folder: make it first"),
        (".", "is a folder: name the"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused_before_training(
    onelayer, colours, tmp_path, monkeypatch, report, message
):
    monkeypatch.chdir(tmp_path)
    done = onelayer("train", colours, "-o", "m.safetensors", "--report", report)
    assert done.code == 2
    assert message in done.err
    assert not (tmp_path / "m.safetensors").exists()


def test_evaluate_reports_on_other_data(onelayer, model_file, colours, tmp_path):
    report = tmp_path / "r.html"
    done = onelayer("evaluate", model_file, colours, "--report", report)
    assert done.code == 0
    assert done.out.endswith(f"Report: {report}\nMistakes: {tmp_path / 'r.mistakes.csv'}\n")
    assert "Right on 40 of 40 pictures of " in report.read_text()
    assert "report" not in onelayer("evaluate", model_file, colours, "--json").json
    named = onelayer("evaluate", model_file, colours, "--report", report, "--json")
    assert named.json["report"] == str(report)


def test_the_lecture_is_written_and_not_overwritten(onelayer, tmp_path):
    path = tmp_path / "lecture.ipynb"
    done = onelayer("lesson", "--notebook", path)
    assert done.code == 0
    assert done.out.startswith(f"Written: {path}, ")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert cells[0]["source"][0] == "# Logistic regression is one neuron\n"
    path.write_text("changed")
    refused = onelayer("lesson", "--notebook", path)
    assert refused.code == 2
    assert refused.err == (
        f"error: {path} exists, and what was changed in it would be lost: give another name, "
        "or --overwrite\n"
    )
    assert path.read_text() == "changed"
    found = onelayer("lesson", "--notebook", path, "--overwrite", "--json").json
    assert found == {"notebook": str(path), "cells": len(cells)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--notebook", "/"], "/ is a folder: name the file"),
        (["--export", "/"], "/ is a folder: name the file"),
        (["--notebook", "nowhere/l.ipynb"], "nowhere is no folder: make it first"),
        (["--notebook", "l.html"], "l.html would not open as what it is: give a name"),
        (["--export", "l.ipynb"], "l.ipynb would not open as what it is"),
        (["--export", "lesson"], "lesson would not open as what it is"),
    ],
)
def test_a_lecture_without_a_place_says_what_is_due(onelayer, arguments, message):
    done = onelayer("lesson", *arguments)
    assert done.code == 2
    assert message in done.err


@pytest.mark.shared
def test_500_photographs_from_bytes_to_model_and_report_within_15_seconds(
    process, shared, tmp_path
):
    """Seconds of a processor, which a busy machine does not stretch as it does the clock's."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = process("train", shared / "data" / "flowers", "-o", tmp_path / "m.safetensors", "--json")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
    assert done.json["examples"] == 500
    assert done.json["test"]["accuracy"] > 0.3  # five classes: 0.2 by guessing
    assert done.json["report"] == str(tmp_path / "m.html")
    assert (tmp_path / "m.html").stat().st_size < 3_000_000
    assert len((tmp_path / "m.mistakes.csv").read_text().splitlines()) == 21
    assert seconds < 15
