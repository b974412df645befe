"""An exercise: a new kind of source, one file and one line of `KINDS`.

A folder of text files, each a row of numbers with its label as the file's suffix: 3.spam, 4.ham.
"""

from pathlib import Path

import numpy as np

from onelayer.inputs import RowInputs
from onelayer.inputs.examples import Examples
from onelayer.readers import Audit
from onelayer.readers.labels import encode
from onelayer.sources import Source


class NumberFiles(Source):
    """A folder called `*.numbers`."""

    @classmethod
    def takes(cls, given, settings):
        del settings
        return isinstance(given, (str, Path)) and Path(given).suffix == ".numbers"

    def read(self, part, like=None):
        del part
        files = sorted(Path(self.given).iterdir())
        X = np.array([np.loadtxt(file) for file in files])
        found = np.array([file.suffix[1:] for file in files])
        labels, classes = encode(found, None if like is None else like.classes, self.given)
        counts = np.bincount(labels, minlength=len(classes)).tolist()
        by_class = dict(zip(classes.tolist(), counts, strict=True))
        return Examples(
            whole=X,
            labels=labels,
            classes=classes,
            names=np.array([file.name for file in files]),
            inputs=RowInputs(X.shape[1], how="standard") if like is None else like.inputs,
            audit=Audit(str(self.given), len(X), by_class=by_class),
        )
