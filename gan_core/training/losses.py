"""Adversarial losses as pure functions of logits [N]; each returns a scalar, in fp32 or better."""

import torch
from torch import Tensor
from torch.nn.functional import softplus


def discriminator_bce(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), with D the sigmoid of the logit (Goodfellow et al. 2014, section 3)."""
    return softplus(-precise(real)).mean() + softplus(precise(fake)).mean()


def generator_bce(fake: Tensor) -> Tensor:
    """-log D(G(z)), the non-saturating form (Goodfellow et al. 2014, section 3)."""
    return softplus(-precise(fake)).mean()


def precise(logits: Tensor) -> Tensor:
    """The logits in fp32, or in fp64 if that is what they are."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
