"""Pictures, in files, in memory or in arrays, become rows of bytes of one size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np
from PIL import Image

from onelayer.designs import is_sparse, stays_on_disk
from onelayer.errors import DataError, ShapeError, UsageError
from onelayer.inputs.base import Inputs, as_list, is_path
from onelayer.inputs.light import LOOKED_AT, Light
from onelayer.readers import find_pictures, read_files
from onelayer.readers.arrays.layout import AS_MOST_DO, ArrayOptions
from onelayer.readers.pictures.decoding import converted
from onelayer.readers.pictures.pixels import resized
from onelayer.readers.pictures.preprocessing import Preprocessing
from onelayer.readers.tables.table_options import TableOptions
from onelayer.settings import Settings

if TYPE_CHECKING:
    from onelayer.inputs.examples import Examples
    from onelayer.inputs.unlike_cells import Unlike

PIXEL_SCALING = 1 / 255


@final
@dataclass(frozen=True)
class PictureInputs(Inputs):
    """A picture becomes uint8 (height, width, channels), and that a row, channels last.

    Attributes
    ----------
    preprocessing
        What is done to a picture.
    arrays
        What pictures and labels are called in files of arrays.
    light
        How light and how plain those of training were; None where nobody knows.
    """

    preprocessing: Preprocessing
    arrays: ArrayOptions = AS_MOST_DO
    light: Light | None = None
    kind: ClassVar[str] = "pictures"
    unit: ClassVar[str] = "pictures"

    @property
    def pixels(self) -> tuple[int, int, int]:
        """The shape of a picture."""
        return self.preprocessing.shape

    @property
    def n(self) -> int:
        """Pixels times channels."""
        return math.prod(self.preprocessing.shape)

    @property
    def scaling(self) -> float:
        """1/255."""
        return PIXEL_SCALING

    def fit(self, examples: Examples) -> PictureInputs:
        """Learn how light pictures are, of those that lie in memory."""
        if stays_on_disk(examples.whole) or not len(examples):
            return self
        step = max(1, len(examples) * self.n // LOOKED_AT)
        return replace(self, light=Light.of(examples.whole[examples.places[::step]]))

    @property
    def can_tell_unlike(self) -> bool:
        """Where the light of training's pictures is known."""
        return self.light is not None

    def unlike_rows(self, X: Any) -> Unlike:
        """By how light and how plain they are."""
        return {} if self.light is None else self.light.unlike(X)

    def rows(self, given: Any) -> Any:
        """Files and folders, one or several; PIL pictures; arrays of pictures or of their rows."""
        if isinstance(given, Image.Image):
            given = [given]
        several = as_list(given)
        if several and all(isinstance(one, Image.Image) for one in several):
            images = np.stack([converted(one, self.preprocessing) for one in several])
            return images.reshape(len(images), -1)
        array = self._of_arrays(given)
        if array is None:
            return self._of_files(several)
        return self._of_pictures(array) if array.ndim > 2 else array

    def array_rows(self, X: Any, source: object) -> np.ndarray:
        """Pictures of another size are made this one; rows are taken for pictures of this size."""
        if is_sparse(X) or X.dtype != np.uint8:
            raise DataError(
                f"{source}: X is {X.dtype} {tuple(X.shape)}, and the model takes pictures of "
                "uint8, 0 to 255"
            )
        images = pictures_in(X)
        rows = X if images is None else resized(images, self.preprocessing)
        return rows.reshape(len(rows), math.prod(rows.shape[1:]))

    def read_files(
        self, files: list[Path], progress: Callable[[int, int], None] | None = None
    ) -> tuple[np.ndarray, dict[int, str]]:
        """Read files as rows (m, n), and say by position why the others failed."""
        images, failures = read_files(files, self.preprocessing, progress)
        return images.reshape(len(images), self.n), failures

    def again(
        self, x: str | None = None, y: str | None = None, table: TableOptions | None = None
    ) -> Settings:
        """Of the same size, mode and fit."""
        del table
        to = self.preprocessing
        names = again_named(self.arrays, x, y)
        size = to.height, to.width
        return Settings(x=names.x, y=names.y, size=size, mode=to.mode, fit=to.fit)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        names = {"x": self.arrays.x, "y": self.arrays.y}
        light = {} if self.light is None else {"light": asdict(self.light)}
        return {"preprocessing": self.preprocessing.to_dict(), **names, **light}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> PictureInputs:
        """Return what `to_dict` described."""
        to = Preprocessing.from_dict(fields["preprocessing"])
        light = Light(**fields["light"]) if fields.get("light") else None
        if light is not None:
            light.require_sound()
        return cls(to, ArrayOptions(fields["x"], fields["y"]), light)

    def pictures(self, given: Any) -> np.ndarray:
        """Return pictures as they are looked at, (m, height, width, channels)."""
        return np.asarray(self.rows(given)).reshape(-1, *self.preprocessing.shape)

    def _of_files(self, given: list[Any]) -> np.ndarray:
        other = next((one for one in given if not is_path(one)), None)
        if other is not None or not given:
            what = "nothing" if not given else f"of type {type(other).__name__}"
            raise UsageError(
                f"what is given is {what}: the model takes files and folders of pictures, PIL "
                "pictures, or an array of pictures"
            )
        files = find_pictures(given)
        X, failures = self.read_files(files)
        if failures:
            raise unreadable(files, failures)
        return X

    def _of_pictures(self, array: np.ndarray) -> np.ndarray:
        """A single picture (height, width, channels) is no array of grey ones."""
        height, width, _ = shape = self.preprocessing.shape
        single = array.ndim == 3 and array.shape[2] in (1, 3, 4)
        if single and array.shape[1:] != (height, width):
            raise ShapeError(
                f"an array of the shape {array.shape} may be one picture: give pictures as "
                f"(m, {', '.join(map(str, shape))}), one of them as picture[None]"
            )
        return self.array_rows(array, "the array given")


def unreadable(files: list[Path], failures: dict[int, str]) -> DataError:
    """Return the error that names every file that cannot be read, and says why."""
    lines = [f"  {files[row]}: {why}" for row, why in failures.items()]
    return DataError(f"{len(failures)} of {len(files)} files cannot be read:", *lines)


def again_named(own: ArrayOptions, x: str | None, y: str | None) -> ArrayOptions:
    """Return what X and y are called in another file: as given, else as in the first.

    A file of labels is no name: that of the training set is not taken for another's.
    """
    usual = own.y if own.y is not None and not Path(str(own.y)).suffix else None
    return ArrayOptions(x or own.x, y or usual)


def pictures_in(X: np.ndarray) -> np.ndarray | None:
    """Return pictures as (m, height, width, channels), None where X holds none; channels last."""
    if X.dtype != np.uint8 or X.ndim not in (3, 4):
        return None
    if X.ndim == 3:
        return X[..., None]
    if X.shape[3] in (1, 3, 4):
        return X
    return np.moveaxis(X, 1, 3) if X.shape[1] in (1, 3, 4) else None
