"""Files of frames that a page asked for: what kind, how large, how many, and the work of writing them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gan_core.home import home
from gan_core.latent.film import check_film, write_film, write_strip
from ui.answers import data_uri
from ui.explore.wishes import choice, whole
from ui.explore.work import Work

TYPES = {"mp4": "video/mp4", "gif": "image/gif", "webp": "image/webp", "strip": "image/png"}
SMALLEST, LARGEST = 64, 1024
MOST_FRAMES, MOST_IN_STRIP = 7200, 64
LARGEST_FILE = 40_000_000


@dataclass(frozen=True)
class Order:
    """A film of that many frames of `size` pixels, or a strip of them in rows of `columns`."""

    kind: str
    size: int
    fps: int
    num_frames: int
    columns: int | None

    @property
    def name(self) -> str:
        return "strip.png" if self.kind == "strip" else f"film.{self.kind}"


def order(request: dict, seconds: float) -> Order:
    """What the page asked for: kind, size, fps, or for a strip frames and columns. ValueError if it is too much."""
    kind = choice(request.get("kind"), TYPES, "kind of file")
    size, fps = whole(request.get("size"), SMALLEST, LARGEST), whole(request.get("fps"), 1, 50)
    if kind == "strip":
        count = whole(request.get("frames"), 2, MOST_IN_STRIP)
        return Order(kind, size, fps, count, whole(request.get("columns"), 0, count) or None)
    found = Order(kind, size, fps, max(round(seconds * fps), 1), None)
    if found.num_frames > MOST_FRAMES:
        raise ValueError(
            f"This film would have {found.num_frames:,} frames, and {MOST_FRAMES:,} are the most: make it shorter."
        )
    check_film(Path(found.name), fps, size, found.num_frames)
    return found


def written(found: Order, frames: Iterator[np.ndarray], report: Work) -> dict:
    """The file with these frames, to download."""

    def told(done: int) -> None:
        report(done / found.num_frames, f"{done:,} of {found.num_frames:,} frames")

    folder = home() / ".cache"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / found.name
        if found.kind == "strip":
            write_strip(path, frames, found.size, found.columns, told)
        else:
            write_film(path, frames, found.fps, found.size, told)
        content = path.read_bytes()
    if len(content) > LARGEST_FILE:
        raise ValueError(f"This file has more than {LARGEST_FILE // 10**6} MB: make it smaller or shorter.")
    return {"file": data_uri(content, TYPES[found.kind]), "name": found.name}
