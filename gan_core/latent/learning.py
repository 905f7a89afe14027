"""How a generator learned: the same points, drawn by the snapshots of its training one after the other.

learning = Learning(run.snapshots(), Explorer.load(run.generator))
frames = learning.frames(learning.newest.keys([Point(7)]), num_frames=300)
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from gan_core.config import require
from gan_core.latent.explorer import Explorer
from gan_core.latent.film import stamped
from gan_core.pixels import sheet
from gan_core.words import kimg

OPEN_SNAPSHOTS = 12
MOST_POINTS = 16


class Learning:
    """The stages of one run, oldest first: snapshots, loaded when they are needed, and at the end the newest weights.

    A point is a key [input_dim], since directions mean something else in other weights. Methods may be called from
    several threads at once. ValueError without snapshots.
    """

    def __init__(self, snapshots: Sequence[tuple[int, Path]], newest: Explorer):
        self.newest = newest
        self._paths = {nimg: path for nimg, path in snapshots if nimg < newest.nimg}
        require(bool(self._paths), "this model has no snapshots of its training, only its last weights")
        self.seen = [*self._paths, newest.nimg]
        self._open: OrderedDict[int, Explorer] = OrderedDict()
        self._lock = threading.Lock()

    def render(self, keys: np.ndarray, nimg: int) -> np.ndarray:
        """The keys' pictures [N, H, W, C] as of the stage nearest to so many images seen. ValueError if it is gone."""
        return self._explorer(min(self.seen, key=lambda seen: abs(seen - nimg))).render_z(keys)

    def frames(
        self, keys: np.ndarray, num_frames: int, *, fade: bool = True, size: int = 256, words: bool = False
    ) -> Iterator[np.ndarray]:
        """Frames uint8 [H, W, C] from the first stage to the newest: one point, or a sheet of up to 16.

        Stages fade into each other or, without `fade`, stand still, each as long; with `words` the frames have `size`
        pixels and tell the images seen. ValueError for more points.
        """
        require(1 <= len(keys) <= MOST_POINTS, f"choose 1 to {MOST_POINTS} pictures, not {len(keys)}")
        last = len(self.seen) - 1
        if fade:
            positions = np.linspace(0, last, num_frames)
        else:
            positions = np.floor(np.linspace(0, last + 1, num_frames, endpoint=False))
        sheets = self._sheets(keys)
        stage, pair = 0, next(sheets)
        for position in positions:
            while stage < min(int(position), last - 1):
                stage, pair = stage + 1, next(sheets)
            frame = mixed(*pair, position - stage)
            told = self.seen[min(round(position), last)]
            yield stamped(frame, kimg(told), size) if words else frame

    def _sheets(self, keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Each stage's sheet beside the next one's."""
        return pairwise(sheet(self.render(keys, nimg)) for nimg in self.seen)

    def _explorer(self, nimg: int) -> Explorer:
        if nimg == self.newest.nimg:
            return self.newest
        with self._lock:
            if nimg not in self._open:
                self._open[nimg] = Explorer.load(self._paths[nimg])
            self._open.move_to_end(nimg)
            while len(self._open) > OPEN_SNAPSHOTS:
                self._open.popitem(last=False)
            return self._open[nimg]


def mixed(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """The frame that is `share` of the way from a to b."""
    return np.round(a + (b.astype(np.float32) - a) * share).astype(np.uint8)
