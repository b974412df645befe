"""What strangers see: names that type checkers know, versions and files that agree."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import onelayer
from onelayer.cli.outcome import _in_words as in_words
from onelayer.errors import MissingExtraError

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("module", ["onelayer", "onelayer.displays", "onelayer.model"])
def test_names_that_are_loaded_late_are_known_to_type_checkers(module):
    path = Path(onelayer.__file__).parent / Path(*module.split(".")[1:]) / "__init__.py"
    tree = ast.parse(path.read_text())
    [late] = [node for node in tree.body if isinstance(node, ast.If)]
    assert ast.unparse(late.test) == "TYPE_CHECKING"
    imports = [node for node in late.body if isinstance(node, ast.ImportFrom)]
    known = {name.name for node in imports for name in node.names}
    [public] = [ast.literal_eval(n.value) for n in tree.body if _is_all(n)]
    assert known == set(public)


def _is_all(node):
    return isinstance(node, ast.Assign) and node.targets[0].id == "__all__"


def test_the_version_is_the_same_everywhere():
    version = PROJECT["version"]
    assert re.search(
        rf"^version: {re.escape(version)}$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE
    )
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def test_every_dependency_has_one_lowest_version():
    script = [sys.executable, ROOT / "scripts/lowest_versions.py"]
    printed = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    lowest = dict(line.split("==") for line in printed.splitlines())
    assert lowest["onnx"] == "1.19"  # with the evaluator of regular expressions that needs no re2
    assert len(lowest) == len(set(lowest)) >= len(PROJECT["dependencies"])


def test_what_predict_alone_needs_is_what_the_package_needs():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert set(groups["predict"]) <= set(PROJECT["dependencies"])


def test_the_public_host_calls_scripts_that_are_there():
    called = re.findall(r"run: (\S+)", (ROOT / ".github/workflows/checks.yml").read_text())
    assert sorted(called) == [".ci/run", "scripts/docs", "scripts/lowest", "scripts/package"]
    for script in called:
        assert (ROOT / script).stat().st_mode & 0o111


def test_a_package_that_is_missing_is_named_with_what_brings_it():
    missing = ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow.csv")
    told = "this needs pyarrow, which is not installed: pip install onelayer brings all"
    assert in_words(missing).startswith(told)
    extra = MissingExtraError("the prediction page needs FastAPI and uvicorn", "serve")
    assert in_words(extra).endswith("pip install 'onelayer[serve]'")
