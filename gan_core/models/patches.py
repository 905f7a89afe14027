"""4x4 convolutions of stride 2 as matrix products, where oneDNN's own are slow: bf16 on a processor, 8x8 maps and 4x4.

With the pixels under the kernel laid out as rows, a convolution and both of its gradients are products of matrices. In
bf16 oneDNN takes 1.5 times as long for the forward pass of so small a map, and twice for the gradient of its weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, linear, pad

LARGER, SMALLER = 8, 4


class DownConv(nn.Conv2d):
    """A halving convolution without bias, [N, C, 2h, 2w] to [N, C', h, w]."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(channels_in, channels_out, 4, 2, 1, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        if not pays(images, LARGER):
            return super().forward(images)
        return Down.apply(images, self.weight.to(images.dtype))


class UpConv(nn.ConvTranspose2d):
    """A doubling transposed convolution without bias, [N, C, h, w] to [N, C', 2h, 2w]."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(channels_in, channels_out, 4, 2, 1, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        # Folding batch norm into a layer gives it a bias.
        if self.bias is not None or not pays(images, SMALLER):
            return super().forward(images)
        return Up.apply(images, self.weight.to(images.dtype))


def pays(images: Tensor, side: int) -> bool:
    """Whether products are the faster way for these images."""
    return images.device.type == "cpu" and images.dtype == torch.bfloat16 and images.shape[2:] == (side, side)


class Down(torch.autograd.Function):
    """Images [N, C, 2h, 2w] and weight [C', C, 4, 4] to [N, C', h, w]."""

    @staticmethod
    def forward(ctx, images: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(images, weight)
        return down(images, weight)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        images, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return up(grad, weight) if wanted[0] else None, weight_grad(images, grad) if wanted[1] else None


class Up(torch.autograd.Function):
    """The adjoint of `Down`: images [N, C', h, w] and weight [C', C, 4, 4] to [N, C, 2h, 2w]."""

    @staticmethod
    def forward(ctx, images: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(images, weight)
        return up(images, weight)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        images, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return down(grad, weight) if wanted[0] else None, weight_grad(grad, images) if wanted[1] else None


def down(larger: Tensor, weight: Tensor) -> Tensor:
    rows = linear(patches(larger), weight.permute(0, 2, 3, 1).flatten(1))
    return rows.view(len(larger), larger.shape[2] // 2, larger.shape[3] // 2, -1).permute(0, 3, 1, 2)


def up(smaller: Tensor, weight: Tensor) -> Tensor:
    return conv_transpose2d(smaller, weight, stride=2, padding=1)


def weight_grad(larger: Tensor, smaller: Tensor) -> Tensor:
    """The gradient [C', C, 4, 4] of a weight between larger [N, C, 2h, 2w] and smaller [N, C', h, w], in either way."""
    rows = smaller.permute(0, 2, 3, 1).flatten(0, 2)
    return (rows.t() @ patches(larger)).view(rows.shape[1], 4, 4, -1).permute(0, 3, 1, 2)


def patches(larger: Tensor) -> Tensor:
    """What the kernel sees at each of its places, [N h w, 4 4 C], of [N, C, 2h, 2w]."""
    seen = pad(larger.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1)).unfold(1, 4, 2).unfold(2, 4, 2)
    return seen.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(0, 2)
