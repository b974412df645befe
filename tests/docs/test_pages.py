"""The pages: every example runs as it stands and prints what is shown, every name has its place."""

import re
from pathlib import Path

import pytest

import command_pages
import from_code
import page_blocks
import python_pages
from onelayer import displays
from onelayer.lesson import figures

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

PAGES = sorted(path for path in DOCS.rglob("*.md") if "made" not in path.parts)
NEEDS = {
    "tasks/serving.md": "fastapi",
    "tasks/export.md": "onnxruntime",
    "tasks/cluster.md": "distributed",
}


def name(path):
    return str(path.relative_to(DOCS))


def examples(path):
    return page_blocks.blocks_of(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [path for path in PAGES if examples(path)], ids=name)
@pytest.mark.filterwarnings("ignore:.*Any type hint:UserWarning")  # of MLflow's own import
def test_examples_print_what_is_shown(path, tmp_path, monkeypatch):
    if name(path) in NEEDS:
        pytest.importorskip(NEEDS[name(path)])
    monkeypatch.chdir(tmp_path)
    for block, printed in page_blocks.run_page(examples(path)):
        if block.shown is not None:
            wrong = page_blocks.differences(block.shown, printed)
            assert not wrong, f"{name(path)}, line {block.line}"
        elif block.language == "python":
            assert not printed, f"{name(path)}, line {block.line} shows not what it prints"


def test_most_pages_have_examples():
    counts = [len(examples(path)) for path in PAGES]
    assert sum(counts) >= 40


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("0.123 yes", "0.124 yes", True),
        ("0.123 yes", "0.126 yes", False),
        ("0.123 yes", "0.123 no", False),
        ("12 rows", "13 rows", False),
        ("1,438 rows, 0.08 s", "1,438 rows, 0.09 s", True),
        ("Solved in 3 steps, ... s.", "Solved in 3 steps, 0.31 s.", True),
        ("4.70886400900998e-12", "4.70886400911111e-12", True),
        ("4.70886400900998e-12", "4.71886400900998e-12", False),
        ("a   b", "a b", True),
    ],
)
def test_a_line_is_as_shown_but_for_rounding(shown, printed, same):
    assert page_blocks.like(shown, printed) is same


def test_lines_may_be_left_out_where_the_page_says_so():
    assert page_blocks.differences("a\n...\nc", "a\nb\nb\nc") == []
    assert page_blocks.differences("a\n...", "a\nb") == []
    assert page_blocks.differences("a\nc", "a\nb\nc")
    assert page_blocks.differences("a\nb\nc", "a\nb")


def test_every_public_name_has_a_place_in_the_reference():
    text = "".join(python_pages.python_pages().values())
    for module in python_pages.MODULES:
        for public in python_pages.public_names(module):
            assert re.search(rf":: {re.escape(module)}\.{public}$", text, re.MULTILINE), public


def test_every_option_has_a_place_in_the_reference():
    pages = command_pages.command_pages()
    for name_of, command in command_pages.commands_of_the_program().items():
        for parameter in command.params:
            first = max([*parameter.opts, *parameter.secondary_opts], key=len)
            if parameter.param_type_name == "option":
                assert f".. option:: {first}" in pages[name_of], (name_of, first)


def test_what_a_help_text_says_is_text():
    plain = command_pages._plain("as tcp://127.0.0.1:8786,\n or *none* of `m_`")
    assert plain == r"as tcp\://127.0.0.1:8786, or \*none\* of \`m\_\`"


def test_docstrings_are_read_as_text():
    given = [
        "z = X W, J* the least.",
        "",
        "    J = a * b",
        "",
        "Use `C=inf` and coef_.",
        "",
        ">>> 1",
    ]
    assert from_code.as_restructured(given) == [
        "z = X W, J\\* the least.",
        "",
        "::",
        "",
        "    J = a * b",
        "",
        "Use ``C=inf`` and coef\\_.",
        "",
        "Examples",
        "--------",
        ">>> 1",
    ]


def test_files_that_pages_name_are_there():
    for path in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{name(path)}: {target}"


@pytest.mark.parametrize("module", [figures, displays], ids=["lesson", "displays"])
def test_the_gallery_shows_every_figure(module):
    drawn = "".join(path.read_text() for path in (DOCS / "gallery").rglob("*.py"))
    assert [one for one in module.__all__ if not re.search(rf"\b{one}\b", drawn)] == []
