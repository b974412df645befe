"""Write scikit-learn's handwritten digits as PNG pictures, a sub-folder a class.

python scripts/write_digits.py FOLDER
"""

import sys
from pathlib import Path

from PIL import Image

from onelayer.sources.embedded import digit_pictures


def write_digits(folder: Path) -> int:
    """Write `folder/<class>/<number>.png`; the number of pictures."""
    pictures, labels = digit_pictures()
    for label in sorted(set(labels.tolist())):
        (folder / label).mkdir(parents=True, exist_ok=True)
    for number, (picture, label) in enumerate(zip(pictures, labels.tolist(), strict=True)):
        Image.fromarray(picture).save(folder / label / f"{number:04}.png")
    return len(pictures)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    print(f"{write_digits(target)} pictures written to {target}")
