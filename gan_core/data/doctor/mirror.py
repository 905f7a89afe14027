"""Whether pictures may be mirrored: whether their mirror images look like more of the same."""

from __future__ import annotations

import numpy as np

from gan_core.data.doctor.look import COARSE, LUMA, SIDE

MOST = 1000


def sidedness(sketches: np.ndarray) -> float:
    """How often a picture is nearer to some other picture than its mirror image is: 0.5 by chance, 1 for letters.

    Takes sketches of `look`, uint8 [N, 1152], without copies, which would be nearest to each other; 1,000 are tried.
    """
    sketches = sketches[np.random.default_rng(0).permutation(len(sketches))[:MOST]]
    if len(sketches) < 2:
        return 0.5
    step = SIDE // COARSE
    grid = sketches[:, :LUMA].reshape(-1, COARSE, step, COARSE, step).mean((2, 4), dtype=np.float32)
    others = grid.reshape(len(grid), -1)
    own, mirrored = (_nearest(each.reshape(others.shape), others) for each in (grid, grid[:, :, ::-1]))
    return float((own < mirrored).mean() + (own == mirrored).mean() / 2)


def _nearest(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The squared distance of each image [N, D] to the nearest of the others [N, D], not counting its own."""
    squares = (others**2).sum(1)
    distances = squares[:, None] + squares - 2 * images @ others.T
    np.fill_diagonal(distances, np.inf)
    return distances.min(1)
