"""Pictures become the features that an encoder makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
from PIL import Image

from onelayer.designs import is_sparse
from onelayer.encoders import Encoder, EncoderSpec, again
from onelayer.errors import DataError, ShapeError
from onelayer.inputs.base import Inputs, as_list
from onelayer.inputs.encoder_reading import features_of_files, features_of_pictures
from onelayer.inputs.pictures import PictureInputs, again_named, pictures_in, unreadable
from onelayer.readers import Preprocessing, find_pictures
from onelayer.readers.arrays.layout import AS_MOST_DO, ArrayOptions
from onelayer.readers.pictures.pixels import resized
from onelayer.readers.row_arrays import given_rows
from onelayer.readers.tables.table_options import TableOptions
from onelayer.settings import Settings


@final
@dataclass(frozen=True)
class EncoderInputs(Inputs):
    """A picture becomes n features.

    Attributes
    ----------
    spec
        Which encoder, and what is done to a picture first.
    preprocessing
        The pixels that a file is decoded to.
    arrays
        What pictures and labels are called in files of arrays.
    given
        The encoder itself, where it is a function: no file holds it.
    """

    spec: EncoderSpec
    preprocessing: Preprocessing
    arrays: ArrayOptions = AS_MOST_DO
    given: Encoder | None = field(default=None, compare=False, repr=False)
    kind: ClassVar[str] = "encoder"
    unit: ClassVar[str] = "pictures"

    @classmethod
    def of(cls, encoder: Encoder, arrays: ArrayOptions = AS_MOST_DO) -> EncoderInputs:
        """Return the inputs of an encoder that is there."""
        spec = encoder.spec
        given = encoder if spec.kind == "function" else None
        return cls(spec, spec.preprocessing, arrays, given)

    @property
    def encoder(self) -> Encoder:
        """The encoder; DataError where it is not there, or another."""
        return self.given or again(self.spec)

    @property
    def encoder_in_words(self) -> str:
        """Its name, the pixels that it sees, and its digest."""
        return self.spec.in_words

    def require_ready(self) -> None:
        """Open the encoder."""
        self.encoder.ready()

    def with_encoder(self, function: Callable[[Any], Any]) -> EncoderInputs:
        """Return these inputs with the function that a file could not hold."""
        return EncoderInputs.of(again(self.spec, function), self.arrays)

    @property
    def n(self) -> int:
        """Features of the encoder."""
        return self.spec.n

    @property
    def scaling(self) -> None:
        """None: the size of a feature says what it is worth, and standardised, rare ones drown it.

        Of 500 photographs of flowers in five classes, features of EfficientNet-Lite0 gave a log
        loss of 0.784 so (20 splits) and 0.815 standardised (8 splits), each at its best C.
        """
        return

    def rows(self, given: Any) -> Any:
        """Files and folders, one or several; PIL pictures; pictures as arrays, or features."""
        array = self._of_arrays(given)
        if array is not None and array.ndim == 2 and array.shape[1] == self.n:
            return array
        several = as_list(given)
        if array is not None:
            return self._encoded(self._images(array))
        if any(isinstance(one, Image.Image) for one in several):
            return self._encoded(self.pictures(given))
        files = find_pictures(several)
        X, failures = self.read_files(files)
        if failures:
            raise unreadable(files, failures)
        return X

    def pictures(self, given: Any) -> np.ndarray:
        """Decode files, PIL pictures and arrays, uint8 (m, resize, resize, 3), as for training."""
        to, array = self.preprocessing, given_rows(given)
        if array is None:
            found = PictureInputs(to, self.arrays).rows(given)
            return np.asarray(found).reshape(len(found), *to.shape)
        return resized(self._images(array), to)

    def array_rows(self, X: Any, source: object) -> np.ndarray:
        """Pictures are made of the encoder's size; rows of n numbers are features already."""
        images = None if is_sparse(X) else pictures_in(X)
        if images is not None:
            return self._encoded(images)
        if is_sparse(X) or X.ndim != 2 or X.shape[1] != self.n:
            raise DataError(
                f"{source}: X is {X.dtype} {tuple(X.shape)}, and the model takes pictures of "
                f"uint8, 0 to 255, or {self.n} features"
            )
        return X

    def read_files(
        self, files: list[Path], progress: Callable[[int, int], None] | None = None
    ) -> tuple[np.ndarray, dict[int, str]]:
        """Encode files as rows (m, n), and say by position why the others failed."""
        found = features_of_files(files, self.encoder, progress)
        return found.X, found.failures

    def picture_places(self, picture: np.ndarray) -> np.ndarray | None:
        """Features of places (h, w, n), whose mean is the picture's row; see `Inputs`."""
        return self.encoder.encode(picture).places

    def seen(self, picture: np.ndarray) -> np.ndarray:
        """The middle, which the encoder sees."""
        return self.encoder.seen(picture)

    def again(
        self, x: str | None = None, y: str | None = None, table: TableOptions | None = None
    ) -> Settings:
        """Through the same encoder."""
        del table
        names = again_named(self.arrays, x, y)
        return Settings(x=names.x, y=names.y)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {"encoder": self.spec.to_dict(), "x": self.arrays.x, "y": self.arrays.y}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> EncoderInputs:
        """Return what `to_dict` described."""
        spec = EncoderSpec.from_dict(fields["encoder"])
        return cls(spec, spec.preprocessing, ArrayOptions(fields["x"], fields["y"]))

    def _images(self, array: Any) -> np.ndarray:
        """Pictures (m, h, w, c) of any size; rows of so many bytes are decoded ones."""
        to = self.preprocessing
        if is_sparse(array) or array.dtype != np.uint8:
            images = None
        elif array.ndim == 2 and array.shape[1] == np.prod(to.shape):
            images = array.reshape(len(array), *to.shape)
        else:
            images = pictures_in(array)
        if images is None:
            raise ShapeError(
                f"X has the shape {array.shape} and dtype {array.dtype}: the model takes pictures, "
                f"(m, height, width, 3) of uint8, or {self.n} features"
            )
        return images

    def _encoded(self, images: np.ndarray) -> np.ndarray:
        return features_of_pictures(images, self.encoder).X
