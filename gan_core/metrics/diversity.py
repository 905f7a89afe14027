"""How different samples are from each other, beside how different the data's own pictures are.

diversity = Diversity(reals)        # once
diversity.measure(fakes).ratio      # 1: as diverse as the data; below 0.3: collapsed
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from gan_core.config import require
from gan_core.metrics.images import SEED, check_images

LOW, COLLAPSED = 0.6, 0.3
TWINS = 0.1
BATCH = 64
# Weights of the scales, the finest first (Wang et al. 2003, section 3.2).
BETAS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# A Gaussian of seven taps, so that three scales fit into 28 pixels; the usual eleven taps would need 44.
KERNEL, SIGMA = 7, 0.9


@dataclass(frozen=True)
class Spread:
    """The mean distance between two fakes, between two reals, and their ratio.

    `twins` is the share of pairs of fakes that are nearly the same picture. It tells of a generator that knows only a
    few dozen pictures, whose mean distance is still that of the data: with K of them it is about 1 / K.
    """

    fakes: float
    reals: float
    ratio: float
    twins: float

    @property
    def verdict(self) -> str:
        """'diverse', 'low' or 'collapsed'."""
        if self.ratio < COLLAPSED:
            return "collapsed"
        return "low" if self.ratio < LOW else "diverse"


class Diversity:
    """The spread of any pictures in units of that of a fixed set of reals, uint8 [N, H, W, C].

    The same images give the same number on every call. ValueError where the reals are all alike.
    """

    def __init__(self, reals: np.ndarray, num_pairs: int = 512):
        self.num_pairs = num_pairs
        self.reals = float(pair_distances(reals, num_pairs).mean())
        require(self.reals > 1e-4, "the pictures are all alike, so that nothing can be said of diversity")

    def measure(self, fakes: np.ndarray) -> Spread:
        distances = pair_distances(fakes, self.num_pairs)
        mean, twins = float(distances.mean()), float((distances < TWINS).mean())
        return Spread(mean, self.reals, mean / self.reals, twins)


@torch.inference_mode()
def pair_distances(images: np.ndarray, num_pairs: int = 512) -> np.ndarray:
    """1 - MS-SSIM of random pairs of different images (Odena et al. 2017, section 4.2), [num_pairs] in [0, 1]."""
    check_images(images)
    first, second = random_pairs(len(images), num_pairs)
    parts = [slice(i, i + BATCH) for i in range(0, num_pairs, BATCH)]
    return 1 - torch.cat([ms_ssim(images[first[part]], images[second[part]]) for part in parts]).numpy()


def random_pairs(count: int, num_pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of pairs of two different images."""
    rng = np.random.default_rng(SEED)
    first = rng.integers(0, count, num_pairs)
    return first, (first + rng.integers(1, count, num_pairs)) % count


def ms_ssim(a: np.ndarray, b: np.ndarray) -> torch.Tensor:
    """The multi-scale structural similarity of each image [N, H, W, C] of a to its fellow in b, [N] in [0, 1]."""
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    betas = BETAS[: num_scales(a.shape[1])]
    return multiscale_structural_similarity_index_measure(
        *(torch.from_numpy(images).permute(0, 3, 1, 2).float() for images in (a, b)),
        sigma=SIGMA,
        kernel_size=KERNEL,
        reduction="none",
        data_range=255.0,
        betas=tuple(beta / sum(betas) for beta in betas),
        normalize="relu",  # unlike pictures have negative contrast terms, which have no fractional powers
    )


def num_scales(side: int) -> int:
    """As many as leave seven pixels at the coarsest, five at most."""
    return min(int(math.log2(side / KERNEL)) + 1, len(BETAS))
