"""Films of uint8 frames as files that play in every browser, and strips of them as one picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from gan_core.config import require
from gan_core.files import replacing
from gan_core.latent.figure import font
from gan_core.pixels import sheet, to_pil

# The frames a second that each kind of file can tell.
MOST_FPS = {".mp4": 60, ".gif": 50, ".webp": 60}
MOST_SIZE = 2048
# Of all frames together, where Pillow holds them at once: half a gigabyte of a GIF, more of a WebP.
MOST_PIXELS = 2**29
# A frame that is hardly too large, as pictures with gaps between them are, stays as sharp as it is.
SHARP = 0.9
WEBP_QUALITY = {"quality": 85, "method": 2}
PALETTE_FRAMES = 64


def write_film(
    path: Path | str,
    frames: Iterable[np.ndarray],
    fps: int = 30,
    size: int = 256,
    on_frame: Callable[[int], None] | None = None,
) -> None:
    """Write frames, uint8 [H, W, C], as H.264 (.mp4), an endless GIF (.gif) or WebP (.webp).

    Frames are resized to about `size` pixels. `on_frame` hears how many frames are done; what it raises cancels the
    film and leaves no file. A GIF counts time in hundredths of a second. ValueError as `check_film`, and for no frames.
    """
    path = Path(path)
    check_film(path, fps, size)
    frames = counted(frames, on_frame)
    first = next(frames, None)
    require(first is not None, "a film needs at least one frame")
    write = {".mp4": write_mp4, ".gif": write_gif, ".webp": write_webp}[path.suffix.lower()]
    with replacing(path) as temporary:
        write(temporary, chain([first], frames), fps, size)


def check_film(path: Path, fps: int, size: int, num_frames: int = 1) -> None:
    """ValueError where `write_film` cannot write such a film: another suffix, fps or size, or too many pixels."""
    suffix = path.suffix.lower()
    require(suffix in MOST_FPS, f"a film is a {', '.join(MOST_FPS)} file, not '{path.name}'")
    most = MOST_FPS[suffix]
    require(1 <= fps <= most, f"the fps of a {suffix} film must lie between 1 and {most}, not {fps}")
    check_size(size)
    fits = suffix == ".mp4" or num_frames * size**2 <= MOST_PIXELS
    require(fits, f"this film is too large for a {suffix} file: make it smaller or shorter, or an .mp4")


def check_size(size: int) -> None:
    require(16 <= size <= MOST_SIZE, f"the size of a film must lie between 16 and {MOST_SIZE} pixels, not {size}")


def write_strip(
    path: Path | str,
    frames: Iterable[np.ndarray],
    size: int = 128,
    columns: int | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> None:
    """Write frames, uint8 [H, W, C], resized to `size` pixels, side by side as one PNG, in one row or so many columns.

    `on_frame` as in `write_film`. ValueError for too many pixels, or no frames.
    """
    check_size(size)
    require(columns is None or columns >= 1, f"a strip has one column or more, not {columns}")
    images = [np.asarray(resized(frame, size)) for frame in counted(frames, on_frame)]
    require(len(images) > 0, "a strip needs at least one frame")
    require(len(images) * size**2 <= MOST_PIXELS / 4, "this strip is too large: take fewer or smaller pictures")
    with replacing(Path(path)) as temporary:
        to_pil(sheet(np.stack(images), columns or len(images))).save(temporary, "PNG")


def write_mp4(path: Path, frames: Iterator[np.ndarray], fps: int, size: int) -> None:
    # Here, since PyAV takes a while to load, and the explorer's first picture would wait for it.
    from gan_core.latent.h264 import write_h264

    write_h264(path, (resized(frame, size) for frame in frames), fps)


def write_gif(path: Path, frames: Iterator[np.ndarray], fps: int, size: int) -> None:
    """One palette for all frames and no dithering: both would flicker."""
    frames = [np.asarray(resized(frame, size)) if max(frame.shape) > size else frame for frame in frames]
    palette = shared_palette(frames)
    pictures = (resized(frame, size).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    pauses = [10 * each for each in pauses_of(len(frames), fps, 100)]
    next(pictures).save(path, "GIF", save_all=True, append_images=pictures, duration=pauses, loop=0)


def write_webp(path: Path, frames: Iterator[np.ndarray], fps: int, size: int) -> None:
    pictures = [resized(frame, size) for frame in frames]
    pauses = pauses_of(len(pictures), fps, 1000)
    pictures[0].save(path, "WEBP", save_all=True, append_images=pictures[1:], duration=pauses, loop=0, **WEBP_QUALITY)


def pauses_of(num_frames: int, fps: int, ticks: int) -> list[int]:
    """How long each frame is shown, in whole ticks of so many a second, so that all together last as they should."""
    return np.diff(np.round(np.arange(num_frames + 1) * ticks / fps)).astype(int).tolist()


def shared_palette(frames: list[np.ndarray]) -> Image.Image:
    """A picture whose 256 colours suit frames from the whole film."""
    chosen = np.linspace(0, len(frames) - 1, min(len(frames), PALETTE_FRAMES)).round().astype(int)
    return to_pil(sheet(np.stack([frames[i] for i in chosen]), gap=0)).convert("RGB").quantize(256)


def resized(frame: np.ndarray, size: int) -> Image.Image:
    """The frame in RGB, about `size` pixels on its longer side, both sides even as H.264 wants them."""
    picture = to_pil(frame).convert("RGB")
    scale = size / max(picture.size)
    if SHARP < scale < 1:
        scale = 1
    width, height = (max(2 * round(side * scale / 2), 2) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def counted(frames: Iterable[np.ndarray], on_frame: Callable[[int], None] | None) -> Iterator[np.ndarray]:
    """The frames; each is reported once the next one is asked for, that is, once it is written."""
    for num_done, frame in enumerate(frames, 1):
        yield frame
        if on_frame:
            on_frame(num_done)


def stamped(frame: np.ndarray, words: str, size: int) -> np.ndarray:
    """The frame resized to `size` pixels, with words in its lower left corner."""
    picture = resized(frame, size)
    letters, room = font(max(picture.height // 18, 8)), max(picture.height // 60, 2)
    pen = ImageDraw.Draw(picture, "RGBA")
    width, height = pen.textbbox((0, 0), words, letters)[2:]
    top = picture.height - round(height) - 2 * room
    pen.rectangle((0, top, round(width) + 2 * room, picture.height), fill="#000000a0")
    pen.text((room, top + room), words, "white", letters)
    return np.asarray(picture)
