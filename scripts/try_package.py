"""Use the installed package as a stranger would.

python scripts/try_package.py WHOLE LIGHT FROM_SOURCE

WHOLE is an environment with all dependencies, LIGHT one with what `predict` alone needs, and
FROM_SOURCE one with the source distribution and nothing else.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURES = """
from pathlib import Path
from PIL import Image
from sklearn.datasets import load_digits

digits = load_digits()
for number in range(300):
    folder = Path("digits", str(digits.target[number]))
    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray((digits.images[number] * 15.9).astype("uint8"))
    picture.save(folder / f"{number:03}.png")
"""
FILES = """
import onelayer, pathlib
house = pathlib.Path(onelayer.__file__).parent
files = [path for path in house.rglob("*") if path.is_file() and path.suffix != ".pyc"]
print(*sorted(str(path.relative_to(house)) for path in files))
"""
CPU = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"
SLOWER = 1.5
"""How much longer than NumPy's own the import of the package may take, with 20 ms on top."""


def run(environment: Path, *words: str, folder: Path) -> str:
    """What a program of the environment prints; it must end well."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [environment / "bin" / words[0], *words[1:]],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)} in {environment.name}: {done.stderr}")
    return done.stdout


def try_whole(whole: Path, folder: Path) -> None:
    """Train, judge and predict."""
    run(whole, "python", "-c", PICTURES, folder=folder)
    said = run(whole, "onelayer", "train", "digits/", "-o", "m.safetensors", folder=folder)
    print(next(line for line in said.splitlines() if line.startswith("test ")))
    run(whole, "onelayer", "evaluate", "m.safetensors", "digits/", folder=folder)


def try_light(whole: Path, light: Path, folder: Path) -> None:
    """Predict where little is installed, as elsewhere, and be told what is missing."""
    words = ("onelayer", "predict", "m.safetensors", "digits/", "--json")
    if run(light, *words, folder=folder) != run(whole, *words, folder=folder):
        sys.exit("predict answers otherwise where little is installed")
    Path(folder / "t.csv").write_text("a,b\n1,2\n")
    done = subprocess.run(
        [light / "bin/onelayer", "train", "t.csv", "--target", "b", "-o", "t", "--no-report"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 1 or "which is not installed" not in done.stderr:
        sys.exit(f"training where little is installed: {done.stderr}")


def try_import(whole: Path, folder: Path) -> None:
    """The import costs about as much as NumPy's."""
    numpy, ours = (
        min(float(run(whole, "python", "-c", CPU.format(name), folder=folder)) for _ in range(5))
        for name in ("numpy", "onelayer")
    )
    print(f"CPU time of import numpy: {numpy:.3f} s, of import onelayer: {ours:.3f} s")
    if ours > SLOWER * numpy + 0.02:
        sys.exit("import onelayer takes too long")


def main() -> None:
    """Try all three."""
    whole, light, from_source = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try_whole(whole, folder)
        try_light(whole, light, folder)
        try_import(whole, folder)
        wheel, source = (
            run(at, "python", "-c", FILES, folder=folder) for at in (whole, from_source)
        )
        if wheel != source or "py.typed" not in wheel:
            sys.exit("the source distribution makes another package than the wheel")
    print("tried: train, evaluate, predict; predict where little is installed; the sources")


if __name__ == "__main__":
    main()
