"""Adversarial losses as pure functions of logits [N]; each returns a scalar, in fp32 or better."""

from torch import Tensor
from torch.nn.functional import softplus

from gan_core.training.precision import wide


def discriminator_bce(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), with D the sigmoid of the logit (Goodfellow et al. 2014, section 3)."""
    return softplus(-wide(real)).mean() + softplus(wide(fake)).mean()


def generator_bce(fake: Tensor) -> Tensor:
    """-log D(G(z)), the non-saturating form (Goodfellow et al. 2014, section 3)."""
    return softplus(-wide(fake)).mean()
