"""Networks recognised in named tensors: a DCGAN's chain of 4x4 convolutions, whatever its layers are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_core.config import require
from gan_core.hub.names import IS_D, IS_G

PARTS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
STYLEGAN = ("modulation", "mapping", "style", "noise_strength", "to_rgb", "torgb")
WRAPPERS = ("module", "_orig_mod")  # of DataParallel and torch.compile
MAX_DEPTH = 5


@dataclass(frozen=True)
class Convolution:
    """A 4x4 kernel [a, b, 4, 4], its bias [b or a] and the batch norm behind it."""

    name: str
    weight: Tensor
    bias: Tensor | None = None
    norm: dict[str, Tensor] | None = None


class Discriminator(ValueError):
    """The layers are those of a discriminator."""


Layers = dict[str, dict[str, Tensor]]


def layers_of(tensors: dict[str, Tensor]) -> Layers:
    """The tensors by layer, in their order."""
    found: Layers = {}
    for name, tensor in tensors.items():
        parts = [part for part in name.split(".") if part not in WRAPPERS]
        found.setdefault(".".join(parts[:-1]), {})[parts[-1]] = tensor
    return found


def networks(layers: Layers, name: str = "", depth: int = 0) -> Iterator[tuple[str, Layers]]:
    """What may be a whole network, by its name: all the layers, and those of a part of them that is called G or D."""
    yield name, layers
    heads: dict[str, Layers] = {}
    for path, layer in layers.items():
        head, _, rest = path.partition(".")
        heads.setdefault(head, {})[rest] = layer
    for head, inner in heads.items():
        if depth < MAX_DEPTH and (len(heads) == 1 or IS_G.search(head) or IS_D.search(head)):
            yield from networks(inner, f"{name}.{head}" if name else head, depth + 1)


def generator_chain(layers: Layers) -> list[Convolution]:
    """The transposed convolutions of a DCGAN's generator, first to last.

    ValueError with the reason where the layers are something else; Discriminator if they are one.
    """
    chain = _chain(layers)
    shapes = [conv.weight.shape for conv in chain]
    if len(chain) > 1 and _linked((b, a) for a, b, *_ in shapes) and not _linked((a, b) for a, b, *_ in shapes):
        raise Discriminator("this is a discriminator: the generator is wanted")
    require(_linked((a, b) for a, b, *_ in shapes), "its layers do not follow each other as a DCGAN's do")
    return _normed(chain, layers, 1)


def discriminator_chain(layers: Layers) -> list[Convolution]:
    """The convolutions of a DCGAN's discriminator, first to last. ValueError with the reason if it is none."""
    chain = _chain(layers)
    shapes = [conv.weight.shape for conv in chain]
    require(
        _linked((b, a) for a, b, *_ in shapes) and shapes[-1][0] == 1, "its layers are not those of a discriminator"
    )
    return _normed(chain, layers, 0)


def _chain(layers: Layers) -> list[Convolution]:
    """The layers that have a 4x4 kernel, and none of another kind."""
    layers = {name: layer for name, layer in layers.items() if name or set(layer) & set(PARTS)}
    require(bool(layers), "it holds no weights")
    style = any(word in name.lower() for name in layers for word in STYLEGAN)
    require(not style, "it is a StyleGAN, which is another network than a DCGAN")
    for name, layer in layers.items():
        odd = next((part for part in layer if part not in PARTS), None)
        require(odd is None, f"its layer {name} has a '{odd}', which no layer of a plain DCGAN has")
        _check_layer(name, layer)
    kernels = {name: layer for name, layer in layers.items() if _dim(layer) == 4}
    require(len(kernels) > 2, "it has too few convolutions for a DCGAN")
    return [Convolution(name, _float(layer["weight"]), _float(layer.get("bias"))) for name, layer in kernels.items()]


def _check_layer(name: str, layer: dict[str, Tensor]) -> None:
    for tensor in layer.values():
        plain = tensor.layout == torch.strided and not tensor.is_quantized and not tensor.is_complex()
        require(plain and not tensor.is_meta, f"its layer {name} does not hold plain numbers")
    if _dim(layer) == 2:
        raise ValueError(f"its layer {name} is fully connected, and all of a DCGAN's are convolutions")
    require(_dim(layer) in (0, 1, 4), f"its layer {name} is neither a convolution of pictures nor a batch norm")
    if _dim(layer) == 4:
        require("weight" in layer and layer["weight"].dim() == 4, f"its layer {name} has no kernel")
        height, width = layer["weight"].shape[2:]
        require(
            (height, width) == (4, 4),
            f"its layer {name} has a kernel of {height}×{width}, and only those of 4×4 can be opened",
        )


def _normed(chain: list[Convolution], layers: Layers, out: int) -> list[Convolution]:
    """The chain with each batch norm behind its convolution; `out` is the kernel's dimension of output channels."""
    norms = [(name, layer) for name, layer in layers.items() if _dim(layer) < 2]
    names = list(layers)
    before = [max((names.index(conv.name) for conv in chain if names.index(conv.name) < names.index(name)), default=-1)
              for name, _ in norms]  # fmt: skip
    owners = [names[place] if place >= 0 else "" for place in before]
    if len(set(owners)) < len(owners) or not _fit(chain, norms, owners, out):
        # Named in another order than they are called in: all convolutions, then all norms.
        inner = chain[:-1] if out == 1 else chain[1:-1]
        owners = [conv.name for conv in inner]
        require(
            len(norms) == len(owners) and _fit(chain, norms, owners, out),
            "its batch norms do not fit its convolutions",
        )
    of = dict(zip(owners, (layer for _, layer in norms), strict=True))
    return [Convolution(c.name, c.weight, c.bias, _norm(of[c.name]) if c.name in of else None) for c in chain]


def _fit(chain: list[Convolution], norms: list, owners: list[str], out: int) -> bool:
    channels = {conv.name: conv.weight.shape[out] for conv in chain[:-1]}
    sizes = [[tensor.numel() for part, tensor in layer.items() if tensor.dim() == 1] for _, layer in norms]
    return all(
        owner in channels and set(found) == {channels[owner]} for owner, found in zip(owners, sizes, strict=True)
    )


def _norm(layer: dict[str, Tensor]) -> dict[str, Tensor]:
    require("running_mean" in layer and "running_var" in layer, "its batch norms keep no averages")
    width = len(layer["running_mean"])
    default = {"weight": torch.ones(width), "bias": torch.zeros(width)}
    return default | {part: _float(layer[part]) for part in PARTS[:4] if part in layer}


def _linked(pairs: Iterable[tuple[int, int]]) -> bool:
    """Whether each layer takes what the one before it gives."""
    pairs = list(pairs)
    return all(a[1] == b[0] for a, b in zip(pairs, pairs[1:], strict=False))


def _dim(layer: dict[str, Tensor]) -> int:
    """How many dimensions the layer's largest tensor has."""
    return max((tensor.dim() for tensor in layer.values()), default=0)


def _float(tensor: Tensor | None) -> Tensor | None:
    if tensor is None:
        return None
    require(bool(torch.isfinite(tensor).all()), "it holds weights that are not finite numbers")
    return tensor.detach().float()
