"""The DCGAN pair: strided convolutions, batch norm, ReLU in G and LeakyReLU in D (Radford et al. 2016, section 3).

The paper's projection of z and its last 4x4 convolution are written as `Linear`: the same functions, far faster on a
CPU.
"""

from __future__ import annotations

import torch
from torch import nn

from gan_core.config import ModelConfig
from gan_core.models.patches import DownConv, UpConv


class Generator(nn.Module):
    """z [N, latent_dim] to images [N, channels, image_size, image_size] in [-1, 1]."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        width = widths(config.ngf, config.image_size)[::-1]
        self.width = width[0]
        self.project = nn.Linear(config.latent_dim, 16 * width[0], bias=False)
        self.first = nn.Sequential(nn.BatchNorm2d(width[0]), nn.ReLU(inplace=True))
        self.blocks = nn.ModuleList(up_block(a, b) for a, b in zip(width, width[1:], strict=False))
        self.to_image = nn.ConvTranspose2d(width[-1], config.channels, 4, 2, 1)
        init_weights(self)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        h = self.features(z, len(self.blocks))
        return torch.tanh(self.to_image(h))

    def features(self, z: torch.Tensor, depth: int) -> torch.Tensor:
        """Activations after the projection and the first `depth` blocks, [N, C, h, w]."""
        # Laid out as [N, 4, 4, C] the result is channels_last without a copy.
        h = self.first(self.project(z).view(-1, 4, 4, self.width).permute(0, 3, 1, 2))
        for block in self.blocks[:depth]:
            h = block(h)
        return h


class Discriminator(nn.Module):
    """Images [N, channels, image_size, image_size] in [-1, 1] to logits [N]: above 0 means real."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        width = widths(config.ndf, config.image_size)
        self.from_image = nn.Sequential(nn.Conv2d(config.channels, width[0], 4, 2, 1), nn.LeakyReLU(0.2, inplace=True))
        self.blocks = nn.Sequential(*(down_block(a, b) for a, b in zip(width, width[1:], strict=False)))
        self.score = nn.Linear(16 * width[-1], 1)
        init_weights(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        h = self.blocks(self.from_image(images))
        return self.score(h.permute(0, 2, 3, 1).flatten(1)).squeeze(1)


def widths(base: int, image_size: int) -> list[int]:
    """Channels at each size from image_size / 2 down to 4, e.g. [64, 128, 256, 512] for 64 px."""
    halvings = image_size.bit_length() - 3
    return [base * min(2**i, 8) for i in range(halvings)]


def up_block(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        UpConv(channels_in, channels_out),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


def down_block(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        DownConv(channels_in, channels_out),
        nn.BatchNorm2d(channels_out),
        nn.LeakyReLU(0.2, inplace=True),
    )


def init_weights(model: nn.Module) -> None:
    """Normal(0, 0.02) for every weight, Normal(1, 0.02) for batch norm scales (Radford et al. 2016, section 4)."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
