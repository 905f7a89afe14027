"""The discriminator's layers: what they answer to pictures, and the first one's filters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d

from gan_core import pixels
from gan_core.config import ModelConfig
from gan_core.models import Discriminator

BATCH = 64
POOLED = 4


def stages(D: Discriminator) -> list[nn.Module]:
    """D's layers from the picture to what the score sees, each with its norm and its rectifier."""
    ends = [getattr(D, name) for name in ("from_image", "last") if hasattr(D, name)]
    return [*ends[:1], *D.blocks, *ends[1:]]


def activations(D: Discriminator, images: Tensor) -> list[Tensor]:
    """Each stage's answer, [N, maps, h, w] or [N, units], to images [N, C, H, W] in [-1, 1]."""
    found: list[Tensor] = []
    hooks = [stage.register_forward_hook(lambda _m, _i, output: found.append(output)) for stage in stages(D)]
    try:
        D.features(images)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def pooled(maps: Tensor) -> Tensor:
    """The largest activations of [N, maps, h, w] in 4x4 fields, in a row (section 5.1); units [N, units] stay."""
    return adaptive_max_pool2d(maps, POOLED).flatten(1) if maps.dim() == 4 else maps


@torch.no_grad()
def described(D: Discriminator, images: np.ndarray) -> Iterator[np.ndarray]:
    """What all layers say of images uint8 [N, H, W, C], float32 [n, features], a batch at a time."""
    for start in range(0, len(images), BATCH):
        batch = pixels.to_float(torch.from_numpy(np.array(images[start : start + BATCH])))
        yield torch.cat([pooled(maps) for maps in activations(D, batch)], 1).numpy()


def first_filters(D: Discriminator, model: ModelConfig) -> np.ndarray:
    """The first layer's weights as pictures, float32 [filters, h, w, C]: kernels, or a whole picture for each unit."""
    layer = next(module for module in D.modules() if isinstance(module, (nn.Conv2d, nn.Linear)))
    weight = layer.weight.detach().float()
    if weight.dim() == 2:
        return weight.view(-1, model.image_size, model.image_size, model.channels).numpy()
    return weight.permute(0, 2, 3, 1).contiguous().numpy()
