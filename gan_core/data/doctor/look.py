"""One picture in, what the doctor needs to know of it out."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import numpy as np
from PIL import Image

from gan_core.data.decode import ORIENTATION, decode, explain
from gan_core.data.pictures import Source

SIDE, COARSE = 32, 8  # of the luma and of the colours in a sketch
LUMA = SIDE * SIDE
SKETCH = LUMA + 2 * COARSE * COARSE
DRAWN_SIZE = 64
GREY_LEVELS = 3  # JPEG may tint grey by that much
SUFFIXES = {
    "JPEG": (".jpg", ".jpeg"), "MPO": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",), "BMP": (".bmp",),
    "GIF": (".gif",), "TIFF": (".tif", ".tiff"),
}  # fmt: skip


class Look(NamedTuple):
    """A picture that can be read: its size as one sees it, how it is stored, and a sketch of its middle.

    A sketch is uint8 [1152]: the luma at 32×32, then blue and red against it at 8×8.
    """

    width: int
    height: int
    colours: str
    animated: bool
    misnamed: bool
    sketch: np.ndarray

    @property
    def grey(self) -> bool:
        return bool(np.abs(self.sketch[LUMA:].astype(np.int16) - 128).max() <= GREY_LEVELS)


def look(source: Source, index: int) -> Look | str:
    """One picture's facts, or the reason why training cannot use it."""
    try:
        with source.open(index, DRAWN_SIZE) as image:
            size = image.size  # a JPEG that is decoded has another
            facts = colours(image), _is_animated(image), _is_misnamed(image, source.items[index])
            sketch = _sketch(decode(image, SIDE, 3))
            return Look(*_upright(image, size), *facts, sketch)
    except Exception as error:  # a broken picture can fail in any way
        return explain(error)


def colours(image: Image.Image) -> str:
    """How a picture stores its colours, in a word or two."""
    if image.mode.startswith(("I", "F")):
        return "16 bit or more"
    if image.has_transparency_data:
        return "transparent"
    return {"1": "black and white", "L": "grey", "P": "palette", "CMYK": "CMYK"}.get(image.mode, "colour")


def _upright(image: Image.Image, size: tuple[int, int]) -> tuple[int, int]:
    """The size as one sees it; only once the picture is decoded, which asking for metadata may try to do."""
    with suppress(Exception):  # odd metadata
        if image.getexif().get(ORIENTATION, 1) >= 5:
            return size[1], size[0]
    return size


def _is_animated(image: Image.Image) -> bool:
    with suppress(Exception):  # only the first picture must be whole
        return bool(getattr(image, "is_animated", False))
    return False


def _is_misnamed(image: Image.Image, name: str) -> bool:
    """Whether the file's suffix promises another format; pictures out of no file have none."""
    return image.format in SUFFIXES and not name.lower().endswith(SUFFIXES[image.format])


def _sketch(pixels: np.ndarray) -> np.ndarray:
    planes = np.asarray(Image.fromarray(pixels).convert("YCbCr"))
    step = SIDE // COARSE
    blocks = planes[..., 1:].reshape(COARSE, step, COARSE, step, 2).mean((1, 3), dtype=np.float32)
    return np.concatenate([planes[..., 0].reshape(-1), np.round(blocks).astype(np.uint8).reshape(-1)])
