"""A folder with a sub-folder of pictures for each class, or with train/, val/ and test/."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, final

import numpy as np

from onelayer.designs import in_memory_or_on_disk
from onelayer.inputs import PictureInputs
from onelayer.inputs.examples import Examples
from onelayer.readers.pictures.kept_pixels import read_kept
from onelayer.readers.pictures.reading import read_folder
from onelayer.settings import Settings
from onelayer.sources.encoded import FileFeatures, asked_encoder
from onelayer.sources.source import Like, place_of
from onelayer.sources.split_folder import SplitFolder


@final
class PictureFolder(SplitFolder):
    """Pictures by class, in folders."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """Any folder that is nothing else."""
        del settings
        return isinstance(given, (str, Path)) and Path(given).is_dir()

    def read(self, part: str | None, like: Like | None = None) -> Examples:
        """Read the pictures of a part, of one size."""
        self.require_no_columns(like, "encoding")
        size, mode, fit = self.settings.size, self.settings.mode, self.settings.fit
        encoder = asked_encoder(self.settings, like)
        to = None if like is None else like.inputs.preprocessing
        to = to if encoder is None else encoder.spec.preprocessing
        if to is not None:
            size, mode, fit = (to.height, to.width), to.mode, to.fit
        reading = None if encoder is None else FileFeatures(encoder, self._told("encoding"))
        found = read_folder(
            self.of_part(part),
            (size, mode or "RGB", fit),
            reading or partial(read_kept, progress=self._told("reading")),
            classes=None if like is None else [str(label) for label in like.classes],
            strict=self.settings.strict,
        )
        rows = found.images.reshape(len(found.images), -1)
        examples = Examples(
            whole=in_memory_or_on_disk(rows, self.settings.memory),
            labels=found.labels,
            classes=np.array(found.classes),
            names=np.array([path.as_posix() for path in found.paths]),
            inputs=PictureInputs(found.preprocessing),
            audit=found.audit,
        )
        notes = (*found.audit.notes, *place_of(examples.whole, self.given))
        examples = replace(examples, audit=replace(found.audit, notes=notes))
        return examples if reading is None else reading.examples(examples)

    def _told(self, stage: str) -> Callable[[int, int], None]:
        return partial(self.progress, stage)
