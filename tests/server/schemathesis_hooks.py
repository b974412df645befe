"""Where the description says a picture, schemathesis sends one: bytes at random are none."""

import io

import numpy as np
import schemathesis
from hypothesis import strategies as st
from PIL import Image


def picture(kind):
    """A picture of noise as bytes."""
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, kind.upper())
    return file.getvalue()


for kind in ("jpeg", "png", "webp", "bmp", "gif", "tiff"):
    schemathesis.openapi.media_type(f"image/{kind}", st.just(picture(kind)))

TABLE = b"age,colour,member\n30,red,true\n,blue,false\n"
schemathesis.openapi.media_type("text/csv", st.just(TABLE))
