"""What a generator is given in training: z, and behind it the weights of its classes if it knows any."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from gan_core.config import Config
from gan_core.training import feed

COLUMNS, MOST_ROWS = 8, 16
GRID = COLUMNS * COLUMNS


class Inputs:
    """Makes the generator's inputs [N, input_dim]; `labels` [N] are the data's, None without classes."""

    def __init__(self, config: Config, labels: np.ndarray | None, device: torch.device, dtype: torch.dtype):
        self.model, self.seed, self.labels = config.model, config.train.seed, labels
        self.device, self.dtype = device, dtype

    def noise(self, count: int, rng: torch.Generator) -> Tensor:
        """New z, [count, latent_dim], without classes."""
        return torch.randn(count, self.model.latent_dim, generator=rng, device=self.device).to(self.dtype)

    def fixed(self, count: int, seed: int | None = None) -> Tensor:
        """The same z on every device and at every call, [count, latent_dim], without classes."""
        rng = torch.Generator().manual_seed(self.seed if seed is None else seed)
        return torch.randn(count, self.model.latent_dim, generator=rng).to(self.device, self.dtype)

    def with_labels(self, z: Tensor, labels: np.ndarray) -> Tensor:
        """z with one-hot class weights behind it."""
        index = feed.pinned(labels, self.device).to(self.device, non_blocking=True)
        return torch.cat([z, one_hot(index, len(self.model.classes)).to(z.dtype)], 1)

    def of_images(self, z: Tensor, indices: np.ndarray) -> Tensor:
        """z with the classes of those images of the data, if there are any."""
        return z if self.labels is None else self.with_labels(z, self.labels[indices])

    def like_data(self, count: int, seed: int | None = None) -> Tensor:
        """Fixed z with classes as often as in the data."""
        z = self.fixed(count, seed)
        return z if self.labels is None else self.with_labels(z, np.random.default_rng(0).choice(self.labels, count))

    def grid(self) -> Tensor:
        """Fixed z of the sample sheet; with classes, a row or more of eight for each of the first sixteen."""
        num_classes = len(self.model.classes)
        if not num_classes:
            return self.fixed(GRID)
        rows = max(min(num_classes, MOST_ROWS), COLUMNS)
        of_row = np.arange(rows) * num_classes // rows if num_classes < rows else np.arange(rows)
        return self.with_labels(self.fixed(rows * COLUMNS), of_row.repeat(COLUMNS))
