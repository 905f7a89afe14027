"""Adversarial losses as pure functions of logits [N]; each returns a scalar, in fp32 or better.

    loss_D = LOSSES["hinge"].discriminator(D(real), D(fake))
    loss_G = LOSSES["hinge"].generator(D(real), D(fake))       # only a relativistic loss looks at the reals

Gradient penalties are functions of D's gradient at the images, not of the loss: add them to D's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from gan_core.config import TrainConfig
from gan_core.training.precision import wide

GP_WEIGHT = 10.0
WGAN_CLIP = 0.01


def discriminator_bce(real: Tensor, fake: Tensor, smoothing: float = 0.0) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), with D the sigmoid of the logit (Goodfellow et al. 2014, section 3).

    The target for reals is 1 - smoothing (Salimans et al. 2016, section 3.4).
    """
    real = wide(real)
    return (softplus(-real) + smoothing * real).mean() + softplus(wide(fake)).mean()


def generator_bce(real: Tensor | None, fake: Tensor) -> Tensor:
    """-log D(G(z)), the non-saturating form (Goodfellow et al. 2014, section 3)."""
    return softplus(-wide(fake)).mean()


def generator_saturating(real: Tensor | None, fake: Tensor) -> Tensor:
    """log(1 - D(G(z))), the minimax form, whose gradient vanishes where D is sure (Goodfellow et al. 2014, eq. 1)."""
    return -softplus(wide(fake)).mean()


def discriminator_hinge(real: Tensor, fake: Tensor) -> Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))) (Lim and Ye 2017, section 3)."""
    return relu(1 - wide(real)).mean() + relu(1 + wide(fake)).mean()


def discriminator_least_squares(real: Tensor, fake: Tensor, smoothing: float = 0.0) -> Tensor:
    """((D(x) - 1)² + D(G(z))²) / 2 (Mao et al. 2017, eq. 9); the target for reals is 1 - smoothing."""
    return ((wide(real) - (1 - smoothing)).square().mean() + wide(fake).square().mean()) / 2


def generator_least_squares(real: Tensor | None, fake: Tensor) -> Tensor:
    """(D(G(z)) - 1)² / 2 (Mao et al. 2017, eq. 9)."""
    return (wide(fake) - 1).square().mean() / 2


def discriminator_wasserstein(real: Tensor, fake: Tensor) -> Tensor:
    """D(G(z)) - D(x), for a D that is kept Lipschitz (Arjovsky et al. 2017, section 3)."""
    return wide(fake).mean() - wide(real).mean()


def generator_wasserstein(real: Tensor | None, fake: Tensor) -> Tensor:
    """-D(G(z)); also the generator's side of the hinge loss."""
    return -wide(fake).mean()


def discriminator_relativistic(real: Tensor, fake: Tensor) -> Tensor:
    """-log sigmoid(D(x) - D(G(z))) over pairs (Jolicoeur-Martineau 2019, section 4; Huang et al. 2024, section 2)."""
    return softplus(wide(fake) - wide(real)).mean()


def generator_relativistic(real: Tensor, fake: Tensor) -> Tensor:
    """-log sigmoid(D(G(z)) - D(x)), with each image's own partner."""
    return softplus(wide(real) - wide(fake)).mean()


def zero_centred_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """Half the mean squared norm of D's gradient at the images: R1 on reals, R2 on fakes (Mescheder et al. 2018, 4.1).

    `images` [N, ...] must require a gradient and `logits` [N] come from them.
    """
    return squared_norms(logits, images).mean() / 2


def gradient_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """The mean of (norm of D's gradient - 1)² at images between real and fake (Gulrajani et al. 2017, section 4)."""
    # The root's slope at 0 is infinite.
    return ((squared_norms(logits, images) + 1e-12).sqrt() - 1).square().mean()


def squared_norms(logits: Tensor, images: Tensor) -> Tensor:
    """The squared norms [N] of the gradients of logits [N] at images [N, ...], differentiable."""
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return wide(gradient).square().flatten(1).sum(1)


@torch.no_grad()
def clip(D: torch.nn.Module) -> None:
    """Keep every parameter within 0.01 of 0, which keeps D Lipschitz (Arjovsky et al. 2017, algorithm 1)."""
    for parameter in D.parameters():
        parameter.clamp_(-WGAN_CLIP, WGAN_CLIP)


def between(real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """Images on the lines from fake to real, `share` [N] of the way (Gulrajani et al. 2017, algorithm 1)."""
    return torch.lerp(fake, real, share.view(-1, *[1] * (real.dim() - 1)).to(real.dtype))


@dataclass(frozen=True)
class Loss:
    """Both sides of a game; `midpoint` is the logit that D holds for undecided, None where only differences count."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor | None, Tensor], Tensor]
    midpoint: float | None = 0.0
    is_relativistic: bool = False


LOSSES = {
    "bce": Loss(discriminator_bce, generator_bce),
    "saturating": Loss(discriminator_bce, generator_saturating),
    "hinge": Loss(discriminator_hinge, generator_wasserstein),
    "least-squares": Loss(discriminator_least_squares, generator_least_squares, 0.5),
    "wgan": Loss(discriminator_wasserstein, generator_wasserstein, None),
    "wgan-gp": Loss(discriminator_wasserstein, generator_wasserstein, None),
    "relativistic": Loss(discriminator_relativistic, generator_relativistic, None, is_relativistic=True),
}


def of(train: TrainConfig) -> Loss:
    """The loss that a config asks for."""
    loss = LOSSES[train.loss]
    if not train.label_smoothing:
        return loss
    smoothed = partial(loss.discriminator, smoothing=train.label_smoothing)
    # Undecided is halfway between both targets, which have moved.
    halfway = (1 - train.label_smoothing) / 2
    midpoint = halfway if train.loss == "least-squares" else math.log(halfway / (1 - halfway))
    return Loss(smoothed, loss.generator, midpoint, loss.is_relativistic)


def verdicts(real: Tensor, fake: Tensor, midpoint: float | None) -> tuple[Tensor, Tensor]:
    """D's mean opinion of both batches from 0, fake, to 1, real: 0.5 at the midpoint."""
    real, fake = wide(real), wide(fake)
    middle = (real.mean() + fake.mean()) / 2 if midpoint is None else midpoint
    return (real - middle).sigmoid().mean(), (fake - middle).sigmoid().mean()


def certainty(real: Tensor, fake: Tensor, loss: Loss) -> Tensor:
    """1 for each real image that D takes for real, -1 for the others, [N] (Karras et al. 2020a, eq. 1).

    Where only differences count, it is taken for real if it is ranked above its partner.
    """
    real, fake = wide(real.detach()), wide(fake.detach())
    return torch.sign(real - (fake if loss.midpoint is None else loss.midpoint))


def accuracies(logits: dict[str, Tensor], loss: Loss) -> dict[str, float]:
    """The share on D's right side by kind: logits "fake" below its midpoint, all others above.

    Where only differences count, the midpoint is halfway between the means of "fake" and "train".
    """
    middle = loss.midpoint
    if middle is None and {"fake", "train"} <= set(logits):
        middle = ((logits["fake"].mean() + logits["train"].mean()) / 2).item()
    if middle is None:
        return {}
    right = {kind: values < middle if kind == "fake" else values > middle for kind, values in logits.items()}
    return {kind: values.float().mean().item() for kind, values in right.items()}
