"""A moving average of the generator, which samples and the explorer use (Karras et al. 2018, section 4)."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import update_bn


def beta(nimg: int, batch_size: int, ema_kimg: float, rampup: float) -> float:
    """The share the average keeps at one step; its half-life is `ema_kimg`, but at most `rampup` of the images seen."""
    half_life = max(min(ema_kimg * 1000, nimg * rampup), 1e-8)
    return 0.5 ** (batch_size / half_life)


@torch.no_grad()
def update(average: nn.Module, model: nn.Module, beta: float) -> None:
    """Move the averaged parameters towards the model's; buffers are left to `refresh_batch_norm`."""
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - beta)


@torch.no_grad()
def refresh_batch_norm(average: nn.Module, z: torch.Tensor, batch_size: int = 128) -> None:
    """Measure batch norm's statistics anew over z [N, latent_dim]: those of the model do not fit averaged weights."""
    update_bn(z.split(batch_size), average)
