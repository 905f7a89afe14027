"""A pair of residual networks without norms, for losses with gradient penalties (Huang et al. 2024, section 3)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu

from gan_core.config import ModelConfig
from gan_core.models import base
from gan_core.models.base import init_scaled, with_spectral_norm
from gan_core.models.dcgan import widths

START = 4


class Generator(base.Generator):
    """A learned 4x4 map scaled by z, then a residual block at each size below image_size, doubling in between."""

    def __init__(self, config: ModelConfig):
        super().__init__(config)
        width = widths(config.ngf, config.image_size)[::-1]
        self.start = nn.Parameter(torch.randn(1, width[0], START, START))
        self.project = nn.Linear(self.inner_dim, width[0])
        self.first = Block(width[0], 2 * len(width))
        self.blocks = nn.ModuleList(Up(a, b, 2 * len(width)) for a, b in pairwise(width))
        self.to_image = nn.ConvTranspose2d(width[-1], config.channels, 4, 2, 1)
        init(self)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.to_image(self.features(z, len(self.blocks))))

    def features(self, z: Tensor, depth: int) -> Tensor:
        """Activations after the projection and the first `depth` doublings, [N, C, h, w]."""
        scale = self.project(self.inner(z))[:, :, None, None]
        h = self.first((self.start.to(scale.dtype) * scale).contiguous(memory_format=torch.channels_last))
        for block in self.blocks[:depth]:
            h = block(h)
        return h

    def first_weight(self) -> Tensor:
        # Each output scales a whole map, and weighs as much as that map is long.
        return self.project.weight * self.start[0].flatten(1).norm(dim=1)[:, None]


class Discriminator(base.Discriminator):
    """The generator's mirror image, halving by averages; `norm` is 'none' or 'spectral'."""

    def __init__(self, config: ModelConfig, norm: str = "none"):
        super().__init__(config)
        width = widths(config.ndf, config.image_size)
        self.from_image = nn.Conv2d(config.channels, width[0], 4, 2, 1)
        self.blocks = nn.Sequential(*(Down(a, b, 2 * len(width)) for a, b in pairwise(width)))
        self.last = Block(width[-1], 2 * len(width))
        self.pool = nn.Conv2d(width[-1], width[-1], START, groups=width[-1], bias=False)
        self.add_score(width[-1])
        if norm == "spectral":
            # A weight of nothing but zeros has no direction to be normalised in.
            init_scaled(self)
            with_spectral_norm(self)
        else:
            init(self)

    def features(self, images: Tensor) -> Tensor:
        return self.pool(self.last(self.blocks(self.from_image(images)))).flatten(1)


class Block(nn.Module):
    """1x1, 3x3 and 1x1 convolutions beside an identity; a new block is the identity.

    The paper has wider, grouped 3x3 convolutions, whose second derivatives take many times as long on a CPU.
    """

    def __init__(self, channels: int, num_blocks: int):
        super().__init__()
        inner = max(channels // 2, 1)
        self.narrow = nn.Conv2d(channels, inner, 1)
        self.spatial = nn.Conv2d(inner, inner, 3, padding=1)
        self.widen = nn.Conv2d(inner, channels, 1, bias=False)
        self.num_blocks = num_blocks

    def forward(self, h: Tensor) -> Tensor:
        inner = leaky_relu(self.spatial(leaky_relu(self.narrow(h), 0.2)), 0.2)
        return h + self.widen(inner)


class Up(nn.Module):
    """Doubling, to the next width, and a block."""

    def __init__(self, channels_in: int, channels_out: int, num_blocks: int):
        super().__init__()
        self.to_width = nn.Conv2d(channels_in, channels_out, 1, bias=False) if channels_in != channels_out else None
        self.block = Block(channels_out, num_blocks)

    def forward(self, h: Tensor) -> Tensor:
        # Both are linear and commute, so the smaller map goes through the convolution.
        h = self.to_width(h) if self.to_width else h
        return self.block(interpolate(h, scale_factor=2, mode="bilinear", align_corners=False))


class Down(nn.Module):
    """A block, halving, and to the next width."""

    def __init__(self, channels_in: int, channels_out: int, num_blocks: int):
        super().__init__()
        self.block = Block(channels_in, num_blocks)
        self.to_width = nn.Conv2d(channels_in, channels_out, 1, bias=False) if channels_in != channels_out else None

    def forward(self, h: Tensor) -> Tensor:
        h = avg_pool2d(self.block(h), 2)
        return self.to_width(h) if self.to_width else h


def init(model: nn.Module) -> None:
    """Scaled so that the sum of all blocks keeps its size; each ends in 0 at first (Zhang et al. 2019, section 3)."""
    init_scaled(model)
    for module in model.modules():
        if isinstance(module, Block):
            for conv in (module.narrow, module.spatial):
                conv.weight.data.mul_(module.num_blocks**-0.25)
            nn.init.zeros_(module.widen.weight)
    for name in ("project", "from_image", "pool", "score"):
        if hasattr(model, name):
            nn.init.kaiming_normal_(getattr(model, name).weight, nonlinearity="linear")
    if isinstance(model, base.Generator):
        # A pixel is a sum over a quarter of each channel's kernel; torch counts a transposed kernel's other side.
        nn.init.normal_(model.to_image.weight, 0.0, (4 * model.to_image.in_channels) ** -0.5)
