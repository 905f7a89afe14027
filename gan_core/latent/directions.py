"""Directions in z along which a generator's pictures change most."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from gan_core.config import require
from gan_core.latent.paths import TINY, norm
from gan_core.models import Generator

# Standard deviations either way: a clear change, while at 4 and more faces darken, burn out or dissolve.
SLIDER_RANGE = 2.5
BATCH = 128
EXTRA_VECTORS = 8
POWER_ITERATIONS = 4


@dataclass(frozen=True)
class Direction:
    """A unit vector in z, float32 [latent_dim], that people know by its name and programs by its id, such as pca-3.

    `kind` says how it was found; `explained` is the share of the layer's variance that it stands for, 0 where there is
    no such share; `measured` holds what is known of its effect on named factors.
    """

    id: str
    kind: str
    name: str
    vector: np.ndarray
    explained: float = 0.0
    hidden: bool = False
    measured: dict = field(default_factory=dict)


@torch.inference_mode()
def principal_directions(
    G: Generator, num_directions: int = 12, num_samples: int = 1024, seed: int = 0
) -> list[Direction]:
    """The z directions of the principal components after G's second layer, strongest first.

    z is regressed on the components' scores (GANSpace, Härkönen et al. 2020, section 2.2): a principal component of
    the first layer, which is linear, would say nothing of what the picture does. The same on every call; the
    caller's random state is left alone. ValueError if there are not more samples than latent_dim.
    """
    latent_dim = G.config.latent_dim
    require(num_samples > latent_dim, f"directions need more than {latent_dim} samples, not {num_samples}")
    rng = torch.Generator().manual_seed(seed)
    z = white_noise(num_samples, latent_dim, rng)
    num_classes = len(G.config.classes)
    groups = torch.eye(max(num_classes, 1))[torch.arange(num_samples) % max(num_classes, 1)]
    inputs = torch.cat([z, groups], 1) if num_classes else z
    layer = torch.cat([G.features(part, 1).flatten(1) for part in inputs.split(BATCH)])
    # What tells classes apart is no direction of z.
    layer -= groups @ (groups.T @ layer / groups.sum(0).clamp_min(1)[:, None])
    scores, variances = principal_scores(layer, min(num_directions, latent_dim), rng)
    vectors = torch.nn.functional.normalize(scores.T @ z)
    explained = variances / layer.square().sum().clamp_min(TINY)
    found = zip(largest_positive(vectors).numpy(), explained.tolist(), strict=True)
    return [Direction(f"pca-{i}", "pca", f"Direction {i}", vector, share) for i, (vector, share) in enumerate(found, 1)]


def move(z: np.ndarray, vectors: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """z [..., D] moved along vectors [K, D] by amounts [..., K] in standard deviations of z, with its norm kept.

    A Gaussian in many dimensions lies on a thin shell, and the generator has seen nothing else.
    """
    moved = z + np.asarray(amounts, np.float32) @ vectors
    return (moved * (norm(z) / np.maximum(norm(moved), TINY))).astype(np.float32)


def white_noise(num_samples: int, latent_dim: int, rng: torch.Generator) -> torch.Tensor:
    """Gaussian z [num_samples, latent_dim] whose sample mean is 0 and sample covariance the identity.

    Chance correlations between the axes of plain samples would blur the regression.
    """
    z = torch.randn(num_samples, latent_dim, generator=rng)
    return torch.linalg.qr(z - z.mean(0)).Q * num_samples**0.5


def principal_scores(
    rows: torch.Tensor, num_components: int, rng: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Unit-length scores [N, K] of centred rows [N, F] on their components, and the components' sums of squares [K].

    Subspace iteration (Halko et al. 2011, algorithm 4.4): `torch.pca_lowrank` would draw from the global generator.
    """
    width = min(num_components + EXTRA_VECTORS, *rows.shape)
    basis = torch.randn(len(rows), width, generator=rng)
    for _ in range(POWER_ITERATIONS):
        basis = torch.linalg.qr(rows @ (rows.T @ basis)).Q
    inner, scale, _ = torch.linalg.svd(basis.T @ rows, full_matrices=False)
    return (basis @ inner)[:, :num_components], scale[:num_components].square()


def largest_positive(vectors: torch.Tensor) -> torch.Tensor:
    """Each row or its opposite, such that the component of largest size is positive."""
    largest = vectors.gather(1, vectors.abs().argmax(1, keepdim=True))
    return torch.where(largest < 0, -vectors, vectors)
