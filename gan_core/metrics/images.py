"""What every metric asks of the pictures it is given."""

from __future__ import annotations

import numpy as np

from gan_core.config import require

SEED = 0


def check_images(images: np.ndarray) -> None:
    """ValueError unless these are square uint8 pictures [N, H, W, C], N > 1, of 8 to 256 pixels."""
    require(images.dtype == np.uint8 and images.ndim == 4, "pictures to measure must be uint8 [N, H, W, C]")
    count, height, width, channels = images.shape
    require(count > 1, "there must be at least two pictures to measure")
    square = height == width and 8 <= height <= 256
    require(square, f"pictures to measure must be squares of 8 to 256 pixels, not {width} x {height}")
    require(channels in (1, 3), f"pictures have 1 channel (grey) or 3 (colour), not {channels}")


def check_alike(fakes: np.ndarray, reals: np.ndarray) -> None:
    """ValueError unless both are pictures to measure of the same size and channels."""
    check_images(fakes)
    check_images(reals)
    sizes = [f"{side} x {side} x {channels}" for _, side, _, channels in (fakes.shape, reals.shape)]
    require(sizes[0] == sizes[1], f"the samples are {sizes[0]}, but the real pictures {sizes[1]}")


def drawn_indices(total: int, count: int) -> np.ndarray:
    """`count` of the numbers below `total`, always the same ones, in random order: a data set may be sorted."""
    return np.random.default_rng(SEED).permutation(total)[:count]


def drawn(images: np.ndarray, count: int) -> np.ndarray:
    """A copy of `count` of the images, or of all there are, always the same ones, in random order."""
    return np.array(images[drawn_indices(len(images), count)])
