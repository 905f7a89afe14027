"""DCGANs that other people trained with PyTorch's example, its tutorial and their relatives, as models of this program.

The same functions of z and of pictures, to the rounding of floats: the example's first layer, a transposed convolution
of one pixel, becomes our `Linear`, and biases that batch norm follows go into its averages. What a file of weights
cannot tell is taken as in the example: ReLU between the layers and tanh behind the last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from gan_core.config import POWERS_OF_TWO, UNKNOWN, Config, ModelConfig, TrainConfig, require
from gan_core.hub import layers
from gan_core.hub.layers import Convolution, Layers, layers_of, networks
from gan_core.hub.names import AVERAGE, IS_D, IS_G
from gan_core.hub.tensors import read_tensors
from gan_core.models import Discriminator, Generator, build_discriminator, build_generator
from gan_core.models.dcgan import widths

EPS = 1e-5  # of batch norm


@dataclass(frozen=True)
class Imported:
    """A generator, its settings and, if there is one that fits, its discriminator; `note` says why there is none."""

    G: Generator
    config: Config
    D: Discriminator | None = None
    note: str = ""


def import_file(path: Path, discriminator: Path | None = None) -> Imported:
    """The DCGAN in a file of weights, with the discriminator in the same file or in another.

    ValueError with the reason if its generator cannot be opened, or the other file's discriminator.
    """
    with _refusing(path.name):
        sets = _sets(path)
        G, model = _best(sets, generator, IS_G)
    config = Config("dcgan", model, TrainConfig(data=UNKNOWN))

    def judge(sets: list[tuple[str, Layers]]) -> Imported:
        D, model = _best(sets, lambda found: import_discriminator(found, config.model), IS_D)
        return Imported(G, replace(config, model=model), D)

    if discriminator is not None:
        with _refusing(f"the discriminator {discriminator.name}"):
            return judge(_sets(discriminator))
    if not any(IS_D.search(name) for name, _ in sets):
        return Imported(G, config)
    try:
        return judge(sets)
    except ValueError as error:
        return Imported(G, config, note=f"its discriminator was left out: {error}")


def generator(found: Layers) -> tuple[Generator, ModelConfig]:
    """Our generator with these layers' weights. ValueError with the reason if there can be none."""
    chain = layers.generator_chain(found)
    bare = next((conv.name for conv in chain[:-1] if conv.norm is None and conv.bias is None), None)
    require(bare is None, f"behind its layer {bare} may be a norm that has left no trace in the file")
    model = _model(chain)
    G = build_generator(model)
    G.load_state_dict(
        {"project.weight": chain[0].weight.permute(2, 3, 1, 0).flatten(0, 2), "to_image.weight": chain[-1].weight}
        | {"to_image.bias": chain[-1].bias if chain[-1].bias is not None else torch.zeros(model.channels)}
        | _norm("first.0", chain[0])
        | {f"blocks.{i}.0.weight": conv.weight for i, conv in enumerate(chain[1:-1])}
        | {name: value for i, conv in enumerate(chain[1:-1]) for name, value in _norm(f"blocks.{i}.1", conv).items()}
    )
    return G.eval().requires_grad_(False).to(memory_format=torch.channels_last), model


def import_discriminator(found: Layers, model: ModelConfig) -> tuple[Discriminator, ModelConfig]:
    """Our discriminator with these layers' weights, and the settings with its width."""
    chain = layers.discriminator_chain(found)
    width = [conv.weight.shape[0] for conv in chain[:-1]]
    require(chain[0].weight.shape[1] == model.channels, "its pictures have other channels than the generator's")
    require(2 ** (len(chain) + 1) == model.image_size, "its pictures have another size than the generator's")
    model = replace(model, ndf=width[0], d_norm="auto")
    require(width == widths(width[0], model.image_size, model.widest), f"{_listed(width)} channels are not supported")
    normed = [conv.norm is not None for conv in chain]
    require(
        normed == [False, *[True] * (len(chain) - 2), False], "it has other norms than batch norm, or others' places"
    )
    D = build_discriminator(model, "batch")
    D.load_state_dict(
        {"from_image.0.weight": chain[0].weight, "from_image.0.bias": _bias(chain[0], width[0])}
        | {"score.weight": chain[-1].weight.permute(0, 2, 3, 1).flatten(1), "score.bias": _bias(chain[-1], 1)}
        | {f"blocks.{i}.0.weight": conv.weight for i, conv in enumerate(chain[1:-1])}
        | {name: value for i, conv in enumerate(chain[1:-1]) for name, value in _norm(f"blocks.{i}.1", conv).items()}
    )
    return D.eval().requires_grad_(False), model


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what} cannot be opened: {error}") from error


def _sets(path: Path) -> list[tuple[str, Layers]]:
    """What may be networks in a file of weights."""
    found = read_tensors(path)
    require(bool(found), "it holds no weights")
    return [each for name, tensors in found.items() for each in networks(layers_of(tensors), name)]


def _best(sets: list[tuple[str, Layers]], convert: Callable[[Layers], tuple], named: re.Pattern) -> tuple:
    """The first network that can be converted, those of fitting names first; else the reason of the likeliest."""
    ranked = sorted(sets, key=lambda each: (not AVERAGE.search(each[0]), not named.search(each[0]), bool(each[0])))
    reasons = []
    for name, found in ranked:
        try:
            return convert(found)
        except ValueError as error:
            reasons.append((not named.search(name), not isinstance(error, layers.Discriminator), error))
    raise min(reasons, key=lambda each: each[:2])[2]


def _model(chain: list[Convolution]) -> ModelConfig:
    """The shape of the generator with this chain. ValueError with the reason if ours has no such shape."""
    nz, (_, channels), size = chain[0].weight.shape[0], chain[-1].weight.shape[:2], 2 ** (len(chain) + 1)
    width = [conv.weight.shape[1] for conv in chain[:-1]][::-1]
    require(size in POWERS_OF_TWO, f"it makes pictures of {size} px, and {POWERS_OF_TWO[-1]} is the most")
    require(channels in (1, 3), f"its pictures have {channels} channels, and only grey and colour can be shown")
    widest = 8 if width == widths(width[0], size) else width[-1] // width[0]
    require(
        width == widths(width[0], size, widest),
        f"its layers have {_listed(width[::-1])} channels, and only those that halve, or stay, can be opened",
    )
    return ModelConfig(image_size=size, channels=channels, latent_dim=nz, ngf=width[0], ndf=width[0], widest=widest)


def _norm(name: str, conv: Convolution) -> dict[str, Tensor]:
    """Our batch norm's weights, the convolution's bias in its average; where there is none, one that does nothing."""
    width = conv.norm["weight"] if conv.norm else conv.bias
    norm = conv.norm or {
        "weight": torch.full_like(width, (1 + EPS) ** 0.5),
        "bias": torch.zeros_like(width),
        "running_mean": torch.zeros_like(width),
        "running_var": torch.ones_like(width),
    }
    if conv.bias is not None:
        norm = norm | {"running_mean": norm["running_mean"] - conv.bias}
    return {f"{name}.{part}": value for part, value in norm.items()} | {f"{name}.num_batches_tracked": torch.tensor(0)}


def _bias(conv: Convolution, width: int) -> Tensor:
    return conv.bias if conv.bias is not None else torch.zeros(width)


def _listed(width: list[int]) -> str:
    return ", ".join(map(str, width))
