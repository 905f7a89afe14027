"""The model that the figures are made with, its discriminator, and a discriminator that learned nothing."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from gan_core.config import require
from gan_core.latent import Explorer, Point
from gan_core.models import Discriminator, build_discriminator
from gan_core.runs.checkpoint import load_discriminator

D_FILE = "discriminator.safetensors"
BATCH = 32


class Subject:
    """An opened model, with the discriminator that lies in `folder`, if any does."""

    def __init__(self, explorer: Explorer, folder: Path | None = None):
        self.explorer = explorer
        self.config = explorer.config
        self._folder = folder

    @classmethod
    def load(cls, path: Path) -> Subject:
        """The model of a generator file. ValueError if it is not one."""
        return cls(Explorer.load(path), path.parent)

    @property
    def has_D(self) -> bool:
        return self._folder is not None and (self._folder / D_FILE).is_file()

    @cached_property
    def D(self) -> Discriminator:
        """The discriminator, newest weights. ValueError if the model came without one."""
        require(self.has_D, "this model has no discriminator beside it: train it a little longer, and one is saved")
        D, config, _ = load_discriminator(self._folder / D_FILE)
        same = (config.model.image_size, config.model.channels) == self.shape[1:]
        require(same, "the discriminator beside this model was trained on pictures of another size")
        return D

    @cached_property
    def random_D(self) -> Discriminator:
        """A discriminator of the same shape that has seen nothing, the same on every call."""
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return build_discriminator(self.config.model, self.config.d_norm).eval().requires_grad_(False)

    @property
    def shape(self) -> tuple[str, int, int]:
        model = self.config.model
        return model.architecture, model.image_size, model.channels

    @property
    def one_class(self) -> int | None:
        """The class to stay in where a figure is about z alone; None for a model that knows none."""
        return 0 if self.config.model.classes else None

    def points(self, num_points: int, first_seed: int = 0, label: int | None = None) -> list[Point]:
        """That many samples; of a model with classes of all in turn, or of the one."""
        return [Point(seed, label=label) for seed in range(first_seed, first_seed + num_points)]

    def z(self, points: list[Point]) -> np.ndarray:
        """The points' z and class weights, float32 [N, input_dim]."""
        return self.explorer.keys(points)

    def point(self, z: np.ndarray) -> Point:
        """The point of a z with its class weights behind it, [input_dim]."""
        return Point(z=tuple(map(float, z)))
