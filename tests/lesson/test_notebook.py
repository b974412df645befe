"""The lecture as a notebook: valid, complete, and every cell runs."""

import ast
import json
import os
import re
import warnings
from pathlib import Path

import pytest

from onelayer import lesson
from onelayer.lesson.blanks import BLANKS
from onelayer.lesson.notebook import CELLS, CodeCell, Prose, as_json

SRC = Path(lesson.__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def executed():
    """The notebook after a run from top to bottom in a kernel of its own."""
    import nbclient
    import nbformat

    found = nbformat.reads(as_json(), as_version=4)
    nbformat.validate(found)
    variables = {"PYTHONPATH": str(SRC), "OMP_NUM_THREADS": "1", "MPLBACKEND": ""}
    kept = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the kernel's machinery warns of its own parts
            nbclient.NotebookClient(found, timeout=120, kernel_name="python3").execute()
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return found


def _printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def test_every_code_cell_runs_without_a_word_of_complaint(executed):
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert all(output.get("name") != "stderr" for cell in code for output in cell.outputs)


def test_what_it_says_is_what_it_computes(executed):
    printed = "".join(_printed(cell) for cell in executed.cells if cell.cell_type == "code")
    assert "cost at zero: 0.693147180559945" in printed
    assert "gradient check passed" in printed
    assert "times faster. Both agree" in printed
    assert "(5, 5)  where (5, 1) was meant" in printed
    assert "Mend it: w = w.reshape(-1, 1)" in printed
    assert "right on 97.4% of training and 94.5% of the test" in printed
    for name in BLANKS.keys() - {"classifier"}:
        assert f"check({name}): 1 finding" in printed
    assert "right: 11 of 24" in printed
    assert "right: 24 of 24" in printed


def test_every_figure_is_drawn(executed):
    pictures = sum(
        "image/png" in output.get("data", {})
        for cell in executed.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    assert pictures == 12


def test_it_follows_the_lecture():
    headings = [
        heading
        for cell in CELLS
        if isinstance(cell, Prose)
        for heading in re.findall(r"^## \d+\. (.*)$", cell.text, re.MULTILINE)
    ]
    assert headings == [
        "One neuron",
        "What should the output be?",
        "The loss of one example",
        "The cost of all examples",
        "Gradient descent",
        "The computation graph",
        "Loops against vectors",
        "A picture is a column",
        "Broadcasting, and arrays of rank 1",
        "Is it an 8?",
        "What one neuron cannot do",
    ]


def test_the_lesson_is_all_that_it_takes_from_this_package():
    for cell in CELLS:
        if not isinstance(cell, CodeCell):
            continue
        tree = ast.parse(re.sub(r"^%.*$", "", cell.text, flags=re.MULTILINE))
        names = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "lesson"
        }
        assert names <= {*lesson.__all__}


def test_it_is_stored_without_outputs_and_always_the_same():
    cells = json.loads(as_json())["cells"]
    assert as_json() == as_json()
    assert len(cells) == len(CELLS)
    assert all(cell.get("outputs", []) == [] for cell in cells)
    assert len({cell["id"] for cell in cells}) == len(cells)
