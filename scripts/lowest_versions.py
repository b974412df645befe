"""Print the lowest version of every dependency and extra that pyproject.toml allows, one a line."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def lowest_versions() -> dict[str, str]:
    """Return the lowest versions by name; a package that is named twice must have one."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    lowest: dict[str, str] = {}
    for needed in [*project["dependencies"], *(one for extra in extras for one in extra)]:
        name, version = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?>=([\w.]+)", needed).groups()
        if lowest.setdefault(name, version) != version:
            raise SystemExit(f"{name} has two lower bounds: {lowest[name]} and {version}")
    return lowest


if __name__ == "__main__":
    for name, version in lowest_versions().items():
        print(f"{name}=={version}")
