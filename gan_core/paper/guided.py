"""Guided backpropagation: what in a picture makes a feature answer (Springenberg et al. 2014, section 3.4)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from gan_core.models import Discriminator
from gan_core.paper.layers import activations

SLOPES = {functional.leaky_relu: 0.01, functional.relu: 0.0}


class Guided(torch.autograd.Function):
    """A rectifier that sends back only what is positive, and only where its own input was.

    The paper of guided backpropagation has ReLU. LeakyReLU answers as it does, and goes back as ReLU would: what its
    slope lets through of negative inputs is left out.
    """

    @staticmethod
    def forward(ctx, h: Tensor, slope: float) -> Tensor:
        ctx.save_for_backward(h)
        return functional.leaky_relu(h, slope)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        (h,) = ctx.saved_tensors
        return grad.clamp_min(0) * (h > 0), None


class GuidedRectifiers(TorchFunctionMode):
    """While it is on, every rectifier of whatever network is `Guided`, in modules and in functions alike."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function not in SLOPES:
            return function(*args, **kwargs)
        slope = kwargs.get("negative_slope", args[1] if len(args) > 1 else SLOPES[function])
        return Guided.apply(args[0], float(slope) if function is functional.leaky_relu else 0.0)


def guided_backprop(D: Discriminator, images: Tensor, stage: int, features: Tensor) -> Tensor:
    """The guided gradient [N, C, H, W] of each image's strongest answer of its feature in that stage.

    `images` are [N, C, H, W] in [-1, 1], `features` the place of one map or unit for each.
    """
    images = images.clone().requires_grad_(True)
    with GuidedRectifiers():
        maps = activations(D, images)[stage]
    own = maps[torch.arange(len(images)), features].reshape(len(images), -1)
    (grad,) = torch.autograd.grad(own.amax(1).sum(), images)
    return grad
