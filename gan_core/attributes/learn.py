"""Directions for traits: z regressed on what a classifier sees in generated pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gan_core.attributes.factors import Trait
from gan_core.latent.directions import Direction
from gan_core.latent.paths import TINY, norm

RIDGE = 0.01  # of the number of samples
OUTLIERS = 2.5  # standard deviations: a classifier's extremes say how sure it is, not how much there is
LEAST_OWN = 0.2  # of a direction's length that must be left when the others' part is taken away
SAME = 1e-3  # of the others' largest singular value: what is less tells them apart only by chance


def slopes(z: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Unit vectors [T, D] along which scores [N, T] rise fastest with z [N, D]: a ridge regression.

    `classes` [N, C] are the weights of the samples' classes; what these explain is no matter of z.
    """
    known = np.concatenate([np.ones((len(z), 1)), classes], 1)
    z, scores = (rows - known @ np.linalg.lstsq(known, rows)[0] for rows in (z.astype(float), scores.astype(float)))
    scores = np.clip(scores / np.maximum(scores.std(0), TINY), -OUTLIERS, OUTLIERS)
    weights = np.linalg.solve(z.T @ z + RIDGE * len(z) * np.eye(z.shape[1]), z.T @ scores).T
    return (weights / np.maximum(norm(weights), TINY)).astype(np.float32)


def apart(vectors: np.ndarray, traits: Sequence[Trait]) -> np.ndarray:
    """Each of the vectors [T, D] without its part along those of other factors (Shen et al. 2020, section 3.2).

    One that would nearly vanish stays as it is.
    """
    result = vectors.copy()
    for i, trait in enumerate(traits):
        others = vectors[[other.factor != trait.factor for other in traits]]
        if len(others):
            _, sizes, basis = np.linalg.svd(others, full_matrices=False)
            basis = basis[sizes > SAME * sizes[0]]
            own = vectors[i] - basis.T @ (basis @ vectors[i])
            if (length := float(np.linalg.norm(own))) >= LEAST_OWN:
                result[i] = own / length
    return result


def as_directions(traits: Sequence[Trait], vectors: np.ndarray) -> list[Direction]:
    return [Direction(trait.id, "label", trait.name, vector) for trait, vector in zip(traits, vectors, strict=True)]
