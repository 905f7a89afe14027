"""Fully connected pairs: the GAN as first published, on the bare pixels (Goodfellow et al. 2014, section 5)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from gan_core.config import ModelConfig
from gan_core.models import base
from gan_core.models.base import Dropout, init_scaled, norm_scale, with_spectral_norm

STAGES = (1, 2, 4)


class Generator(base.Generator):
    """z through layers of ngf, 2 ngf and 4 ngf units to all pixels; the architecture 'dense' has batch norm."""

    def __init__(self, config: ModelConfig):
        super().__init__(config)
        width = [self.inner_dim, *(config.ngf * stage for stage in STAGES)]
        layers = [layer(a, b, config.architecture == "dense") for a, b in pairwise(width)]
        self.project, self.blocks = layers[0], nn.ModuleList(layers[1:])
        self.to_image = nn.Linear(width[-1], config.channels * config.image_size**2)
        init_scaled(self)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(as_images(self.to_image(self.features(z, len(self.blocks))), self.config))

    def features(self, z: Tensor, depth: int) -> Tensor:
        """Activations after the first 1 + `depth` layers, [N, units]."""
        h = self.project(self.inner(z))
        for block in self.blocks[:depth]:
            h = block(h)
        return h

    def first_weight(self) -> Tensor:
        linear, *others = self.project
        norms = [other for other in others if isinstance(other, nn.BatchNorm1d)]
        return linear.weight * norm_scale(norms[0])[:, None] if norms else linear.weight


class Discriminator(base.Discriminator):
    """All pixels through layers of 4 ndf, 2 ndf and ndf units."""

    def __init__(self, config: ModelConfig, norm: str = "none"):
        super().__init__(config)
        width = [config.channels * config.image_size**2, *(config.ndf * stage for stage in STAGES[::-1])]
        pairs = pairwise(width)
        self.blocks = nn.Sequential(*(layer(a, b, norm == "batch", config.dropout) for a, b in pairs))
        self.add_score(config.ndf)
        init_scaled(self)
        if norm == "spectral":
            with_spectral_norm(self)

    def features(self, images: Tensor) -> Tensor:
        return self.blocks(images.permute(0, 2, 3, 1).flatten(1))


def as_images(values: Tensor, config: ModelConfig) -> Tensor:
    """[N, pixels] as [N, C, H, W] in channels_last layout."""
    return values.view(-1, config.image_size, config.image_size, config.channels).permute(0, 3, 1, 2)


def layer(units_in: int, units_out: int, batch_norm: bool, dropout: float = 0.0) -> nn.Sequential:
    norms = [nn.BatchNorm1d(units_out)] if batch_norm else []
    return nn.Sequential(nn.Linear(units_in, units_out), *norms, nn.LeakyReLU(0.2, inplace=True), Dropout(dropout))
