"""Films as H.264, which every browser plays."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from PIL import Image

QUALITY = {"crf": "18", "preset": "medium"}


def write_h264(path: Path, pictures: Iterable[Image.Image], fps: int) -> None:
    """BT.709 and tagged so: players guess the colours of an untagged film, each its own."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as file:
        stream = None
        for picture in pictures:
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
