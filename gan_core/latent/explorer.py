"""What a person who explores a trained generator can ask of it."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from gan_core import pixels
from gan_core.config import Config, require
from gan_core.latent.catalogue import FILE, directions_of
from gan_core.latent.directions import Direction, move
from gan_core.latent.inference import for_inference
from gan_core.latent.timeline import Piece, Timeline
from gan_core.latent.together import Together
from gan_core.latent.z import z_from_seeds
from gan_core.models import Generator
from gan_core.runs.checkpoint import load_generator

# Eight images in one go cost half of eight alone; more gain nothing, and a slider would wait longer behind a film.
RENDER_BATCH = 8
# Two batches at a time fill two cores; more would be smaller ones.
RENDERERS = 2


@dataclass(frozen=True)
class Point:
    """A picture: a seed, moved along directions, by id, by amounts in standard deviations of z.

    `label` is the place of its class among the model's; None leaves the choice to the seed. `z`, if given, stands in
    place of the seed's: latent_dim numbers, behind which the weights of classes may follow that no label overrides.
    """

    seed: int = 0
    moves: Mapping[str, float] = field(default_factory=dict)
    label: int | None = None
    z: tuple[float, ...] | None = None


class Explorer:
    """Pictures of one generator on the CPU; every method may be called from several threads at once.

    Calls that come while others are rendered share their batches. A call uses as many threads as torch allows the
    thread that makes it.
    """

    def __init__(self, G: Generator, config: Config, nimg: int, catalogue: Path | None = None):
        self.config = config
        self.nimg = nimg
        self.catalogue = catalogue
        self._G = for_inference(G)
        self._images = Together(self._render_batch, RENDER_BATCH, RENDERERS)
        self._directions: dict[str, Direction] | None = None
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path | str) -> Explorer:
        """The explorer of a generator file, with the directions saved beside it. ValueError if it is not one."""
        path = Path(path)
        return cls(*load_generator(path), catalogue=path.with_name(FILE))

    @property
    def G(self) -> Generator:
        """The network in its form for inference, for those who follow its gradients; it is not theirs to change."""
        return self._G

    @property
    def directions(self) -> dict[str, Direction]:
        """Every direction by id; the first use takes about a second, later ones nothing."""
        with self._lock:
            if self._directions is None:
                self._directions = directions_of(self._G, self.catalogue)
            return self._directions

    def generator(self) -> Generator:
        """A copy of the generator, as it renders here, for whoever looks into it or changes it."""
        return copy.deepcopy(self._G)

    def forget_directions(self) -> None:
        """Have the directions looked up again, since those saved have changed."""
        with self._lock:
            self._directions = None

    def z(self, point: Point) -> np.ndarray:
        """The point's z and class weights, float32 [input_dim]. ValueError for an unknown direction or class."""
        latent_dim = self.config.model.latent_dim
        z, weights = self._base(point, latent_dim)
        moves = {name: amount for name, amount in point.moves.items() if amount}
        if moves:
            unknown = next((name for name in moves if name not in self.directions), None)
            require(unknown is None, f"this model has no direction '{unknown}'")
            vectors = np.array([self.directions[name].vector for name in moves])
            z = move(z, vectors, np.array(list(moves.values())))
        return np.concatenate([z, weights])

    def render_z(self, z: np.ndarray) -> np.ndarray:
        """The images of z [N, input_dim], uint8 [N, H, W, C], N > 0.

        An image does not depend on its neighbours, but for one grey level here and there: sums of floats round
        differently in batches of different sizes.
        """
        z = np.asarray(z, np.float32)
        return np.concatenate([self._images(z[i : i + RENDER_BATCH]) for i in range(0, len(z), RENDER_BATCH)])

    def render(self, points: Sequence[Point]) -> np.ndarray:
        """The points' images, uint8 [N, H, W, C]."""
        return self.render_z(self.keys(points))

    @torch.inference_mode()
    def render_many(self, points: Sequence[Point]) -> np.ndarray:
        """As `render`, in one batch of its own: for many pictures that no slider waits for."""
        return self._render_batch(self.keys(points))

    def timeline(
        self, points: Sequence[Point], pieces: Sequence[Piece] = (Piece(),), *, closed: bool = True, way: str = "slerp"
    ) -> Timeline:
        """The timeline through these points; ValueError as `Timeline`."""
        return Timeline(self.keys(points), self.config.model.latent_dim, pieces, closed, way)

    def frames(self, timeline: Timeline, num_frames: int) -> Iterator[np.ndarray]:
        """The images uint8 [H, W, C] of a timeline's path, made a few at a time as they are asked for."""
        path = timeline.path(num_frames)
        for start in range(0, num_frames, RENDER_BATCH):
            yield from self.render_z(path[start : start + RENDER_BATCH])

    @torch.inference_mode()
    def _render_batch(self, z: np.ndarray) -> np.ndarray:
        return pixels.to_uint8(self._G(torch.from_numpy(z)))

    def keys(self, points: Sequence[Point]) -> np.ndarray:
        """`z` of each of the points, float32 [N, input_dim]."""
        keys = [self.z(point) for point in points]
        return np.array(keys, np.float32).reshape(len(keys), self.config.model.input_dim)

    def _base(self, point: Point, latent_dim: int) -> tuple[np.ndarray, np.ndarray]:
        """The point's z before any move, and the weights of its classes."""
        if point.z is None:
            return z_from_seeds([point.seed], latent_dim)[0], self._class_weights(point)
        z, num_classes = np.array(point.z, np.float32), len(self.config.model.classes)
        require(len(z) in (latent_dim, latent_dim + num_classes), "this face belongs to another model")
        if len(z) == latent_dim or point.label is not None:
            return z[:latent_dim], self._class_weights(point)
        return z[:latent_dim], z[latent_dim:]

    def _class_weights(self, point: Point) -> np.ndarray:
        num_classes = len(self.config.model.classes)
        if not num_classes:
            require(point.label is None, "this model knows no classes")
            return np.zeros(0, np.float32)
        label = point.seed % num_classes if point.label is None else point.label
        require(0 <= label < num_classes, f"this model knows {num_classes} classes, and {label} is none of them")
        return np.eye(num_classes, dtype=np.float32)[label]
