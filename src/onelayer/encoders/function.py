"""A function of Python as an encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, final

import numpy as np

from onelayer.encoders.encoder import Encoded, Encoder, EncoderSpec, probing
from onelayer.errors import DataError

_PROBED = 16  # features of the fixed picture that are kept


@final
class FunctionEncoder(Encoder):
    """features = function(uint8 (size, size, 3)), (n,); one thread, one picture a call."""

    threads: ClassVar[bool] = False

    def __init__(self, function: Callable[[np.ndarray], Any], size: int) -> None:
        name = getattr(function, "__qualname__", type(function).__qualname__)
        nothing = (0.0, 0.0, 0.0)
        spec = EncoderSpec(name, "function", "", 1, None, size, size, nothing, (1.0, 1.0, 1.0))
        super().__init__(spec)
        self._function = function
        found = self.encode(probing(size)).features
        probe = tuple(found[:_PROBED].astype(float).tolist())
        self.spec = replace(spec, n=len(found), probe=probe)

    def encode(self, picture: np.ndarray) -> Encoded:
        """Call the function."""
        found = np.asarray(self._function(self.seen(picture)), dtype=np.float32)
        if found.ndim != 1 or not np.isfinite(found).all():
            raise DataError(
                f"{self.spec.name} gives {found.shape}: an encoder gives (n,) finite numbers "
                "for one picture, uint8 (height, width, 3)"
            )
        return Encoded(found, None)
