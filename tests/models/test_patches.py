"""Convolutions as matrix products against torch's own."""

import pytest
import torch
from torch.nn.functional import conv2d, conv_transpose2d

from gan_core.models import patches
from gan_core.models.patches import Down, DownConv, Up, UpConv


def some(*shape: int, dtype=torch.float64) -> torch.Tensor:
    values = torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)
    return values.to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()


CASES = {
    "down": (Down.apply, lambda x, w: conv2d(x, w, stride=2, padding=1), (3, 5, 8, 8), (7, 5, 4, 4)),
    "up": (Up.apply, lambda x, w: conv_transpose2d(x, w, stride=2, padding=1), (3, 7, 4, 4), (7, 5, 4, 4)),
    "down, not square": (Down.apply, lambda x, w: conv2d(x, w, stride=2, padding=1), (2, 3, 6, 10), (4, 3, 4, 4)),
}


@pytest.mark.parametrize("case", CASES)
def test_outputs_and_gradients_are_those_of_the_convolution(case):
    ours, theirs, shape, weight_shape = CASES[case]
    results = []
    for function in (ours, theirs):
        x, w = some(*shape), some(*weight_shape)
        y = function(x, w)
        (y * torch.arange(y.numel(), dtype=y.dtype).view_as(y).sin()).sum().backward()
        results.append((y.detach(), x.grad, w.grad))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", ["down", "up"])
def test_gradients_have_gradients_for_penalties(case):
    ours, _, _, _ = CASES[case]
    inputs = {"down": (some(1, 2, 4, 4), some(2, 2, 4, 4)), "up": (some(1, 2, 2, 2), some(2, 2, 4, 4))}[case]
    assert torch.autograd.gradcheck(ours, inputs)
    assert torch.autograd.gradgradcheck(ours, inputs)


@pytest.mark.parametrize(("layer", "side"), [(DownConv(6, 8), 8), (UpConv(6, 8), 4)])
def test_in_bf16_both_ways_differ_by_rounding_only(layer, side, monkeypatch):
    results = []
    for here in (True, False):
        monkeypatch.setattr(patches, "pays", lambda images, side, here=here: here)
        x = some(4, 6, side, side, dtype=torch.bfloat16)
        layer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(x)
        assert y.dtype == torch.bfloat16
        y.float().square().sum().backward()
        results.append((y.detach().float(), x.grad.float(), layer.weight.grad.clone()))
    for one, other in zip(*results, strict=True):
        assert (one - other).norm() < 0.02 * other.norm()


def test_products_are_taken_only_where_they_pay():
    images = torch.zeros(2, 6, 8, 8)
    assert patches.pays(images.bfloat16(), 8)
    assert not patches.pays(images, 8), "oneDNN is good at fp32"
    assert not patches.pays(torch.zeros(2, 6, 16, 16).bfloat16(), 8)
    assert not patches.pays(images.bfloat16().to("meta"), 8)


def test_a_frozen_weight_gets_no_gradient_and_costs_none():
    x, w = some(2, 3, 8, 8), some(4, 3, 4, 4).detach()
    Down.apply(x, w).sum().backward()
    assert x.grad is not None and w.grad is None
