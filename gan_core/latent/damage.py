"""What can be wrong with a photo: what is still seen of a picture, and how the photo and a picture found for it join.

Images are floats in [-1, 1], [N, C, H, W]. A generator knows a photo only roughly; so a mended picture keeps all that
the photo is sure of, and takes the rest from the generator.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, conv2d, interpolate, pad

from gan_core.config import require

FILL_STEPS = 40
PAINTED = 64  # of 255; less is the soft edge of a brush
CORRECTIONS = 3
BLURS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)  # pixels


class Whole:
    """Nothing is wrong: the photo itself is wanted."""

    def seen(self, images: Tensor) -> Tensor:
        """What the photo would be if the images were what it shows, [N, C, h, w]; differentiable."""
        return images

    def mend(self, found: Tensor, photo: Tensor) -> Tensor:
        """The best picture there is, [1, C, H, W], of the one found and the photo."""
        return found


class Hole(Whole):
    """Only the known pixels count, a mask [H, W] of ones and zeros; the rest is to be filled (Yeh et al. 2017)."""

    def __init__(self, known: Tensor):
        self.known = known.float()

    @classmethod
    def painted(cls, mask: np.ndarray) -> Hole:
        """The hole where a mask, uint8 [H, W], is painted white on black. ValueError where it is not at all."""
        require(mask.max() >= PAINTED, "paint over a part of the picture: the hole is what is white in the mask")
        return cls(torch.from_numpy(mask < PAINTED))

    def seen(self, images: Tensor) -> Tensor:
        return images * self.known

    def mend(self, found: Tensor, photo: Tensor) -> Tensor:
        """The photo, and in its hole the picture found, its colours bent to fit at the edge (Pérez et al. 2003)."""
        return (found + membrane((photo - found) * self.known, self.known[None, None])).clamp(-1, 1)


class Small(Whole):
    """The photo has only side x side pixels, each the mean of those it stands for."""

    def __init__(self, side: int):
        self.side = side

    def seen(self, images: Tensor) -> Tensor:
        return adaptive_avg_pool2d(images, self.side)

    def mend(self, found: Tensor, photo: Tensor) -> Tensor:
        """The picture found, corrected until it looks like the photo when made small (Irani and Peleg 1991)."""
        for _ in range(CORRECTIONS):
            found = found + enlarged(photo - self.seen(found), found.shape[-1])
        return found.clamp(-1, 1)


class Noisy(Whole):
    """Every pixel of the photo is off by chance."""

    def mend(self, found: Tensor, photo: Tensor) -> Tensor:
        """The picture found, and of what it lacks as much as is no noise."""
        return (found + without_noise(photo - found)).clamp(-1, 1)


def enlarged(images: Tensor, side: int) -> Tensor:
    """Images brought to side x side pixels as an ordinary program does it, by bicubic interpolation."""
    return interpolate(images, size=(side, side), mode="bicubic", align_corners=False)


def membrane(values: Tensor, known: Tensor, reach: float | None = None) -> Tensor:
    """Values [1, C, H, W], zero where not known [1, 1, H, W], continued into the unknown, fading over `reach` pixels.

    The solution of a screened Poisson equation, approached from coarse to fine; by default it reaches a sixth of the
    picture, beyond which nothing at the edge tells what is inside.
    """
    if bool(known.all()) or not bool(known.any()):
        return values
    reach = values.shape[-1] / 6 if reach is None else reach
    filled = values
    if min(values.shape[-2:]) > 1:
        share = avg_pool2d(known, 2, ceil_mode=True)
        coarse = avg_pool2d(values, 2, ceil_mode=True) / share.clamp_min(1e-6)
        coarse = membrane(coarse * (share > 0), (share > 0).float(), reach / 2)
        guess = interpolate(coarse, size=values.shape[-2:], mode="bilinear", align_corners=False)
        filled = torch.where(known > 0, values, guess)
    neighbours = torch.tensor([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / (4 + reach**-2)
    for _ in range(FILL_STEPS):
        filled = torch.where(known > 0, values, each_channel(filled, neighbours[None, None]))
    return filled


def without_noise(residual: Tensor) -> Tensor:
    """Of a noisy residual [1, C, H, W] what blurs leave, its grey and its colours each by the best of them."""
    grey = residual.mean(1, keepdim=True)
    return smooth(grey) + smooth(residual - grey)


def smooth(residual: Tensor) -> Tensor:
    """What a blur leaves, the one whose expected error is least (Stein 1981)."""
    variance = noise_level(residual) ** 2
    best, least = torch.zeros_like(residual), residual.square().mean()
    for width in BLURS:
        kernel = gaussian(width)
        blurred = each_channel(residual, kernel)
        own = float(kernel[0, 0, kernel.shape[2] // 2, kernel.shape[3] // 2])
        risk = (residual - blurred).square().mean() + 2 * variance * own
        if risk < least:
            best, least = blurred, risk
    return best


def noise_level(images: Tensor) -> float:
    """The standard deviation of white noise in [1, C, H, W], from what no smooth surface has (Immerkær 1996)."""
    kernel = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]]).view(1, 1, 3, 3)
    return float(each_channel(images, kernel).abs().mean() / 6 * (torch.pi / 2) ** 0.5)


def gaussian(width: float) -> Tensor:
    reach = max(round(3 * width), 1)
    line = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / width) ** 2)
    return torch.outer(line, line).div(line.sum() ** 2)[None, None]


def each_channel(images: Tensor, kernel: Tensor) -> Tensor:
    """Every channel convolved with one kernel [1, 1, k, k], the border's pixels repeated outside."""
    reach = kernel.shape[-1] // 2
    count, channels, height, width = images.shape
    planes = images.reshape(count * channels, 1, height, width)
    return conv2d(pad(planes, (reach,) * 4, mode="replicate"), kernel).view(count, channels, height, width)
