"""A network applied to a batch part by part, in less memory and with the same result.

outputs = in_parts(D, 4, images)      # as D(images), also in backward(), with a quarter of the activations at a time

Batch norm is what makes this more than a loop: its mean and variance are of the whole batch, and gradients flow through
them. So they are variables of their own here. Forward, they are measured one layer after the other; backward, each in
turn passes its gradient on to what it was computed from. Every pass runs up to one layer only, and nothing is kept but
inputs and outputs; with four such layers a step takes three to four times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from gan_core.models.base import Dropout
from gan_core.training.precision import wide

Statistics = dict[_BatchNorm, tuple[Tensor, Tensor]]


def in_parts(net: nn.Module, num_parts: int, inputs: Tensor, *given: Tensor) -> Tensor:
    """net(inputs, *given) for tensors [N, ...], differentiable once in inputs and parameters.

    Dropout drops as many units as in the whole batch, but others.
    """
    if num_parts == 1 or not torch.is_grad_enabled():
        # Without a graph there is little to save, and statistics are exact.
        return net(inputs, *given)
    # A tensor that needs a gradient, or else backward would not be asked when only the parameters do.
    return _InParts.apply(torch.empty(0, requires_grad=True), net, num_parts, inputs, *given)


def has_statistics(net: nn.Module) -> bool:
    """Whether what the network makes of an image depends on the others in the batch."""
    return any(isinstance(module, _BatchNorm) for module in net.modules())


class _InParts(torch.autograd.Function):
    @staticmethod
    def forward(ctx, _anchor: Tensor, net: nn.Module, num_parts: int, *tensors: Tensor) -> Tensor:
        ctx.net, ctx.num_parts, ctx.autocast = net, num_parts, _autocast_now(tensors[0].device)
        ctx.save_for_backward(*tensors)
        ctx.statistics, ctx.seed = {}, _seed(net)
        with _given(net, ctx.statistics):
            return _measure(_cut(net, tensors, num_parts, ctx.seed), ctx.statistics)

    @staticmethod
    def backward(ctx, grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        inputs, *given = (tensor.detach() for tensor in ctx.saved_tensors)
        wanted = ctx.needs_input_grad[3]
        parts = _cut(ctx.net, (inputs, *given), ctx.num_parts, ctx.seed)
        for part in parts:
            part.inputs.requires_grad_(wanted)
        with torch.enable_grad(), ctx.autocast(), _given(ctx.net, ctx.statistics):
            for part, grad in zip(parts, grad_outputs.chunk(ctx.num_parts), strict=True):
                torch.autograd.backward(part.run(), grad)
            for layer in reversed(list(ctx.statistics)):
                _backward_statistics(layer, parts, ctx.statistics)
        grad_inputs = torch.cat([part.inputs.grad for part in parts]) if wanted else None
        return None, None, None, grad_inputs, *(None for _ in given)


@dataclass(frozen=True)
class _Part:
    """A piece of each tensor; the network drops the same units of it at every pass."""

    net: nn.Module
    inputs: Tensor
    given: tuple[Tensor, ...]
    seed: int | None

    def run(self) -> Tensor:
        if self.seed is not None:
            rng = torch.Generator(self.inputs.device).manual_seed(self.seed)
            for layer in _dropouts(self.net):
                layer.rng = rng
        return self.net(self.inputs, *self.given)


def _cut(net: nn.Module, tensors: Sequence[Tensor], num_parts: int, seed: int | None) -> list[_Part]:
    """Tensors [N, ...] as parts that hold a piece of each."""
    pieces = zip(*(tensor.chunk(num_parts) for tensor in tensors), strict=True)
    return [
        _Part(net, piece, tuple(rest), None if seed is None else seed + i) for i, (piece, *rest) in enumerate(pieces)
    ]


def _dropouts(net: nn.Module) -> list[Dropout]:
    """The layers that will drop something."""
    return [module for module in net.modules() if isinstance(module, Dropout) and module.p and module.training]


def _seed(net: nn.Module) -> int | None:
    """What decides the units dropped by all passes over one batch, drawn from the network's own generator."""
    layers = _dropouts(net)
    if not layers:
        return None
    rng = layers[0].rng
    return torch.randint(2**62, (), generator=rng, device=rng.device if rng else None).item()


class _Reached(Exception):
    """The forward pass has come to a batch norm whose statistics are not known yet."""

    def __init__(self, layer: _BatchNorm, features: Tensor):
        self.layer, self.features = layer, features


@contextmanager
def _given(net: nn.Module, statistics: Statistics) -> Iterator[None]:
    """Batch norm normalises by the given statistics, or stops the pass where there are none."""
    layers = [module for module in net.modules() if isinstance(module, _BatchNorm)]
    generators = [(layer, layer.rng) for layer in _dropouts(net)]
    for layer in layers:
        layer.forward = partial(_normalise, layer, statistics)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward
        for layer, rng in generators:
            layer.rng = rng


def _normalise(layer: _BatchNorm, statistics: Statistics, features: Tensor) -> Tensor:
    if layer not in statistics:
        raise _Reached(layer, features)
    return normalise(layer, *statistics[layer], features)


def normalise(layer: _BatchNorm, mean: Tensor, var: Tensor, features: Tensor) -> Tensor:
    """What the layer makes of features [N, C, ...] of that mean and variance [C]."""
    scale = layer.weight * (var + layer.eps).rsqrt()
    shift = layer.bias - mean * scale
    return (features * _per_channel(scale, features) + _per_channel(shift, features)).to(features.dtype)


def _measure(parts: list[_Part], statistics: Statistics) -> Tensor:
    """Fill the statistics, layer after layer, until the passes come through; returns the outputs."""
    while True:
        outputs, found, layer = [], [], None
        for part in parts:
            try:
                outputs.append(part.run())
            except _Reached as reached:
                layer = reached.layer
                found.append(moments(reached.features))
        if layer is None:
            return torch.cat(outputs)
        statistics[layer] = _whole(layer, found)


def moments(features: Tensor) -> tuple[int, Tensor, Tensor]:
    """How many numbers a channel has, and their mean and variance [C]."""
    var, mean = torch.var_mean(wide(features), dim=_all_but_channels(features), correction=0)
    return features.numel() // len(mean), mean, var


def _whole(layer: _BatchNorm, parts: list[tuple[int, Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Mean and variance of all parts together (Chan et al. 1983), also noted in the layer's running statistics."""
    total = sum(count for count, _, _ in parts)
    mean = sum(count / total * part for count, part, _ in parts)
    var = sum(count / total * (var + (part - mean) ** 2) for count, part, var in parts)
    note(layer, mean, var, total)
    return mean.requires_grad_(), var.requires_grad_()


def note(layer: _BatchNorm, mean: Tensor, var: Tensor, count: int) -> None:
    """Move the layer's running statistics towards mean and variance [C] of that many numbers a channel."""
    layer.num_batches_tracked.add_(1)
    layer.running_mean.lerp_(mean, layer.momentum)
    layer.running_var.lerp_(var * (count / (count - 1)), layer.momentum)


def _backward_statistics(layer: _BatchNorm, parts: list[_Part], statistics: Statistics) -> None:
    """Pass the gradients of one layer's mean and variance on to all that comes before it, and forget the layer."""
    mean, var = statistics.pop(layer)
    whole = sum(len(part.inputs) for part in parts)
    for part in parts:
        try:
            part.run()
        except _Reached as reached:
            features = wide(reached.features)
        dims = _all_but_channels(features)
        share = len(part.inputs) / whole
        # The mean inside the variance may be held fixed: moving it does not change the variance to first order.
        spread = (features - _per_channel(mean.detach(), features)).square()
        torch.autograd.backward([share * features.mean(dims), share * spread.mean(dims)], [mean.grad, var.grad])


def _all_but_channels(features: Tensor) -> list[int]:
    return [dim for dim in range(features.dim()) if dim != 1]


def _per_channel(values: Tensor, like: Tensor) -> Tensor:
    """[C] in a shape that meets [N, C, ...]."""
    return values.view([1, -1] + [1] * (like.dim() - 2))


def _autocast_now(device: torch.device) -> Callable[[], torch.autocast]:
    """Autocast as it is set here, for the backward pass to compute the same again."""
    enabled, dtype = torch.is_autocast_enabled(device.type), torch.get_autocast_dtype(device.type)
    return partial(torch.autocast, device.type, dtype, enabled)
