"""The z whose picture comes nearest to a photo, or to what is left of one.

    for found in search(explorer.G, photo):
        show(found.image)

Of many random z a few are improved together by Adam, and the best of them by Gauss-Newton steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from gan_core import pixels
from gan_core.config import require
from gan_core.latent.damage import Whole
from gan_core.latent.polish import bounded, polish
from gan_core.models import Generator

STARTS, STEPS = 8, 80
MOST_STARTS, MOST_STEPS = 64, 2000
TRIED, AT_ONCE = 512, 32
LR, BETAS = 0.1, (0.9, 0.99)
FINALISTS, POLISH = 2, 12
# The shares of the time that each part takes.
TRYING, CLIMBING = 0.1, 0.5
POLISHING = 1 - TRYING - CLIMBING
LEVELS, SMALLEST = 4, 4
# A mean of four pixels counts as two of them.
GAIN = 2


@dataclass(frozen=True)
class Found:
    """How far a search is: the best z [input_dim] so far and its image uint8 [H, W, C], compared to the photo.

    `off` is the mean distance in grey levels and `psnr` that in decibels, both of the pixels that are seen;
    `random_off` is a yardstick: how far the nearest of 512 random pictures is.
    """

    share: float
    z: np.ndarray
    image: np.ndarray
    off: float
    psnr: float
    random_off: float

    def sentence(self) -> str:
        """The honest result, with 100 % for black instead of white.

        E.g. 'off by 5 % in the brightness of a pixel; the nearest of 512 random pictures is off by 12 %'.
        """
        near, random = (f"{value:.1f} %" if value < 2 else f"{value:.0f} %" for value in self.percents())
        return f"off by {near} in the brightness of a pixel; the nearest of {TRIED} random pictures is off by {random}"

    def percents(self) -> tuple[float, float]:
        return self.off / 255 * 100, self.random_off / 255 * 100


def search(
    G: Generator,
    photo: np.ndarray,
    damage: Whole | None = None,
    *,
    starts: int = STARTS,
    steps: int = STEPS,
    seed: int = 0,
    label: int | None = None,
) -> Iterator[Found]:
    """Look for a photo, uint8 [h, w, C] of the size that the damage leaves; the last event is the result.

    The same on every call with the same seed. Without a label, every class is tried. Abandon it at any time: an event
    takes a fraction of a second at 64 pixels. ValueError for a photo of another size than the model's.
    """
    require(1 <= starts <= MOST_STARTS, f"a search has 1 to {MOST_STARTS} starts, not {starts}")
    require(1 <= steps <= MOST_STEPS, f"a search has 1 to {MOST_STEPS} steps, not {steps}")
    return Search(G, photo, damage or Whole(), seed, label).run(starts, steps)


def mended(image: np.ndarray, photo: np.ndarray, damage: Whole) -> np.ndarray:
    """The picture to keep, uint8 [H, W, C]: the image found, joined with what the photo is sure of."""
    with torch.no_grad():
        return pixels.to_uint8(damage.mend(as_float(image), as_float(photo)))[0]


def compare(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """How far two uint8 arrays are apart: in mean grey levels, and as PSNR in decibels."""
    apart = a.astype(np.float64) - b
    return float(np.abs(apart).mean()), psnr(float(np.square(apart).mean()))


def psnr(mean_square: float) -> float:
    """Of errors in grey levels."""
    return float(10 * np.log10(255**2 / max(mean_square, 1e-3)))


class Search:
    """The z that are still in the race for one photo, and the best that was seen on the way."""

    def __init__(self, G: Generator, photo: np.ndarray, damage: Whole, seed: int, label: int | None):
        self.G, self.damage, self.label = G, damage, label
        self.dim, self.num_classes = G.config.latent_dim, len(G.config.classes)
        self.rng = torch.Generator().manual_seed(seed)
        seen = damage.seen(torch.ones(1, G.config.channels, G.config.image_size, G.config.image_size))
        target = as_float(photo)
        require(target.shape == seen.shape, f"the photo is {shape(target)}, but must be {shape(seen)}")
        self.known = float(seen.mean())
        require(self.known > 0, "nothing of the photo is left to look for")
        self.target = damage.seen(target)
        self.z, self.losses = torch.zeros(0, G.config.input_dim), torch.zeros(0)
        self.best, self.image, self.least, self.random_off = torch.zeros(0), torch.zeros(0), float("inf"), 0.0

    def run(self, starts: int, steps: int) -> Iterator[Found]:
        for share in self.try_random():
            self.random_off = self.compared()[0]
            yield self.found(TRYING * share)
        for share in self.climb(starts, steps):
            yield self.found(TRYING + CLIMBING * share)
        for share in self.polish():
            yield self.found(TRYING + CLIMBING + POLISHING * share)
        yield self.found(1.0)

    def try_random(self) -> Iterator[float]:
        for i in range(0, TRIED, AT_ONCE):
            z = self.random_z(i)
            self.losses = torch.cat([self.losses, self.judged(z)])
            self.z = torch.cat([self.z, z])
            yield i / TRIED

    def random_z(self, first: int) -> Tensor:
        """Some z [AT_ONCE, input_dim], of all classes in turn unless one was named."""
        z = torch.randn(AT_ONCE, self.dim, generator=self.rng)
        labels = [(first + i) % max(self.num_classes, 1) if self.label is None else self.label for i in range(AT_ONCE)]
        return torch.cat([z, torch.eye(self.num_classes)[labels]], 1) if self.num_classes else z

    def climb(self, starts: int, steps: int) -> Iterator[float]:
        """Move the nearest by Adam, all together; half way, the worse half of them stays behind."""
        for done, count, length in ((0, starts, steps - steps // 2), (0.5, -(-starts // 2), steps // 2)):
            self.keep(count)
            z = self.z[:, : self.dim].clone().requires_grad_(True)
            adam = torch.optim.Adam([z], lr=LR, betas=BETAS)
            for i in range(length):
                self.step(adam, z)
                yield done + 0.5 * i / length

    def step(self, adam: torch.optim.Optimizer, z: Tensor) -> None:
        self.z = torch.cat([z.detach(), self.z[:, self.dim :]], 1)
        with torch.enable_grad():
            losses = self.judge(torch.cat([z, self.z[:, self.dim :]], 1))
            losses.sum().backward()
        adam.step()
        adam.zero_grad()
        z.data = bounded(z.data)
        self.losses = losses.detach()

    def polish(self) -> Iterator[float]:
        """Bring the very nearest as near as they get."""
        self.keep(FINALISTS)
        for i, (z, classes) in enumerate((each[: self.dim], each[self.dim :]) for each in self.z):

            def residuals(moved: Tensor, classes: Tensor = classes) -> Tensor:
                return self.residuals(self.G(torch.cat([moved, classes.expand(len(moved), -1)], 1)))

            for j, better in enumerate(polish(residuals, z, POLISH)):
                self.judged(torch.cat([better, classes])[None])
                yield (i + j / POLISH) / len(self.z)

    def keep(self, count: int) -> None:
        order = self.losses.argsort()[:count]
        self.z, self.losses = self.z[order], self.losses[order]

    @torch.no_grad()
    def judged(self, z: Tensor) -> Tensor:
        return self.judge(z)

    def judge(self, z: Tensor) -> Tensor:
        """How far the pictures of z [N, input_dim] are from the photo, [N]; the best is remembered."""
        images = self.G(z)
        losses = self.residuals(images).abs().mean(1)
        nearest = int(losses.argmin())
        if (least := losses[nearest].item()) < self.least:
            self.least, self.best = least, z[nearest].detach().clone()
            self.image = images[nearest : nearest + 1].detach().clone()
        return losses

    def residuals(self, images: Tensor) -> Tensor:
        """What images and photo differ by at several scales, [N, R]."""
        return levels(self.damage.seen(images) - self.target)

    def compared(self) -> tuple[float, float]:
        """How far the best is off, as `Found` says it."""
        apart = (self.damage.seen(self.image) - self.target) * 127.5
        return float(apart.abs().mean() / self.known), psnr(float(apart.square().mean() / self.known))

    def found(self, share: float) -> Found:
        return Found(share, self.best.numpy(), pixels.to_uint8(self.image)[0], *self.compared(), self.random_off)


def levels(images: Tensor) -> Tensor:
    """Images [N, C, H, W] at several scales, each half as large as the one before, in one row, [N, R]."""
    rows = [images.flatten(1)]
    for _ in range(LEVELS - 1):
        if min(images.shape[-2:]) < 2 * SMALLEST:
            break
        images = GAIN * avg_pool2d(images, 2)
        rows.append(images.flatten(1))
    return torch.cat(rows, 1)


def as_float(image: np.ndarray) -> Tensor:
    return pixels.to_float(torch.from_numpy(image.copy())[None])


def shape(images: Tensor) -> str:
    """E.g. '64×64 pixels in 3 colours'."""
    channels, height, width = images.shape[1:]
    return f"{width}×{height} pixels " + ("of grey" if channels == 1 else "in colour")
