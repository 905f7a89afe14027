"""One photo that somebody brings: opened safely, turned upright, and a square cut out of it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from gan_core.config import require
from gan_core.data.decode import BadPicture, explain, upright
from gan_core.data.pictures import FORMATS

MOST_BYTES = 20_000_000
LONGEST = 1024
SMALLEST = 4  # pixels, of a square that is worth a look


def open_photo(content: bytes) -> Image.Image:
    """The photo in a file's bytes, upright, in RGB, no side longer than 1024 pixels. ValueError says what is wrong."""
    require(len(content) <= MOST_BYTES, f"this file is larger than {MOST_BYTES // 10**6} MB: choose a smaller picture")
    require(bool(content), "this file is empty: choose a picture")
    try:
        return upright(Image.open(io.BytesIO(content), formats=FORMATS), LONGEST)
    except Exception as error:
        raise BadPicture(f"this picture cannot be used: {explain(error)}") from error


def square(photo: Image.Image, size: int, channels: int, crop: tuple[float, float, float] | None = None) -> np.ndarray:
    """A square of the photo, uint8 [size, size, channels], antialiased.

    `crop` is its left, top and side in pixels, moved as far as needed to lie within the photo; by default the middle.
    """
    left, top, side = within(photo, crop)
    grey = photo.convert("L") if channels == 1 else photo
    box = (left, top, left + side, top + side)
    return np.asarray(grey.resize((size, size), Image.Resampling.BILINEAR, box=box)).reshape(size, size, channels)


def within(photo: Image.Image, crop: tuple[float, float, float] | None) -> tuple[float, float, float]:
    most = min(photo.size)
    left, top, side = crop or ((photo.width - most) / 2, (photo.height - most) / 2, most)
    side = min(max(side, SMALLEST), most)
    return min(max(left, 0), photo.width - side), min(max(top, 0), photo.height - side), side
