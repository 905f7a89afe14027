"""One picture in, one square of uint8 out, or a short reason why not."""

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from zipfile import BadZipFile

import numpy as np
from PIL import Image, UnidentifiedImageError

MOST_PIXELS = 200_000_000
MANY_PIXELS = 30_000_000
_with_many = threading.Lock()
# Pillow's own limits are below and above ours.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
ORIENTATION = 0x0112  # the EXIF tag, and what undoes each of its values
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class BadPicture(ValueError):
    """A picture that cannot be used; the message is the reason, in a few words for the user."""


def decode(image: Image.Image, image_size: int, channels: int) -> np.ndarray:
    """The middle of a picture, uint8 [image_size, image_size, channels], channels 1 or 3; ValueError gives a reason."""
    try:
        _check_size(*image.size, image_size)
        with in_turn(image):
            image = _load(image, image_size, channels)
            pixels = np.asarray(_square(_flat(image, channels), image_size))
    except Exception as error:
        raise BadPicture(explain(error)) from error
    return pixels.reshape(image_size, image_size, channels)


def upright(image: Image.Image, longest: int) -> Image.Image:
    """A picture in RGB, laid on white, turned as its camera says, its longer side at most `longest`."""
    try:
        _check_size(*image.size, 0)
        with in_turn(image):
            image = _flat(_load(image, longest // 2, 3), 3)
            image.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    except Exception as error:
        raise BadPicture(explain(error)) from error
    return image


@contextmanager
def in_turn(image: Image.Image) -> Iterator[None]:
    """Only one thread at a time unpacks a very large picture, which may take a gigabyte."""
    if image.width * image.height < MANY_PIXELS:
        yield
    else:
        with _with_many:
            yield


def explain(error: Exception) -> str:
    """What went wrong with a picture, in a few words without a full stop."""
    text = str(error).lower()
    if isinstance(error, BadPicture):
        return str(error)
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return "too many pixels"
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, FileNotFoundError):
        return "the file is gone"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if isinstance(error, MemoryError):
        return "too large for the memory"
    if isinstance(error, (BadZipFile, zlib.error)):
        return "damaged inside the zip"
    if isinstance(error, (EOFError, struct.error)) or "truncated" in text or "not enough" in text:
        return "the file ends early"
    if text.startswith("conversion from"):
        return "a kind of colour that is not supported"
    return "the file is damaged"


def _check_size(width: int, height: int, image_size: int) -> None:
    if width * height > MOST_PIXELS:
        raise BadPicture(f"{width}×{height} is more than {MOST_PIXELS // 10**6} megapixels")
    if min(width, height) < max(8, image_size // 4):
        raise BadPicture(f"only {width}×{height} pixels")


def _load(image: Image.Image, image_size: int, channels: int) -> Image.Image:
    """The first frame, upright; a JPEG comes at a fraction of its size, but twice what is needed."""
    image.seek(0)
    image.draft("L" if channels == 1 else None, (2 * image_size, 2 * image_size))
    image.load()
    try:
        orientation = image.getexif().get(ORIENTATION)
    except Exception:  # odd metadata is no reason to lose the picture
        return image
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image


def _flat(image: Image.Image, channels: int) -> Image.Image:
    """Any colour mode as RGB or grey, laid on white where it is transparent."""
    mode = "L" if channels == 1 else "RGB"
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_eight_bits(image))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == mode else image.convert("RGB").convert(mode)


def _eight_bits(image: Image.Image) -> np.ndarray:
    """Deep grey as uint8: 16 bits by their full scale, integers and floats by the range they seem to be in."""
    values = np.nan_to_num(np.asarray(image).astype(np.float32))
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16"):
        low, high = 0, 65535
    elif low >= 0:
        scales = (1, 255, 65535) if image.mode == "F" else (255, 65535)
        low, high = 0, next((scale for scale in scales if high <= scale), high)
    return np.round((values - low) * (255 / max(high - low, 1e-9))).clip(0, 255).astype(np.uint8)


def _square(image: Image.Image, size: int) -> Image.Image:
    """The short side brought to `size`, antialiased, and the middle cut out."""
    scale = size / min(image.size)
    width, height = (max(size, round(side * scale)) for side in image.size)
    image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
    left, top = (width - size) // 2, (height - size) // 2
    return image.crop((left, top, left + size, top + size))
