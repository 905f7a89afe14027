"""The small DCGAN of the classic tutorials for 28x28 digits: 7x7 maps, 5x5 kernels, dropout instead of norms in D."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from gan_core.config import ModelConfig
from gan_core.models import base
from gan_core.models.base import Dropout, init_scaled, norm_scale, with_spectral_norm

START = 7


class Generator(base.Generator):
    """7x7 with 4 ngf channels, up to 14x14 and 28x28."""

    def __init__(self, config: ModelConfig):
        super().__init__(config)
        width = 4 * config.ngf
        self.width = width
        self.project = nn.Linear(self.inner_dim, START * START * width, bias=False)
        self.first = nn.Sequential(nn.BatchNorm2d(width), nn.LeakyReLU(0.2, inplace=True))
        self.blocks = nn.ModuleList([up_block(width, width // 2, 1), up_block(width // 2, width // 4, 2)])
        self.to_image = nn.ConvTranspose2d(width // 4, config.channels, 5, 2, 2, output_padding=1)
        base.init_normal(self)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.to_image(self.features(z, len(self.blocks))))

    def features(self, z: torch.Tensor, depth: int) -> torch.Tensor:
        """Activations after the projection and the first `depth` blocks, [N, C, h, w]."""
        h = self.first(self.project(self.inner(z)).view(-1, START, START, self.width).permute(0, 3, 1, 2))
        for block in self.blocks[:depth]:
            h = block(h)
        return h

    def first_weight(self) -> torch.Tensor:
        # The channels are the innermost of the projection's outputs.
        scale = norm_scale(self.first[0])
        return self.project.weight * scale.repeat(len(self.project.weight) // len(scale))[:, None]


class Discriminator(base.Discriminator):
    """28x28 to 14x14 with ndf channels, 7x7 with twice as many."""

    def __init__(self, config: ModelConfig, norm: str = "none"):
        super().__init__(config)
        width = (config.channels, config.ndf, 2 * config.ndf)
        self.blocks = nn.Sequential(*(down_block(a, b, norm, config.dropout) for a, b in pairwise(width)))
        self.add_score(START * START * 2 * config.ndf)
        init_scaled(self)
        if norm == "spectral":
            with_spectral_norm(self)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return self.blocks(images).permute(0, 2, 3, 1).flatten(1)


def up_block(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(channels_in, channels_out, 5, stride, 2, output_padding=stride - 1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.LeakyReLU(0.2, inplace=True),
    )


def down_block(channels_in: int, channels_out: int, norm: str, dropout: float) -> nn.Sequential:
    norms = [nn.BatchNorm2d(channels_out)] if norm == "batch" else []
    conv = nn.Conv2d(channels_in, channels_out, 5, 2, 2)
    return nn.Sequential(conv, *norms, nn.LeakyReLU(0.2, inplace=True), Dropout(dropout))
