"""A journey through several pictures: keys in a row, each with the way it goes to the next one.

timeline = explorer.timeline(points, [Piece(2.0, "smooth")] * 3, way="spline")
frames = explorer.frames(timeline, timeline.num_frames(fps=30))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gan_core.config import require
from gan_core.latent.paths import slerp, spline, travel, unit

# Where a piece is at each share t of its time.
EASINGS = {
    "linear": lambda t: t,
    "smooth": lambda t: t * t * (3 - 2 * t),
    "in": lambda t: t * t,
    "out": lambda t: t * (2 - t),
    "hold": lambda t: np.floor(t),
}
WAYS = ("slerp", "spline")
MOST_SECONDS = 600


@dataclass(frozen=True)
class Piece:
    """How it goes from one key to the next: `in` begins slowly, `out` ends slowly, `hold` stays and then jumps."""

    seconds: float = 1.0
    easing: str = "linear"

    def __post_init__(self):
        require(0 < self.seconds <= MOST_SECONDS, f"a piece lasts up to {MOST_SECONDS} seconds, not {self.seconds}")
        require(self.easing in EASINGS, f"there is no easing '{self.easing}'; there are {', '.join(EASINGS)}")


class Timeline:
    """A path through keys [K, D] in turn; a closed one leads back to the first.

    Of every key the first latent_dim numbers go along arcs from key to key (`slerp`), or along one smooth curve through
    them all (`spline`); class weights behind them go straight. There is a piece for every key, or one for all; that of
    the last key belongs to the way back, and in an open path counts only after a `hold`, which the last key is shown by
    as well. ValueError without keys, or for another number of pieces.
    """

    def __init__(
        self,
        keys: np.ndarray,
        latent_dim: int,
        pieces: Sequence[Piece] = (Piece(),),
        closed: bool = True,
        way: str = "slerp",
    ):
        self.keys, self.latent_dim, self.closed, self.way = np.asarray(keys, np.float32), latent_dim, closed, way
        require(self.keys.ndim == 2 and len(self.keys) > 0, "a path needs at least one picture")
        require(way in WAYS, f"a path goes by {' or '.join(WAYS)}, not by '{way}'")
        pieces = list(pieces) * len(self.keys) if len(pieces) == 1 else list(pieces)
        require(len(pieces) == len(self.keys), f"{len(self.keys)} pictures need as many pieces, not {len(pieces)}")
        if not closed and len(pieces) > 1:
            pieces[-1:] = [replace(pieces[-1], easing="hold")] if pieces[-2].easing == "hold" else []
        self.pieces = pieces
        self._ends = np.cumsum([piece.seconds for piece in self.pieces])

    @property
    def seconds(self) -> float:
        return float(self._ends[-1])

    def num_frames(self, fps: int) -> int:
        return max(round(self.seconds * fps), 1)

    def path(self, num_frames: int) -> np.ndarray:
        """Frames [num_frames, D] at an even pace.

        A closed path does not repeat its first key at its end, so that a film of it repeats seamlessly; an open one
        ends on its last key. ValueError without frames.
        """
        require(num_frames >= 1, f"a path needs at least one frame, not {num_frames}")
        return self.at(np.linspace(0, 1, num_frames, endpoint=not self.closed))

    def at(self, t: float | np.ndarray) -> np.ndarray:
        """Where it is at shares t in [0, 1] of its time, float32 [..., D]."""
        time = np.asarray(t, np.float64) * self._ends[-1]
        piece = np.minimum(np.searchsorted(self._ends, time, side="right"), len(self.pieces) - 1)
        lengths = np.array([each.seconds for each in self.pieces])
        share = np.clip((time - self._ends[piece] + lengths[piece]) / lengths[piece], 0, 1)
        for i, each in enumerate(self.pieces):
            share = np.where(piece == i, EASINGS[each.easing](share), share)
        a, b = self._key(piece), self._key(piece + 1)
        found = travel(a, b, share, self.latent_dim)
        if self.way == "spline" and len(self.keys) > 2:
            four = [each[..., : self.latent_dim] for each in (self._key(piece - 1), a, b, self._key(piece + 2))]
            found[..., : self.latent_dim] = spline(*four, share)
        return found

    def _key(self, index: np.ndarray) -> np.ndarray:
        """Keys by their place; beyond the ends of an open path the outermost arcs go on, or the last key stays."""
        count = len(self.keys)
        if self.closed or count == 1:
            return self.keys[index % count]
        inside = self.keys[np.clip(index, 0, count - 1)]
        before, after = (self._beyond(*self.keys[ends]) for ends in ([0, 1], [-1, -2]))
        if len(self.pieces) == count:
            after = self.keys[-1]
        return np.where((index < 0)[..., None], before, np.where((index >= count)[..., None], after, inside))

    def _beyond(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """As far before a as b is behind it; of length 1, for lengths that went on would change their sign."""
        found = a.copy()
        found[: self.latent_dim] = slerp(unit(a[: self.latent_dim]), unit(b[: self.latent_dim]), -1.0)
        return found
