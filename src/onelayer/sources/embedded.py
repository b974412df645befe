"""The sets that come with the package's dependencies, by name."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, final

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.inputs import Inputs, PictureInputs, RowInputs
from onelayer.inputs.examples import Examples
from onelayer.readers import Audit, Preprocessing, read_picture
from onelayer.settings import Mode, Settings
from onelayer.sources.encoded import asked_encoder, encoded
from onelayer.sources.source import Like, Source, digest

NAMES = ("breast_cancer", "digits")


@final
class EmbeddedSet(Source):
    """`digits`, 8 x 8 grey pictures, or `breast_cancer`, 30 numbers; a path of that name wins."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """By its name."""
        del settings
        return isinstance(given, str) and given in NAMES and not Path(given).exists()

    @property
    def identity(self) -> str:
        """By the name."""
        return digest(f"set:{self.given}".encode())

    def read(self, part: str | None, like: Like | None = None) -> Examples:
        """Read all of it; it has no parts."""
        del part
        self.require_no_columns(like, "encoding")
        data, y, inputs = self._digits() if self.given == "digits" else self._breast_cancer()
        classes, labels = np.unique(y, return_inverse=True)
        if like is not None and [str(name) for name in like.classes] != classes.tolist():
            raise DataError(
                f"{self.given} has the classes {', '.join(classes)}; "
                f"the model knows {', '.join(map(str, like.classes))}"
            )
        counts = Counter(classes[labels].tolist())
        by_class = {name: counts[name] for name in classes.tolist()}
        examples = Examples(
            whole=data.reshape(len(data), -1),
            labels=labels,
            classes=classes,
            names=np.arange(len(data)).astype(str),
            inputs=inputs,
            audit=Audit(self.given, len(data), inputs.unit, by_class),
        )
        encoder = asked_encoder(self.settings, like)
        if encoder is not None and data.ndim != 4:
            raise UsageError(f"{self.given} holds no pictures, which an encoder makes features of")
        return examples if encoder is None else encoded(examples, data, encoder)

    def _digits(self) -> tuple[np.ndarray, np.ndarray, Inputs]:
        """scikit-learn's handwritten digits as the pictures that they are: 8 x 8, grey."""
        pictures, labels = digit_pictures()
        size, fit = self.settings.size or 8, self.settings.fit
        mode: Mode = self.settings.mode or "L"
        how = Preprocessing.of_size(size, mode, fit)
        if (size, mode) == (8, "L"):
            return (
                pictures[..., None],
                labels,
                PictureInputs(how),
            )  # which reading them as files would give
        images = [read_picture(_png(picture), size, mode, fit) for picture in pictures]
        return np.stack(images), labels, PictureInputs(how)

    def _breast_cancer(self) -> tuple[np.ndarray, np.ndarray, Inputs]:
        """scikit-learn's breast cancer set: 30 measurements of 569 tumours."""
        from sklearn.datasets import load_breast_cancer

        if self.settings.size is not None:
            raise UsageError("breast_cancer is a table, not a folder of pictures: it has no size")
        found = load_breast_cancer()
        named = tuple(found.feature_names.tolist())
        inputs = RowInputs(len(named), named=named, how="standard")
        return found.data, found.target_names[found.target], inputs


def digit_pictures() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's handwritten digits as uint8 (1797, 8, 8), 16 shades made 0 to 255, and labels.

    The labels are text, (1797,).
    """
    rows = _digits_as_kept()
    pictures = rows[:, :-1].reshape(-1, 8, 8)
    return np.rint(pictures * (255 / 16)).astype(np.uint8), rows[:, -1].astype(int).astype(str)


def _digits_as_kept() -> np.ndarray:
    """(1797, 65), shades 0 to 16 and the label: from scikit-learn's file, which it lies in.

    Read by its name, as importing scikit-learn takes longer than the whole training; where the file
    has another, scikit-learn reads it.
    """
    found = find_spec("sklearn")
    for folder in (found and found.submodule_search_locations) or ():
        file = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if file.exists():
            return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits

    data, labels = load_digits(return_X_y=True)
    return np.column_stack([data, labels])


def _png(picture: np.ndarray) -> bytes:
    from PIL import Image

    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()
