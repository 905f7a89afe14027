"""Directions in z read from a generator's weights, without a single picture."""

from __future__ import annotations

import torch

from gan_core.latent.directions import Direction, largest_positive
from gan_core.latent.paths import TINY
from gan_core.models import Generator


@torch.inference_mode()
def weight_directions(G: Generator, num_directions: int = 8) -> list[Direction]:
    """The z that the first layer lengthens most: eigenvectors of A^T A (SeFa, Shen and Zhou 2021, section 3.2).

    A is all that is linear before the first activation, batch norm included, and of a model with classes only the
    columns of z. On such a layer this is its principal component analysis in closed form: exact and immediate, but
    blind to what later layers make of it. `explained` is the share of that layer's variance.
    """
    A = G.first_weight()[:, : G.config.latent_dim].double()
    values, vectors = torch.linalg.eigh(A.T @ A)
    strongest = values.argsort(descending=True)[:num_directions]
    shares = (values / values.sum().clamp_min(TINY))[strongest].tolist()
    found = zip(largest_positive(vectors.T[strongest]).float().numpy(), shares, strict=True)
    return [Direction(f"sefa-{i}", "sefa", f"SeFa {i}", vector, share) for i, (vector, share) in enumerate(found, 1)]
