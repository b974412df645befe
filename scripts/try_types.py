"""Check programs of a user's by mypy and pyright, both strict.

The one in tests/outside that is right must pass; of the other every line marked `wrong` must fail.
"""

import re
import subprocess
import sys
from pathlib import Path

OUTSIDE = Path(__file__).resolve().parents[1] / "tests" / "outside"
HERE = Path(sys.executable).parent
CHECKERS = {
    "mypy": [HERE / "mypy", "--strict", "--no-incremental"],
    "pyright": [HERE / "pyright", "--pythonpath", sys.executable],
}


def lines_refused(checker: str, name: str) -> set[int]:
    """The numbers of the lines in which a checker finds an error."""
    done = subprocess.run(
        [*CHECKERS[checker], str(OUTSIDE / name)],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(rf"{name}:(\d+):.*error", done.stdout)
    if done.returncode and not found:
        sys.exit(f"{checker} failed: {done.stdout}{done.stderr}")
    return {int(line) for line in found}


def main() -> None:
    """Check both programs with both."""
    lines = (OUTSIDE / "mistyped_program.py").read_text().splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    for checker in CHECKERS:
        if refused := lines_refused(checker, "typed_program.py"):
            sys.exit(f"{checker} refuses lines {sorted(refused)} of typed_program.py")
        if (refused := lines_refused(checker, "mistyped_program.py")) != wrong:
            sys.exit(f"{checker} refuses lines {sorted(refused)}, not {sorted(wrong)}")
        print(f"{checker}: one program accepted, {len(wrong)} slips found")


if __name__ == "__main__":
    main()
