"""Arrays, in files and in memory, become examples: what they are, and how they are scaled."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, final

import numpy as np
from PIL import Image

from onelayer.designs import held, is_sparse, where_it_lies
from onelayer.errors import DataError, UsageError
from onelayer.inputs import Inputs, PictureInputs, RowInputs
from onelayer.inputs.base import is_path
from onelayer.inputs.examples import Examples
from onelayer.inputs.pictures import PIXEL_SCALING, pictures_in
from onelayer.memory_limits import free_memory
from onelayer.readers import Audit, Preprocessing
from onelayer.readers.arrays.kinds import (
    ArraySet,
    array_kind,
    chosen_set,
    find_arrays,
    labelled,
)
from onelayer.readers.arrays.layout import ArrayOptions
from onelayer.readers.arrays.libsvm import line_of
from onelayer.readers.labels import class_names, clean_labels, encode, label_array
from onelayer.readers.pictures.decoding import converted
from onelayer.readers.pictures.pixels import mode_of, resized
from onelayer.readers.pictures.reading import read_listed
from onelayer.readers.row_arrays import as_rows, given_rows, require_array, surveyed
from onelayer.settings import Settings
from onelayer.sources.encoded import FileFeatures, asked_encoder, encoded
from onelayer.sources.source import Like, Source, digest, place_of
from onelayer.words import size_in_words, spelt

IN_MEMORY = "arrays"
SIDE = 64
"""Pixels a side at most, where no size was asked for; as for pictures in a folder."""
PIXELS = Preprocessing(SIDE, SIDE)
"""What stands for pictures until an encoder's own takes its place."""
A_COLUMN = 200
"""Bytes of memory that a sparse column takes where a layer of one output is trained: digests of
rows, parameters, steps. *Guard*: of 5,000,000 columns 213 were taken, and of three classes 670."""
LABELS_TOGETHER = 1 << 16
"""Labels that are written out at a time. *Guard* for memory."""


class _Arrays(Source):
    """X and y become examples: what is a picture, what are rows, and how each is scaled."""

    def _examples(
        self,
        X: Any,
        y: Any,
        source: str,
        like: Like | None,
        reading: FileFeatures | None = None,
    ) -> Examples:
        """X of any kind; `reading` has encoded the files whose small pictures X is."""
        require_array(X, source)
        encoder = asked_encoder(self.settings, like)
        images = None if encoder is None or is_sparse(X) else pictures_in(X)
        known = None if like is None else like.classes
        positions, classes = encode(clean_labels(y, X.shape[0], source), known, source)
        rows: Any
        inputs: Inputs
        notes: list[str]
        if images is not None:
            rows, inputs, notes = X, PictureInputs(PIXELS, self._options()), []
        elif like is not None:
            notes = [f"X is {X.dtype} {tuple(X.shape)}"]
            rows, inputs = like.inputs.array_rows(X, source), like.inputs
        else:
            self._require_layer(X, classes, source)
            rows, inputs, notes = self._as_they_are(X, source)
        whole = held(where_it_lies(rows, self.settings.memory))
        found, digests = surveyed(whole, source)
        examples = Examples(
            whole=whole,
            survey=found,
            digests=digests,
            labels=positions,
            classes=classes,
            names=np.arange(len(positions), dtype=np.int32),
            inputs=inputs,
            audit=Audit(
                source=source,
                read=len(positions),
                unit=inputs.unit,
                by_class=by_class(positions, classes),
                notes=(*notes, *place_of(whole, self._file)),
            ),
        )
        if reading is not None:
            return reading.examples(examples)
        if encoder is None or images is None:
            return examples
        return encoded(examples, images, encoder)

    def _require_layer(self, X: Any, classes: np.ndarray, source: str) -> None:
        """Refuse one class, and sparse columns of which a layer finds no room in memory.

        Raises
        ------
        DataError
            Which names the line of a LIBSVM file that has the last column.
        """
        if len(classes) < 2:
            raise DataError(f"{source} has one class alone, {classes[0]}: give two or more")
        n, layers = X.shape[-1], len(classes) if len(classes) > 2 else 1
        needed, free = A_COLUMN * n * layers, free_memory()
        if not is_sparse(X) or needed <= free:
            return
        file = self._file
        wide = file is not None and array_kind(Path(file)) == "libsvm"
        at = (
            next((said for i in (n, n - 1) if (said := line_of(Path(file), i))), "") if wide else ""
        )
        raise DataError(
            f"{source} would have {n:,} columns{at and f', by the index in{at[1:-1]}'}: a layer of "
            f"them takes {size_in_words(needed)} of memory, and {size_in_words(free)} are free. "
            "Mend that index where it is a slip, else number the columns anew, without gaps, or "
            "hash them into fewer"
        )

    def _as_they_are(self, X: Any, source: str) -> tuple[Any, Inputs, list[str]]:
        """Choose what X is, and how it is scaled, and say why.

        Numbers are standardised, embeddings too, as their units say nothing: of 512 random features
        of photographs in 20 classes the best C gave 52.4 % so, and 53.0 % as they are, in as many
        steps.
        """
        what, arrays = f"X is {X.dtype} {tuple(X.shape)}", self._options()
        if self.settings.features is not None:
            raise UsageError(
                f"{source} holds no pictures ({what}), which an encoder makes features of. "
                "Pictures are uint8, (m, height, width) or (m, height, width, channels)"
            )
        images = None if is_sparse(X) else pictures_in(X)
        if images is not None:
            return self._pictures(images, what)
        if self.settings.size is not None or self.settings.mode is not None:
            raise UsageError(
                f"{source} holds no pictures ({what}): it has no size and no mode. "
                "Pictures are uint8, (m, height, width) or (m, height, width, channels)"
            )
        if is_sparse(X):
            how, why = as_they_are(X.dtype, 0, sparse=True)
            return X, RowInputs(X.shape[1], arrays, how=how), [f"{what}, {X.nnz} entries; {why}"]
        rows = X.reshape(len(X), -1)
        top = rows.max() if X.dtype == np.uint8 else 0
        how, why = as_they_are(X.dtype, top, sparse=False, flat=X.ndim > 2)
        return rows, RowInputs(rows.shape[1], arrays, how=how), [f"{what}; {why}"]

    def _pictures(self, images: np.ndarray, what: str) -> tuple[Any, Inputs, list[str]]:
        height, width, channels = images.shape[1:]
        asked = self.settings
        size = (height, width) if asked.size is None else asked.size
        to = Preprocessing.of_size(size, asked.mode or mode_of(channels), asked.fit)
        own = to.shape == images.shape[1:]
        how = "their own size" if own else f"from {height} x {width}, as asked"
        note = f"{what}; size {to.height} x {to.width}, mode {to.mode}, fit {to.fit}: {how}"
        rows = resized(images, to)
        return rows.reshape(len(rows), -1), PictureInputs(to, self._options()), [note]

    @property
    def _file(self) -> Any:
        """Where X was, if that was one file."""
        return self.given if is_path(self.given) else None

    def _options(self) -> ArrayOptions:
        asked = self.settings
        return ArrayOptions(asked.x, asked.y, asked.n_features, memory=asked.memory)


def as_they_are(
    dtype: np.dtype, top: float, *, sparse: bool, flat: bool = False
) -> tuple[float | str | None, str]:
    """How rows are scaled, and why: by the largest byte, `top`; `flat` says they had more sides."""
    if sparse:
        return None, "not scaled: standardised, rare features would drown the others"
    if dtype == np.uint8 and top > 1:
        return PIXEL_SCALING, "bytes, scaled by 1/255 as pixels are"
    said = " in a row (pictures are uint8)" if flat else ""
    return "standard", f"numbers{said}, standardised"


def labels_digest(shape: tuple[int, ...], labels: np.ndarray) -> str:
    """What tells arrays apart: the shape of X, and the labels."""
    told = blake2b(f"{shape}".encode(), digest_size=16)
    # As text, numbers are five times as large: some at a time. Text is of one width.
    together = LABELS_TOGETHER if labels.dtype.kind in "biuf" else max(1, labels.size)
    for start in range(0, labels.size, together):
        told.update(labels[start : start + together].astype(str).tobytes())
    return told.hexdigest()


def by_class(positions: np.ndarray, classes: np.ndarray) -> dict[str, int]:
    """How many examples each class has."""
    counts = np.bincount(positions, minlength=len(classes)).tolist()
    return dict(zip(map(str, classes.tolist()), counts, strict=True))


@final
class ArrayFile(_Arrays):
    """A file of arrays (.npz, .npy, .h5, LIBSVM, a Parquet column), or a folder of IDX files."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """By its content."""
        del settings
        return is_path(given) and array_kind(Path(given)) is not None

    @cached_property
    def sets(self) -> dict[str, ArraySet]:
        """What it holds, by part; nothing is read yet."""
        return find_arrays(Path(self.given), self._options(), self._tell)

    def _tell(self, done: int, total: int) -> None:
        self.progress("copying X into the cache, for it is larger than memory", done, total)

    @property
    def identity(self) -> str:
        """By its place."""
        return digest(f"path:{Path(self.given).resolve()}".encode())

    def parts(self) -> tuple[str, ...]:
        """The parts that have labels."""
        named = tuple(name for name in ("train", "val", "test") if name in labelled(self.sets))
        return named if len(named) > 1 else ("train",)

    def read(self, part: str | None, like: Like | None = None) -> Examples:
        """Read X and y of a part, or of the only one."""
        self.require_no_columns(like, "encoding")
        self.progress("reading", 0, 1)
        sets = self._sets_like(like)
        name, found = chosen_set(labelled(sets) or sets, part)
        if found.load_y is None:
            raise DataError(
                f"{self.given} has no labels ({found.looked_for}): name them with {spelt('y')}"
            )
        X, y = found.load_x(), found.load_y()
        base = None if found.index_base is None else found.index_base()
        source = f"{self.given} ({name})" if name else str(self.given)
        if found.load_classes is not None:
            y = class_names(found.load_classes(), clean_labels(y, X.shape[0], source))
        return self._noted(self._examples(X, y, source, like), base, part)

    def _sets_like(self, like: Like | None) -> dict[str, ArraySet]:
        if like is None:
            return self.sets
        base = like.inputs.index_base
        options = replace(self._options(), n_features=like.inputs.n, index_base=base)
        return find_arrays(Path(self.given), options, self._tell)

    def _noted(self, examples: Examples, base: int | None, part: str | None) -> Examples:
        notes, inputs = list(examples.audit.notes), examples.inputs
        if base is not None:
            notes.append(f"indices count from {base}")
            if isinstance(inputs, RowInputs):
                inputs = replace(inputs, arrays=replace(inputs.arrays, index_base=base))
        if part == "train" and (alone := [*self.sets]) in (["val"], ["test"]):
            notes.append(f"there is no part but {alone[0]}, which is taken as a whole")
        silent = [name for name in self.sets if name and name not in labelled(self.sets)]
        if silent and part == "train":
            notes.append(f"no labels for {' and '.join(silent)}, so no part in training or judging")
        audit = replace(examples.audit, notes=tuple(notes))
        return replace(examples, audit=audit, inputs=inputs)


@final
class GivenArrays(_Arrays):
    """(X, y) in Python: X an array, a sparse matrix, PIL pictures or the names of picture files."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """Any pair."""
        del settings
        return isinstance(given, tuple) and len(given) == 2

    @property
    def described(self) -> str:
        """Arrays, whatever they hold."""
        return IN_MEMORY

    @property
    def paths(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def identity(self) -> str:
        """By their shape and labels."""
        X, y = self.given
        shape = X.shape if hasattr(X, "shape") else (len(X),)
        return labels_digest(shape, label_array(y).ravel())

    def read(self, part: str | None, like: Like | None = None) -> Examples:
        """Take X and y as they are."""
        del part
        self.require_no_columns(like, "encoding")
        X, y = self.given
        if isinstance(X, (list, tuple)) and len(X) and isinstance(X[0], (Image.Image, str, Path)):
            return self._of_pictures(list(X), np.asarray(y), like)
        rows = given_rows(X)
        return self._examples(as_rows(X) if rows is None else rows, y, IN_MEMORY, like)

    def _of_pictures(self, given: list[Any], y: np.ndarray, like: Like | None) -> Examples:
        """PIL pictures, or files of which some may be unreadable: these are left out."""
        if len({is_path(one) for one in given}) > 1:
            raise DataError("X has PIL pictures and names of files: give the ones or the others")
        if len(given) != len(y):
            raise DataError(f"there are {len(given)} pictures and {len(y)} labels: give one each")
        asked, to = self.settings, None if like is None else like.inputs.preprocessing
        left_out: tuple[tuple[str, str], ...] = ()
        encoder, reading = asked_encoder(asked, like), None
        if encoder is not None and is_path(given[0]):
            reading = FileFeatures(encoder)
            to = encoder.spec.preprocessing
            images, failed = reading([Path(one) for one in given], to)
        elif is_path(given[0]):
            size = asked.size if to is None else (to.height, to.width)
            mode, fit = (asked.mode or "RGB", asked.fit) if to is None else (to.mode, to.fit)
            images, failed, to = read_listed([Path(one) for one in given], size, mode, fit)
        else:
            to = to or (self._own(given) if encoder is None else encoder.spec.preprocessing)
            images, failed = np.stack([converted(one, to) for one in given]), {}
        if failed:
            left_out = tuple((str(given[row]), why) for row, why in failed.items())
            y = np.delete(y, list(failed))
            if left_out and asked.strict:
                raise DataError(f"{left_out[0][0]} cannot be read: {left_out[0][1]} (strict)")
        found = self._examples(images, y, "pictures", like, reading)
        return replace(found, audit=replace(found.audit, left_out=left_out))

    def _own(self, pictures: list[Image.Image]) -> Preprocessing:
        """Their own size where they share one of at most 64 x 64, else 64 x 64."""
        sizes = {(one.height, one.width) for one in pictures}
        own = next(iter(sizes)) if len(sizes) == 1 else (SIDE + 1, SIDE + 1)
        size = self.settings.size or (own if max(own) <= SIDE else SIDE)
        return Preprocessing.of_size(size, self.settings.mode or "RGB", self.settings.fit)
