"""A generator rearranged for showing single pictures quickly: the same function, no longer trainable."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.functional import fold
from torch.nn.utils.fusion import fuse_conv_bn_eval

from gan_core.models import Generator

MAX_FOLDED = 2


def for_inference(G: Generator) -> Generator:
    """As `fused`, laid out for a processor and with a faster path for one or two images."""
    G = fused(G).to(memory_format=torch.channels_last)
    if G.config.architecture == "dcgan":
        G.blocks[0][0] = FoldedUp(G.blocks[0][0])
    return G


def fused(G: Generator) -> Generator:
    """A copy of G in eval mode with batch norm inside the convolutions: the same function."""
    G = copy.deepcopy(G).eval().requires_grad_(False)
    for block in G.blocks:
        if isinstance(block, nn.Sequential) and isinstance(block[0], nn.ConvTranspose2d):
            block[0], block[1] = fuse_conv_bn_eval(block[0], block[1], transpose=True), nn.Identity()
    return G


class FoldedUp(nn.Module):
    """The transposed convolution of an up block [N, C, h, w] to [N, C', 2h, 2w], as one matrix product if N is small.

    oneDNN repacks the weights at every call, which costs as much as convolving one 4x4 map with them.
    """

    def __init__(self, conv: nn.ConvTranspose2d):
        super().__init__()
        self.conv = conv
        self.register_buffer("matrix", conv.weight.detach().flatten(1).t().contiguous())

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        if len(h) > MAX_FOLDED:
            return self.conv(h)
        height, width = h.shape[2:]
        up = fold(self.matrix @ h.flatten(2), (2 * height, 2 * width), kernel_size=4, padding=1, stride=2)
        return up.add_(self.conv.bias.view(-1, 1, 1)).contiguous(memory_format=torch.channels_last)
