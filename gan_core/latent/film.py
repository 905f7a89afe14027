"""Films of uint8 frames as files that play in every browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from PIL import Image

from gan_core.config import require
from gan_core.files import replacing
from gan_core.pixels import sheet, to_pil

SUFFIXES = (".mp4", ".gif")
QUALITY = {"crf": "18", "preset": "medium"}
PALETTE_FRAMES = 64


def write_film(
    path: Path | str,
    frames: Iterable[np.ndarray],
    fps: int = 30,
    size: int = 256,
    on_frame: Callable[[int], None] | None = None,
) -> None:
    """Write frames, uint8 [H, W, C], as H.264 (.mp4) or an endless GIF (.gif), small ones enlarged to `size` pixels.

    `on_frame` hears how many frames are done; what it raises cancels the film and leaves no file. A GIF counts time
    in hundredths of a second and takes at most 50 fps. ValueError for another suffix, fps, size or no frames.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    require(suffix in SUFFIXES, f"a film is a {' or '.join(SUFFIXES)} file, not '{path.name}'")
    max_fps = 60 if suffix == ".mp4" else 50
    require(1 <= fps <= max_fps, f"the fps of a {suffix} film must lie between 1 and {max_fps}, not {fps}")
    require(16 <= size <= 2048, f"the size of a film must lie between 16 and 2048 pixels, not {size}")
    frames = counted(frames, on_frame)
    first = next(frames, None)
    require(first is not None, "a film needs at least one frame")
    write = write_mp4 if suffix == ".mp4" else write_gif
    with replacing(path) as temporary:
        write(temporary, chain([first], frames), fps, size)


def write_mp4(path: Path, frames: Iterator[np.ndarray], fps: int, size: int) -> None:
    """BT.709 and tagged so: players guess the colours of an untagged film, each its own."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as file:
        stream = None
        for frame in frames:
            picture = enlarged(frame, size)
            if stream is None:
                stream = h264_stream(file, fps, picture.size)
            video_frame = av.VideoFrame.from_image(picture).reformat(
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                dst_color_trc=ColorTrc.BT709,
                dst_color_primaries=ColorPrimaries.BT709,
            )
            file.mux(stream.encode(video_frame))
        file.mux(stream.encode())


def h264_stream(file: av.container.OutputContainer, fps: int, size: tuple[int, int]) -> av.VideoStream:
    stream = file.add_stream("libx264", rate=fps, options=QUALITY)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.colorspace, stream.color_range = Colorspace.ITU709, ColorRange.MPEG
    stream.color_trc, stream.color_primaries = ColorTrc.BT709, ColorPrimaries.BT709
    return stream


def write_gif(path: Path, frames: Iterator[np.ndarray], fps: int, size: int) -> None:
    """One palette for all frames and no dithering: both would flicker."""
    frames = list(frames)
    palette = shared_palette(frames)
    pictures = (enlarged(frame, size).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    hundredths = np.round(np.arange(len(frames) + 1) * 100 / fps)
    next(pictures).save(
        path,
        "GIF",
        save_all=True,
        append_images=pictures,
        duration=[int(10 * pause) for pause in np.diff(hundredths)],
        loop=0,
    )


def shared_palette(frames: list[np.ndarray]) -> Image.Image:
    """A picture whose 256 colours suit frames from the whole film."""
    chosen = np.linspace(0, len(frames) - 1, min(len(frames), PALETTE_FRAMES)).round().astype(int)
    return to_pil(sheet(np.stack([frames[i] for i in chosen]), gap=0)).convert("RGB").quantize(256)


def enlarged(frame: np.ndarray, size: int) -> Image.Image:
    """The frame in RGB, at least `size` pixels on its longer side, both sides even as H.264 wants them."""
    picture = to_pil(frame).convert("RGB")
    scale = max(1, size / max(picture.size))
    width, height = (2 * round(side * scale / 2) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def counted(frames: Iterable[np.ndarray], on_frame: Callable[[int], None] | None) -> Iterator[np.ndarray]:
    """The frames; each is reported once the next one is asked for, that is, once it is written."""
    for num_done, frame in enumerate(frames, 1):
        yield frame
        if on_frame:
            on_frame(num_done)
