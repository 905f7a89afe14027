"""The DCGAN pair: strided convolutions, batch norm, ReLU in G and LeakyReLU in D (Radford et al. 2016, section 3).

The paper's projection of z and its last 4x4 convolution are written as `Linear`: the same functions, far faster on a
CPU.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from gan_core.config import ModelConfig
from gan_core.models import base
from gan_core.models.base import init_normal, init_scaled, norm_scale, with_spectral_norm
from gan_core.models.patches import DownConv, UpConv


class Generator(base.Generator):
    """Doubles 4x4 maps until one below image_size, each time with half as many channels."""

    def __init__(self, config: ModelConfig):
        super().__init__(config)
        width = widths(config.ngf, config.image_size, config.widest)[::-1]
        self.width = width[0]
        self.project = nn.Linear(self.inner_dim, 16 * width[0], bias=False)
        self.first = nn.Sequential(nn.BatchNorm2d(width[0]), nn.ReLU(inplace=True))
        self.blocks = nn.ModuleList(up_block(a, b) for a, b in pairwise(width))
        self.to_image = nn.ConvTranspose2d(width[-1], config.channels, 4, 2, 1)
        init_normal(self)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.to_image(self.features(z, len(self.blocks))))

    def features(self, z: torch.Tensor, depth: int) -> torch.Tensor:
        """Activations after the projection and the first `depth` blocks, [N, C, h, w]."""
        # Laid out as [N, 4, 4, C] the result is channels_last without a copy.
        h = self.first(self.project(self.inner(z)).view(-1, 4, 4, self.width).permute(0, 3, 1, 2))
        for block in self.blocks[:depth]:
            h = block(h)
        return h

    def first_weight(self) -> torch.Tensor:
        # The channels are the innermost of the projection's outputs.
        scale = norm_scale(self.first[0])
        return self.project.weight * scale.repeat(len(self.project.weight) // len(scale))[:, None]


class Discriminator(base.Discriminator):
    """Halves images until 4x4, each time with twice as many channels; `norm` is 'batch', 'spectral' or 'none'."""

    def __init__(self, config: ModelConfig, norm: str = "batch"):
        super().__init__(config)
        width = widths(config.ndf, config.image_size, config.widest)
        self.from_image = nn.Sequential(nn.Conv2d(config.channels, width[0], 4, 2, 1), nn.LeakyReLU(0.2, inplace=True))
        self.blocks = nn.Sequential(*(down_block(a, b, norm) for a, b in pairwise(width)))
        self.add_score(16 * width[-1])
        init_normal(self) if norm == "batch" else init_scaled(self)
        if norm == "spectral":
            with_spectral_norm(self)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return self.blocks(self.from_image(images)).permute(0, 2, 3, 1).flatten(1)


def widths(width: int, image_size: int, widest: int = 8) -> list[int]:
    """Channels at each size from image_size / 2 down to 4, e.g. [64, 128, 256, 512] for 64 px."""
    halvings = image_size.bit_length() - 3
    return [width * min(2**i, widest) for i in range(halvings)]


def up_block(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        UpConv(channels_in, channels_out),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


def down_block(channels_in: int, channels_out: int, norm: str) -> nn.Sequential:
    norms = [nn.BatchNorm2d(channels_out)] if norm == "batch" else []
    # What a custom function such as DownConv's returns must not be overwritten.
    return nn.Sequential(DownConv(channels_in, channels_out), *norms, nn.LeakyReLU(0.2, inplace=bool(norms)))
