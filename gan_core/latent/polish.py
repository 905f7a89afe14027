"""The last part of a search: Gauss-Newton steps, which a latent space of about a hundred dimensions affords."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

AT_ONCE = 32
NUDGE = 0.01  # between what floats round off and the next bend of the network
EXACT = 0.02  # residuals above it, 2.5 grey levels, count by their size, and those below by their square
PRIOR = 1e-5
BEYOND = 1.4  # two standard deviations of a random z's length, whatever its dimension
DAMPING, DAMPING_STEP, TRIES = 1e-2, 4.0, 4


@torch.no_grad()
def improved(residuals: Callable[[Tensor], Tensor], z: Tensor, damping: float) -> tuple[Tensor, float] | None:
    """z [D] after one step that makes its residuals smaller, and the damping for the next; None where there is none.

    `residuals` takes [N, D] and gives [N, R]. The step is Levenberg's and Marquardt's for their sum of absolute values,
    by weights that turn it into one of squares, and for a short z.
    """
    here = residuals(z[None])[0]
    weights = 1 / here.abs().clamp_min(EXACT)
    weights /= weights.sum()

    def cost(z: Tensor, residual: Tensor) -> float:
        return float((weights * residual.square()).sum() + PRIOR * z.square().sum())

    slopes = derivatives(residuals, z, here)
    weighted, eye = slopes * weights, torch.eye(len(z))
    curvature, downhill = weighted @ slopes.T + PRIOR * eye, weighted @ here + PRIOR * z
    for _ in range(TRIES):
        damped = curvature + damping * curvature.diagonal().mean() * eye
        there = bounded((z - torch.linalg.solve(damped, downhill))[None])[0]
        if cost(there, residuals(there[None])[0]) < cost(z, here):
            return there, damping / DAMPING_STEP
        damping *= DAMPING_STEP
    return None


def polish(residuals: Callable[[Tensor], Tensor], z: Tensor, steps: int) -> Iterator[Tensor]:
    """z [D] after each of up to so many steps."""
    damping = DAMPING
    for _ in range(steps):
        step = improved(residuals, z, damping)
        if step is None:
            return
        z, damping = step
        yield z


def derivatives(residuals: Callable[[Tensor], Tensor], z: Tensor, here: Tensor) -> Tensor:
    """Of the residuals [R] at z [D] along every dimension, [D, R]; by differences, since forward passes are cheap."""
    nudged = z + NUDGE * torch.eye(len(z))
    return torch.cat([(residuals(part) - here) / NUDGE for part in nudged.split(AT_ONCE)])


def bounded(z: Tensor) -> Tensor:
    """z [N, D] brought back into the ball in which 98 of 100 random z lie; outside the generator has seen nothing."""
    return z * ((z.shape[1] ** 0.5 + BEYOND) / z.norm(dim=1, keepdim=True)).clamp_max(1)
